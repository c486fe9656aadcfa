"""Where a lab's archive comes from: a local file or an address, and always a checksum."""

import os
import re
import shutil
from pathlib import Path

from labreport.capture.declare import Unavailable
from labreport.capture.run import CaptureError, Run
from labreport.containers.kata import archive as kata_archive
from labreport.containers.kata.archive import ArchiveError, Contents
from labreport.contract.lab_config import Archive

PLACE = Path("/var/lib/lab")
"""An archive unpacked is too large for the run's folder, which is in memory."""

DOWNLOAD_SECONDS = 3600.0
SPARE_BYTES = 256 << 20
DIGEST = re.compile(r"[0-9a-f]{64}")


def have(run: Run, name: str) -> tuple[Path, str]:
    """Return a local file that is the archive `name` of lab.yml, and the checksum that is stated for it.

    It is not looked at yet: the collector shows the check. Raise CaptureError for a name that lab.yml has
    not, Unavailable where the file or its checksum is not to be had.
    """
    wanted = run.lab.archives.get(name)
    if wanted is None:
        raise CaptureError(f"lab.yml: archives.{name}: not there: add it")
    named = os.environ.get(wanted.archive_env, "") or wanted.url
    if not named:
        raise Unavailable(f"{wanted.archive_env} is not set", f"name an archive in {wanted.archive_env}")
    digest = stated(wanted, named)
    if not DIGEST.fullmatch(digest):
        raise Unavailable(
            f"no checksum is stated for the archive {name}",
            f"name its SHA-256 in {wanted.archive_env}_SHA256, or put a .sha256 file beside the archive",
        )
    folder = _folder(run)
    if "://" in named:
        return _download(run, named, folder), digest
    if not Path(named).is_file():
        raise Unavailable(
            f"{wanted.archive_env} names no file", f"name a kata-static archive in {wanted.archive_env}"
        )
    link = folder / re.sub(r"^[0-9a-f]+-(?=kata-static)", "", Path(named).name)
    link.symlink_to(Path(named).absolute())  # so that the record shows no path of this machine
    return link, digest


def stated(wanted: Archive, named: str) -> str:
    """Return the checksum stated for an archive: in its variable, in a file beside it, or in lab.yml."""
    given = os.environ.get(f"{wanted.archive_env}_SHA256", "")
    beside = Path(f"{named}.sha256")
    if not given and "://" not in named and beside.is_file():
        given = beside.read_text(errors="replace")
    if not given and named == wanted.url:
        given = wanted.sha256
    return (given.split() or [""])[0].lower()


def _folder(run: Run) -> Path:
    """Make a folder on disk for the length of the collect."""
    folder = PLACE / f"{run.name}-archive"
    if not folder.exists():
        run.session.stack.callback(run.undo(["rm", "-rf", "--one-file-system", str(folder)]))
        folder.mkdir(mode=0o700, parents=True)
    return folder


def _download(run: Run, url: str, folder: Path) -> Path:
    """Download an archive; raise CommandFailedError with what curl says."""
    file = folder / url.rpartition("/")[2].partition("?")[0]
    if not file.name:
        raise Unavailable(
            "the archive's address names no file", "name an address that ends in the file's name"
        )
    run.session.working(f"downloading {file.name}")
    run.command(
        ["curl", "--fail", "--location", "--silent", "--show-error", "--proto", "=https,http",
         "--output", str(file), url],
        timeout=DOWNLOAD_SECONDS,
    )  # fmt: skip
    return file


def opened(run: Run, archive: Path) -> tuple[Path, Contents]:
    """Return the archive as a tar that Python reads, and what is in it; raise CaptureError.

    zstd is left to its own program: Python has none before 3.14.
    """
    tar = archive
    if archive.name.endswith(".zst"):
        tar = archive.with_name(archive.name.removesuffix(".zst"))
        run.command(["zstd", "--decompress", "--quiet", "--force", str(archive), "-o", str(tar)], timeout=900)
    try:
        found = kata_archive.contents(tar)
    except ArchiveError as error:
        raise CaptureError(f"{archive.name}: {error}") from error
    free, wanted = shutil.disk_usage(kata_archive.ROOT.parent).free, found.bytes + SPARE_BYTES
    if free < wanted:
        raise Unavailable(
            f"{kata_archive.ROOT.parent}: {free >> 20} MiB free, {wanted >> 20} are needed", "make room"
        )
    return tar, found
