"""Evaluate."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from labreport.report.facts.expressions.parse import (
    ComparisonNode,
    Expression,
    FactNode,
    FunctionNode,
    LiteralNode,
    LogicalNode,
    Node,
    NotNode,
    facts_in,
    parse,
)
from labreport.report.facts.expressions.steps import MIRRORED, NotComparable, Steps, Value, compared, shown
from labreport.report.facts.expressions.tokens import ExpressionError
from labreport.report.values.quantity import Quantity

_PERCENT = "percent"


def why(steps: Steps, node: Node, *, holds: bool = False) -> Iterator[str]:
    """Yield why the condition `node` does not hold, or why it `holds`: `a is 4.10, not < 3`."""
    match node:
        case NotNode(part=part):
            yield from why(steps, part, holds=not holds)
        case LogicalNode(parts=several):
            for part in several:
                if steps.holds(part) is holds:
                    yield from why(steps, part, holds=holds)
        case ComparisonNode():
            for left, operator, right in steps.links(node):
                if compared(steps.value(left), operator, steps.value(right)) is holds:
                    yield _link(steps, left, operator, right, holds=holds)


def bases(steps: Steps) -> Iterator[str]:
    """Yield what is 100 % of each percentage: `percent(a, b): 100 % is b (2.00 s)`."""
    if _PERCENT not in steps.expression.text:  # as most are, and the parts need not be looked through
        return
    for node in steps.expression.parts:
        if isinstance(node, FunctionNode) and node.name == _PERCENT:
            yield f"{steps.expression.source(node)}: 100 % is {_other(steps, node.arguments[1])}"


def _link(steps: Steps, left: Node, operator: str, right: Node, *, holds: bool) -> str:
    """Return one comparison in words, told of the side that has facts."""
    if facts_in(right) and not facts_in(left):
        left, operator, right = right, MIRRORED[operator], left
    is_so = "which is" if holds else "not"
    value = shown(steps.value(left))
    subject = value if isinstance(left, LiteralNode) else f"{steps.expression.source(left)} is {value}"
    return f"{subject}, {is_so} {operator} {_other(steps, right)}"


def _other(steps: Steps, node: Node) -> str:
    source = steps.expression.source(node)
    return source if isinstance(node, LiteralNode) else f"{source} ({shown(steps.value(node))})"


class EvaluationState(StrEnum):
    """What became of an expression; a value is what one that is no condition comes to."""

    HOLDS = "holds"
    CONTRADICTED = "contradicted"
    VALUE = "value"
    NO_EVIDENCE = "no evidence"
    NOT_COMPARABLE = "not comparable"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """An expression worked out; `value` is None where it could not be.

    `reason` says why it could not, and of what is contradicted which parts, with their values. `bases` says
    of each percentage what is 100 %. `facts` are those that were used and that have a value.
    """

    text: str
    state: EvaluationState
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


def evaluate(text: str, values: Mapping[str, Value]) -> Evaluation:
    """Return what `text` comes to with the facts' `values`; a fact that is not in them has no evidence."""
    try:
        return _worked_out(parse(text), values)
    except ExpressionError as error:
        return _failed(Evaluation(text, EvaluationState.ERROR), error)


def judge(text: str, values: Mapping[str, Value]) -> Evaluation:
    """Return what becomes of a claim: as `evaluate`, and what is no condition is an error."""
    result = evaluate(text, values)
    if result.error is not None or parse(text).is_condition:
        return result
    return _failed(result, ExpressionError(text, 0, "it is a value", "a condition, such as a < 1 s"))


def _failed(result: Evaluation, error: ExpressionError) -> Evaluation:
    return replace(result, state=EvaluationState.ERROR, value=None, reason=str(error), error=error)


def _worked_out(expression: Expression, values: Mapping[str, Value]) -> Evaluation:
    found = {name: values.get(name) for name in expression.facts}
    facts = {name: value for name, value in found.items() if value is not None}
    if missing := [name for name in found if name not in facts]:
        reason = f"no evidence of {', '.join(missing)}"
        return Evaluation(expression.text, EvaluationState.NO_EVIDENCE, reason=reason, facts=facts)
    return _with_all(expression, facts)


def _with_all(expression: Expression, facts: Mapping[str, Value]) -> Evaluation:
    text, root = expression.text, expression.root
    if isinstance(root, FactNode):  # as most are: there is nothing to work out
        return Evaluation(text, EvaluationState.VALUE, facts[root.name].value, facts=facts)
    steps = Steps(expression, facts)
    try:
        value = steps.outcome(root)
    except NotComparable as error:
        return Evaluation(text, EvaluationState.NOT_COMPARABLE, reason=str(error), facts=facts)
    except ExpressionError as error:
        return _failed(Evaluation(text, EvaluationState.ERROR, facts=facts), error)
    told = tuple(bases(steps))
    if not isinstance(value, bool):
        return Evaluation(text, EvaluationState.VALUE, value, facts=facts, bases=told)
    if value:
        return Evaluation(text, EvaluationState.HOLDS, value, facts=facts, bases=told)
    reason = "; ".join(why(steps, root))
    return Evaluation(text, EvaluationState.CONTRADICTED, value, reason, facts, told)
