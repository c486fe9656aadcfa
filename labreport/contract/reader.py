"""Read evidence and records from disk, and treat them as hostile input.

A path never leaves its folder, and only a regular file is read. Every error names the file, what is wrong and
what to do, without any path of this machine.
"""

import json
import os
import stat
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from labreport.contract.errors import LabError
from labreport.contract.lab_config import Lab
from labreport.contract.records import (
    CHECKED_FILE,
    MAX_BYTES,
    RECORDS,
    SCHEMA,
    STATE_FILE,
    Host,
    Record,
    RefreshCheck,
    State,
    evidence_path,
)

M = TypeVar("M", bound=BaseModel)

PUBLISHED: dict[str, type[BaseModel]] = {
    "record-1.json": Record,
    "host-1.json": Host,
    "state-1.json": State,
    "checked-1.json": RefreshCheck,
    "lab-1.json": Lab,
}
"""The models whose JSON Schema the site publishes, by file name."""


class EvidenceError(LabError):
    """An evidence file that cannot be used."""


class RecordError(LabError):
    """A record, host, state or check file that cannot be read."""


class NewerSchemaError(RecordError):
    """A record that a newer version of the tool wrote. It is intact, and this version must not replace it."""


def read_evidence(folder: Path, path: str) -> bytes:
    """Return the bytes of the evidence file `path` in the lab folder `folder`.

    Raise EvidenceError for a path that leaves the folder, a symbolic link in any part of the path, a file
    that is not regular (a device or FIFO is never opened for reading), and a file over MAX_BYTES.
    """
    try:
        evidence_path(path)
    except ValueError as error:
        raise EvidenceError(str(error), f"name a file below {folder.name}/") from error
    step = folder
    for part in path.split("/")[:-1]:
        step = step / part
        if step.is_symlink():
            raise EvidenceError(f"{part}/ is a symbolic link", "put the folder itself there", path=path)
    try:
        descriptor = os.open(folder / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _cannot_open(folder, path, error) from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            what = f"{_kind(status.st_mode)}, not a file"
            raise EvidenceError(what, "capture it as a regular file", path=path)
        if status.st_size > MAX_BYTES:
            what = f"{status.st_size} bytes, at most {MAX_BYTES}"
            raise EvidenceError(what, "compress it, or cut with head or tail", path=path)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(descriptor)


def _cannot_open(folder: Path, path: str, error: OSError) -> EvidenceError:
    """Return the error for a file that could not be opened, without any path of this machine."""
    try:
        mode = (folder / path).lstat().st_mode
    except OSError:
        return EvidenceError("no such file", "capture it, or restore it from git", path=path)
    if not stat.S_ISREG(mode):
        return EvidenceError(f"{_kind(mode)}, not a file", "put the file itself there", path=path)
    return EvidenceError(f"cannot be read ({error.strerror})", "check who owns it", path=path)


def _kind(mode: int) -> str:
    """Return the name of a file type, for an error; `mode` is an `st_mode`."""
    kinds = {
        stat.S_IFDIR: "a directory",
        stat.S_IFLNK: "a symbolic link",
        stat.S_IFIFO: "a FIFO",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
    }
    return kinds.get(stat.S_IFMT(mode), "something else")


def readable_records(folder: Path, *, skip_newer: bool = False) -> dict[str, Record]:
    """Return the records of a lab folder by collector name; skip those that cannot be read.

    Raise NewerSchemaError for a record of a newer version, because this version must not replace it. With
    `skip_newer`, skip such a record too.
    """
    records = {}
    for path in record_files(folder):
        try:
            records[path.stem] = read_record(path)
        except NewerSchemaError:
            if not skip_newer:
                raise
        except RecordError:
            continue
    return records


def record_files(folder: Path) -> list[Path]:
    """Return the collectors' record files in a lab folder, sorted."""
    return sorted(path for path in (folder / RECORDS).glob("*.json") if is_record(path.name))


def is_record(name: str) -> bool:
    """Return whether a JSON file in `records/` is a collector's, and not a state, check or host file."""
    return name not in {STATE_FILE, CHECKED_FILE} and not name.startswith("host-")


def read_record(path: Path) -> Record:
    """Return the record in `path`. Raise RecordError if the file is not named after its collector."""
    folder, file = path.parent.parent, path.name
    record = _read(Record, folder, file)
    if record.collector.name != path.stem:
        raise RecordError(
            f"is the record of {record.collector.name!r}",
            f"rename it to {record.collector.name}.json",
            path=_place(folder, file),
        )
    return record


def read_host(folder: Path, host_id: str) -> Host:
    """Return the host `host_id` of a lab folder. Raise RecordError if it is missing or has another id."""
    file = f"host-{host_id}.json"
    host = _read(Host, folder, file)
    if host.id != host_id:
        what = f"its fields are those of host {host.id}"
        raise RecordError(what, "restore it from git", path=_place(folder, file))
    return host


def read_state(folder: Path) -> State | None:
    """Return the state.json of a lab folder, or None if there is no such file. Raise RecordError."""
    return _read(State, folder, STATE_FILE) if (folder / RECORDS / STATE_FILE).exists() else None


def read_checked(folder: Path) -> RefreshCheck | None:
    """Return the checked.json of a lab folder, or None if there is no such file. Raise RecordError."""
    return _read(RefreshCheck, folder, CHECKED_FILE) if (folder / RECORDS / CHECKED_FILE).exists() else None


def _read(model: type[M], folder: Path, file: str) -> M:
    """Return a file of `records/` as `model`. Raise RecordError."""
    place = _place(folder, file)
    try:
        data = read_evidence(folder, f"{RECORDS}/{file}")
    except EvidenceError as error:
        raise RecordError(error.what, error.remedy, path=place) from error
    return parse(model, data, place)


def _place(folder: Path, file: str) -> str:
    """Return how an error names a file of `records/`."""
    return f"{folder.name}/{RECORDS}/{file}"


def parse(model: type[M], text: bytes, path: str) -> M:
    """Return `text` (JSON) as `model`. Raise RecordError, with `path` as the file's name in the error."""
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        remedy = "restore it from git, or capture it again"
        try:
            content = json.loads(text)
        except (ValueError, RecursionError):
            raise RecordError("not whole JSON (truncated?)", remedy, path=path) from error
        schema = content.get("schema") if isinstance(content, dict) else None
        if isinstance(schema, int) and schema > SCHEMA:
            what = f"schema {schema}, this version reads up to {SCHEMA}"
            raise NewerSchemaError(what, "update the tool", path=path) from error
        raise RecordError(explain(error), remedy, path=path) from error


def explain(error: ValidationError) -> str:
    """Return pydantic's first complaint in one line, as `key: what`, and the number of the others."""
    first = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in first["loc"]) or "the whole"
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return f"{key}: {first['msg']}{more}"
