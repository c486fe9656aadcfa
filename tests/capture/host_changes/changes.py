"""Changes of a host, of every kind. The module is separate, so that the killed processes start quickly."""

from pathlib import Path

from labreport.capture.host_changes.ledger import Ledger


def fill(new: Path) -> None:
    """Make a tree with the members of MEMBERS."""
    (new / "bin").mkdir(parents=True)
    (new / "bin/shim").write_text("new")
    (new / "bin/link").symlink_to("shim")


MEMBERS = ("bin", "bin/shim", "bin/link")


def change(noted: Ledger, host: Path) -> None:
    """Change a host in every possible way, in part twice."""
    for text in (b"one", b"two"):
        noted.write(host / "etc/containerd/config.toml", text)
        noted.write(host / "etc/new/deep/file", text)
        noted.link(host / "etc/link", text.decode())
        noted.link(host / "usr/local/bin/shim", "/opt/kata/bin/shim")
        noted.place(host / "opt/kata", MEMBERS, fill)
        noted.place(host / "opt/other", MEMBERS, fill)
    noted.write(host / "etc/link", b"a file now")


def snapshot(root: Path) -> list[tuple[str, int, int, int, str]]:
    """Return path, mode, owner, group and content of everything below `root`."""
    found = []
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        content = (
            str(path.readlink()) if path.is_symlink() else path.read_bytes().hex() if path.is_file() else ""
        )
        found.append((str(path.relative_to(root)), status.st_mode, status.st_uid, status.st_gid, content))
    return found
