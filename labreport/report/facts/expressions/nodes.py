"""The nodes of a parsed expression, each with its place in the text."""

from dataclasses import dataclass

from labreport.report.facts.expressions.tokens import ExpressionError
from labreport.report.values import Quantity


@dataclass(frozen=True)
class Node:
    """A part of an expression, `start` to `end` in its text."""

    start: int
    end: int


@dataclass(frozen=True)
class LiteralNode(Node):
    """A number with its unit, or a text."""

    value: Quantity | str


@dataclass(frozen=True)
class FactNode(Node):
    """The name of a fact."""

    name: str


@dataclass(frozen=True)
class NegativeNode(Node):
    """`-a`."""

    operand: Node


@dataclass(frozen=True)
class ArithmeticNode(Node):
    """`a + b`, and `-`, `*`, `/`."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True)
class FunctionNode(Node):
    """`median(a, b, c)`."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class ComparisonNode(Node):
    """`a < b <= c`: one operator fewer than operands."""

    operators: tuple[str, ...]
    operands: tuple[Node, ...]


@dataclass(frozen=True)
class LogicalNode(Node):
    """`a and b and c`, or the same with `or`."""

    word: str
    parts: tuple[Node, ...]


@dataclass(frozen=True)
class NotNode(Node):
    """`not a`."""

    part: Node


CONDITIONS = (ComparisonNode, LogicalNode, NotNode)
"""The nodes that are true or false; all others have a value."""


@dataclass(frozen=True)
class Expression:
    """A parsed expression; `facts` are the names in it, each once, in the order of the text."""

    text: str
    root: Node
    facts: tuple[str, ...]

    @property
    def parts(self) -> list[Node]:
        """All nodes, in the order of the text."""
        return descendants(self.root)

    @property
    def is_condition(self) -> bool:
        """Whether the expression is a condition, as a claim must be, and not a value."""
        return isinstance(self.root, CONDITIONS)

    def source(self, node: Node) -> str:
        """Return a node as it is written."""
        return " ".join(self.text[node.start : node.end].split())

    def error(self, node: Node, what: str, expected: str) -> ExpressionError:
        """Return an error at a node."""
        return ExpressionError(self.text, node.start, what, expected)


def descendants(node: Node) -> list[Node]:
    """Return `node` and all nodes in it, in the order of the text."""
    return [node, *(found for child in children(node) for found in descendants(child))]


def children(node: Node) -> tuple[Node, ...]:
    """Return the nodes of which a node consists."""
    match node:
        case NegativeNode(operand=child) | NotNode(part=child):
            return (child,)
        case ArithmeticNode():
            return (node.left, node.right)
        case FunctionNode(arguments=nodes) | ComparisonNode(operands=nodes) | LogicalNode(parts=nodes):
            return nodes
    return ()


def facts_in(node: Node) -> tuple[str, ...]:
    """Return the names of the facts in a node. A node without facts is an exact number of the author."""
    return tuple(part.name for part in descendants(node) if isinstance(part, FactNode))
