"""The expressions of a page: values in prose, and claims, each with the evidence it rests on."""

from collections.abc import Mapping
from dataclasses import dataclass

from labreport.report.facts.expressions.calculate import is_time
from labreport.report.facts.expressions.evaluate import Evaluation, EvaluationState, evaluate, judge
from labreport.report.facts.readings import Absence, NoValue, Reading, Readings
from labreport.report.problems import FaultError, meant
from labreport.report.source.cite import Page
from labreport.report.values import Quantity, UnitError

MOST_DECIMALS = 12


class UndeclaredFactError(FaultError):
    """An expression uses a fact that facts.yml does not declare."""


@dataclass(frozen=True)
class BoundExpression:
    """An evaluated expression of a page, with the readings of all its facts.

    `expected` means that it has no value, and that the page lists the missing files as expected gaps.
    `reason` says what is wrong; it is empty for a value and for a condition that holds.
    """

    lab: str
    result: Evaluation
    readings: Mapping[str, Reading | NoValue]
    expected: bool
    reason: str

    @property
    def emulated_times(self) -> bool:
        """Whether it uses a time, a rate or a ratio of times of an emulated host."""
        facts = self.result.facts.values()
        return any(fact.emulated and (fact.is_ratio_of_times or is_time(fact.value)) for fact in facts)

    @property
    def publishable(self) -> bool:
        """Whether it is a value, a condition that holds, or an expected gap."""
        return self.expected or self.result.state in (EvaluationState.VALUE, EvaluationState.HOLDS)


@dataclass(frozen=True)
class InlineValue(BoundExpression):
    """A value in prose; `text` is the value as it is shown, empty if there is none."""

    text: str = ""


@dataclass(frozen=True)
class Claim(BoundExpression):
    """The condition of a sentence."""


def inline_value(
    readings: Readings, page: Page, expression: str, unit: str | None, decimals: int | None
) -> InlineValue:
    """Return the value of `expression`, in another `unit` or with fewer `decimals`.

    Raise FaultError for a fact that is not declared, a unit or decimals that the value cannot have, and a
    converter that failed.
    """
    result = evaluate(expression, readings.values)
    bound = _bound(readings, page, result)
    value = result.value
    if isinstance(value, bool):
        raise FaultError(f"{expression} is a condition", "show a value, or write the sentence as a claim")
    if isinstance(value, Quantity):
        text = str(_formatted(value, unit, decimals))
    elif value is None or (unit is None and decimals is None):
        text = value or ""
    else:
        raise FaultError(f"{expression} is a text", "leave out unit and decimals")
    return InlineValue(bound.lab, result, bound.readings, bound.expected, bound.reason, text)


def judge_claim(readings: Readings, page: Page, condition: str) -> Claim:
    """Return a claim with its judged `condition`; raise FaultError as `inline_value` does."""
    bound = _bound(readings, page, judge(condition, readings.values))
    return Claim(bound.lab, bound.result, bound.readings, bound.expected, bound.reason)


def _bound(readings: Readings, page: Page, result: Evaluation) -> BoundExpression:
    names = sorted(result.names)
    for name in names:
        _check_declared(readings, name)
    used = {name: readings.all[name] for name in names}
    for reading in used.values():
        if isinstance(reading, NoValue) and reading.error:
            raise reading.error
    expected = result.state is EvaluationState.NO_EVIDENCE and _all_expected(readings, page, used)
    return BoundExpression(readings.facts.lab, result, used, expected, _reason(readings, result, names))


def _check_declared(readings: Readings, name: str) -> None:
    declared = readings.facts.facts
    if name not in declared:
        remedy = meant(name, declared, f"`lab facts {readings.facts.lab}` lists them")
        raise UndeclaredFactError(f"{readings.facts.file} declares no {name}", remedy)


def _all_expected(readings: Readings, page: Page, used: Mapping[str, Reading | NoValue]) -> bool:
    """Return whether each fact without a value is of a file that the page expects to be missing."""
    missing = {name: one for name, one in used.items() if isinstance(one, NoValue)}
    if not missing or any(one.absence is not Absence.NOT_CAPTURED for one in missing.values()):
        return False
    paths = {readings.facts.facts[name].file for name in missing}
    return all({path, f"{readings.facts.lab}/{path}"} & page.front_matter.expected for path in paths)


def _reason(readings: Readings, result: Evaluation, names: list[str]) -> str:
    if result.state is EvaluationState.NO_EVIDENCE:
        return "; ".join(why for name in names if (why := readings.why_not(name)))
    return result.reason


def _formatted(value: Quantity, unit: str | None, decimals: int | None) -> Quantity:
    """Return `value` in `unit` with at most `decimals` decimals; raise FaultError if it cannot be."""
    try:
        value = value if unit is None else value.to(unit)
    except (UnitError, OverflowError) as error:
        raise FaultError(str(error), "name a unit of the same kind") from error
    if decimals is None:
        return value
    if isinstance(decimals, bool) or not 0 <= decimals <= MOST_DECIMALS:
        raise FaultError(f"decimals is {decimals!r}", f"give 0 to {MOST_DECIMALS}")
    return value.rounded(decimals)
