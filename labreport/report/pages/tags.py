"""Jinja in the source of a page: its tags, and the calls of macros in them, each with its place.

Jinja's own lexer finds the tags. Behind a syntax error everything is text here; rendering reports the error.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from jinja2 import Environment, TemplateSyntaxError

from labreport.contract.text import is_encodable
from labreport.report.pages.calls import Call
from labreport.report.pages.limits import MOST_DIGITS, MOST_TOKENS, SandboxError
from labreport.report.pages.macros import MACROS

COMMENT_START = "{# "
"""How a comment begins. `{#results}` is a heading's id, `{#}` and `${#x}` are shell: they stay text."""
_LEXER = Environment(comment_start_string=COMMENT_START)  # noqa: S701 # it renders nothing
_LITERALS = frozenset({"string", "integer", "float"})
_NAMED_LITERALS = {"true": True, "True": True, "false": False, "False": False, "none": None, "None": None}
_BRACKETS = frozenset("([{)]}")


class TagKind(StrEnum):
    """What a tag is."""

    RAW = "raw"
    COMMENT = "comment"
    EXPRESSION = "variable"
    STATEMENT = "block"


class TagToken(NamedTuple):
    """A token in a tag: its kind as Jinja's lexer names it, its text, and where it begins in the page."""

    kind: str
    text: str
    start: int


@dataclass(frozen=True)
class Tag:
    """A tag, `start` to `end` in the page. What is in it goes from `inside` to `inside_end`."""

    kind: TagKind
    start: int
    end: int
    inside: int
    inside_end: int
    tokens: Sequence[TagToken] = ()

    @property
    def macro(self) -> str:
        """The macro that the tag calls; empty if it calls none of ours, or does more than call it."""
        tokens = self.tokens[1:] if self.is_call_block else self.tokens
        called = len(tokens) > 1 and tokens[0].text in MACROS and tokens[1].text == "("
        return tokens[0].text if called else ""

    @property
    def is_call_block(self) -> bool:
        """Whether the tag is `{% call … %}`."""
        return self.kind is TagKind.STATEMENT and self._name == "call"

    @property
    def ends_call_block(self) -> bool:
        """Whether the tag is `{% endcall %}`."""
        return self.kind is TagKind.STATEMENT and self._name == "endcall"

    @property
    def strips_blanks(self) -> bool:
        """Whether a sign in the tag, as in `{%- … -%}`, strips blanks or keeps them."""
        return self.inside - self.start > len("{%") or self.end - self.inside_end > len("%}")

    @property
    def _name(self) -> str:
        return self.tokens[0].text if self.tokens else ""


@dataclass(frozen=True)
class CallArgument:
    """A literal that a call gives: its key, empty if it has none, and its place in the page."""

    key: str
    value: object
    start: int
    end: int


@dataclass(frozen=True)
class SourceCall:
    """A call of a macro with literals only. `start` to `end` is its tag, `paren` where its `(` is.

    `body` is what a call block binds: where its text begins and ends. `is_plain` says that the tag holds
    nothing but the call, and strips no blanks.
    """

    name: str
    arguments: tuple[CallArgument, ...]
    start: int
    end: int
    paren: int
    body: tuple[int, int] | None = None
    is_plain: bool = False

    @property
    def values(self) -> tuple[object, ...]:
        """The arguments that are given without a key."""
        return tuple(argument.value for argument in self.arguments if not argument.key)

    @property
    def named(self) -> tuple[tuple[str, object], ...]:
        """The arguments that are given by their keys."""
        return tuple((argument.key, argument.value) for argument in self.arguments if argument.key)

    @property
    def reference(self) -> str:
        """The call as problems name it."""
        return str(Call(self.name, self.values, self.named))

    def argument(self, key: str, position: int) -> CallArgument | None:
        """Return the argument `key`, which may stand without its key at `position`, counted from 0."""
        unnamed = [argument for argument in self.arguments if not argument.key]
        named = next((argument for argument in self.arguments if argument.key == key), None)
        return named or (unnamed[position] if position < len(unnamed) else None)


def read_tags(text: str, begin: int = 0) -> list[Tag]:
    """Return the tags of a page from `begin` on. `text` has LF as its only line end."""
    tags: list[Tag] = []
    with suppress(TemplateSyntaxError):
        tags.extend(_lex(text, begin))
    return tags


def _lex(text: str, begin: int) -> Iterator[Tag]:
    """Yield the tags of a page; raise TemplateSyntaxError where Jinja's lexer does."""
    kind, start, inside, end = TagKind.RAW, 0, 0, begin
    tokens: list[TagToken] = []
    is_open = False
    for _line, token, value in _LEXER.lex(text[begin:]):
        at = text.index(value, end)  # blanks that `{%-` strips are in no token
        end = at + len(value)
        name, _, edge = token.rpartition("_")
        if edge == "begin":
            kind, start, inside, tokens, is_open = TagKind(name), at, end, [], True
        elif edge == "end":
            yield Tag(kind, start, end, inside, at, tokens)
            tokens, is_open = [], False
        elif token != "whitespace":  # noqa: S105 # a kind of token
            tokens.append(TagToken(token, value, at))
    if is_open:
        raise TemplateSyntaxError("a tag is not closed", text.count("\n", 0, start) + 1)


def read_calls(tags: Sequence[Tag]) -> list[SourceCall]:
    """Return the calls of macros in `tags`, in order. Calls with computed values are left out."""
    calls = []
    bodies = _bodies(tags)
    for tag in tags:
        body = bodies.get(tag.start)
        for index, token in enumerate(tag.tokens):
            if token.text not in MACROS or not _is_called(tag.tokens, index):
                continue
            close = _next_bracket(tag.tokens, index + 2)
            arguments = _arguments(tag.tokens[index + 2 : close]) if tag.tokens[close].text == ")" else None
            if arguments is not None:
                paren = tag.tokens[index + 1].start
                is_plain = (
                    index == tag.is_call_block and close == len(tag.tokens) - 1 and not tag.strips_blanks
                )
                calls.append(SourceCall(token.text, arguments, tag.start, tag.end, paren, body, is_plain))
    return calls


def plain_calls(text: str) -> list[SourceCall] | None:
    """Return the calls of a page whose Jinja is plain calls alone; None for any other page."""
    try:
        tags = list(_lex(text, 0))
    except TemplateSyntaxError:
        return None
    calls = [call for call in read_calls(tags) if call.is_plain and _takes_jinja(call.arguments)]
    bodies = [call.body for call in calls if call.body]
    ends = [tag for tag in tags if tag.ends_call_block and not tag.strips_blanks]
    nested = any(first[1] > second[0] for first, second in pairwise(bodies))
    is_plain = len(calls) + len(ends) == len(tags) and len(bodies) == len(ends) and not nested
    return calls if is_plain else None


def check_tokens(text: str) -> None:
    """Raise SandboxError for too much Jinja, a number that is too long, and a comment in a comment.

    Where the lexer finds a mistake, parsing reports it, or another one before it.
    """
    with suppress(TemplateSyntaxError):
        for number, (line, kind, token) in enumerate(_LEXER.lex(text)):
            if number >= MOST_TOKENS:
                what = f"its Jinja has more than {MOST_TOKENS} words and signs"
                raise SandboxError(what, "show less on one page", line=line)
            if kind in {"integer", "float"} and len(token) > MOST_DIGITS:
                what = f"the number has too many digits: {len(token)}"
                raise SandboxError(what, f"write at most {MOST_DIGITS}", line=line)
            if kind == "comment" and COMMENT_START in token:
                raise SandboxError("a comment has another one in it", "close the first by #}", line=line)


def _takes_jinja(arguments: Sequence[CallArgument]) -> bool:
    """Return whether Jinja takes arguments in this order: keys at the end, each of them once."""
    keys = [argument.key for argument in arguments]
    named = [key for key in keys if key]
    return keys[len(keys) - len(named) :] == named and len(named) == len(set(named))


def _is_called(tokens: Sequence[TagToken], index: int) -> bool:
    """Return whether the name at `index` is followed by `(`, and is neither an attribute nor a definition."""
    before = tokens[index - 1].text if index else ""
    after = tokens[index + 1].text if index + 1 < len(tokens) else ""
    return tokens[index].kind == "name" and after == "(" and before not in {".", "|", "is", "macro"}


def _bodies(tags: Sequence[Tag]) -> dict[int, tuple[int, int]]:
    """Return where the text between each `{% call … %}` and its `{% endcall %}` is, by the tag's start."""
    bodies, opened = {}, list[Tag]()
    for tag in tags:
        if tag.is_call_block:
            opened.append(tag)
        elif tag.ends_call_block and opened:
            begin = opened.pop()
            bodies[begin.start] = begin.end, tag.start
    return bodies


def _next_bracket(tokens: Sequence[TagToken], begin: int) -> int:
    """Return the index of the first bracket from `begin` on: `)`, if the arguments of a call are literals."""
    brackets = (
        index
        for index in range(begin, len(tokens))
        if tokens[index].kind == "operator" and tokens[index].text in _BRACKETS
    )
    return next(brackets, len(tokens) - 1)


def _arguments(tokens: Sequence[TagToken]) -> tuple[CallArgument, ...] | None:
    """Return the arguments between the parentheses of a call; None if one of them is no literal."""
    arguments = []
    parts: list[list[TagToken]] = [[]]
    for token in tokens:
        if token.text == "," and token.kind == "operator":
            parts.append([])
        else:
            parts[-1].append(token)
    for part in parts if parts[-1] else parts[:-1]:
        argument = _argument(part)
        if argument is None:
            return None
        arguments.append(argument)
    return tuple(arguments)


def _argument(part: Sequence[TagToken]) -> CallArgument | None:
    """Return the argument that is `part`: a literal, or a key, `=` and a literal."""
    key = ""
    if len(part) > 2 and part[0].kind == "name" and part[1].text == "=":  # noqa: PLR2004 # key, sign, value
        key, part = part[0].text, part[2:]
    sign = 1
    if len(part) == 2 and part[0].text == "-" and part[1].kind in {"integer", "float"}:  # noqa: PLR2004
        sign, part = -1, part[1:]
    if len(part) != 1:
        return None
    (token,) = part
    end = token.start + len(token.text)
    if token.kind == "name" and token.text in _NAMED_LITERALS:
        return CallArgument(key, _NAMED_LITERALS[token.text], token.start, end)
    if token.kind not in _LITERALS:
        return None
    try:
        (read,) = _LEXER.lexer.wrap([(1, token.kind, token.text)])
    except (TemplateSyntaxError, ValueError):  # an escape that is none, or too many digits
        return None
    value: object = read.value
    if isinstance(value, str) and not is_encodable(value):
        return None
    return CallArgument(
        key, -value if sign < 0 and isinstance(value, int | float) else value, token.start, end
    )
