"""Split an expression into tokens, each with its place in the text.

An expression is the text in `fact("startup.kata / startup.runc")` or `claim("startup.runc < 1 s")`.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from labreport.report.problems import FaultError
from labreport.report.values import Quantity, UnitError, symbol

LONGEST = 500
"""The most characters of an expression."""
DEEPEST = 30
"""The most parentheses, or operations, inside one another."""
DIGITS = 20
"""The most digits of a number, those after the point included."""
FUNCTIONS = {
    "abs": (1, 1),
    "max": (2, LONGEST),
    "median": (1, LONGEST),
    "min": (2, LONGEST),
    "percent": (2, 2),
    "ratio": (2, 2),
}
"""The functions, each with the smallest and the largest number of its arguments."""

_KEYWORDS = frozenset({"and", "or", "not"})
_HINTS = {
    "%": "% is a unit and stands after a number; for a share write percent(a, b)",
    "=": "equality is ==",
    "^": "there are no powers",
    "!": "the negation is `not`, the inequality !=",
    "&": "conditions are joined by `and`",
    "|": "conditions are joined by `or`",
    '"': "a text ends at the next quotation mark of its kind",
    "'": "a text ends at the next quotation mark of its kind",
}
"""What to write instead of a character that is not part of the language."""
_UNIT = re.compile(r"\s*(%|1/s(?![\w.])|[^\W\d][\w.]*)(/[^\W\d]+(?![\w.(]))?")
_NAME = re.compile(r"(?a:[A-Za-z_]\w*(?:\.\w+)*)")
_TOKEN = re.compile(
    rf"""\s*(?:(?P<keyword>(?:{"|".join(sorted(_KEYWORDS))})(?a:(?!\w|\.\w)))"""
    r"""|(?P<number>[0-9]+(?:\.[0-9]+)?)"""
    rf"""|(?P<function>(?>{_NAME.pattern})(?=\s*\())|(?P<name>{_NAME.pattern})"""
    r"""|(?P<text>"[^"\n]*"|'[^'\n]*')"""
    r"""|(?P<operator>[<>=!]=|[-+*/<>])|(?P<open>\()|(?P<close>\))|(?P<comma>,))"""
)


class TokenKind(StrEnum):
    """The kinds of token; a number includes its unit."""

    NUMBER = "number"
    TEXT = "text"
    NAME = "name"
    FUNCTION = "function"
    KEYWORD = "keyword"
    OPERATOR = "operator"
    OPEN = "open"
    CLOSE = "close"
    COMMA = "comma"


@dataclass(frozen=True)
class Token:
    """A token, `start` to `end` in its text; numbers and texts have a value."""

    kind: TokenKind
    text: str
    start: int
    end: int
    value: Quantity | str | None = None


class ExpressionError(FaultError):
    """An expression that cannot be parsed or evaluated; `column` is the place in `text`, from 0."""

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
    """Return the tokens of `text`; raise ExpressionError for a text that is none or is too long."""
    if len(text) > LONGEST:
        expected = f"{LONGEST} at most: declare a part as a fact of its own"
        raise ExpressionError(text, LONGEST, f"{len(text)} characters", expected)
    found: list[Token] = []
    position, end = 0, len(text.rstrip())
    while position < end:
        found.append(_token(text, position))
        position = found[-1].end
    return found


def _token(text: str, position: int) -> Token:
    """Return the token at `position`, or after the blanks there."""
    found = _TOKEN.match(text, position)
    if not found:
        start = len(text) - len(text[position:].lstrip())
        what = _HINTS.get(text[start], f"{text[start]!r} has no meaning here")
        expected = "a number with its unit, a fact, a text, a function, an operator"
        raise ExpressionError(text, start, what, expected)
    kind = TokenKind(found.lastgroup or "")
    start, end = found.span(kind)
    word = text[start:end]
    match kind:
        case TokenKind.NUMBER:
            return _number(text, start, end)
        case TokenKind.TEXT:
            return Token(kind, word, start, end, word[1:-1])
        case TokenKind.FUNCTION if word not in FUNCTIONS:
            expected = f"one of {', '.join(sorted(FUNCTIONS))}"
            raise ExpressionError(text, start, f"there is no function {word}", expected)
    return Token(kind, word, start, end)


def _number(text: str, start: int, end: int) -> Token:
    """Return the number at `start` to `end`, with the unit that follows it."""
    number = text[start:end]
    if len(number) > DIGITS:
        raise ExpressionError(text, start, "a very long number", f"{DIGITS} digits at most")
    unit, end = _unit(text, end)
    return Token(TokenKind.NUMBER, text[start:end], start, end, Quantity(Decimal(number), unit))


def _unit(text: str, position: int) -> tuple[str, int]:
    """Return the unit at `position` and its end; an empty one before a keyword or an operator."""
    found = _UNIT.match(text, position)
    if not found or found[1] in _KEYWORDS:
        return "", position
    for unit, end in ((found[0].strip(), found.end()), (found[1], found.end(1))):
        try:
            return symbol(unit), end
        except UnitError:
            continue
    expected = "a unit, such as ms, s, MiB, %"
    raise ExpressionError(text, found.start(1), f"there is no unit {found[1]}", expected)
