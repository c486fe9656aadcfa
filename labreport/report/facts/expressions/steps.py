"""Steps."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, cmp_to_key, reduce
from typing import NamedTuple

from labreport.contract.records import HostClass
from labreport.report.facts.expressions.parse import (
    ArithmeticNode,
    ComparisonNode,
    Expression,
    FactNode,
    FunctionNode,
    LiteralNode,
    LogicalNode,
    NegativeNode,
    Node,
    NotNode,
    facts_in,
)
from labreport.report.facts.expressions.tokens import ExpressionError
from labreport.report.values.quantity import Quantity
from labreport.report.values.units import UNITS, UnitError

MIRRORED = {"<": ">", "<=": ">=", "==": "==", "!=": "!=", ">=": "<=", ">": "<"}
"""Each comparison as it is read from its other side."""

_HOLDS: dict[str, Callable[[int], bool]] = {
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    "==": lambda order: order == 0,
    "!=": lambda order: order != 0,
    ">=": lambda order: order >= 0,
    ">": lambda order: order > 0,
}

_DIGITS = 25
_DECIMALS = 20


def exact_beside(value: Quantity, other: Quantity) -> Quantity:
    """Return an author's own number so that it limits the digits of nothing made of it and `other`.

    A count has no digits that could be limited, and would have those added here.
    """
    if other.is_count or value.is_count:
        return value
    sign, digits, exponent = value.value.as_tuple()
    more = min(_DIGITS - len(digits), _DECIMALS + int(exponent))
    if more <= 0:
        return value
    return Quantity(Decimal((sign, digits + (0,) * more, int(exponent) - more)), value.unit, value.unrounded)


def has_time(value: Quantity | str) -> bool:
    """Return whether a value depends on how fast its host is: a time, a rate, and what is made of them."""
    return isinstance(value, Quantity) and UNITS[value.unit].dimension.time != 0


def must_be_alike(left: Quantity, right: Quantity) -> None:
    """Raise UnitError unless both measure the same; a share in percent and a plain number do not."""
    if left.unit == right.unit:
        return
    same = UNITS[left.unit].dimension == UNITS[right.unit].dimension
    if not same or "%" in (left.unit, right.unit):
        raise UnitError(f"{_named(left)} and {_named(right)} are not alike")


def _named(value: Quantity) -> str:
    return str(value) if value.unit else f"{value}, which has no unit,"


def compared(left: Quantity | str, operator: str, right: Quantity | str) -> bool:
    """Return whether `left` and `right` are so; raise UnitError where they cannot be compared."""
    if isinstance(left, Quantity) and isinstance(right, Quantity):
        must_be_alike(left, right)
        return _HOLDS[operator](left.compare(right))
    if isinstance(left, Quantity) or isinstance(right, Quantity):
        raise UnitError(f"{shown(left)} and {shown(right)} are a number and a text")
    if operator not in {"==", "!="}:
        raise UnitError(f"texts have no order: {operator} says nothing of {shown(left)} and {shown(right)}")
    return (left == right) == (operator == "==")


def calculated(left: Quantity, operator: str, right: Quantity) -> Quantity:
    """Return the sum, difference, product or quotient; raise UnitError or ZeroDivisionError."""
    if operator == "*":
        return left * right
    if operator == "/":
        return left / right
    must_be_alike(left, right)
    return left + right if operator == "+" else left - right


def applied(function: str, values: Sequence[Quantity]) -> Quantity:
    """Return what a function makes of values that are alike; raise ZeroDivisionError."""
    match function:
        case "abs":
            return max(values[0], -values[0], key=_order)
        case "min":
            return min(values, key=_order)
        case "max":
            return max(values, key=_order)
        case "median":
            return _median(sorted(values, key=_order))
        case "percent":
            return (values[0] / values[1]).to("%")
    return values[0] / values[1]


_order = cmp_to_key(Quantity.compare)


def _median(values: Sequence[Quantity]) -> Quantity:
    """Return the middle one, or the mean of the two in the middle."""
    middle = values[(len(values) - 1) // 2 : len(values) // 2 + 1]
    return reduce(Quantity.__add__, middle) / Quantity(Decimal(len(middle)), "")


def shown(value: Quantity | str) -> str:
    """Return a value as a reader is told of it."""
    return str(value) if isinstance(value, Quantity) else f'"{value}"'


_ALIKE = "numbers that measure the same, each with its unit; texts with == and !="


class Value(NamedTuple):
    """A fact's value and where it is from: the host (its id, its class if that is known), file and line."""

    value: Quantity | str
    host: str
    host_class: HostClass | None
    emulated: bool
    file: str
    line: int


class NotComparable(Exception):
    """Values of hosts that cannot be put together; the text names both."""


@dataclass(frozen=True)
class Steps:
    """An expression and the values of all its facts."""

    expression: Expression
    facts: Mapping[str, Value]

    @cached_property
    def _of_one_host(self) -> bool:
        """Whether all values are of one host, as those of most expressions are."""
        return len({(value.host, value.host_class) for value in self.facts.values()}) <= 1

    def outcome(self, node: Node) -> Quantity | bool | str:
        """Return what a part comes to; raise ExpressionError, or NotComparable."""
        match node:
            case ComparisonNode():
                return self._comparison(node)
            case LogicalNode(word=word):
                held = [self.holds(part) for part in node.parts]
                return all(held) if word == "and" else any(held)
            case NotNode(part=part):
                return not self.holds(part)
        return self.value(node)

    def holds(self, condition: Node) -> bool:
        """Return whether a condition holds; raise as `outcome` does."""
        return self.outcome(condition) is True

    def value(self, node: Node) -> Quantity | str:
        """Return what a part that is no condition comes to; raise as `outcome` does."""
        match node:
            case LiteralNode(value=value):
                return value
            case FactNode(name=name):
                return self.facts[name].value
            case NegativeNode(operand=operand):
                return -self._number(operand)
            case ArithmeticNode():
                return self._arithmetic(node)
            case FunctionNode():
                return self._function(node)
        raise self.expression.error(node, "this is no value", "a value")

    def links(self, node: ComparisonNode) -> list[tuple[Node, str, Node]]:
        """Return the comparisons of a chain, two operands each."""
        return list(zip(node.operands, node.operators, node.operands[1:], strict=False))

    def _comparison(self, node: ComparisonNode) -> bool:
        values = [self.value(one) for one in node.operands]
        self._check_hosts(node, values)
        held = []
        for place, operator in enumerate(node.operators):
            try:
                held.append(compared(values[place], operator, values[place + 1]))
            except UnitError as error:
                raise self.expression.error(node.operands[place + 1], str(error), _ALIKE) from error
        return all(held)

    def _arithmetic(self, node: ArithmeticNode) -> Quantity:
        values = [self._number(node.left), self._number(node.right)]
        self._check_hosts(node, values)
        exact = self._exact((node.left, node.right), values)
        try:
            if exact is not values:  # an error names the numbers as they are written
                calculated(values[0], node.operator, values[1])
            return calculated(exact[0], node.operator, exact[1])
        except (ArithmeticError, ValueError, UnitError) as error:
            raise self._failed(node.right, error) from error

    def _function(self, node: FunctionNode) -> Quantity:
        values = [self._number(one) for one in node.arguments]
        self._check_hosts(node, values)
        for argument, value in zip(node.arguments, values, strict=True):
            try:
                must_be_alike(values[0], value)
            except UnitError as error:
                raise self.expression.error(argument, str(error), _ALIKE) from error
        exact = self._exact(node.arguments, values) if node.name in {"percent", "ratio"} else values
        try:
            applied(node.name, values)  # an error names the numbers as they are written
            return applied(node.name, exact)
        except (ArithmeticError, ValueError, UnitError) as error:
            raise self._failed(node.arguments[-1], error) from error

    def _exact(self, nodes: Sequence[Node], values: list[Quantity]) -> list[Quantity]:
        """Return two values: the digits of a result are those of the evidence, not those of `2 s`."""
        (one, other), (left, right) = map(bool, map(facts_in, nodes)), values
        if one == other:
            return values
        return [left, exact_beside(right, left)] if one else [exact_beside(left, right), right]

    def _failed(self, node: Node, error: Exception) -> ExpressionError:
        match error:
            case UnitError():
                return self.expression.error(node, str(error), _ALIKE)
            case ZeroDivisionError():
                return self.expression.error(node, str(error), "a number that is not zero")
        return self.expression.error(node, "a number of too many digits comes out", "a measurement's digits")

    def _number(self, node: Node) -> Quantity:
        value = self.value(node)
        if isinstance(value, Quantity):
            return value
        raise self.expression.error(node, f"{shown(value)} is a text", "a number")

    def _check_hosts(self, node: Node, values: Sequence[Quantity | str]) -> None:
        """Raise NotComparable where `values`, put together by `node`, are of hosts that differ too much."""
        if self._of_one_host:
            return
        used = facts_in(node)
        for name in used[1:]:
            first, other = self.facts[used[0]], self.facts[name]
            other_host = first.host != other.host and any(map(has_time, values))
            if other_host or first.host_class != other.host_class:
                raise NotComparable(f"{_whose(used[0], first)}, {_whose(name, other)}")


def _whose(name: str, value: Value) -> str:
    return f"{name} is of host {value.host} ({value.host_class or 'class unknown'})"
