"""Staged files, then the record: all or nothing.

A capture goes to a staging folder. The staged record is the intent, with all hashes; each file is renamed
into place, the record last. Killed anywhere, `recover` finishes what has an intent and drops what has none.
"""

import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from collectors.records import (
    MAX_BYTES,
    RECORDS,
    EvidenceError,
    Record,
    RecordError,
    dump,
    parse,
    read_record,
)
from collectors.verify import FAILED, INTENT, REMOVAL, STAGING

STEPS = ("staged", "intent", "file", "files", "record", "cleared")
"""The moments of a commit, in order; `file` comes once for every file."""


def _nothing(_step: str) -> None:
    """Do nothing: what production does when a step is reached."""


reached: Callable[[str], None] = _nothing
"""Called at every step; the crash tests put a kill here."""


class StoreError(Exception):
    """Evidence that cannot be written; the text says which, why and what to do. Nothing was changed."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lab folder's lock; raise StoreError at once if another collect holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    _own(folder)
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise StoreError(
            f"{folder.name}: another collect is writing this evidence: wait for it, or end it"
        ) from None
    try:
        _own(folder / ".lock")
        yield
    finally:
        lock.release()


class Staging:
    """The folder in which one collector's files grow before they become evidence."""

    def __init__(self, folder: Path, collector: str) -> None:
        self.folder = folder
        self.collector = collector
        self.path = folder / STAGING / collector
        shutil.rmtree(self.path, ignore_errors=True)
        self.files.mkdir(parents=True)

    @property
    def files(self) -> Path:
        """Where the files grow, under the paths that they will have."""
        return self.path / "files"

    def commit(self, record: Record) -> None:
        """Make the staged files and `record` the evidence; raise StoreError with nothing changed."""
        for file in record.files:
            _check(self.files / file.path, file.path, file.bytes, file.sha256)
        with _explained(record.lab):
            for file in record.files:
                _sync(self.files / file.path)
            reached("staged")
            write(self.path / INTENT, dump(record))
        reached("intent")
        _finish(self.folder, self.path, record)

    def keep_failed(self, why: str) -> Path:
        """Move what was printed to `failed/`, with the reason, for the author to look at."""
        kept = self.folder / FAILED / self.collector
        shutil.rmtree(kept, ignore_errors=True)
        kept.parent.mkdir(exist_ok=True)
        self.files.rename(kept)
        (kept / "why.txt").write_text(why + "\n")
        for path in (kept.parent, *_below(kept), kept):
            _own(path)
        self.drop()
        return kept

    def drop(self) -> None:
        """Forget what was staged."""
        shutil.rmtree(self.path, ignore_errors=True)
        with suppress(OSError):
            self.path.parent.rmdir()


def recover(folder: Path) -> list[str]:
    """Finish or drop what an interrupted capture left in the lab folder; return a line for each."""
    done = []
    for staged in sorted((folder / STAGING).glob("*")):
        finished = _recover(folder, staged)
        done.append(f"{staged.name}: an interrupted capture was {'finished' if finished else 'dropped'}")
    with suppress(OSError):
        (folder / STAGING).rmdir()
    for part in (folder / RECORDS).glob(".*.part"):
        part.unlink()
    return done


def _recover(folder: Path, staged: Path) -> bool:
    """Finish one staged capture if its intent is whole and every file is there, else drop it."""
    if (staged / REMOVAL).exists():
        _finish_removal(folder, staged)
        return True
    try:
        record = parse(Record, (staged / INTENT).read_bytes(), staged.name)
        for file in record.files:
            waiting = staged / "files" / file.path
            _check(waiting if waiting.exists() else folder / file.path, file.path, file.bytes, file.sha256)
    except (OSError, RecordError, StoreError):
        shutil.rmtree(staged)
        return False
    _finish(folder, staged, record)
    return True


def _finish(folder: Path, staged: Path, record: Record) -> None:
    """Rename what is still staged into place, remove what the record no longer names, the record last."""
    with _explained(record.lab):
        for file in record.files:
            target = folder / file.path
            _make_folders(folder, target.parent)
            waiting = staged / "files" / file.path
            if waiting.exists():
                waiting.rename(target)
                _own(target)
            reached("file")
        place = folder / RECORDS / f"{record.collector.name}.json"
        _make_folders(folder, place.parent)
        for path in _given_up(place, record):
            (folder / path).unlink(missing_ok=True)
        reached("files")
        (staged / INTENT).rename(place)
        _own(place)
        _sync(place.parent)
    reached("record")
    shutil.rmtree(staged)
    with suppress(OSError):
        staged.parent.rmdir()
    reached("cleared")


def _given_up(place: Path, record: Record) -> set[str]:
    """Return the files of the collector's last record that the new one no longer names."""
    try:
        last = read_record(place)
    except RecordError:
        return set()
    return {file.path for file in last.files} - {file.path for file in record.files}


def remove(folder: Path, collector: str) -> None:
    """Take a collector's record and files out of the set; killed anywhere, `recover` goes on with it."""
    staged = folder / STAGING / collector
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(parents=True)
    (folder / RECORDS / f"{collector}.json").rename(staged / REMOVAL)
    _finish_removal(folder, staged)


def _finish_removal(folder: Path, staged: Path) -> None:
    """Remove the files that the record which was taken away names, then the record itself."""
    for file in parse(Record, (staged / REMOVAL).read_bytes(), staged.name).files:
        (folder / file.path).unlink(missing_ok=True)
    shutil.rmtree(staged)
    with suppress(OSError):
        staged.parent.rmdir()


def write(path: Path, data: bytes) -> None:
    """Put `data` at `path` as a whole or not at all; raise OSError with the old content in place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.part")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
    _own(path)


def _check(path: Path, name: str, size: int, sha256: str) -> None:
    """Raise StoreError unless the file has this size and hash and is small enough."""
    if size > MAX_BYTES:
        raise StoreError(too_large(name, size))
    if hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        raise StoreError(f"{name}: changed after it was recorded: something still writes to it")


def too_large(name: str, size: int) -> str:
    """Return the text that refuses a file of `size` bytes."""
    return f"{name}: {size} bytes, at most {MAX_BYTES} are evidence: compress it, or cut with head or tail"


@contextmanager
def _explained(lab: str) -> Iterator[None]:
    """Turn an error of the file system into a StoreError that says what to do."""
    try:
        yield
    except OSError as error:
        raise StoreError(explain(lab, error)) from error


def explain(lab: str, error: OSError) -> str:
    """Return in one line what an error of the file system means for the lab's evidence."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"evidence of {lab}: the disk is full: make room and collect again; the last evidence stands"
    return f"evidence of {lab}: {error.strerror}: check who owns the folder; the last evidence stands"


def _make_folders(folder: Path, wanted: Path) -> None:
    """Make the folders down to `wanted`, each the caller's; raise EvidenceError through a symbolic link."""
    step = folder
    for part in wanted.relative_to(folder).parts:
        step = step / part
        if step.is_symlink():
            raise EvidenceError(f"{step.relative_to(folder)}: a symbolic link: put the folder itself there")
        if not step.exists():
            step.mkdir()
            _own(step)


def _below(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


def _sync(path: Path) -> None:
    """Have the file or folder on disk before going on."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _own(path: Path) -> None:
    """Give what root wrote through sudo to the person who called it."""
    caller = os.environ.get("SUDO_UID", "")
    if os.geteuid() == 0 and caller.isdigit():
        os.chown(path, int(caller), int(os.environ.get("SUDO_GID", caller)), follow_symlinks=False)
