"""Which collectors are fresh, stale or missing, and why."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from pydantic_core import to_jsonable_python

from labreport.capture.declare import BUILD, ESCAPE, Collector, Need
from labreport.capture.host import versions
from labreport.capture.labs import FoundLab, source_of
from labreport.contract.lab_config import Lab
from labreport.contract.reader import RecordError, read_record, read_state
from labreport.contract.records import CollectorState, Record, Source, State, Status
from labreport.contract.verify import changed

NOT_YET = "not captured yet"
HOW = {
    BUILD: "name it: a build is collected only then",
    ESCAPE: "allow it: lab collect --allow-escape-tests (manual/how-to/escapes.md)",
}


@dataclass(frozen=True)
class Wanted:
    """What a collector's record would have to say to be fresh; `tools` only on the set's own host."""

    source: Source
    config: Lab
    tools: Mapping[str, str]


@dataclass(frozen=True)
class CollectorStatus:
    """Where one collector stands in one set: its state, why, what to do, and its record if it has one."""

    collector: Collector
    status: Status
    reason: str = ""
    remedy: str = ""
    record: Record | None = None
    seconds: float | None = None

    def row(self, lab: str) -> CollectorState:
        """Return the row of state.json."""
        one = self.collector
        captured = self.status in {Status.CAPTURED, Status.NOT_APPLICABLE}
        return CollectorState(
            name=one.name,
            title=one.title,
            edition=one.edition,
            task=one.task,
            role=one.role,
            writes=list(one.writes),
            state=self.status,
            reason=self.reason,
            remedy=self.remedy,
            command="" if captured else f"lab collect {lab}/{one.name}",
            seconds=self.record.seconds if self.record else self.seconds,
        )


def statuses(lab: FoundLab, folder: Path, root: Path, host: str) -> list[CollectorStatus]:
    """Return where every collector of a lab stands in the set `folder`, in their order.

    `host` is this machine's id: tool versions count only where the record was made here.
    """
    look = _Look(lab, folder, root, host)
    return [look.standing(one) for one in lab.collectors]


@dataclass(frozen=True)
class _Look:
    """One look at a set: what many collectors have to know of this host is asked once."""

    lab: FoundLab
    folder: Path
    root: Path
    host: str

    def standing(self, one: Collector) -> CollectorStatus:
        """Return where one collector stands."""
        path = self.folder / "records" / f"{one.name}.json"
        if not path.exists():
            return self._missing(one)
        try:
            record = read_record(path)
        except RecordError as error:
            return CollectorStatus(one, Status.STALE, str(error), "collect again, or restore it from git")
        tools = self._versions(one.needs) if record.host == self.host else {}
        reasons = list(stale(record, Wanted(source_of(one, self.root), self.lab.config, tools)))
        reasons += [f"{file.path} {what}" for file in record.files if (what := changed(self.folder, file))]
        if record.state is Status.CAPTURED:
            recorded = {file.path for file in record.files}
            reasons += [f"{path} is new" for path in one.writes if path not in recorded]
        if reasons:
            return CollectorStatus(one, Status.STALE, "; ".join(reasons), "collect again", record)
        return CollectorStatus(one, record.state, record.reason, "", record)

    def _missing(self, one: Collector) -> CollectorStatus:
        """Return the standing of a collector without a record: what it lacks here, or how it ended last."""
        for need in one.needs:
            if reason := self._lacks(need):
                return CollectorStatus(one, Status.MISSING, f"needs {need.name}: {reason}", need.remedy)
        last = self._last.get(one.name)
        if last and last.state in {Status.MISSING, Status.FAILED} and last.reason:
            return CollectorStatus(one, last.state, last.reason, last.remedy, None, last.seconds)
        return CollectorStatus(one, Status.MISSING, NOT_YET, HOW.get(one.role, "collect it"))

    @cached_property
    def _versions(self) -> Callable[[tuple[Need, ...]], dict[str, str]]:
        return cache(versions)

    @cached_property
    def _lacks(self) -> Callable[[Need], str]:
        return cache(lambda need: need.missing(self.lab.config))

    @cached_property
    def _last(self) -> dict[str, CollectorState]:
        """The rows of the last state.json by name; one that cannot be read says nothing."""
        try:
            last = read_state(self.folder)
        except RecordError:
            return {}
        return {row.name: row for row in last.collectors} if last else {}


def stale(record: Record, wanted: Wanted) -> Iterable[str]:
    """Yield every reason why a record is no longer what would be captured now."""
    if record.collector.sha256 != wanted.source.sha256:
        yield "the collector changed"
    before, now = record.collector.modules, wanted.source.modules
    for path in sorted(before.keys() | now.keys()):
        if before.get(path) != now.get(path):
            yield f"{path} changed"
    for key, value in record.settings.items():
        current = to_jsonable_python(_lookup(wanted.config.settings, key))
        if current != to_jsonable_python(value):
            yield f"setting {key} was {value!r}, is {current!r}"
    for name, image in record.images.items():
        pinned = wanted.config.images.get(name)
        if pinned is None or (pinned.reference, pinned.digest) != (image.reference, image.pinned):
            yield f"image {name} is pinned to another digest"
    for program, said in wanted.tools.items():
        if record.tools.get(program, said) != said:
            yield f"{program} was {record.tools[program]!r}, is {said!r}"


def _lookup(settings: Mapping[str, Any], key: str) -> Any:
    """Return the setting that a dotted key names, or None."""
    value: Any = settings
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def state_file(lab: FoundLab, found: list[CollectorStatus], by_hand: Iterable[Record]) -> State:
    """Return state.json: the lab's collectors, what was recorded by hand, and what nothing writes yet."""
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
    rows = [*(standing.row(lab.name) for standing in found), *recorded]
    written = {path for row in rows for path in row.writes}
    return State(lab=lab.name, collectors=[*rows, *uncollected(lab.config, written)])


def uncollected(config: Lab, written: set[str]) -> Iterable[CollectorState]:
    """Yield a row for every task of an edition that names files which no collector writes."""
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
