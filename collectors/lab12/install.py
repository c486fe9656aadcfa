"""Task 1: install Kata's guest assets and configuration from a kata-static archive.

A private containerd gets them for itself: nothing on this host changes. With the system's containerd they are
installed as in the sheet, through the ledger.
"""

from collections.abc import Sequence
from pathlib import Path

from labreport.capture import ROOT as AS_ROOT
from labreport.capture import Out, Run, collector, on_path
from labreport.capture.cache.archives import HeldArchive
from labreport.containers.kata import archive as kata_archive
from labreport.containers.kata.installation import configured, kata
from labreport.containers.kata.obtain import linked, obtain, opened, require_room
from labreport.containers.kata.runtime import ARCHIVE

KATA = Path(kata_archive.ROOT)
SHIM = Path("/usr/local/bin/containerd-shim-kata-v2")
CONFIGURATION = Path("/etc/kata-containers/runtime-rs/configuration.toml")
DATES = r"[A-Z][a-z]{2} +\d+ +(\d\d:\d\d|\d{4})|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ [+-]\d{4}"
"""Pattern for the times that ls and diff print: those of the installation."""

FILES = ["sh", "-c", f"find {KATA} -type f -printf '%s %P\\n' | sort -k 2"]
ASSETS = ["sh", "-c", f"find {KATA}/share/kata-containers -type f | sort | xargs sha256sum"]


@collector(
    edition=2025,
    task=1,
    writes=["setup/install-kata-assets.log"],
    needs=[AS_ROOT, on_path("zstd", packages=("zstd",)), ARCHIVE],
)
def install(run: Run) -> None:
    """Kata's shim, guest kernel, image and configuration, from a kata-static archive."""
    if run.session.system:
        install_on_host(run)
    else:
        install_for_run(run)


def install_for_run(run: Run) -> None:
    """Install for the private containerd of this collect, and write what it sees."""
    with run.file("setup/install-kata-assets.log") as out:
        check_archive(run, out, obtain(run))
        made = kata(run)
        out.line("=== Installed for a private containerd alone: nothing on this host changes ===")
        describe(out, made.inside, Path(made.shim))
        stock, place = KATA / kata_archive.CONFIGURATION, str(made.configuration)
        compare(out, made.inside, str(stock), place)


def install_on_host(run: Run) -> None:
    """Install on this host: /opt/kata, a link to the shim, and the configuration."""
    with run.host() as host, run.file("setup/install-kata-assets.log") as out:
        held = obtain(run)
        check_archive(run, out, held)
        with opened(run, held) as (tar, contents):
            shim = kata_archive.find_shim(contents.members)
            require_room(KATA.parent, contents.bytes)
            host.place(KATA, contents.members, lambda new: kata_archive.unpack(tar, new))
        host.link(SHIM, str(KATA / shim))
        out.line("=== Installed on this host ===")
        describe(out, [], KATA / shim)
        out.run(["ls", "-l", str(SHIM)], volatile=DATES)
        stock = KATA / kata_archive.CONFIGURATION
        text = configured(run, stock.read_text())
        if text != stock.read_text():
            host.write(CONFIGURATION, text.encode())
        else:
            host.link(CONFIGURATION, str(stock))
        compare(out, [], str(stock), str(CONFIGURATION))


def check_archive(run: Run, out: Out, held: HeldArchive) -> None:
    """Hold the archive against its checksum. A file that the user named may be another one than lab.yml's."""
    archive, sums = linked(run, held), run.folder / "kata.sha256"
    sums.write_text(f"{held.stated}  {archive}\n")
    out.line("=== The archive, held against the checksum that is stated for it ===")
    is_other = held.stated != held.used.sha256
    out.run(["sha256sum", "--check", str(sums)], answered=[1] if is_other else [])
    out.run(["sha256sum", str(archive)])
    if not held.used.is_pinned:
        out.line(f"this is not the archive that lab.yml pins: it is {held.used.source}")


def describe(out: Out, inside: Sequence[str], shim: Path) -> None:
    """Write what is at /opt/kata. `inside` are the words before a command that sees it."""
    out.line("=== What was installed: bytes and name of every file ===")
    out.run([*inside, *FILES])
    out.run([*inside, "sha256sum", str(shim)])
    out.run([*inside, *ASSETS])


def compare(out: Out, inside: Sequence[str], stock: str, used: str) -> None:
    """Write the configuration that is used, and how it differs from the one that Kata ships."""
    out.line("=== The configuration, beside the one that Kata ships ===")
    out.run([*inside, "ls", "-l", used], volatile=DATES)
    out.run([*inside, "diff", "-u", stock, used], answered=[1], volatile=DATES)
