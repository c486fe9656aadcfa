"""The release archive that a lab installs: a local file or a download, always with a checksum."""

import os
import re
import shutil
from pathlib import Path

from labreport.capture.declare import Unavailable
from labreport.capture.run import CaptureError, Run
from labreport.containers.containerd.server import ROOTS
from labreport.containers.kata.archive import ROOT, ArchiveError, Contents, contents
from labreport.contract.lab_config import Archive

DOWNLOAD_SECONDS = 3600.0
UNZSTD_SECONDS = 900.0
SPARE_BYTES = 256 << 20
DIGEST = re.compile(r"[0-9a-f]{64}")


def obtain(run: Run, name: str) -> tuple[Path, str]:
    """Return the archive `name` of lab.yml as a local file, and its stated SHA-256 in hexadecimal.

    The archive is not checked yet: the collector checks it, so that the check is evidence. Raise CaptureError
    if lab.yml has no such archive, Unavailable if the file or its checksum cannot be had.
    """
    wanted = run.lab.archives.get(name)
    if wanted is None:
        raise CaptureError(f"archives.{name}: not there", "add it", path=run.lab_file)
    named = os.environ.get(wanted.archive_env, "") or wanted.url
    if not named:
        raise Unavailable(f"{wanted.archive_env} is not set", f"name an archive in {wanted.archive_env}")
    digest = stated_digest(wanted, named)
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
    link.symlink_to(Path(named).absolute())  # keeps this machine's path out of the record
    return link, digest


def stated_digest(wanted: Archive, named: str) -> str:
    """Return the SHA-256 that is stated for the archive at the path or URL `named`; empty if there is none.

    It comes from the variable ARCHIVE_ENV_SHA256, from a .sha256 file beside a local archive, or from
    lab.yml.
    """
    stated = os.environ.get(f"{wanted.archive_env}_SHA256", "")
    beside = Path(f"{named}.sha256")
    if not stated and "://" not in named and beside.is_file():
        stated = beside.read_text(errors="replace")
    if not stated and named == wanted.url:
        stated = wanted.sha256
    return (stated.split() or [""])[0].lower()


def _folder(run: Run) -> Path:
    """Create a folder on disk for the length of the collect; the folder of the run is in memory."""
    folder = ROOTS / f"{run.name}-archive"
    if not folder.exists():
        run.session.stack.callback(run.undo(["rm", "-rf", "--one-file-system", str(folder)]))
        folder.mkdir(mode=0o700, parents=True)
    return folder


def _download(run: Run, url: str, folder: Path) -> Path:
    """Download an archive; raise CommandFailedError with curl's message."""
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
    """Return the archive as a tar that Python can read, and its contents.

    An archive that is compressed with zstd is decompressed by the program zstd, because Python before 3.14
    cannot read it. Raise CaptureError for an archive that is refused, Unavailable if the disk is too small
    for it.
    """
    tar = archive
    if archive.name.endswith(".zst"):
        tar = archive.with_name(archive.name.removesuffix(".zst"))
        unzstd = ["zstd", "--decompress", "--quiet", "--force", str(archive), "-o", str(tar)]
        run.command(unzstd, timeout=UNZSTD_SECONDS)
    try:
        found = contents(tar)
    except ArchiveError as error:
        raise CaptureError(error.what, error.remedy, path=archive.name) from error
    free, needed = shutil.disk_usage(ROOT.parent).free, found.bytes + SPARE_BYTES
    if free < needed:
        raise Unavailable(f"{ROOT.parent}: {free >> 20} MiB free, {needed >> 20} are needed", "make room")
    return tar, found
