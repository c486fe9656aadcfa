"""Decide which collectors are captured, stale or missing, and why."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from pydantic_core import to_jsonable_python

from labreport.capture.declare import BUILD, ESCAPE, LONG, Collector, Lack, Need
from labreport.capture.host import versions
from labreport.capture.labs import FoundLab, source_of
from labreport.capture.source_hash import HASH_RULE
from labreport.contract.lab_config import Lab
from labreport.contract.reader import RecordError, read_record, read_state, recorded
from labreport.contract.records import Record, Source, Status
from labreport.contract.state import CollectorState, State
from labreport.contract.verify import changed

NOT_YET = "not captured yet"
HOW = {
    BUILD: "name it: a build is collected only on request",
    LONG: "name it: it takes minutes, so it is collected only on request",
    ESCAPE: "allow it: lab collect --allow-escape-tests (manual/how-to/escapes.md)",
}


@dataclass(frozen=True)
class CollectorStatus:
    """The status of one collector in one set: why, what to do, and its record if there is one.

    `seconds` is how long the last attempt took if it left no record.
    """

    collector: Collector
    status: Status
    reason: str = ""
    remedy: str = ""
    record: Record | None = None
    seconds: float | None = None

    @property
    def captured_by(self) -> str:
        """The version that made the record, if its source hashes cannot be compared; else an empty text."""
        if self.record is None or self.record.collector.hash_rule == HASH_RULE:
            return ""
        return "version 0.1" if self.record.collector.hash_rule == 1 else "a newer version"

    def redacted(self, redact: Callable[[str], str]) -> "CollectorStatus":
        """Return the status with its reason and remedy redacted: they may quote what a program printed."""
        return replace(self, reason=redact(self.reason), remedy=redact(self.remedy))

    def row(self, lab: str) -> CollectorState:
        """Return the collector's row of state.json."""
        collector = self.collector
        is_captured = self.status in {Status.CAPTURED, Status.NOT_APPLICABLE}
        return CollectorState(
            name=collector.name,
            title=collector.title,
            edition=collector.edition,
            task=collector.task,
            role=collector.role,
            writes=list(collector.writes),
            state=self.status,
            reason=self.reason,
            remedy=self.remedy,
            command="" if is_captured else f"lab collect {lab}/{collector.name}",
            seconds=self.record.seconds if self.record else self.seconds,
        )


def statuses(lab: FoundLab, folder: Path, root: Path, host: str) -> list[CollectorStatus]:
    """Return the status of every collector of a lab in the set `folder`, in the collectors' order.

    `host` is the id of this machine: tool versions are compared only in records that it made.
    """
    lacks = cache(lambda need: need.lacks(lab.config))  # many collectors have the same needs
    last, recorded_names = _last_rows(folder), recorded(folder)
    found: dict[str, CollectorStatus] = {}
    blocked: set[str] = set()  # what lacks something here, and what comes after it
    for collector in lab.collectors:
        if collector.name in recorded_names:
            found[collector.name] = _recorded(collector, lab.config, folder, root, host)
            continue
        found[collector.name] = _missing(collector, lacks, last.get(collector.name))
        if any(map(lacks, collector.needs)):
            blocked.add(collector.name)
        elif earlier := next((one.name for one in collector.after if one.name in blocked), ""):
            blocked.add(collector.name)
            found[collector.name] = CollectorStatus(collector, Status.MISSING, after_missing(earlier))
    return list(found.values())


def after_missing(earlier: str, status: Status = Status.MISSING) -> str:
    """Return why a collector is missing that comes after one that is missing, or has another status."""
    return f"comes after {earlier}, which is {status}"


def _recorded(collector: Collector, config: Lab, folder: Path, root: Path, host: str) -> CollectorStatus:
    """Return the status of a collector with a record: captured, or stale and why."""
    try:
        record = read_record(folder, collector.name)
    except RecordError as error:
        return CollectorStatus(collector, Status.STALE, f"{error.path}: {error.what}", error.remedy)
    source = source_of(collector, root) if record.collector.hash_rule == HASH_RULE else None
    tools = versions(collector.needs, system=not record.archives) if record.host == host else {}
    reasons = list(stale(record, collector, source, config, tools))
    reasons += [f"{file.path} {what}" for file in record.files if (what := changed(folder, file))]
    if reasons:
        return CollectorStatus(collector, Status.STALE, "; ".join(reasons), "collect again", record)
    return CollectorStatus(collector, record.state, record.reason, "", record)


def _last_rows(folder: Path) -> dict[str, CollectorState]:
    """Return the rows of the last state.json by collector name; none if it is missing or unreadable."""
    try:
        state = read_state(folder)
    except RecordError:
        return {}
    return {row.name: row for row in state.collectors} if state else {}


def _missing(
    collector: Collector, lacks: Callable[[Need], Lack | None], last: CollectorState | None
) -> CollectorStatus:
    """Return the status of a collector without a record: what it lacks here, or how it ended last."""
    for need in collector.needs:
        if lack := lacks(need):
            return CollectorStatus(
                collector, Status.MISSING, f"needs {need.name}: {lack.reason}", lack.remedy
            )
    if last and last.state in {Status.MISSING, Status.FAILED} and last.reason:
        return CollectorStatus(collector, last.state, last.reason, last.remedy, None, last.seconds)
    return CollectorStatus(collector, Status.MISSING, NOT_YET, HOW.get(collector.role, "collect it"))


def stale(
    record: Record, collector: Collector, source: Source | None, config: Lab, tools: Mapping[str, str]
) -> Iterator[str]:
    """Yield every reason why a record is out of date.

    `source` has the present hashes of the collector's source; it is None if the record has hashes of another
    rule. `tools` has the present versions by program; it is empty on another host than the record's.
    """
    if source:
        yield from _source_changes(record.collector, source)
    if (record.edition, record.task) != (collector.edition, collector.task):
        yield "its edition or task changed"
    if record.state is Status.CAPTURED:
        recorded = {file.path for file in record.files}
        yield from (f"{path} is new" for path in collector.writes if path not in recorded)
    for key, value in record.settings.items():
        current = to_jsonable_python(_lookup(config.settings, key))
        if current != to_jsonable_python(value):
            yield f"setting {key} was {value!r}, is {current!r}"
    for name, image in record.images.items():
        pinned = config.images.get(name)
        if pinned is None or (pinned.reference, pinned.digest) != (image.reference, image.pinned):
            yield f"image {name} is pinned to another digest"
    yield from _archive_changes(record, config)
    for program, version in tools.items():
        if record.tools.get(program, version) != version:
            yield f"{program} was {record.tools[program]!r}, is {version!r}"


def _archive_changes(record: Record, config: Lab) -> Iterator[str]:
    """Yield each archive that lab.yml no longer has, or pins to another checksum."""
    for name, archive in record.archives.items():
        if name not in config.archives or config.archives[name].sha256 != archive.pinned:
            yield f"archive {name} is pinned to another checksum"


def _source_changes(before: Source, now: Source) -> Iterator[str]:
    """Yield what changed in a collector's source and in the modules of its lab that it imports."""
    if before.sha256 != now.sha256:
        yield "the collector changed"
    for path in sorted(before.modules.keys() | now.modules.keys()):
        if before.modules.get(path) != now.modules.get(path):
            yield f"{path} changed"


def _lookup(settings: Mapping[str, Any], key: str) -> Any:
    """Return the setting that a dotted key names, or None."""
    value: Any = settings
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def state_file(lab: FoundLab, collectors: list[CollectorStatus], by_hand: Iterable[Record]) -> State:
    """Return state.json: the lab's collectors, files recorded by hand, and files that nothing writes yet."""
    recorded = [
        CollectorState(
            name=record.collector.name,
            title=record.title,
            writes=[file.path for file in record.files],
            state=Status.CAPTURED,
            seconds=record.seconds,
        )
        for record in by_hand
    ]
    rows = [*(status.row(lab.name) for status in collectors), *recorded]
    written = {path for row in rows for path in row.writes}
    return State(lab=lab.name, collectors=[*rows, *uncollected(lab.config, written)])


def uncollected(config: Lab, written: set[str]) -> Iterator[CollectorState]:
    """Yield a row for every task with files that no collector writes; `written` are those that one does."""
    for year, edition in config.editions.items():
        for number, task in edition.tasks.items():
            if absent := [path for path in task.files if path not in written]:
                yield CollectorState(
                    name=f"{year}-task-{number}",
                    title=f"Named by the sheet of {year}, and not collected yet",
                    edition=year,
                    task=number,
                    writes=absent,
                    state=Status.MISSING,
                    reason="no collector of this lab writes it yet",
                    remedy="write one (manual/first-steps/first-lab.md), or capture it with lab record",
                )
