"""Read the values of a lab's facts from the evidence, or say why a fact has none.

A value needs a record, bytes that are still those of the record, and lines that no failed or refused command
printed.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from labreport.contract.records import Command, Host, Outcome
from labreport.contract.remedies import get_again, without_record
from labreport.contract.text import as_text, why_no_text
from labreport.report.facts.converters import (
    CONVERTERS,
    Converted,
    Converter,
    NotThere,
    Unreadable,
    convert,
    in_unit,
    select,
)
from labreport.report.facts.converters.own import ConverterError
from labreport.report.facts.expressions.calculate import FactValue
from labreport.report.facts.facts import FACTS_FILE, Fact, Facts
from labreport.report.locales import LocaleName
from labreport.report.problems import FaultError
from labreport.report.source.cite import LABS, Block, Gap, Page, cite, raw_link
from labreport.report.source.evidence import Evidence
from labreport.report.source.evidence_set import NOT_COMPARABLE, Captured, EvidenceSet, is_unknown
from labreport.report.source.patterns import SEARCH
from labreport.report.source.slices import Range
from labreport.report.uses import noting
from labreport.report.values import Quantity, UnitError


class Absence(StrEnum):
    """Why a fact has no value."""

    NOT_CAPTURED = "not captured"
    NO_RECORD = "no record"
    NOT_COMPARABLE = "not comparable"
    ALTERED = "altered"
    FAILED_RUN = "failed run"
    NOT_THERE = "not there"
    UNREADABLE = "unreadable"
    CONVERTER_FAILED = "converter failed"


_AS_TEXT = "name a text file; `iconv -f UTF-16 -t UTF-8` makes one of UTF-16"


@dataclass(frozen=True)
class NoValue:
    """A fact without a value: the kind of absence, the reason, the remedy, and a converter's error.

    `place` is where facts.yml declares the fact, with its name.
    """

    absence: Absence
    reason: str
    remedy: str
    error: ConverterError | None = None
    place: str = ""

    def __str__(self) -> str:
        return f"{self.absence}: {self.reason}: {self.remedy}"


@dataclass(frozen=True)
class Reading:
    """What was read for a fact: a value or a series, with the file (from the evidence root) and the lines.

    `set` has the file. `text` is the text of the lines. `host` is None if the record's host cannot be read;
    `host_id` is always known. `start` is when the capture began.
    """

    read: Converted
    file: str
    set: EvidenceSet
    lines: Range
    host_id: str
    host: Host | None
    start: datetime | None
    text: str
    is_ratio_of_times: bool = False

    @property
    def link(self) -> str:
        """The link to the file from the site's root."""
        return raw_link(self.set, self.file.removeprefix(f"{self.set.name}/"))

    @property
    def value(self) -> FactValue | None:
        """The value for an expression, with its origin; None for a series."""
        if isinstance(self.read, tuple):
            return None
        host_class = self.host.host_class if self.host else None
        return FactValue(
            self.read, self.host_id, host_class, self.file, self.lines.start, self.is_ratio_of_times
        )


@dataclass
class Readings:
    """The readings of a lab's facts; all are made when the first is needed."""

    facts: Facts
    evidence: Evidence
    uses: set[str] = field(default_factory=set)
    """What the readings rest on, when they have been made."""

    @cached_property
    def all(self) -> dict[str, Reading | NoValue]:
        """The reading of each fact, by name."""
        page = Page(f"{LABS}/{self.facts.lab}/{FACTS_FILE}")
        limit = SEARCH.set(self.evidence.search)
        try:
            with noting() as self.uses:
                return {name: self._read(name, fact, page) for name, fact in self.facts.facts.items()}
        finally:
            SEARCH.reset(limit)

    def _read(self, name: str, fact: Fact, page: Page) -> Reading | NoValue:
        found = read_fact(fact, page, self.evidence, self.facts.converters)
        place = f"{name} in {self.facts.file}:{self.facts.lines.get(name, 1)}"
        return replace(found, place=place) if isinstance(found, NoValue) else found

    @cached_property
    def values(self) -> dict[str, FactValue]:
        """The values by name, without facts that have none or are a series."""
        values = {name: one.value for name, one in self.all.items() if isinstance(one, Reading)}
        return {name: value for name, value in values.items() if value is not None}

    def why_not(self, name: str) -> str:
        """Return why an expression gets no value for the fact `name`; empty if it gets one."""
        if name not in self.facts.facts:
            return f"{self.facts.file} declares no {name}"
        found = self.all[name]
        if isinstance(found, NoValue):
            return str(found)
        several = found.read
        return f"{name} is a series of {len(several)} values, not one" if isinstance(several, tuple) else ""


def read_fact(
    fact: Fact, page: Page, evidence: Evidence, converters: Mapping[str, Converter] = CONVERTERS
) -> Reading | NoValue:
    """Return the reading of a fact from the evidence of a page's lab."""
    try:
        block = cite(evidence, page, fact.request)
    except FaultError as error:
        return NoValue(Absence.NOT_THERE, error.what, error.remedy)
    if isinstance(block, Gap):
        command = f" (`{block.command}`)" if block.command else ""
        return NoValue(Absence.NOT_CAPTURED, f"{block.path}: {block.reason}", f"{block.remedy}{command}")
    captured = block.captured
    if captured is None:
        return NoValue(Absence.NO_RECORD, f"{block.path} has no record", without_record(block.path))
    if fact.is_ratio_of_times and is_unknown(block.host):
        return NoValue(
            Absence.NOT_COMPARABLE, f"{block.path}: {NOT_COMPARABLE}", "name one of the two values"
        )
    return _distrust(block, captured) or _read(fact, block, captured, converters)


def _distrust(block: Block, captured: Captured) -> NoValue | None:
    """Return why the lines of a block contain no measurement, None if they may."""
    again = get_again(captured.record, block.set.name, block.content.path)
    if block.content.sha256 != captured.file.sha256:
        reason = f"{block.path} differs from its record"
        return NoValue(Absence.ALTERED, reason, f"restore it from git, or {again}")
    for origin in captured.origins(block.slice.range):
        if origin.command is not None and (failure := _failure(origin.command)):
            reason = f"lines {origin.lines} of {block.path}: {origin.command.argv[0]} {failure}"
            return NoValue(Absence.FAILED_RUN, reason, f"name other lines, or {again}")
    return None


def _failure(command: Command) -> str:
    """Return how a command failed; empty if it answered."""
    if command.timed_out:
        return "was ended at its time limit"
    if command.exit_status is None:
        return "did not end by itself"
    match command.outcome:
        case Outcome.FAILED:
            return f"failed (exit status {command.exit_status})"
        case Outcome.REFUSED:
            return f"was refused (exit status {command.exit_status})"
    return ""


def _read(
    fact: Fact, block: Block, captured: Captured, converters: Mapping[str, Converter]
) -> Reading | NoValue:
    lines, text = block.slice.range, block.slice.text or ""

    def read_part(part: bytes, place: str = "") -> Converted | NoValue:
        return read_bytes(part, fact.read, place, fact.unit, converters=converters, locale=fact.locale)

    read = read_part(block.slice.data, f"lines {lines} of {block.path}")
    if isinstance(read, NoValue):
        return read

    def has_value(part: str) -> bool:
        return read_part(part.encode()) == read

    converter, _argument = select(fact.read, converters)
    if not isinstance(read, tuple) and lines.start < lines.end and not converter.of_all_lines:
        lines, text = _fewest_lines(lines, text, read, has_value)
    record = captured.record
    host = block.host
    ratio = fact.is_ratio_of_times
    return Reading(read, block.path, block.set, lines, record.host, host, record.start, text, ratio)


def _fewest_lines(
    lines: Range, text: str, value: Quantity | str, has_value: Callable[[str], bool]
) -> tuple[Range, str]:
    """Return the fewest of `lines` that still have the value, and their text, for a reader to look at."""
    each = [f"{line}\n" for line in text.removesuffix("\n").split("\n")]
    digits = value if isinstance(value, str) else f"{value.value:f}"
    for number, line in enumerate(each, lines.start):
        if digits in line and has_value(line):
            return Range(number, number), line
    end = bisect_left(range(len(each) + 1), x=True, key=lambda end: has_value("".join(each[:end])))
    each = each[:end]
    start = bisect_left(range(end), x=True, key=lambda start: not has_value("".join(each[start + 1 :])))
    fewest = "".join(each[start:])
    if not has_value(fewest):
        return lines, text
    return Range(lines.start + start, lines.start + end - 1), fewest


def read_bytes(  # noqa: PLR0913 # what facts.yml may say of a fact
    data: bytes,
    how: str,
    place: str,
    unit: str | None = None,
    *,
    converters: Mapping[str, Converter] = CONVERTERS,
    locale: LocaleName | None = None,
) -> Converted | NoValue:
    """Return what a converter reads in `data`, or why there is no value; errors call the data `place`.

    Raise FaultError if there is no such converter.
    """
    text = as_text(data)
    if text is None:
        return NoValue(Absence.UNREADABLE, f"{place}: {why_no_text(data)}", _AS_TEXT)
    remedy = f"correct `read: {how}`, or name other lines"
    try:
        converted = convert(how, text, converters, locale)
        return converted if unit is None else in_unit(converted, unit)
    except ConverterError as error:
        return NoValue(Absence.CONVERTER_FAILED, f"{error.place}: {error.what}", error.remedy, error)
    except NotThere as error:
        return NoValue(Absence.NOT_THERE, f"{place}: {error.what}", error.remedy or remedy)
    except (Unreadable, UnitError) as error:
        return NoValue(Absence.UNREADABLE, f"{place}: {error.what}", error.remedy or remedy)
