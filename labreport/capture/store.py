"""Write evidence: all files of a collector and its record, or nothing.

A capture goes to a staging folder. Its staged record is the intent and has all hashes. Then each file is
renamed into place, and the record last. After a kill at any moment, `recover` finishes a capture that has an
intent, and drops one that has none.
"""

import errno
import fcntl
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from labreport.capture import signals, staging, writing
from labreport.capture.host_changes import places
from labreport.contract.errors import ExitStatus, LabError
from labreport.contract.fields import FAILED, RECORDS
from labreport.contract.folder import EvidenceError, opened
from labreport.contract.reader import RecordError, parse, read_evidence, readable_records, record_files
from labreport.contract.records import File, Record, dump
from labreport.contract.unfinished import INTENT, REMOVAL
from labreport.contract.verify import changed

STEPS = ("staged", "intent", "file", "files", "record", "cleared")
"""The moments of a commit, in order. `file` comes once for every file."""


def _nothing(_step: str) -> None:
    """Do nothing."""


reached: Callable[[str], None] = _nothing
"""Called at every step. The crash tests replace it."""


LOCK_SECONDS = 1.0
"""Seconds to wait for a lock: a killed collect that just started a command holds it for a moment longer."""


class StoreError(LabError):
    """Evidence that cannot be written. Nothing was changed."""

    exit_status = ExitStatus.CANNOT_RUN


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a lab folder. Raise StoreError within LOCK_SECONDS if another collect holds it."""
    with explained(folder.name):
        writing.make(folder)
    with opened(folder) as held:
        deadline = time.monotonic() + LOCK_SECONDS
        while not _lock(held.descriptor):
            if time.monotonic() > deadline:
                what = "another collect is writing this evidence"
                raise StoreError(what, "wait for it, or end it", path=folder.name)
            time.sleep(0.02)
        yield


def _lock(descriptor: int) -> bool:
    """Lock a file; return whether nobody else holds it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class Staging:
    """The folder in which one collector's files are written before they become evidence."""

    def __init__(self, folder: Path, collector: str) -> None:
        self.folder = folder
        self.collector = collector
        with explained(folder.name):
            self.path = staging.begin(folder) / collector
            writing.make(self.files)
            writing.sync(self.path.parent)  # if the machine crashes, its name tells what ran

    @property
    def files(self) -> Path:
        """The folder of the files, under the paths that they will have in the set."""
        return self.path / "files"

    def put(self, path: str, data: bytes) -> None:
        """Stage a file under the path that it will have in the set."""
        target = self.files / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)

    def commit(self, record: Record, as_written: bytes = b"") -> None:
        """Make the staged files and `record` the evidence; its file has the bytes `as_written`, if given.

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
                writing.write(self.path / INTENT, as_written or dump(record))
            reached("intent")
            _finish(self.folder, self.path, record)

    def keep_failed(self, why: str, paths: Iterable[str]) -> None:
        """Move the files `paths` to `failed/`, with the reason, for the author to look at.

        Other files of the staging folder are deleted, because they were not redacted.
        """
        kept = self.folder / FAILED / self.collector
        writing.remove_tree(kept)
        for path in paths:
            if is_file(self.files, path):
                writing.make((kept / path).parent)
                _own(self.files / path)
                writing.rename(self.files / path, kept / path)
        writing.write(kept / "why.txt", f"{why}\n".encode())

    def drop(self) -> None:
        """Delete the staging folder, unless it has an intent for the next collect to finish."""
        if not is_file(self.path, INTENT):
            _discard(self.path)


def recover(folder: Path) -> list[str]:
    """Finish or drop every interrupted capture of this user in the lab folder; return a line for each.

    What is not this user's is left alone, and named.
    """
    done = []
    with explained(folder.name):
        areas, others = staging.found(folder)
        for area in areas:
            for collector in _names(area):
                end = "finished" if _recover(folder, area / collector) else "dropped"
                done.append(f"{collector}: an interrupted capture was {end}")
            staging.end(area)
        writing.remove_parts(folder / RECORDS)
        if done:
            drop_hosts(folder, readable_records(folder).values())
    left = "left alone, because no collect of this user made it: remove it"
    return [*done, *(f"{folder.name}/{name}: {left}" for name in others)]


def _names(area: Path) -> list[str]:
    with opened(area) as inside:
        return inside.names()


def _recover(folder: Path, staged: Path) -> bool:
    """Finish a staged capture and return True; drop it if its intent or one of its files is not whole."""
    if is_file(staged, REMOVAL):
        _finish_removal(folder, staged)
        return True
    try:
        record = parse(Record, read_evidence(staged, INTENT), staged.name)
        for file in record.files:
            _check(staged / "files" if is_file(staged / "files", file.path) else folder, file)
    except (EvidenceError, RecordError, StoreError):
        _discard(staged)
        return False
    _finish(folder, staged, record)
    return True


def _finish(folder: Path, staged: Path, record: Record) -> None:
    """Rename the staged files into place, remove those that the record no longer names, the record last."""
    place = folder / RECORDS / f"{record.collector.name}.json"
    with explained(record.lab):
        _prepare(folder, record)
        for file in record.files:
            if is_file(staged / "files", file.path):
                _own(staged / "files" / file.path)
                writing.rename(staged / "files" / file.path, folder / file.path)
            reached("file")
        others = readable_records(folder, skip_newer=True)
        before = others.pop(record.collector.name, None)
        _take_over(folder, record, others.values())
        _remove_files(folder, before.files if before else [], [record, *others.values()])
        for parent in {(folder / file.path).parent for file in record.files}:
            writing.sync(parent)
        reached("files")
        writing.rename(staged / INTENT, place)
        writing.sync(place.parent)
    reached("record")
    _discard(staged)
    reached("cleared")


def _discard(staged: Path) -> None:
    """Delete a collector's staging folder."""
    with suppress(OSError):
        writing.remove_tree(staged)
        staging.end(staged.parent)


def is_file(folder: Path, path: str) -> bool:
    """Return whether `path` in a folder is a regular file, and the way to it has no link."""
    try:
        with opened((folder / path).parent) as parent:
            return stat.S_ISREG(parent.mode(Path(path).name))
    except (FileNotFoundError, EvidenceError):
        return False


def _prepare(folder: Path, record: Record) -> None:
    """Make the folders of a record's files. Raise EvidenceError if something is in the place of a file."""
    writing.make(folder / RECORDS)
    for file in record.files:
        parent = (folder / file.path).parent
        writing.make(parent)
        with opened(parent) as place:
            if stat.S_ISDIR(place.mode(Path(file.path).name)):
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
            writing.write(place, dump(other.model_copy(update={"files": left})))
        else:
            writing.remove(place)


def _remove_files(folder: Path, files: Iterable[File], records: Iterable[Record]) -> None:
    """Remove the files that none of `records` names, but nothing that is behind a symbolic link."""
    named = {file.path for record in records for file in record.files}
    for path in {file.path for file in files} - named:
        writing.remove(folder / path)


def remove(folder: Path, collector: str) -> None:
    """Remove a collector's record and files from the set. After a kill, `recover` finishes the removal."""
    staged = Staging(folder, collector).path
    writing.rename(folder / RECORDS / f"{collector}.json", staged / REMOVAL)
    _finish_removal(folder, staged)


def _finish_removal(folder: Path, staged: Path) -> None:
    """Remove the files that the record to be removed names, then that record."""
    removed = parse(Record, read_evidence(staged, REMOVAL), staged.name)
    _remove_files(folder, removed.files, readable_records(folder, skip_newer=True).values())
    _discard(staged)


def drop_hosts(folder: Path, records: Iterable[Record]) -> None:
    """Remove the host files that none of the set's records names."""
    named = {f"host-{record.host}.json" for record in records}
    for name in record_files(folder):
        if name.startswith("host-") and name not in named:
            writing.remove(folder / RECORDS / name)


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


def _own(path: Path) -> None:
    """Give a staged file to the person who called sudo."""
    with opened(path.parent) as parent:
        writing.own(parent, path.name)
