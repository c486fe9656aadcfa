"""Naked numbers: with a unit, in what a reader sees of a lab's page, and bound to no evidence."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from labreport.check.finding import Finding, Kind
from labreport.check.settings import Settings
from labreport.check.table import in_tables
from labreport.check.written import Written, written
from labreport.report.facts.expressions.tokens import ExpressionError, tokens
from labreport.report.pages.mask import BOUND, FENCE, INLINE_CODE, Visible, only
from labreport.report.pages.source import PageSource
from labreport.report.values.quantity import Quantity
from labreport.report.values.units import UNITS

IN_CODE, IN_FENCE, IN_LAB_YML, WAIVED = "inline code", "code block", "lab.yml", "waived"
"""Why a number needs no evidence."""
REMEDY = "read it with fact(…), say it in the claim's condition, or set it in lab.yml"
_CONTEXT, _CONTEXT_WORDS = 400, 5
"""Of what stands around a number, in characters and words: what makes it this one."""


@dataclass(frozen=True)
class Numbers:
    """The numbers of a page: `naked` ones are findings, `claimed` stand in a claim's condition, too."""

    naked: tuple[Finding, ...] = ()
    claimed: int = 0
    exempt: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Place:
    """A number and where it stands in the source of a page: `start` to `end`."""

    number: Written
    start: int
    end: int


def numbers_of(page: PageSource, settings: Settings) -> Numbers:
    """Return the numbers with a unit that a page of a lab holds beside those that its macros show."""
    naked, claimed = [], 0
    exempt: Counter[str] = Counter()
    for one in _found(page.masked):
        if _is_claimed(page, one):
            claimed += 1
        elif settings.have(one.number):
            exempt[IN_LAB_YML] += 1
        else:
            naked.append(_finding(page, one))
    for kind, reason in ((INLINE_CODE, IN_CODE), (FENCE, IN_FENCE)):
        if kind in page.masked and (count := sum(1 for _ in _found(only(page.text, page.masked, kind)))):
            exempt[reason] += count
    return Numbers(tuple(naked), claimed, exempt)


def _found(masked: str) -> Iterator[Place]:
    """Yield the numbers of a masked text, those in tables whose heads name the unit included."""
    visible = Visible(masked)
    several = [*written(visible.text), *in_tables(visible.text)]
    for number in sorted(several, key=lambda one: one.start):
        yield Place(number, visible.place(number.start), visible.place(number.end - 1) + 1)


def _is_claimed(page: PageSource, place: Place) -> bool:
    """Return whether a number stands in the sentence of a claim whose condition says it."""
    for call in page.claims:
        if call.body and call.body[0] <= place.start < call.body[1]:
            condition = call.argument("condition", 0)
            return condition is not None and _says(str(condition.value), place.number)
    return False


def _says(condition: str, number: Written) -> bool:
    """Return whether a condition has every one of a number's values, whatever its unit's prefix."""
    if not number.values:
        return False
    unit = number.unit if number.unit in UNITS else ""
    try:
        literals = [one.value for one in tokens(condition) if isinstance(one.value, Quantity)]
    except ExpressionError:
        return False
    said = {(UNITS[one.unit].dimension, one.exact * UNITS[one.unit].factor) for one in literals}
    return all((UNITS[unit].dimension, one * UNITS[unit].factor) in said for one in number.values)


def _finding(page: PageSource, place: Place) -> Finding:
    line, column = page.place(place.start)
    text = " ".join(page.text[place.start : place.end].split())
    before = Visible(page.masked[: place.start][-_CONTEXT:]).text.rpartition(BOUND)[2].split()
    after = Visible(page.masked[place.end :][:_CONTEXT]).text.partition(BOUND)[0].split()
    message = f"{text}: a number with a unit that is bound to no evidence"
    identity = " ".join([*before[-_CONTEXT_WORDS:], text, *after[:_CONTEXT_WORDS]])
    return Finding(Kind.NUMBER, page.file, line, column, message, REMEDY, identity)
