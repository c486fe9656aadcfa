"""Parse an expression into nodes: a recursive descent over its tokens.

    condition  = all {"or" all}            all     = negation {"and" negation}
    negation   = {"not"} comparison        comparison = sum {("<" | "<=" | "==" | "!=" | ">=" | ">") sum}
    sum        = product {("+" | "-") product}         product = signed {("*" | "/") signed}
    signed     = {"-"} operand
    operand    = number | text | name | function "(" condition {"," condition} ")" | "(" condition ")"

A condition in place of a value, or the reverse, is an error of its own.
"""

from collections.abc import Callable

from labreport.report.facts.expressions.nodes import (
    CONDITIONS,
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
    children,
    descendants,
)
from labreport.report.facts.expressions.tokens import (
    DEEPEST,
    FUNCTIONS,
    ExpressionError,
    Token,
    TokenKind,
    tokens,
)

_VALUE = "a value: a number with its unit, a fact, a text, a function"
_OPERATOR = "an operator: + - * / < <= == != >= > and or"


def parse(text: str) -> Expression:
    """Return `text` as an expression; raise ExpressionError at the first mistake."""
    parser = _Parser(text)
    root = parser.parse()
    names = (node.name for node in descendants(root) if isinstance(node, FactNode))
    return Expression(text, root, tuple(dict.fromkeys(names)))


class _Parser:
    """The tokens of a text, and the place of the next one."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens(text)
        self.position = 0
        self.parentheses = 0

    def parse(self) -> Node:
        if not self.tokens:
            raise self._error(len(self.text), "it is empty", _VALUE)
        root = self._condition()
        if token := self._next():
            raise self._unexpected(token)
        self._check_depth(root, 0)
        return root

    def _condition(self) -> Node:
        return self._joined("or", lambda: self._joined("and", self._negation))

    def _joined(self, word: str, part: Callable[[], Node]) -> Node:
        start = self._start()
        parts = [part()]
        while self._take(TokenKind.KEYWORD, word):
            parts.append(part())
        if len(parts) == 1:
            return parts[0]
        return LogicalNode(start, self._end(), word, tuple(map(self._checked_condition, parts)))

    def _negation(self) -> Node:
        starts = []
        while token := self._take(TokenKind.KEYWORD, "not"):
            before = self.tokens[self.position - 2] if self.position > 1 else None
            if before and before.kind not in (TokenKind.OPEN, TokenKind.KEYWORD):
                raise self._misplaced_not(token)
            starts.append(token.start)
        node = self._comparison()
        for start in reversed(starts):
            node = NotNode(start, self._end(), self._checked_condition(node))
        return node

    def _comparison(self) -> Node:
        start = self._start()
        operands, operators = [self._sum()], []
        while token := self._take(TokenKind.OPERATOR, "<", "<=", "==", "!=", ">=", ">"):
            operators.append(token.text)
            operands.append(self._sum())
        if not operators:
            return operands[0]
        values = tuple(map(self._checked_value, operands))
        return ComparisonNode(start, self._end(), tuple(operators), values)

    def _sum(self) -> Node:
        return self._arithmetic(("+", "-"), self._product)

    def _product(self) -> Node:
        return self._arithmetic(("*", "/"), self._signed)

    def _arithmetic(self, operators: tuple[str, ...], operand: Callable[[], Node]) -> Node:
        start = self._start()
        node = operand()
        while token := self._take(TokenKind.OPERATOR, *operators):
            left, right = self._checked_value(node), self._checked_value(operand())
            node = ArithmeticNode(start, self._end(), token.text, left, right)
        return node

    def _signed(self) -> Node:
        starts = []
        while token := self._take(TokenKind.OPERATOR, "-"):
            starts.append(token.start)
        node = self._operand()
        for start in reversed(starts):
            node = NegativeNode(start, self._end(), self._checked_value(node))
        return node

    def _operand(self) -> Node:
        token = self._next()
        if token is None:
            raise self._error(len(self.text), "it ends too early", _VALUE)
        self.position += 1
        match token.kind:
            case TokenKind.NUMBER | TokenKind.TEXT if token.value is not None:
                return LiteralNode(token.start, token.end, token.value)
            case TokenKind.NAME:
                return FactNode(token.start, token.end, token.text)
            case TokenKind.FUNCTION:
                return self._function(token)
            case TokenKind.OPEN:
                node = self._in_parentheses(token, self._condition)
                self._close(token)
                return node
        if token.text == "not":
            raise self._misplaced_not(token)
        raise self._error(token.start, f"{token.text} stands where a value should", _VALUE)

    def _function(self, name: Token) -> Node:
        opened = self.tokens[self.position]
        self.position += 1
        arguments = [self._in_parentheses(opened, self._condition)]
        while self._take(TokenKind.COMMA, ","):
            arguments.append(self._in_parentheses(opened, self._condition))
        self._close(opened)
        values = tuple(map(self._checked_value, arguments))
        few, many = FUNCTIONS[name.text]
        if not few <= len(values) <= many:
            expected = f"{few} or more" if few != many else str(few)
            raise self._error(name.start, f"{name.text} has {_arguments(len(values))}", expected)
        return FunctionNode(name.start, self._end(), name.text, values)

    def _in_parentheses(self, opened: Token, part: Callable[[], Node]) -> Node:
        self.parentheses += 1
        if self.parentheses > DEEPEST:
            raise self._error(opened.start, "parentheses too deep", f"{DEEPEST} at most")
        node = part()
        self.parentheses -= 1
        return node

    def _close(self, opened: Token) -> None:
        token = self._next()
        if token is None:
            raise self._error(opened.start, "a ( that is not closed", "its ) after it")
        if token.kind is not TokenKind.CLOSE:
            raise self._unexpected(token)
        self.position += 1

    def _next(self) -> Token | None:
        return self.tokens[self.position] if self.position < len(self.tokens) else None

    def _take(self, kind: TokenKind, *texts: str) -> Token | None:
        """Return the next token and move past it if it is one of these, else None."""
        token = self._next()
        if token is None or token.kind is not kind or token.text not in texts:
            return None
        self.position += 1
        return token

    def _start(self) -> int:
        """Return where the next token starts."""
        token = self._next()
        return token.start if token else len(self.text)

    def _end(self) -> int:
        """Return where the last token ended."""
        return self.tokens[self.position - 1].end

    def _checked_condition(self, node: Node) -> Node:
        if not isinstance(node, CONDITIONS):
            what = "a value stands where a condition should"
            raise self._error(node.start, what, "a comparison, such as a < 1 s")
        return node

    def _checked_value(self, node: Node) -> Node:
        if isinstance(node, CONDITIONS):
            what = "a condition stands where a value should"
            raise self._error(node.start, what, "a value: a number, a fact, a text")
        return node

    def _check_depth(self, node: Node, depth: int) -> None:
        """Raise ExpressionError for a node inside more than DEEPEST others."""
        if depth > DEEPEST:
            what = f"more than {DEEPEST} operations inside one another"
            raise self._error(node.start, what, "fewer: declare a part as a fact of its own")
        for child in children(node):
            self._check_depth(child, depth + 1)

    def _unexpected(self, token: Token) -> ExpressionError:
        """Return the error of a token after a complete value."""
        if token.kind is TokenKind.CLOSE:
            return self._error(token.start, "a ) that closes nothing", "its ( before it")
        if token.kind is TokenKind.COMMA:
            expected = f"{_OPERATOR}; a decimal point is a point"
            return self._error(token.start, "a comma outside a function", expected)
        return self._error(token.start, f"{token.text} follows a value", _OPERATOR)

    def _misplaced_not(self, token: Token) -> ExpressionError:
        before = self.tokens[self.position - 2].text
        return self._error(token.start, f"`not` follows {before}", f"{_VALUE}; not (…)")

    def _error(self, column: int, what: str, expected: str) -> ExpressionError:
        return ExpressionError(self.text, column, what, expected)


def _arguments(count: int) -> str:
    return "1 argument" if count == 1 else f"{count} arguments"
