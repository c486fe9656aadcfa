"""Evaluate an expression: its value, or whether its condition holds, and the reason in words.

A claim rests on all its parts: both sides of an `or` need evidence, even if one side decides.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from labreport.report.facts.expressions.calculate import (
    Calculation,
    FactValue,
    NotComparableError,
    as_text,
    compare,
)
from labreport.report.facts.expressions.nodes import (
    ComparisonNode,
    Expression,
    FunctionNode,
    LiteralNode,
    LogicalNode,
    Node,
    NotNode,
    facts_in,
)
from labreport.report.facts.expressions.parse import parse
from labreport.report.facts.expressions.tokens import ExpressionError
from labreport.report.values import Quantity

_MIRRORED = {"<": ">", "<=": ">=", "==": "==", "!=": "!=", ">=": "<=", ">": "<"}
"""Each comparison with its sides exchanged."""


class EvaluationState(StrEnum):
    """The result of an evaluation; VALUE is that of an expression that is not a condition."""

    HOLDS = "holds"
    CONTRADICTED = "contradicted"
    VALUE = "value"
    NO_EVIDENCE = "no evidence"
    NOT_COMPARABLE = "not comparable"
    ERROR = "error"


@dataclass(frozen=True)
class Evaluation:
    """An evaluated expression; `value` is None if there is none.

    `names` are all facts in the expression, `facts` those that have a value. `reason` says why there is no
    value, or which parts of a condition are false. `bases` says for each percentage what 100 % is.
    """

    text: str
    state: EvaluationState
    value: Quantity | bool | str | None = None
    reason: str = ""
    is_condition: bool = False
    names: tuple[str, ...] = ()
    facts: Mapping[str, FactValue] = field(default_factory=dict)
    bases: tuple[str, ...] = ()
    error: ExpressionError | None = None

    @property
    def emulated(self) -> bool:
        """Whether any value that was used is of an emulated host."""
        return any(value.emulated for value in self.facts.values())

    @property
    def hosts(self) -> frozenset[str]:
        """The ids of the hosts whose values were used."""
        return frozenset(value.host for value in self.facts.values())


def evaluate(text: str, values: Mapping[str, FactValue]) -> Evaluation:
    """Return the evaluation of an expression; a fact that is not in `values` has no evidence."""
    try:
        expression = parse(text)
    except ExpressionError as error:
        return _failed(Evaluation(text, EvaluationState.ERROR), error)
    facts = {name: values[name] for name in expression.facts if name in values}
    nothing = Evaluation(
        text,
        EvaluationState.NO_EVIDENCE,
        is_condition=expression.is_condition,
        names=expression.facts,
        facts=facts,
    )
    if missing := [name for name in expression.facts if name not in facts]:
        return replace(nothing, reason=f"no evidence of {', '.join(missing)}")
    try:
        return _calculated(nothing, expression)
    except NotComparableError as error:
        return replace(nothing, state=EvaluationState.NOT_COMPARABLE, reason=error.what)
    except ExpressionError as error:
        return _failed(nothing, error)


def judge(text: str, values: Mapping[str, FactValue]) -> Evaluation:
    """Return the evaluation of a claim's condition: as `evaluate`, but a value is an error."""
    evaluation = evaluate(text, values)
    if evaluation.error is not None or evaluation.is_condition:
        return evaluation
    return _failed(evaluation, ExpressionError(text, 0, "it is a value", "a condition, such as a < 1 s"))


def _failed(evaluation: Evaluation, error: ExpressionError) -> Evaluation:
    return replace(evaluation, state=EvaluationState.ERROR, value=None, reason=str(error), error=error)


def _calculated(evaluation: Evaluation, expression: Expression) -> Evaluation:
    calculation = Calculation(expression, evaluation.facts)
    value = calculation.result(expression.root)
    state, reason = EvaluationState.VALUE, ""
    if value is True:
        state = EvaluationState.HOLDS
    elif value is False:
        state, reason = EvaluationState.CONTRADICTED, "; ".join(_reasons(calculation, expression.root))
    return replace(evaluation, state=state, value=value, reason=reason, bases=tuple(_bases(calculation)))


def _reasons(calculation: Calculation, node: Node, *, holds: bool = False) -> Iterator[str]:
    """Yield why a condition does not hold, or why it `holds`: `a is 4.10, not < 3`."""
    match node:
        case NotNode(part=part):
            yield from _reasons(calculation, part, holds=not holds)
        case LogicalNode(parts=parts):
            for part in parts:
                if calculation.holds(part) is holds:
                    yield from _reasons(calculation, part, holds=holds)
        case ComparisonNode(operands=operands, operators=operators):
            for left, operator, right in zip(operands, operators, operands[1:], strict=False):
                if compare(calculation.value(left), operator, calculation.value(right)) is holds:
                    yield _comparison_words(calculation, left, operator, right, holds=holds)


def _comparison_words(
    calculation: Calculation, left: Node, operator: str, right: Node, *, holds: bool
) -> str:
    """Return one comparison in words; the subject is the side that has facts."""
    if facts_in(right) and not facts_in(left):
        left, operator, right = right, _MIRRORED[operator], left
    relation = "which is" if holds else "not"
    value = as_text(calculation.value(left))
    subject = value if isinstance(left, LiteralNode) else f"{calculation.expression.source(left)} is {value}"
    return f"{subject}, {relation} {operator} {_with_value(calculation, right)}"


def _bases(calculation: Calculation) -> Iterator[str]:
    """Yield what 100 % is, for each percentage: `percent(a, b): 100 % is b (2.00 s)`."""
    for node in calculation.expression.parts:
        if isinstance(node, FunctionNode) and node.name == "percent":
            base = _with_value(calculation, node.arguments[1])
            yield f"{calculation.expression.source(node)}: 100 % is {base}"


def _with_value(calculation: Calculation, node: Node) -> str:
    source = calculation.expression.source(node)
    return source if isinstance(node, LiteralNode) else f"{source} ({as_text(calculation.value(node))})"
