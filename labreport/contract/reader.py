"""Reads evidence and records from disk, as the hostile input that they are.

Shared by both sides, like the records themselves. A path never leaves its folder, nothing but a regular file
is opened for reading, and every error says which file, what is wrong and what to do, without a path of this
machine.
"""

import os
import stat
from pathlib import Path

from labreport.contract.errors import LabError
from labreport.contract.records import (
    CHECKED_FILE,
    MAX_BYTES,
    RECORDS,
    STATE_FILE,
    Checked,
    Host,
    NewerSchemaError,
    Record,
    RecordError,
    State,
    evidence_path,
    parse,
)


class EvidenceError(LabError):
    """An evidence file that cannot be used; the text says which, what is wrong and what to do."""


def read_evidence(folder: Path, path: str) -> bytes:
    """Return the bytes of the evidence file `path` in the lab folder `folder`.

    Evidence is hostile input: raise EvidenceError for a path that leaves the folder, a symbolic link on the
    way, anything that is no regular file (a device or FIFO is never opened for reading), or over MAX_BYTES.
    """
    try:
        evidence_path(path)
    except ValueError as error:
        raise EvidenceError(f"{error}: name a file below {folder.name}/") from error
    root = os.fspath(folder)  # strings from here on: this is asked of every file of every build
    step = root
    for part in path.split("/")[:-1]:
        step = f"{step}/{part}"
        if os.path.islink(step):  # noqa: PTH114 - see above
            raise EvidenceError(f"{path}: {part}/ is a symbolic link: put the folder itself there")
    try:
        descriptor = os.open(f"{root}/{path}", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise EvidenceError(f"{path}: {_why_not(folder / path, error)}") from error
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise EvidenceError(f"{path}: {_kind(found.st_mode)}, not a file: capture it as a regular file")
        if found.st_size > MAX_BYTES:
            raise EvidenceError(
                f"{path}: {found.st_size} bytes, at most {MAX_BYTES}: compress it, or cut with head or tail"
            )
        return _whole(descriptor, found.st_size)
    finally:
        os.close(descriptor)


def _whole(descriptor: int, size: int) -> bytes:
    """Return all that an open file holds, in one read where it holds the `size` bytes it said."""
    data = os.read(descriptor, size + 1)
    if len(data) == size:
        return data
    chunks = [data]
    while chunks[-1]:
        chunks.append(os.read(descriptor, MAX_BYTES))
    return b"".join(chunks)


def _kind(mode: int) -> str:
    """Return what a thing of this `st_mode` is called in an error."""
    kinds = {
        stat.S_IFDIR: "a directory",
        stat.S_IFLNK: "a symbolic link",
        stat.S_IFIFO: "a FIFO",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
    }
    return kinds.get(stat.S_IFMT(mode), "something else")


def _why_not(path: Path, error: OSError) -> str:
    """Return why `path` could not be opened, without any path of this machine."""
    try:
        mode = path.lstat().st_mode
    except OSError:
        return "no such file"
    if not stat.S_ISREG(mode):
        return f"{_kind(mode)}, not a file: put the file itself there"
    return f"cannot be read ({error.strerror})"


def readable_records(folder: Path, *, skip_newer: bool = False) -> dict[str, Record]:
    """Return the records of a lab folder by collector's name, without those that cannot be read.

    Raise NewerSchemaError for one that a newer version wrote, which is not ours to replace; with
    `skip_newer` it is left out like the others.
    """
    found = {}
    for path in record_files(folder):
        try:
            found[path.stem] = read_record(path)
        except NewerSchemaError:
            if not skip_newer:
                raise
        except RecordError:
            continue
    return found


def record_files(folder: Path) -> list[Path]:
    """Return the record files of a lab folder, sorted: `records/*.json` without state, checked and hosts."""
    return sorted(path for path in (folder / RECORDS).glob("*.json") if is_record(path.name))


def is_record(name: str) -> bool:
    """Return whether a JSON file of this name among the records is a collector's."""
    return name not in {STATE_FILE, CHECKED_FILE} and not name.startswith("host-")


def read_record(path: Path) -> Record:
    """Return the record in `path`, whose name must be its collector's; raise RecordError."""
    record = parse(Record, _read(path), f"{path.parent.parent.name}/{RECORDS}/{path.name}")
    if record.collector.name != path.stem:
        raise RecordError(
            f"{path.parent.parent.name}/{RECORDS}/{path.name}: is the record of {record.collector.name!r}: "
            f"rename it to {record.collector.name}.json"
        )
    return record


def read_host(folder: Path, host_id: str) -> Host:
    """Return the host `host_id` of a lab folder; raise RecordError if it is absent or is not that host."""
    where = f"{folder.name}/{RECORDS}/host-{host_id}.json"
    host = parse(Host, _read(folder / RECORDS / f"host-{host_id}.json"), where)
    if host.id != host_id:
        raise RecordError(f"{where}: its fields are those of host {host.id}: restore it from git")
    return host


def read_state(folder: Path) -> State | None:
    """Return the lab folder's state.json, None where there is none; raise RecordError if it is bad."""
    path = folder / RECORDS / STATE_FILE
    if not path.exists():
        return None
    return parse(State, _read(path), f"{folder.name}/{RECORDS}/{STATE_FILE}")


def read_checked(folder: Path) -> Checked | None:
    """Return the lab folder's checked.json, None where there is none; raise RecordError if it is bad."""
    path = folder / RECORDS / CHECKED_FILE
    if not path.exists():
        return None
    return parse(Checked, _read(path), f"{folder.name}/{RECORDS}/{CHECKED_FILE}")


def _read(path: Path) -> bytes:
    """Return a record file's bytes under the same rules as evidence."""
    folder = path.parent.parent
    try:
        return read_evidence(folder, path.relative_to(folder).as_posix())
    except EvidenceError as error:
        raise RecordError(f"{folder.name}/{error}") from error
