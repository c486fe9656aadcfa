"""Calculate the nodes of an expression from the values of its facts.

Values can be combined if they are of one host class; times and rates only if they are of one host, because
they depend on the host as much as on what was measured.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cmp_to_key, reduce

from labreport.contract.errors import LabError
from labreport.contract.records import HostClass
from labreport.report.facts.expressions.nodes import (
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
from labreport.report.values import UNITS, Quantity, UnitError

_COMPATIBLE = "numbers that measure the same, each with its unit; texts with == and !="
_HOLDS: dict[str, Callable[[int], bool]] = {
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    "==": lambda order: order == 0,
    "!=": lambda order: order != 0,
    ">=": lambda order: order >= 0,
    ">": lambda order: order > 0,
}
_EXACT_DIGITS = 25
_EXACT_DECIMALS = 20


@dataclass(frozen=True)
class FactValue:
    """A fact's value and its origin: host id, host class (None if unknown), file and line.

    `is_ratio_of_times` marks a plain number that depends on how fast the host is.
    """

    value: Quantity | str
    host: str
    host_class: HostClass | None
    file: str
    line: int
    is_ratio_of_times: bool = False

    @property
    def emulated(self) -> bool:
        """Whether the value is of an emulated host."""
        return self.host_class is HostClass.EMULATED


class NotComparableError(LabError):
    """Values of hosts that cannot be combined."""


@dataclass(frozen=True)
class Calculation:
    """An expression and the values of all its facts. Methods raise ExpressionError and NotComparableError."""

    expression: Expression
    facts: Mapping[str, FactValue]

    def result(self, node: Node) -> Quantity | bool | str:
        """Return the value of a node, or whether it holds if it is a condition."""
        match node:
            case ComparisonNode():
                return self._comparison(node)
            case LogicalNode(word=word):
                held = [self.holds(part) for part in node.parts]  # an error in any part is an error
                return all(held) if word == "and" else any(held)
            case NotNode(part=part):
                return not self.holds(part)
        return self.value(node)

    def holds(self, condition: Node) -> bool:
        """Return whether a condition holds."""
        return self.result(condition) is True

    def value(self, node: Node) -> Quantity | str:
        """Return the value of a node that is not a condition."""
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
        raise self.expression.error(node, "this is not a value", "a value")

    def _number(self, node: Node) -> Quantity:
        value = self.value(node)
        if isinstance(value, Quantity):
            return value
        raise self.expression.error(node, f"{as_text(value)} is a text", "a number")

    def _comparison(self, node: ComparisonNode) -> bool:
        values = [self.value(operand) for operand in node.operands]
        self._check_hosts(node, values)
        held = []
        for index, operator in enumerate(node.operators):
            try:
                held.append(compare(values[index], operator, values[index + 1]))
            except UnitError as error:
                raise self.expression.error(node.operands[index + 1], error.what, _COMPATIBLE) from error
        return all(held)

    def _arithmetic(self, node: ArithmeticNode) -> Quantity:
        nodes = (node.left, node.right)
        values = [self._number(operand) for operand in nodes]
        self._check_hosts(node, values)
        try:
            _arithmetic(node.operator, values)  # so that an error shows the numbers as they are written
            return _arithmetic(node.operator, self._with_exact_literals(nodes, values))
        except (UnitError, ArithmeticError, ValueError) as error:
            raise self._failed(node.right, error) from error

    def _function(self, node: FunctionNode) -> Quantity:
        values = [self._number(argument) for argument in node.arguments]
        self._check_hosts(node, values)
        for argument, value in zip(node.arguments, values, strict=True):
            try:
                _check_compatible(values[0], value)
            except UnitError as error:
                raise self.expression.error(argument, error.what, _COMPATIBLE) from error
        try:
            result = _apply(node.name, values)  # so that an error shows the numbers as they are written
            if node.name in {"percent", "ratio"}:
                result = _apply(node.name, self._with_exact_literals(node.arguments, values))
        except (UnitError, ArithmeticError, ValueError) as error:
            raise self._failed(node.arguments[-1], error) from error
        return result

    def _with_exact_literals(self, nodes: Sequence[Node], values: list[Quantity]) -> list[Quantity]:
        """Return two values; an author's number beside a fact must not limit the digits of the result."""
        (left, right), (is_fact, other_is_fact) = values, map(bool, map(facts_in, nodes))
        if is_fact == other_is_fact:
            return values
        return [left, _exact(right, beside=left)] if is_fact else [_exact(left, beside=right), right]

    def _failed(self, node: Node, error: Exception) -> ExpressionError:
        """Return the error of an operation; Python raises ValueError for an integer of 4,300 digits."""
        match error:
            case UnitError():
                return self.expression.error(node, error.what, _COMPATIBLE)
            case ZeroDivisionError():
                return self.expression.error(node, str(error), "a number that is not zero")
        what = "the result has too many digits"
        return self.expression.error(node, what, "the digits of a measurement")

    def _check_hosts(self, node: Node, values: Sequence[Quantity | str]) -> None:
        """Raise NotComparableError if `node` combines facts of hosts that differ too much."""
        facts = {name: self.facts[name] for name in facts_in(node)}
        if words := not_comparable(facts, has_times=any(map(is_time, values))):
            raise NotComparableError(words)


def not_comparable(facts: Mapping[str, FactValue], *, has_times: bool) -> str:
    """Return which two facts, by name, are of hosts that differ too much; empty if all can be combined.

    With `has_times`, facts of two hosts cannot; without, those of two classes. Imported facts, whose class is
    unknown, can never be combined.
    """
    first_name, *names = facts or ("",)
    for name in names:
        first, other = facts[first_name], facts[name]
        same_class = first.host_class == other.host_class and first.host_class is not HostClass.UNKNOWN
        if not same_class or (has_times and first.host != other.host):
            return f"{_host_words(first_name, first)}, {_host_words(name, other)}"
    return ""


def _host_words(name: str, value: FactValue) -> str:
    return f"{name} is of host {value.host} ({value.host_class or 'class unknown'})"


def is_time(value: Quantity | str) -> bool:
    """Return whether a value depends on the speed of its host: a time, a rate, or a product of one."""
    return isinstance(value, Quantity) and UNITS[value.unit].dimension.time != 0


def as_text(value: Quantity | str) -> str:
    """Return a value as errors and reasons show it; a text in quotes."""
    return str(value) if isinstance(value, Quantity) else f'"{value}"'


def compare(left: Quantity | str, operator: str, right: Quantity | str) -> bool:
    """Return whether a comparison holds; raise UnitError if the values cannot be compared."""
    if isinstance(left, Quantity) and isinstance(right, Quantity):
        _check_compatible(left, right)
        return _HOLDS[operator](left.compare(right))
    if isinstance(left, Quantity) or isinstance(right, Quantity):
        raise UnitError(f"{as_text(left)} and {as_text(right)} are a number and a text")
    if operator not in {"==", "!="}:
        raise UnitError(f"texts have no order: {as_text(left)} {operator} {as_text(right)}")
    return (left == right) == (operator == "==")


def _check_compatible(left: Quantity, right: Quantity) -> None:
    """Raise UnitError unless both measure the same; a percentage and a plain number do not."""
    if left.unit == right.unit:
        return
    same_dimension = UNITS[left.unit].dimension == UNITS[right.unit].dimension
    if not same_dimension or "%" in (left.unit, right.unit):
        raise UnitError(f"{_with_unit(left)} and {_with_unit(right)} do not measure the same")


def _with_unit(value: Quantity) -> str:
    return str(value) if value.unit else f"{value}, which has no unit,"


def _exact(value: Quantity, *, beside: Quantity) -> Quantity:
    """Return an author's number with so many digits that it does not limit a result made with `beside`.

    Counts stay: they limit nothing, and more digits would be added to the result.
    """
    if beside.is_count or value.is_count:
        return value
    sign, digits, exponent = value.value.as_tuple()
    zeros = min(_EXACT_DIGITS - len(digits), _EXACT_DECIMALS + int(exponent))
    if zeros <= 0:
        return value
    extended = Decimal((sign, digits + (0,) * zeros, int(exponent) - zeros))
    return Quantity(extended, value.unit, value.unrounded)


def _arithmetic(operator: str, values: Sequence[Quantity]) -> Quantity:
    """Return the sum, difference, product or quotient; raise UnitError or ArithmeticError."""
    left, right = values
    match operator:
        case "*":
            return left * right
        case "/":
            return left / right
    _check_compatible(left, right)
    return left + right if operator == "+" else left - right


def _apply(function: str, values: Sequence[Quantity]) -> Quantity:
    """Return the result of a function of compatible values; raise UnitError or ArithmeticError."""
    match function:
        case "abs":
            return max(values[0], -values[0], key=_order)
        case "min":
            return min(values, key=_order)
        case "max":
            return max(values, key=_order)
        case "median":
            ordered = sorted(values, key=_order)
            middle = ordered[(len(ordered) - 1) // 2 : len(ordered) // 2 + 1]
            return reduce(Quantity.__add__, middle) / Quantity(Decimal(len(middle)), "")
        case "percent":
            return (values[0] / values[1]).to("%")
    return values[0] / values[1]


_order = cmp_to_key(Quantity.compare)
