"""The parts that an expression is made of, each with its place in the text."""

from dataclasses import dataclass

from labreport.report.values.quantity import Quantity


@dataclass(frozen=True, slots=True)
class Node:
    """A part of an expression, `start` to `end` in its text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A number with its unit, or a text."""

    value: Quantity | str


@dataclass(frozen=True, slots=True)
class Fact(Node):
    """A fact's name."""

    name: str


@dataclass(frozen=True, slots=True)
class Negative(Node):
    """`-a`."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    """`a + b`, and `-`, `*`, `/`."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Function(Node):
    """`median(a, b, c)`."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Comparison(Node):
    """`a < b <= c`: one operator fewer than operands."""

    operators: tuple[str, ...]
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Joined(Node):
    """`a and b and c`, or the same with `or`: the word and the conditions."""

    word: str
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not(Node):
    """`not a`."""

    part: Node


CONDITIONS = (Comparison, Joined, Not)
"""The parts that hold or do not; all others come to a value."""


def parts(node: Node) -> list[Node]:
    """Return `node` and every part of it, in the order in which they are written."""
    found, left = [], [node]
    while left:
        found.append(left.pop())
        left.extend(reversed(_inside(found[-1])))
    return found


def _inside(node: Node) -> tuple[Node, ...]:
    match node:
        case Negative(operand=one) | Not(part=one):
            return (one,)
        case Arithmetic():
            return (node.left, node.right)
        case Function(arguments=several) | Comparison(operands=several) | Joined(parts=several):
            return several
    return ()


def facts_in(node: Node) -> tuple[str, ...]:
    """Return the names of the facts of a part; one without any is an author's own number, which is exact."""
    if isinstance(node, Fact):
        return (node.name,)
    return tuple(part.name for part in parts(node) if isinstance(part, Fact))
