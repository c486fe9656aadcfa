"""The language."""

import ast
from dataclasses import dataclass
from functools import lru_cache

from labreport.report.facts.expressions.tokens import (
    DEEPEST,
    FUNCTIONS,
    ExpressionError,
    Token,
    TokenKind,
    is_name,
    tokens,
)
from labreport.report.values.quantity import Quantity


@dataclass(frozen=True, slots=True)
class Node:
    """A part of an expression, `start` to `end` in its text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class LiteralNode(Node):
    """A number with its unit, or a text."""

    value: Quantity | str


@dataclass(frozen=True, slots=True)
class FactNode(Node):
    """A fact's name."""

    name: str


@dataclass(frozen=True, slots=True)
class NegativeNode(Node):
    """`-a`."""

    operand: Node


@dataclass(frozen=True, slots=True)
class ArithmeticNode(Node):
    """`a + b`, and `-`, `*`, `/`."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class FunctionNode(Node):
    """`median(a, b, c)`."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class ComparisonNode(Node):
    """`a < b <= c`: one operator fewer than operands."""

    operators: tuple[str, ...]
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class LogicalNode(Node):
    """`a and b and c`, or the same with `or`: the word and the conditions."""

    word: str
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class NotNode(Node):
    """`not a`."""

    part: Node


CONDITIONS = (ComparisonNode, LogicalNode, NotNode)
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
        case NegativeNode(operand=one) | NotNode(part=one):
            return (one,)
        case ArithmeticNode():
            return (node.left, node.right)
        case FunctionNode(arguments=several) | ComparisonNode(operands=several) | LogicalNode(parts=several):
            return several
    return ()


def facts_in(node: Node) -> tuple[str, ...]:
    """Return the names of the facts of a part; one without any is an author's own number, which is exact."""
    if isinstance(node, FactNode):
        return (node.name,)
    return tuple(part.name for part in parts(node) if isinstance(part, FactNode))


_OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.GtE: ">=",
    ast.Gt: ">",
    ast.And: "and",
    ast.Or: "or",
}


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that can be worked out.

    `facts` are the names of those that it uses, each once, in the order in which they are written.
    """

    text: str
    root: Node
    facts: tuple[str, ...]

    @property
    def parts(self) -> list[Node]:
        """All of its parts, in the order in which they are written."""
        return parts(self.root)

    @property
    def is_condition(self) -> bool:
        """Whether it holds or not, as a claim must; it is a value otherwise."""
        return isinstance(self.root, CONDITIONS)

    def source(self, node: Node) -> str:
        """Return a part as it is written."""
        return " ".join(self.text[node.start : node.end].split())

    def error(self, node: Node, what: str, expected: str) -> ExpressionError:
        """Return the error of a part."""
        return ExpressionError(self.text, node.start, what, expected)


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """Return `text` as an expression; raise ExpressionError if it is none."""
    if is_name(text):
        return Expression(text, FactNode(0, len(text), text), (text,))
    found = tokens(text)
    facts = tuple(dict.fromkeys(token.text for token in found if token.kind is TokenKind.NAME))
    if len(found) == 1:
        return Expression(text, _operand(found[0]), facts)
    written = _Written(text, found)
    return Expression(text, written.node(_tree(written.form)), facts)


def names(text: str) -> frozenset[str]:
    """Return the names of the facts that an expression uses; raise ExpressionError if it is none."""
    return frozenset(parse(text).facts)


@lru_cache(maxsize=1024)
def _tree(form: str) -> ast.expr:
    """Return the tree of a form such as `_0 < _1 < _2`, which many conditions have."""
    return ast.parse(form, mode="eval").body


class _Written:
    """The text of an expression as Python is given it, and the way back from there."""

    def __init__(self, text: str, found: list[Token]) -> None:
        self.text = text
        self.operands: dict[str, Token] = {}
        self.starts: dict[int, int] = {}
        self.ends: dict[int, int] = {}
        words: list[str] = []
        at = 0
        for token in found:
            word = token.text
            if token.kind in (TokenKind.LITERAL, TokenKind.NAME):
                word = f"_{len(self.operands)}"
                self.operands[word] = token
            self.starts[at] = token.start
            self.ends[at + len(word)] = token.end
            words.append(word)
            at += len(word) + 1
        self.form = " ".join(words)

    def node(self, tree: ast.expr, depth: int = 0) -> Node:
        """Return a tree of Python's as one of ours; raise ExpressionError if it means nothing."""
        start = self.starts[tree.col_offset]
        if depth > DEEPEST:
            what = f"more than {DEEPEST} operations in one another"
            raise ExpressionError(self.text, start, what, "fewer: give a part a name of its own")
        if isinstance(tree, ast.Name):
            return _operand(self.operands[tree.id])
        end = self.ends[tree.end_col_offset or 0]
        match tree:
            case ast.Compare(left=left, ops=signs, comparators=others):
                operators = tuple(_OPERATORS[type(sign)] for sign in signs)
                operands = tuple(self._value(one, depth) for one in (left, *others))
                return ComparisonNode(start, end, operators, operands)
            case ast.BoolOp(op=word, values=several):
                conditions = tuple(self._condition(one, depth) for one in several)
                return LogicalNode(start, end, _OPERATORS[type(word)], conditions)
            case ast.UnaryOp(op=ast.Not(), operand=part):
                return NotNode(start, end, self._condition(part, depth))
        return self._value_node(tree, start, end, depth)

    def _value_node(self, tree: ast.expr, start: int, end: int, depth: int) -> Node:
        match tree:
            case ast.BinOp(left=left, op=sign, right=right):
                sides = self._value(left, depth), self._value(right, depth)
                return ArithmeticNode(start, end, _OPERATORS[type(sign)], *sides)
            case ast.UnaryOp(op=ast.USub(), operand=part):
                return NegativeNode(start, end, self._value(part, depth))
            case ast.Call(func=ast.Name(id=name), args=several):
                arguments = tuple(self._value(one, depth) for one in several)
                return self._function(FunctionNode(start, end, name, arguments))
        raise ExpressionError(self.text, start, f"{type(tree).__name__} has no meaning here", "a value")

    def _function(self, node: FunctionNode) -> FunctionNode:
        few, many = FUNCTIONS[node.name]
        if few <= len(node.arguments) <= many:
            return node
        wanted = f"{few} or more" if few != many else str(few)
        what = f"{node.name} has {len(node.arguments)} of its values"
        raise ExpressionError(self.text, node.start, what, wanted)

    def _condition(self, tree: ast.expr, depth: int) -> Node:
        node = self.node(tree, depth + 1)
        if not isinstance(node, CONDITIONS):
            what = "a value stands where a condition should"
            raise ExpressionError(self.text, node.start, what, "a comparison, such as a < 1 s")
        return node

    def _value(self, tree: ast.expr, depth: int) -> Node:
        node = self.node(tree, depth + 1)
        if isinstance(node, CONDITIONS):
            what = "a condition stands where a value should"
            raise ExpressionError(self.text, node.start, what, "a value: a number, a fact, a text")
        return node


def _operand(token: Token) -> Node:
    if token.value is None:
        return FactNode(token.start, token.end, token.text)
    return LiteralNode(token.start, token.end, token.value)
