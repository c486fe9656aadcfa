"""Changes of a host, of every kind; a module of its own, so that a process that is killed starts quickly."""

from pathlib import Path

from labreport.capture.host_changes.ledger import Ledger


def fill(new: Path) -> None:
    """Make a tree with the members of MEMBERS."""
    (new / "bin").mkdir(parents=True)
    (new / "bin/shim").write_text("new")
    (new / "bin/link").symlink_to("shim")


MEMBERS = ("bin", "bin/shim", "bin/link")


def change(noted: Ledger, host: Path) -> None:
    """Change a host in every way there is, some of it twice."""
    for text in (b"one", b"two"):
        noted.write(host / "etc/containerd/config.toml", text)
        noted.write(host / "etc/new/deep/file", text)
        noted.link(host / "etc/link", text.decode())
        noted.link(host / "usr/local/bin/shim", "/opt/kata/bin/shim")
        noted.place(host / "opt/kata", MEMBERS, fill)
        noted.place(host / "opt/other", MEMBERS, fill)
    noted.write(host / "etc/link", b"a file now")
