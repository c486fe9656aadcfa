"""Working an expression out from evidence: a value, or whether a condition holds, and what that stands on.

A sentence stands on all its parts: both sides of an `or` need evidence, and nothing is left out because the
rest decides already.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from labreport.report.facts.expressions.nodes import Fact
from labreport.report.facts.expressions.parse import Expression, parse
from labreport.report.facts.expressions.reasons import bases, why
from labreport.report.facts.expressions.steps import NotComparable, Steps, Value
from labreport.report.facts.expressions.tokens import ExpressionError
from labreport.report.values.quantity import Quantity


class State(StrEnum):
    """What became of an expression; a value is what one that is no condition comes to."""

    HOLDS = "holds"
    CONTRADICTED = "contradicted"
    VALUE = "value"
    NO_EVIDENCE = "no evidence"
    NOT_COMPARABLE = "not comparable"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Result:
    """An expression worked out; `value` is None where it could not be.

    `reason` says why it could not, and of what is contradicted which parts, with their values. `bases` says
    of each percentage what is 100 %. `facts` are those that were used and that have a value.
    """

    text: str
    state: State
    value: Quantity | bool | str | None = None
    reason: str = ""
    facts: Mapping[str, Value] = field(default_factory=dict)
    bases: tuple[str, ...] = ()
    error: ExpressionError | None = None

    @property
    def emulated(self) -> bool:
        """Whether any value that was used is of an emulated processor."""
        return any(one.emulated for one in self.facts.values())

    @property
    def hosts(self) -> frozenset[str]:
        """The ids of the hosts whose values were used."""
        return frozenset(one.host for one in self.facts.values())


def evaluate(text: str, values: Mapping[str, Value]) -> Result:
    """Return what `text` comes to with the facts' `values`; a fact that is not in them has no evidence."""
    try:
        return _worked_out(parse(text), values)
    except ExpressionError as error:
        return _failed(Result(text, State.ERROR), error)


def judge(text: str, values: Mapping[str, Value]) -> Result:
    """Return what becomes of a claim: as `evaluate`, and what is no condition is an error."""
    result = evaluate(text, values)
    if result.error is not None or parse(text).is_condition:
        return result
    return _failed(result, ExpressionError(text, 0, "it is a value", "a condition, such as a < 1 s"))


def _failed(result: Result, error: ExpressionError) -> Result:
    return replace(result, state=State.ERROR, value=None, reason=str(error), error=error)


def _worked_out(expression: Expression, values: Mapping[str, Value]) -> Result:
    found = {name: values.get(name) for name in expression.facts}
    facts = {name: value for name, value in found.items() if value is not None}
    if missing := [name for name in found if name not in facts]:
        reason = f"no evidence of {', '.join(missing)}"
        return Result(expression.text, State.NO_EVIDENCE, reason=reason, facts=facts)
    return _with_all(expression, facts)


def _with_all(expression: Expression, facts: Mapping[str, Value]) -> Result:
    text, root = expression.text, expression.root
    if isinstance(root, Fact):  # as most are: there is nothing to work out
        return Result(text, State.VALUE, facts[root.name].value, facts=facts)
    steps = Steps(expression, facts)
    try:
        value = steps.outcome(root)
    except NotComparable as error:
        return Result(text, State.NOT_COMPARABLE, reason=str(error), facts=facts)
    except ExpressionError as error:
        return _failed(Result(text, State.ERROR, facts=facts), error)
    told = tuple(bases(steps))
    if not isinstance(value, bool):
        return Result(text, State.VALUE, value, facts=facts, bases=told)
    if value:
        return Result(text, State.HOLDS, value, facts=facts, bases=told)
    reason = "; ".join(why(steps, root))
    return Result(text, State.CONTRADICTED, value, reason, facts, told)
