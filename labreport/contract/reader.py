"""Read evidence and records from disk, and treat them as hostile input.

Files are opened by `labreport.contract.folder` alone. Every error names the file, what is wrong and what to
do, without any path of this machine.
"""

import json
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from labreport.contract.errors import LabError
from labreport.contract.fields import RECORDS
from labreport.contract.folder import NO_FILE, EvidenceError, opened
from labreport.contract.lab_config import Lab
from labreport.contract.records import CHECKED_FILE, SCHEMA, STATE_FILE, Host, Record
from labreport.contract.refresh import RefreshCheck
from labreport.contract.state import State

M = TypeVar("M", bound=BaseModel)

PUBLISHED: dict[str, type[BaseModel]] = {
    "record-1.json": Record,
    "host-1.json": Host,
    "state-1.json": State,
    "checked-1.json": RefreshCheck,
    "lab-1.json": Lab,
}
"""The models whose JSON Schema the site publishes, by file name."""


class RecordError(LabError):
    """A record, host, state or check file that cannot be read."""


class NewerSchemaError(RecordError):
    """A record that a newer version of the tool wrote. It is intact, and this version must not replace it."""


def read_evidence(folder: Path, path: str) -> bytes:
    """Return the bytes of the evidence file `path` in the lab folder `folder`.

    Raise EvidenceError as Folder.read does. No part of `folder` may be a symbolic link.
    """
    with ExitStack() as stack:
        try:
            lab = stack.enter_context(opened(folder))
        except FileNotFoundError as error:
            raise EvidenceError("no such file", NO_FILE, path=path) from error
        except EvidenceError as error:
            raise EvidenceError(error.what, error.remedy, path=path) from error
        return lab.read(path)


def readable_records(
    folder: Path, *, skip_newer: bool = False, read: Callable[[Path, str], Record] | None = None
) -> dict[str, Record]:
    """Return the records of a lab folder by collector name, from `read`; skip those that cannot be read.

    Raise NewerSchemaError for a record of a newer version, because this version must not replace it, and
    RecordError if records/ cannot be used. With `skip_newer`, skip these too; `verify` reports them.
    """
    records: dict[str, Record] = {}
    try:
        collectors = recorded(folder)
    except RecordError:
        if not skip_newer:
            raise
        return records
    for collector in collectors:
        try:
            records[collector] = (read or read_record)(folder, collector)
        except NewerSchemaError:
            if not skip_newer:
                raise
        except RecordError:
            pass
    return records


def recorded(folder: Path) -> list[str]:
    """Return the names of the collectors that have a record in a lab folder, sorted. Raise RecordError."""
    return sorted(name.removesuffix(".json") for name in record_files(folder) if is_record(name))


def record_files(folder: Path) -> list[str]:
    """Return the names in `records/` of a lab folder, sorted; none if there is no such folder.

    Raise RecordError if it, or a folder on the way to it, is a symbolic link or no folder.
    """
    try:
        with opened(folder / RECORDS) as records:
            return records.names()
    except FileNotFoundError:
        return []
    except EvidenceError as error:
        raise RecordError(error.what, error.remedy, path=f"{folder.name}/{RECORDS}") from error


def is_record(name: str) -> bool:
    """Return whether a file in `records/` is a collector's record, and not a state, check or host file."""
    others = name in {STATE_FILE, CHECKED_FILE} or name.startswith(("host-", "."))
    return name.endswith(".json") and not others


def read_record(folder: Path, collector: str) -> Record:
    """Return the record of a collector. Raise RecordError if it is missing, or that of another one or lab."""
    file = f"{collector}.json"
    record = _read(Record, folder, file)
    if record.collector.name != collector:
        raise RecordError(
            f"is the record of {record.collector.name!r}",
            f"rename it to {record.collector.name}.json",
            path=_place(folder, file),
        )
    if record.lab != folder.name:
        what = f"is of the lab {record.lab!r}"
        raise RecordError(what, f"put it into {record.lab}/{RECORDS}/", path=_place(folder, file))
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
    return _read(State, folder, STATE_FILE) if STATE_FILE in record_files(folder) else None


def read_checked(folder: Path) -> RefreshCheck | None:
    """Return the checked.json of a lab folder, or None if there is no such file. Raise RecordError."""
    return _read(RefreshCheck, folder, CHECKED_FILE) if CHECKED_FILE in record_files(folder) else None


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
    """Return `text` (JSON) as `model`. Raise RecordError, with `path` as the file's name in the error.

    A key that an object has twice is an error, because programs differ in which one they read. So is NaN.
    """
    remedy = "restore it from git, or capture it again"
    try:
        content = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        what = str(error) if isinstance(error, _JsonError) else "not whole JSON (truncated?)"
        raise RecordError(what, remedy, path=path) from error
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        schema = content.get("schema") if isinstance(content, dict) else None
        if isinstance(schema, int) and schema > SCHEMA:
            what = f"schema {schema}, this version reads up to {SCHEMA}"
            raise NewerSchemaError(what, "update the tool", path=path) from error
        raise RecordError(explain(error), remedy, path=path) from error


class _JsonError(ValueError):
    """JSON that Python can read and that no record may contain."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object; raise _JsonError if it has a key twice."""
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _value in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise _JsonError(f"has the key {twice!a} twice")
    return made


def _no_number(text: str) -> None:
    raise _JsonError(f"has {text}, which is no number")


def explain(error: ValidationError) -> str:
    """Return pydantic's first complaint in one line, as `key: what`, and the number of the others."""
    first = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in first["loc"]) or "the whole"
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return f"{key}: {first['msg']}{more}"
