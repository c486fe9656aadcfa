"""The words of an expression, each with its place in the text, and whether they stand in an order.

An expression is what a page writes in `fact("startup.kata / startup.runc")` or `claim("startup.runc < 1 s")`.
What leaves here holds values, names, operators and parentheses that match: nothing else reaches Python.
"""

import re
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from labreport.report.problems import FaultError
from labreport.report.values.quantity import Quantity
from labreport.report.values.units import UnitError, symbol

LONGEST = 500
"""Characters of an expression."""
DEEPEST = 30
"""Parentheses, or operations, in one another."""
DIGITS = 20
"""Digits of a number, those after the point included."""
FUNCTIONS = {"abs": (1, 1), "max": (2, LONGEST), "median": (1, LONGEST), "min": (2, LONGEST)} | {
    "percent": (2, 2),
    "ratio": (2, 2),
}
"""The functions, each with how few and how many values it takes."""

_VALUE = "a value: a number with its unit, a fact, a text, a function"
_NEXT = "an operator: + - * / < <= == != >= > and or"
_KEYWORDS = frozenset({"and", "or", "not"})
_NOT_OURS = {
    "%": "% is a unit and stands after a number; for a share write percent(a, b)",
    "=": "equality is ==",
    "^": "there are no powers",
    "!": "the negation is `not`, the inequality !=",
    "&": "conditions are joined by `and`",
    "|": "conditions are joined by `or`",
    '"': "a text ends where its quotation mark comes again",
    "'": "a text ends where its quotation mark comes again",
}
_UNIT = re.compile(r"\s*(%|1/s(?![\w.])|[^\W\d][\w.]*)(/[^\W\d]+(?![\w.(]))?")
_NAME = re.compile(r"(?a:[A-Za-z_]\w*(?:\.\w+)*)")
_WORD = re.compile(
    rf"""\s*(?:(?P<keyword>(?:{"|".join(sorted(_KEYWORDS))})(?a:(?!\w|\.\w)))"""
    r"""|(?P<number>[0-9]+(?:\.[0-9]+)?)"""
    rf"""|(?P<function>(?>{_NAME.pattern})(?=\s*\())|(?P<name>{_NAME.pattern})"""
    r"""|(?P<text>"[^"\n]*"|'[^'\n]*')"""
    r"""|(?P<operator>[<>=!]=|[-+*/<>])|(?P<open>\()|(?P<close>\))|(?P<comma>,))"""
)


class TokenKind(StrEnum):
    """What a token is."""

    LITERAL = "literal"
    NAME = "name"
    FUNCTION = "function"
    KEYWORD = "keyword"
    OPERATOR = "operator"
    OPEN = "open"
    CLOSE = "close"
    COMMA = "comma"


_KINDS = {"text": TokenKind.LITERAL} | {str(kind): kind for kind in TokenKind}
_START_VALUE = (TokenKind.LITERAL, TokenKind.NAME, TokenKind.FUNCTION, TokenKind.OPEN)
_END_VALUE = (TokenKind.LITERAL, TokenKind.NAME, TokenKind.CLOSE)


class Token(NamedTuple):
    """A word of an expression, `start` to `end` in its text; a literal carries its value."""

    kind: TokenKind
    text: str
    start: int
    end: int
    value: Quantity | str | None = None


class ExpressionError(FaultError):
    """An expression that cannot be read or worked out; `column` is the place in `text`, from 0."""

    def __init__(self, text: str, column: int, what: str, expected: str) -> None:
        super().__init__(f"column {column}: {what}", f"expected {expected}")
        self.text = text
        self.column = column

    @property
    def caret(self) -> str:
        """Two lines: the expression, and a caret below the place."""
        shown = "".join(char if char.isprintable() else " " for char in self.text)
        return f"{shown}\n{' ' * self.column}^"


def is_name(text: str) -> bool:
    """Return whether a text is the name of a fact and nothing else."""
    return len(text) <= LONGEST and _NAME.fullmatch(text) is not None and text not in _KEYWORDS


def tokens(text: str) -> list[Token]:
    """Return the words of `text`; raise ExpressionError at the first that has no meaning where it stands."""
    if len(text) > LONGEST:
        what = f"{len(text)} characters"
        raise ExpressionError(text, LONGEST, what, f"{LONGEST} at most: give a part a name of its own")
    found = _words(text)
    _check_order(text, found)
    return found


def _words(text: str) -> list[Token]:
    found: list[Token] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        found.append(_word(text, at))
        at = found[-1].end
    return found


def _word(text: str, at: int) -> Token:
    """Return the word that stands at `at`, or behind the space that does."""
    found = _WORD.match(text, at)
    if not found:
        at = len(text) - len(text[at:].lstrip())
        hint = _NOT_OURS.get(text[at])
        raise ExpressionError(text, at, hint or f"{text[at]!r} has no meaning here", f"{_VALUE}, an operator")
    group = found.lastgroup or ""
    start, end = found.span(group)
    if group == "number":
        return _number(text, start, end)
    word = text[start:end]
    if group == "function" and word not in FUNCTIONS:
        what = f"there is no function {word}"
        raise ExpressionError(text, start, what, f"one of {', '.join(sorted(FUNCTIONS))}")
    return Token(_KINDS[group], word, start, end, word[1:-1] if group == "text" else None)


def _number(text: str, start: int, end: int) -> Token:
    """Return the number from `start` to `end` with the unit that follows it, if one does."""
    number = text[start:end]
    if len(number) > DIGITS:
        raise ExpressionError(text, start, "a very long number", f"{DIGITS} digits at most")
    unit, end = _unit(text, end)
    return Token(TokenKind.LITERAL, text[start:end], start, end, Quantity(Decimal(number), unit))


def _unit(text: str, at: int) -> tuple[str, int]:
    """Return the unit that stands at `at` and where it ends; none before a keyword or an operator."""
    found = _UNIT.match(text, at)
    if not found or found[1] in _KEYWORDS:
        return "", at
    for unit, end in ((found[0].strip(), found.end()), (found[1], found.end(1))):
        try:
            return symbol(unit), end
        except UnitError:
            continue
    raise ExpressionError(text, found.start(1), f"{found[1]} is no unit", "a unit, such as ms, s, MiB, %")


def _check_order(text: str, found: list[Token]) -> None:
    """Raise ExpressionError unless values and operators take turns and parentheses match."""
    opened: list[tuple[Token, bool]] = []  # each with whether it is a function's
    before: Token | None = None
    for token in found:
        _check_turn(text, before, token)
        if token.kind is TokenKind.OPEN:
            opened.append((token, before is not None and before.kind is TokenKind.FUNCTION))
            if len(opened) > DEEPEST:
                raise ExpressionError(text, token.start, "parentheses too deep", f"{DEEPEST} at most")
        elif token.kind is TokenKind.CLOSE:
            if not opened:
                raise ExpressionError(text, token.start, "a ) that closes nothing", "its ( before it")
            opened.pop()
        elif token.kind is TokenKind.COMMA and not (opened and opened[-1][1]):
            what = "a comma outside a function"
            raise ExpressionError(text, token.start, what, f"{_NEXT}; a decimal point is a point")
        before = token
    if before is None or not _ends_value(before):
        raise ExpressionError(text, len(text), "it ends too early" if found else "it is empty", _VALUE)
    if opened:
        raise ExpressionError(text, opened[-1][0].start, "a ( that is not closed", "its ) after it")


def _ends_value(token: Token) -> bool:
    return token.kind in _END_VALUE


def _check_turn(text: str, before: Token | None, token: Token) -> None:
    """Raise ExpressionError unless `token` may follow `before`."""
    starts_value = token.kind in _START_VALUE
    if before is not None and _ends_value(before):
        if starts_value or token.text == "not":
            raise ExpressionError(text, token.start, f"{token.text} follows a value", _NEXT)
    elif token.text == "not":
        if before and before.kind not in (TokenKind.OPEN, TokenKind.KEYWORD):
            raise ExpressionError(text, token.start, f"`not` follows {before.text}", f"{_VALUE}; not (…)")
    elif not starts_value and token.text != "-":
        raise ExpressionError(text, token.start, f"{token.text} stands where a value should", _VALUE)
