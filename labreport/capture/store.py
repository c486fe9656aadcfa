"""Staged files, then the record: all or nothing.

A capture goes to a staging folder. The staged record is the intent, with all hashes; each file is renamed
into place, the record last. Killed anywhere, `recover` finishes what has an intent and drops what has none.
"""

import errno
import hashlib
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
    read_evidence,
    read_record,
    readable_records,
)
from labreport.contract.records import MAX_BYTES, RECORDS, File, Record, dump
from labreport.contract.verify import FAILED, INTENT, REMOVAL, STAGING

STEPS = ("staged", "intent", "file", "files", "record", "cleared")
"""The moments of a commit, in order; `file` comes once for every file."""


def _nothing(_step: str) -> None:
    """Do nothing: what production does when a step is reached."""


reached: Callable[[str], None] = _nothing
"""Called at every step; the crash tests put a kill here."""


class StoreError(LabError):
    """Evidence that cannot be written; the text says which, why and what to do. Nothing was changed."""

    exit_status = ExitStatus.CANNOT_RUN


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lab folder's lock; raise StoreError at once if another collect holds it."""
    lock = FileLock(folder / ".lock")
    with _explained(folder.name):
        _make(folder)
        try:
            lock.acquire(timeout=0)
        except Timeout:  # an OSError, too
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
        with _explained(folder.name):
            _make(self.files)

    @property
    def files(self) -> Path:
        """Where the files grow, under the paths that they will have."""
        return self.path / "files"

    def commit(self, record: Record) -> None:
        """Make the staged files and `record` the evidence; raise StoreError or EvidenceError.

        Nothing is changed then, unless the disk fails after the intent was written: the next collect goes on.
        """
        for file in record.files:
            _check(self.files, file)
        with signals.deferred():
            with _explained(record.lab):
                _prepare(self.folder, record)
                for file in record.files:
                    places.sync(self.files / file.path)
                reached("staged")
                write(self.path / INTENT, dump(record))
            reached("intent")
            _finish(self.folder, self.path, record)

    def keep_failed(self, why: str, paths: Iterable[str]) -> None:
        """Move the files `paths` to `failed/`, with the reason, for the author to look at.

        What a command wrote beside them goes: nothing looked through it.
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
        """Forget what was staged; an intent stays, for the next collect to finish."""
        if (self.path / INTENT).exists():
            return
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
            _check(staged / "files" if (staged / "files" / file.path).exists() else folder, file)
    except (OSError, RecordError, StoreError):
        shutil.rmtree(staged)
        return False
    _finish(folder, staged, record)
    return True


def _finish(folder: Path, staged: Path, record: Record) -> None:
    """Rename what is still staged into place, remove what the record no longer names, the record last."""
    place = folder / RECORDS / f"{record.collector.name}.json"
    with _explained(record.lab):
        _prepare(folder, record)
        for file in record.files:
            waiting = staged / "files" / file.path
            if waiting.exists():
                _own(waiting)
                waiting.rename(folder / file.path)
            reached("file")
        others = _others(folder, record.collector.name)
        _take_over(folder, record, others)
        claimed = {file.path for one in (record, *others) for file in one.files}
        for path in _files_of(place) - claimed:
            _unlink(folder, path)
        for parent in {(folder / file.path).parent for file in record.files}:
            places.sync(parent)
        reached("files")
        _own(staged / INTENT)
        (staged / INTENT).rename(place)
        places.sync(place.parent)
    reached("record")
    shutil.rmtree(staged)
    with suppress(OSError):
        staged.parent.rmdir()
    reached("cleared")


def _prepare(folder: Path, record: Record) -> None:
    """Make the folders that a record's files go to; raise where one of them cannot be put in its place."""
    _make_folders(folder, folder / RECORDS)
    for file in record.files:
        _make_folders(folder, (folder / file.path).parent)
        if (folder / file.path).is_dir() and not (folder / file.path).is_symlink():
            raise EvidenceError(f"{file.path}: a directory is there: move it away")


def _files_of(place: Path) -> set[str]:
    """Return the files that the record in `place` names; none if it cannot be read."""
    try:
        return {file.path for file in read_record(place).files}
    except RecordError:
        return set()


def _others(folder: Path, collector: str) -> list[Record]:
    """Return the readable records of the other collectors."""
    found = readable_records(folder, skip_newer=True)
    return [record for name, record in found.items() if name != collector]


def _take_over(folder: Path, record: Record, others: Iterable[Record]) -> None:
    """Take the record's files out of the records of others: a file that changed hands has one owner."""
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


def _unlink(folder: Path, path: str) -> None:
    """Remove an evidence file if it is there; what lies behind a symbolic link is not ours."""
    parts = [folder / parent for parent in Path(path).parents]
    if not any(part.is_symlink() for part in parts if part != folder):
        (folder / path).unlink(missing_ok=True)


def remove(folder: Path, collector: str) -> None:
    """Take a collector's record and files out of the set; killed anywhere, `recover` goes on with it."""
    staged = folder / STAGING / collector
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(parents=True)
    (folder / RECORDS / f"{collector}.json").rename(staged / REMOVAL)
    _finish_removal(folder, staged)


def _finish_removal(folder: Path, staged: Path) -> None:
    """Remove the files that the record which was taken away names, then the record itself."""
    removed = parse(Record, (staged / REMOVAL).read_bytes(), staged.name)
    claimed = {file.path for one in _others(folder, removed.collector.name) for file in one.files}
    for path in {file.path for file in removed.files} - claimed:
        _unlink(folder, path)
    shutil.rmtree(staged)
    with suppress(OSError):
        staged.parent.rmdir()


def drop_hosts(folder: Path, records: Iterable[Record]) -> None:
    """Remove the hosts' files that none of the set's records names."""
    named = {f"host-{record.host}.json" for record in records}
    for host in (folder / RECORDS).glob("host-*.json"):
        if host.name not in named:
            host.unlink()


def write(path: Path, data: bytes) -> None:
    """Put `data` at `path` as a whole or not at all; raise OSError with the old content in place."""
    _make(path.parent)
    partial = path.with_name(f".{path.name}.part")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _own(partial)
        partial.rename(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def _check(folder: Path, file: File) -> None:
    """Raise StoreError unless the file in `folder` is the one that is recorded."""
    try:
        data = read_evidence(folder, file.path)
    except EvidenceError as error:
        raise StoreError(str(error)) from error
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise StoreError(f"{file.path}: changed after it was recorded: something still writes to it")


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
    """Make the folders down to `wanted`, each the caller's; raise EvidenceError for what is in the way."""
    step = folder
    for part in wanted.relative_to(folder).parts:
        step = step / part
        if step.is_symlink():
            raise EvidenceError(f"{step.relative_to(folder)}: a symbolic link: put the folder itself there")
        if step.exists() and not step.is_dir():
            raise EvidenceError(f"{step.relative_to(folder)}: a file, where a folder has to be: move it away")
    _make(wanted)


def _make(folder: Path) -> None:
    """Make a folder with those above it, each the caller's."""
    if folder.is_dir():
        return
    _make(folder.parent)
    folder.mkdir(exist_ok=True)
    _own(folder)


def _own(path: Path) -> None:
    """Give what root wrote through sudo to the person who called it."""
    caller, group = os.environ.get("SUDO_UID", ""), os.environ.get("SUDO_GID", "")
    if os.geteuid() == 0 and caller.isdigit():
        os.chown(path, int(caller), int(group) if group.isdigit() else -1, follow_symlinks=False)
