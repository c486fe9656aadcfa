"""Write evidence: all files of a collector and its record, or nothing.

A capture goes to a staging folder. Its staged record is the intent and has all hashes. Then each file is
renamed into place, and the record last. After a kill at any moment, `recover` finishes a capture that has an
intent, and drops one that has none.
"""

import errno
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from labreport.capture import signals
from labreport.capture.host_changes import places
from labreport.contract.errors import ExitStatus, LabError
from labreport.contract.reader import (
    EvidenceError,
    RecordError,
    parse,
    readable_records,
)
from labreport.contract.records import RECORDS, File, Record, dump
from labreport.contract.verify import FAILED, INTENT, REMOVAL, STAGING, changed

STEPS = ("staged", "intent", "file", "files", "record", "cleared")
"""The moments of a commit, in order. `file` comes once for every file."""


def _nothing(_step: str) -> None:
    """Do nothing."""


reached: Callable[[str], None] = _nothing
"""Called at every step. The crash tests replace it."""


class StoreError(LabError):
    """Evidence that cannot be written. Nothing was changed."""

    exit_status = ExitStatus.CANNOT_RUN


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a lab folder. Raise StoreError at once if another collect holds it."""
    lock = FileLock(folder / ".lock")
    with explained(folder.name):
        _make(folder)
        try:
            lock.acquire(timeout=0)
        except Timeout:  # which is an OSError, too
            what = "another collect is writing this evidence"
            raise StoreError(what, "wait for it, or end it", path=folder.name) from None
    try:
        _own(folder / ".lock")
        yield
    finally:
        lock.release()


class Staging:
    """The folder in which one collector's files are written before they become evidence."""

    def __init__(self, folder: Path, collector: str) -> None:
        self.folder = folder
        self.collector = collector
        self.path = folder / STAGING / collector
        shutil.rmtree(self.path, ignore_errors=True)
        with explained(folder.name):
            _make(self.files)

    @property
    def files(self) -> Path:
        """The folder of the files, under the paths that they will have in the set."""
        return self.path / "files"

    def commit(self, record: Record) -> None:
        """Make the staged files and `record` the evidence.

        Raise StoreError or EvidenceError and change nothing. If the disk fails after the intent was written,
        the next collect finishes the capture.
        """
        for file in record.files:
            _check(self.files, file)
        with signals.deferred():
            with explained(record.lab):
                _prepare(self.folder, record)
                for file in record.files:
                    places.sync(self.files / file.path)
                reached("staged")
                write(self.path / INTENT, dump(record))
            reached("intent")
            _finish(self.folder, self.path, record)

    def keep_failed(self, why: str, paths: Iterable[str]) -> None:
        """Move the files `paths` to `failed/`, with the reason, for the author to look at.

        Other files of the staging folder are deleted, because they were not redacted.
        """
        kept = self.folder / FAILED / self.collector
        shutil.rmtree(kept, ignore_errors=True)
        _make(kept)
        for path in paths:
            if (self.files / path).is_file() and not (self.files / path).is_symlink():
                _make((kept / path).parent)
                (self.files / path).rename(kept / path)
        (kept / "why.txt").write_text(why + "\n")
        for moved in kept.rglob("*"):
            _own(moved)

    def drop(self) -> None:
        """Delete the staging folder, unless it has an intent for the next collect to finish."""
        if (self.path / INTENT).exists():
            return
        _discard(self.path)


def recover(folder: Path) -> list[str]:
    """Finish or drop every interrupted capture in the lab folder; return a line for each."""
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
    """Finish a staged capture and return True; drop it if its intent or one of its files is not whole."""
    if (staged / REMOVAL).exists():
        _finish_removal(folder, staged)
        return True
    try:
        record = parse(Record, (staged / INTENT).read_bytes(), staged.name)
        for file in record.files:
            _check(staged / "files" if (staged / "files" / file.path).exists() else folder, file)
    except (OSError, RecordError, StoreError):
        shutil.rmtree(staged)
        return False
    _finish(folder, staged, record)
    return True


def _finish(folder: Path, staged: Path, record: Record) -> None:
    """Rename the staged files into place, remove those that the record no longer names, the record last."""
    place = folder / RECORDS / f"{record.collector.name}.json"
    with explained(record.lab):
        _prepare(folder, record)
        for file in record.files:
            waiting = staged / "files" / file.path
            if waiting.exists():
                _own(waiting)
                waiting.rename(folder / file.path)
            reached("file")
        others = readable_records(folder, skip_newer=True)
        before = others.pop(record.collector.name, None)
        _take_over(folder, record, others.values())
        _remove_files(folder, before.files if before else [], [record, *others.values()])
        for parent in {(folder / file.path).parent for file in record.files}:
            places.sync(parent)
        reached("files")
        (staged / INTENT).rename(place)
        places.sync(place.parent)
    reached("record")
    _discard(staged)
    reached("cleared")


def _discard(staged: Path) -> None:
    """Delete a collector's staging folder, and the folder of all if it is empty then."""
    shutil.rmtree(staged, ignore_errors=True)
    with suppress(OSError):
        staged.parent.rmdir()


def _prepare(folder: Path, record: Record) -> None:
    """Make the folders of a record's files. Raise EvidenceError if something is in the place of a file."""
    _make_folders(folder, folder / RECORDS)
    for file in record.files:
        _make_folders(folder, (folder / file.path).parent)
        if (folder / file.path).is_dir() and not (folder / file.path).is_symlink():
            raise EvidenceError("a directory is there", "move it away", path=file.path)


def _take_over(folder: Path, record: Record, others: Iterable[Record]) -> None:
    """Remove the record's files from the other records: a file has one owner."""
    taken = {file.path for file in record.files}
    for other in others:
        left = [file for file in other.files if file.path not in taken]
        if len(left) == len(other.files):
            continue
        place = folder / RECORDS / f"{other.collector.name}.json"
        if left:
            write(place, dump(other.model_copy(update={"files": left})))
        else:
            place.unlink()


def _remove_files(folder: Path, files: Iterable[File], records: Iterable[Record]) -> None:
    """Remove the files that none of `records` names, but nothing that is behind a symbolic link."""
    named = {file.path for record in records for file in record.files}
    for path in {file.path for file in files} - named:
        parents = [folder / parent for parent in Path(path).parents]
        if not any(parent.is_symlink() for parent in parents if parent != folder):
            (folder / path).unlink(missing_ok=True)


def remove(folder: Path, collector: str) -> None:
    """Remove a collector's record and files from the set. After a kill, `recover` finishes the removal."""
    staged = folder / STAGING / collector
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(parents=True)
    (folder / RECORDS / f"{collector}.json").rename(staged / REMOVAL)
    _finish_removal(folder, staged)


def _finish_removal(folder: Path, staged: Path) -> None:
    """Remove the files that the record to be removed names, then that record."""
    removed = parse(Record, (staged / REMOVAL).read_bytes(), staged.name)
    others = readable_records(folder, skip_newer=True)
    others.pop(removed.collector.name, None)
    _remove_files(folder, removed.files, others.values())
    _discard(staged)


def drop_hosts(folder: Path, records: Iterable[Record]) -> None:
    """Remove the host files that none of the set's records names."""
    named = {f"host-{record.host}.json" for record in records}
    for host in (folder / RECORDS).glob("host-*.json"):
        if host.name not in named:
            host.unlink()


def write(path: Path, data: bytes) -> None:
    """Write `data` to `path` atomically. Raise OSError and leave the old content in place."""
    _make(path.parent)
    places.durable(path, data, finish=_own)


def _check(folder: Path, file: File) -> None:
    """Raise StoreError unless the file in `folder` is the one that is recorded."""
    if what := changed(folder, file):
        remedy = "end the program that still writes to it"
        raise StoreError(f"changed after it was recorded: {what}", remedy, path=file.path)


@contextmanager
def explained(lab: str) -> Iterator[None]:
    """Turn an error of the file system into a StoreError that says what to do."""
    try:
        yield
    except OSError as error:
        raise disk_error(lab, error) from error


def disk_error(lab: str, error: OSError) -> StoreError:
    """Return the StoreError for an error of the file system under the lab's evidence."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        what, remedy = "the disk is full", "make room and collect again"
    else:
        what, remedy = str(error.strerror), "check who owns the folder"
    return StoreError(f"evidence cannot be written: {what}", f"{remedy}; the last evidence stands", path=lab)


def _make_folders(folder: Path, wanted: Path) -> None:
    """Make the folder `wanted` below `folder`. Raise EvidenceError for a link or a file in its place."""
    step = folder
    for part in wanted.relative_to(folder).parts:
        step = step / part
        place = step.relative_to(folder).as_posix()
        if step.is_symlink():
            raise EvidenceError("a symbolic link", "put the folder itself there", path=place)
        if step.exists() and not step.is_dir():
            raise EvidenceError("a file, where a folder has to be", "move it away", path=place)
    _make(wanted)


def _make(folder: Path) -> None:
    """Make a folder and its missing parents, owned by the person who called sudo."""
    if folder.is_dir():
        return
    _make(folder.parent)
    folder.mkdir(exist_ok=True)
    _own(folder)


def _own(path: Path) -> None:
    """Give a file that root wrote through sudo to the person who called sudo."""
    caller, group = os.environ.get("SUDO_UID", ""), os.environ.get("SUDO_GID", "")
    if os.geteuid() == 0 and caller.isdigit():
        os.chown(path, int(caller), int(group) if group.isdigit() else -1, follow_symlinks=False)
