"""Numbers with a unit in the visible text of a page: which are bound to evidence, exempt, or naked."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from labreport.check.finding import Finding
from labreport.check.vocabulary import is_counted, unit_of
from labreport.check.written import Written, in_tables, written
from labreport.contract.lab_config import Lab
from labreport.report.facts.expressions.nodes import LiteralNode
from labreport.report.facts.expressions.parse import parse
from labreport.report.facts.expressions.tokens import ExpressionError
from labreport.report.pages.source import PageSource
from labreport.report.pages.visible import BOUND, FENCE, INLINE_CODE, Visible, only
from labreport.report.values import UNITS, Quantity

NUMBER = "number"
"""The kind of the finding for a naked number."""
IN_CODE, IN_FENCE, IN_LAB_YML = "inline code", "code block", "lab.yml"
"""Why a number is exempt: it needs no evidence."""
REMEDY = "read it with fact(…), state it in the claim's condition, or set it in lab.yml"
_CONTEXT, _CONTEXT_WORDS = 400, 5
"""How much text before and after a number identifies it: at most so many characters, and so many words."""

_HEADING = re.compile(r" {0,3}#{1,6}[ \t]+")
_SECTION = re.compile(r"\d{1,2}(?:\.\d{1,2})+\s|\d{1,2}\s+[A-ZÄÖÜÁÉÍÓÚ\u0401\u0410-\u042f]")
"""The number of a section and the first letter of its title; a single number needs a capital letter."""


@dataclass(frozen=True)
class PageNumbers:
    """The numbers of a page.

    `naked` are the findings; `claimed` counts numbers that their claim's condition states; `exempt` counts
    numbers that need no evidence, by reason.
    """

    naked: tuple[Finding, ...] = ()
    claimed: int = 0
    exempt: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class LabNumbers:
    """The numbers that a lab.yml sets, each with its unit; units are as in `labreport.check.written`."""

    values: frozenset[tuple[Fraction, str]] = frozenset()

    def have(self, number: Written) -> bool:
        """Return whether lab.yml sets this number; of a range, both numbers."""
        return bool(number.values) and all((one, number.unit) in self.values for one in number.values or ())


def lab_numbers(lab: Lab) -> LabNumbers:
    """Return the numbers that the settings of a lab.yml set.

    A text such as `500 ms` has its own unit. A number has the unit, or counts the thing, that its key ends
    in: `ready_seconds: 300`, `requests: 50`. Other numbers have no unit and exempt nothing.
    """
    return LabNumbers(frozenset(_settings("", lab.settings)))


def _settings(key: str, value: object) -> Iterator[tuple[Fraction, str]]:
    match value:
        case dict():
            for name, inner in value.items():
                yield from _settings(str(name), inner)
        case list():
            for inner in value:
                yield from _settings(key, inner)
        case bool():
            return
        case int() | float():
            last_word = key.replace(".", "_").rpartition("_")[2]
            yield Fraction(str(value)), unit_of(last_word)
        case str():
            for number in written(value):
                yield from ((one, number.unit) for one in number.values or ())


@dataclass(frozen=True)
class _Occurrence:
    """A number and its place in the source of a page, from `start` to `end`."""

    number: Written
    start: int
    end: int


def numbers_of(page: PageSource, settings: LabNumbers) -> PageNumbers:
    """Return the numbers with a unit that are written in a page; values of macros are not written there."""
    naked, claimed = [], 0
    exempt: Counter[str] = Counter()
    for occurrence in _occurrences(page.masked):
        if _is_section(page, occurrence):
            continue
        if _is_claimed(page, occurrence):
            claimed += 1
        elif settings.have(occurrence.number):
            exempt[IN_LAB_YML] += 1
        else:
            naked.append(_finding(page, occurrence))
    for mark, reason in ((INLINE_CODE, IN_CODE), (FENCE, IN_FENCE)):
        if mark in page.masked:
            code = only(page.text, page.masked, mark)
            exempt += Counter({reason: sum(1 for _ in _occurrences(code))})
    return PageNumbers(tuple(naked), claimed, exempt)


def _occurrences(masked: str) -> Iterator[_Occurrence]:
    """Yield the numbers of a masked text, in order; in tables the head may name their unit."""
    visible = Visible(masked)
    numbers = [*written(visible.text), *in_tables(visible.text)]
    for number in sorted(numbers, key=lambda one: one.start):
        yield _Occurrence(number, visible.place(number.start), visible.place(number.end - 1) + 1)


def _is_section(page: PageSource, occurrence: _Occurrence) -> bool:
    """Return whether a number is that of a heading: `## 2.1 Requests`, `## 3 Runs`."""
    line_start = page.text.rfind("\n", 0, occurrence.start) + 1
    written_there = page.text[occurrence.start : occurrence.end]
    number = _SECTION.match(written_there)
    is_heading = _HEADING.fullmatch(page.text, line_start, occurrence.start)
    return bool(is_heading and number and is_counted(occurrence.number.unit))


def _is_claimed(page: PageSource, occurrence: _Occurrence) -> bool:
    """Return whether a number is in the sentence of a claim whose condition states it."""
    for call in page.claims:
        if call.body and call.body[0] <= occurrence.start < call.body[1]:
            condition = call.argument("condition", 0)
            return condition is not None and _states(str(condition.value), occurrence.number)
    return False


def _states(condition: str, number: Written) -> bool:
    """Return whether a condition contains every value of a number, in any unit of the same dimension."""
    if not number.values:
        return False
    unit = number.unit if number.unit in UNITS else ""
    try:
        values = [node.value for node in parse(condition).parts if isinstance(node, LiteralNode)]
        literals = [value for value in values if isinstance(value, Quantity)]
    except ExpressionError:
        return False
    stated = {(UNITS[one.unit].dimension, one.exact * UNITS[one.unit].factor) for one in literals}
    return all((UNITS[unit].dimension, one * UNITS[unit].factor) in stated for one in number.values)


def _finding(page: PageSource, occurrence: _Occurrence) -> Finding:
    line, column = page.place(occurrence.start)
    text = " ".join(page.text[occurrence.start : occurrence.end].split())
    before = Visible(page.masked[: occurrence.start][-_CONTEXT:]).text.rpartition(BOUND)[2].split()
    after = Visible(page.masked[occurrence.end :][:_CONTEXT]).text.partition(BOUND)[0].split()
    message = f"{text}: a number with a unit that is bound to no evidence"
    identity = " ".join([*before[-_CONTEXT_WORDS:], text, *after[:_CONTEXT_WORDS]])
    return Finding(NUMBER, page.file, line, column, message, REMEDY, identity)
