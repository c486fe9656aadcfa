"""The values of a lab's facts, read from evidence, and why there is none where there is none.

A value needs a record, bytes that are still those of the record, and no command behind its lines that failed
or was refused.
"""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from labreport.contract.records import Command, Host, HostClass, Outcome
from labreport.report.facts.converters import NotThere, Read, Unreadable, convert, in_unit
from labreport.report.facts.expressions.steps import Value
from labreport.report.facts.facts import FACTS_FILE, Fact, Facts
from labreport.report.problems import FaultError
from labreport.report.source.cite import LABS, Block, Gap, Page, cite
from labreport.report.source.evidence import Captured, Evidence
from labreport.report.source.ranges import Range
from labreport.report.values.quantity import Quantity
from labreport.report.values.units import UnitError


class Absence(StrEnum):
    """Why a fact has no value."""

    NOT_CAPTURED = "not captured"
    NO_RECORD = "no record"
    ALTERED = "altered"
    FAILED_RUN = "failed run"
    NOT_THERE = "not there"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class NoValue:
    """A fact without a value: the kind of absence, why, and what to do."""

    absence: Absence
    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.absence}: {self.reason}: {self.remedy}"


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What was read of a fact: one value or a series, the file (lab first) and lines, whose it is, and when.

    `text` are the lines themselves. `host` is None where the record's host cannot be read; `host_id` is known
    all the same.
    """

    read: Read
    file: str
    lines: Range
    host_id: str
    host: Host | None
    start: datetime
    text: str

    @property
    def value(self) -> Value | None:
        """The value for an expression, which takes no series, with where it is from."""
        if isinstance(self.read, tuple):
            return None
        host_class = self.host.host_class if self.host else None
        emulated = host_class is HostClass.EMULATED
        return Value(self.read, self.host_id, host_class, emulated, self.file, self.lines.start)


def value_of(fact: Fact, page: Page, evidence: Evidence) -> Reading | NoValue:
    """Return what the evidence of a page's lab holds of a fact; each file is read once for one Evidence."""
    try:
        found = cite(evidence, page, fact.request)
    except FaultError as error:
        return NoValue(Absence.NOT_THERE, error.what, error.remedy)
    if isinstance(found, Gap):
        command = f" (`{found.command}`)" if found.command else ""
        return NoValue(Absence.NOT_CAPTURED, f"{found.path}: {found.reason}", f"{found.remedy}{command}")
    captured = found.captured
    if captured is None:
        return NoValue(Absence.NO_RECORD, f"no record tells of {found.path}", "capture it with `lab record`")
    return _distrust(found, captured) or _read(fact, found, captured)


def _distrust(found: Block, captured: Captured) -> NoValue | None:
    """Return why nothing in these lines is a measurement, None if it may be."""
    again = f"`lab collect {found.set.lab}/{captured.record.collector.name}`"
    if found.content.sha256 != captured.file.sha256:
        what = f"{found.path} is not what its record says"
        return NoValue(Absence.ALTERED, what, f"restore it from git, or capture it again: {again}")
    for origin in captured.origins(found.slice.range):
        if origin.command is not None and (how := _unanswered(origin.command)):
            what = f"lines {origin.lines} of {found.path}: {origin.command.argv[0]} {how}"
            return NoValue(Absence.FAILED_RUN, what, f"capture it again, or name other lines: {again}")
    return None


def _unanswered(command: Command) -> str:
    """Return how a command ended that answered nothing; empty if it answered."""
    if command.timed_out:
        return "was ended at its time limit"
    if command.exit_status is None:
        return "did not end by itself"
    if command.outcome is not Outcome.ANSWERED:
        return f"{_ENDINGS[command.outcome]} (exit status {command.exit_status})"
    return ""


_ENDINGS = {Outcome.FAILED: "failed", Outcome.REFUSED: "was refused"}


def _read(fact: Fact, found: Block, captured: Captured) -> Reading | NoValue:
    lines = found.slice.range
    read = read_text(found.slice.text, fact.read, f"lines {lines} of {found.path}", fact.unit)
    if isinstance(read, NoValue):
        return read
    record, text = captured.record, found.slice.text or ""
    if not isinstance(read, tuple) and lines.start < lines.end:
        lines, text = _narrowed(lines, text, fact, read)
    return Reading(read, found.path, lines, record.host, found.host, record.start, text)


def _narrowed(lines: Range, text: str, fact: Fact, read: Quantity | str) -> tuple[Range, str]:
    """Return the fewest of `lines` that still say `read`, and their text: what a reader has to look at."""
    bare = text.removesuffix("\n").split("\n")
    said = read if isinstance(read, str) else f"{read.value:f}"
    for number, line in enumerate(bare, lines.start):
        if said in line and read_text(line, fact.read, "", fact.unit) == read:
            return Range(number, number), f"{line}\n"
    every = [f"{line}\n" for line in bare]

    def silent(start: int, end: int) -> bool:
        return read_text("".join(every[start:end]), fact.read, "", fact.unit) != read

    end = len(every) - bisect_left(
        range(len(every)), x=True, key=lambda left: silent(0, len(every) - left - 1)
    )
    start = bisect_left(range(end), x=True, key=lambda place: silent(place + 1, end))
    if silent(start, end):
        return lines, text
    return Range(lines.start + start, lines.start + end - 1), "".join(every[start:end])


def read_text(text: str | None, how: str, where: str, unit: str | None = None) -> Read | NoValue:
    """Return what a converter reads of `text`, which `where` names in errors; None is no text at all.

    Raises FaultError where there is no such converter.
    """
    if text is None:
        return NoValue(Absence.UNREADABLE, f"{where}: no text", "name a text file")
    remedy = f"mend `read: {how}`, or name other lines"
    try:
        read = convert(how, text)
        return read if unit is None else _converted(read, unit)
    except NotThere as error:
        return NoValue(Absence.NOT_THERE, f"{where}: {error}", remedy)
    except (Unreadable, UnitError) as error:
        return NoValue(Absence.UNREADABLE, f"{where}: {error}", remedy)


def _converted(read: Read, unit: str) -> Read:
    if isinstance(read, str):
        raise Unreadable(f"a text has no unit, such as {unit}")
    return in_unit(read, unit)


@dataclass
class Readings:
    """The values of a lab's facts; all are read when one is asked for."""

    facts: Facts
    evidence: Evidence

    @cached_property
    def all(self) -> dict[str, Reading | NoValue]:
        """What was read of each fact, by name."""
        page = Page(f"{LABS}/{self.facts.lab}/{FACTS_FILE}")
        return {name: value_of(fact, page, self.evidence) for name, fact in self.facts.facts.items()}

    @cached_property
    def values(self) -> dict[str, Value]:
        """The values by name, as expressions take them: not of what has no value, or is a series."""
        return {
            name: value
            for name, found in self.all.items()
            if isinstance(found, Reading) and (value := found.value) is not None
        }

    def why_not(self, name: str) -> str:
        """Return why an expression gets no value of the fact `name`; empty if it gets one."""
        if name not in self.facts.facts:
            return f"{self.facts.file} declares no {name}"
        found = self.all[name]
        if isinstance(found, NoValue):
            return str(found)
        several = found.read
        return f"{name} is a series of {len(several)} values, not one" if isinstance(several, tuple) else ""
