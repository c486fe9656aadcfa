"""Values in prose, and sentences bound to a condition: what each stands on, and what became of it."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from labreport.report.facts.expressions.evaluate import Evaluation, EvaluationState, evaluate, judge
from labreport.report.facts.expressions.parse import names
from labreport.report.facts.expressions.steps import has_time
from labreport.report.facts.expressions.tokens import ExpressionError
from labreport.report.facts.readings import Absence, NoValue, Reading, Readings
from labreport.report.problems import FaultError
from labreport.report.source.cite import Page
from labreport.report.values.quantity import Quantity
from labreport.report.values.units import UnitError

MOST_DECIMALS = 12


@dataclass(frozen=True, slots=True)
class BoundExpression:
    """An expression of a page worked out: `readings` are of every fact in it, `expected` the page's gaps.

    `reason` says what is wrong; it is empty for a value, and for a condition that holds.
    """

    lab: str
    result: Evaluation
    readings: Mapping[str, Reading | NoValue]
    expected: bool
    reason: str

    @property
    def emulated_times(self) -> bool:
        """Whether a time or rate that was used is of an emulated processor."""
        return any(one.emulated and has_time(one.value) for one in self.result.facts.values())

    @property
    def fine(self) -> bool:
        """Whether it may be published: a value, a condition that holds, a gap that the page expects."""
        return self.expected or self.result.state in (EvaluationState.VALUE, EvaluationState.HOLDS)


@dataclass(frozen=True, slots=True)
class InlineValue(BoundExpression):
    """A value in prose; `text` is the value as it is shown, empty where there is none."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class Claim(BoundExpression):
    """A sentence's condition."""


def inline_value(
    readings: Readings, page: Page, expression: str, unit: str | None, decimals: int | None
) -> InlineValue:
    """Return what `expression` comes to, in another `unit` or with fewer `decimals` if asked for.

    Raises FaultError for a fact that is not declared, and for a unit or digits that the value cannot have.
    """
    result = evaluate(expression, readings.values)
    stands = _stands_on(readings, page, result)
    value = result.value
    if isinstance(value, bool):
        raise FaultError(f"{expression} is a condition", "show a value, or write the sentence as a claim")
    shown = value
    if isinstance(value, Quantity):
        shown = _given(value, unit, decimals)
    elif value is not None and (unit is not None or decimals is not None):
        raise FaultError(f"{expression} is a text", "leave out unit and decimals")
    return InlineValue(*stands, text="" if shown is None else str(shown))


def judge_claim(readings: Readings, page: Page, condition: str) -> Claim:
    """Return what becomes of a claim's `condition`; raise FaultError for a fact that is not declared."""
    return Claim(*_stands_on(readings, page, judge(condition, readings.values)))


def _stands_on(
    readings: Readings, page: Page, result: Evaluation
) -> tuple[str, Evaluation, Mapping[str, Reading | NoValue], bool, str]:
    """Return what BoundExpression is made of; raise FaultError for a fact that is not declared."""
    try:
        used = sorted(names(result.text))
    except ExpressionError:
        used = []
    for name in used:
        _check_declared(readings, name)
    found = {name: readings.all[name] for name in used}
    expected = result.state is EvaluationState.NO_EVIDENCE and _all_expected(readings, page, found)
    return readings.facts.lab, result, found, expected, _reason(readings, result, used)


def _check_declared(readings: Readings, name: str) -> None:
    declared = readings.facts.facts
    if name not in declared:
        near = difflib.get_close_matches(name, declared, n=1)
        remedy = f"is {near[0]} meant?" if near else f"`lab facts {readings.facts.lab}` lists them"
        raise FaultError(f"{readings.facts.file} declares no {name}", remedy)


def _all_expected(readings: Readings, page: Page, found: Mapping[str, Reading | NoValue]) -> bool:
    """Return whether each fact without a value is one of a file that the page knows is not captured."""
    lost = {name: one for name, one in found.items() if isinstance(one, NoValue)}
    if not lost or any(one.absence is not Absence.NOT_CAPTURED for one in lost.values()):
        return False
    paths = {readings.facts.facts[name].file for name in lost}
    return all({path, f"{readings.facts.lab}/{path}"} & page.front_matter.expected for path in paths)


def _reason(readings: Readings, result: Evaluation, used: list[str]) -> str:
    if result.state is EvaluationState.NO_EVIDENCE:
        return "; ".join(why for name in used if (why := readings.why_not(name)))
    return result.reason


def _given(value: Quantity, unit: str | None, decimals: int | None) -> Quantity:
    """Return `value` in `unit` with at most so many `decimals`; raise FaultError where it cannot be."""
    try:
        value = value if unit is None else value.to(unit)
    except (UnitError, OverflowError) as error:
        raise FaultError(str(error), "name a unit of the same kind") from error
    if decimals is None:
        return value
    if isinstance(decimals, bool) or not 0 <= decimals <= MOST_DECIMALS:
        raise FaultError(f"decimals is {decimals!r}", f"give 0 to {MOST_DECIMALS}")
    return value.rounded(decimals)
