"""The steps of an expression, one part after the other. What is put together must be of one host class.

Times and rates must be of one host: they tell of it as much as of what was measured.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from labreport.contract.records import HostClass
from labreport.report.facts.expressions.nodes import (
    Arithmetic,
    Comparison,
    Fact,
    Function,
    Joined,
    Literal,
    Negative,
    Node,
    Not,
    facts_in,
)
from labreport.report.facts.expressions.operations import (
    applied,
    calculated,
    compared,
    exact_beside,
    has_time,
    must_be_alike,
    shown,
)
from labreport.report.facts.expressions.parse import Expression
from labreport.report.facts.expressions.tokens import ExpressionError
from labreport.report.values.quantity import Quantity
from labreport.report.values.units import UnitError

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
            case Comparison():
                return self._comparison(node)
            case Joined(word=word):
                held = [self.holds(part) for part in node.parts]
                return all(held) if word == "and" else any(held)
            case Not(part=part):
                return not self.holds(part)
        return self.value(node)

    def holds(self, condition: Node) -> bool:
        """Return whether a condition holds; raise as `outcome` does."""
        return self.outcome(condition) is True

    def value(self, node: Node) -> Quantity | str:
        """Return what a part that is no condition comes to; raise as `outcome` does."""
        match node:
            case Literal(value=value):
                return value
            case Fact(name=name):
                return self.facts[name].value
            case Negative(operand=operand):
                return -self._number(operand)
            case Arithmetic():
                return self._arithmetic(node)
            case Function():
                return self._function(node)
        raise self.expression.error(node, "this is no value", "a value")

    def links(self, node: Comparison) -> list[tuple[Node, str, Node]]:
        """Return the comparisons of a chain, two operands each."""
        return list(zip(node.operands, node.operators, node.operands[1:], strict=False))

    def _comparison(self, node: Comparison) -> bool:
        values = [self.value(one) for one in node.operands]
        self._check_hosts(node, values)
        held = []
        for place, operator in enumerate(node.operators):
            try:
                held.append(compared(values[place], operator, values[place + 1]))
            except UnitError as error:
                raise self.expression.error(node.operands[place + 1], str(error), _ALIKE) from error
        return all(held)

    def _arithmetic(self, node: Arithmetic) -> Quantity:
        values = [self._number(node.left), self._number(node.right)]
        self._check_hosts(node, values)
        exact = self._exact((node.left, node.right), values)
        try:
            if exact is not values:  # an error names the numbers as they are written
                calculated(values[0], node.operator, values[1])
            return calculated(exact[0], node.operator, exact[1])
        except (ArithmeticError, ValueError) as error:
            raise self._failed(node.right, error) from error

    def _function(self, node: Function) -> Quantity:
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
        except (ArithmeticError, ValueError) as error:
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
