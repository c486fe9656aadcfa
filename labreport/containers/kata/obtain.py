"""How a kata-static archive is had and unpacked: from the cache, or from what KATA_ARCHIVE names."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from labreport.capture import recorder
from labreport.capture.cache import archives
from labreport.capture.cache.folder import cache_folder
from labreport.capture.command import CommandSpec
from labreport.capture.declare import Unavailable
from labreport.capture.run import CaptureError, Run
from labreport.containers.containerd.server import ROOTS
from labreport.containers.kata.archive import MAX_BYTES, ArchiveError, Contents, contents, find_shim, unpack
from labreport.contract.errors import ExitStatus, LabError

NAME = "kata"
"""The archive's name under `archives` in lab.yml."""

UNZSTD_SECONDS = 900.0
SPARE_BYTES = 256 << 20
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
"""How a file begins that is compressed with zstd (RFC 8878)."""


class UnpackError(LabError):
    """An archive cannot be unpacked here: the disk is too small, or zstd fails."""

    exit_status = ExitStatus.CANNOT_RUN


def obtain(run: Run, *, unpacked: bool = False) -> archives.HeldArchive:
    """Return Kata's archive, and with `unpacked` also its tree in the cache, for the length of the collect.

    Raise CaptureError if lab.yml has no such archive or if it is refused, Unavailable if it cannot be had.
    """
    wanted = run.lab.archives.get(NAME)
    if wanted is None:
        raise CaptureError(f"archives.{NAME}: not there", "add it", path=run.lab_file)
    try:
        run.hide(str(cache_folder()), "$LAB_CACHE")
        held = archives.obtain(wanted, run.session.working, into_tree if unpacked else None)
    except ArchiveError as error:
        raise CaptureError(error.what, error.remedy, path=error.path) from error
    except LabError as error:
        raise Unavailable(error.what, error.remedy) from error
    except OSError as error:
        raise Unavailable(f"the cache: {error.strerror}", "make room, or check who owns it") from error
    run.session.stack.callback(held.close)
    run.archives[NAME] = held.used
    return held


def into_tree(file: Path, name: str, to: Path) -> None:
    """Unpack an archive into the new folder `to`, whose files nobody is to change; raise ArchiveError.

    Nothing of it is written before all of it has been read and accepted.
    """
    try:
        with tar_of(file, to.parent) as tar:
            found = contents(tar)
            find_shim(found.members)
            require_room(to.parent, found.bytes)
            unpack(tar, to)
    except ArchiveError as error:
        raise ArchiveError(error.what, error.remedy, path=error.path or name) from error
    for path in to.rglob("*"):
        if path.is_file() and not path.is_symlink():
            path.chmod(path.stat().st_mode & 0o555)
    recorder.output(["sync", "--file-system", str(to)], timeout=UNZSTD_SECONDS)


@contextmanager
def tar_of(archive: Path, folder: Path) -> Iterator[Path]:
    """Yield an archive as a tar that Python can read. What that takes is made in `folder`, and removed.

    An archive that is compressed with zstd is decompressed by the program zstd, because Python before 3.14
    cannot read it. Raise ArchiveError for a file that is no such archive, UnpackError.
    """
    with archive.open("rb") as file:
        is_zstd = file.read(len(ZSTD_MAGIC)) == ZSTD_MAGIC
    if not is_zstd:
        yield archive
        return
    with TemporaryDirectory(dir=folder, prefix=".zstd-") as scratch:
        tar = Path(scratch, "archive.tar")
        yield _unzstd(archive, tar)


def _unzstd(archive: Path, tar: Path) -> Path:
    """Decompress `archive` to `tar`, which may take MAX_BYTES and no more than the disk has."""
    archive = archive.resolve()  # zstd reads no links
    limit = min(MAX_BYTES, max(0, shutil.disk_usage(tar.parent).free - SPARE_BYTES))
    argv = ["prlimit", f"--fsize={limit}", "zstd", "--decompress", "--quiet", str(archive), "-o", str(tar)]
    with (tar.parent / "said").open("w+b") as said:
        spec = CommandSpec(argv, timeout=UNZSTD_SECONDS)
        try:
            ended = recorder.execute(spec, stdout=said, stderr=said, env=recorder.environment(""))
        except recorder.CommandNotFoundError as error:
            raise UnpackError(error.what, "install zstd (Debian: apt install zstd)") from error
        said.seek(0)
        text = said.read(1000).decode(errors="replace").strip().replace(str(archive), "the archive")
    if ended.exit_status:
        if tar.exists() and tar.stat().st_size >= limit:
            raise UnpackError(
                f"{tar.parent.parent}: {limit >> 20} MiB are not enough to unpack it", "make room"
            )
        raise ArchiveError(f"zstd cannot decompress it: {_last(text)}", "get a new copy")
    return tar


def _last(text: str) -> str:
    return re.sub(r"\s+", " ", (text.splitlines() or ["no message"])[-1])[:200]


def require_room(folder: Path, size: int) -> None:
    """Raise UnpackError if the disk of a folder has no room for `size` bytes."""
    free, needed = shutil.disk_usage(folder).free, size + SPARE_BYTES
    if free < needed:
        raise UnpackError(f"{folder}: {free >> 20} MiB free, {needed >> 20} are needed", "make room")


def scratch_folder(run: Run) -> Path:
    """Create a folder on disk for the length of the collect; the folder of the run is in memory."""
    folder = ROOTS / f"{run.name}-archive"
    if not folder.exists():
        run.session.stack.callback(run.undo(["rm", "-rf", "--one-file-system", str(folder)]))
        folder.mkdir(mode=0o700, parents=True)
    return folder


def linked(run: Run, held: archives.HeldArchive) -> Path:
    """Return a link to an archive in a folder of the run: it keeps this machine's path out of the record."""
    link = scratch_folder(run) / held.name
    if not link.is_symlink():
        link.symlink_to(held.file)
    return link


@contextmanager
def opened(run: Run, held: archives.HeldArchive) -> Iterator[tuple[Path, Contents]]:
    """Yield the archive as a tar that Python can read, and its contents. Raise CaptureError, Unavailable."""
    try:
        with tar_of(held.file, scratch_folder(run)) as tar:
            yield tar, contents(tar)
    except ArchiveError as error:
        raise CaptureError(error.what, error.remedy, path=held.name) from error
    except UnpackError as error:
        raise Unavailable(error.what, error.remedy) from error
