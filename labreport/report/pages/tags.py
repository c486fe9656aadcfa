"""Jinja's tags and the macros' calls in the source of a page, each with its place."""

import ast
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from labreport.report.pages.macros import MACROS, Call

_TEXT = r"""(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""
TEXT = re.compile(_TEXT, re.DOTALL)
"""A text in quotes, as an expression has it."""
_TAG = re.compile(
    r"(?P<raw>\{%[-+]?\s*raw\s*[-+]?%\}(?P<rawtext>.*?)\{%[-+]?\s*endraw\s*[-+]?%\})"
    r"|(?P<comment>\{\#.*?\#\})"
    rf"|\{{\{{(?P<expression>(?:{_TEXT}|[^\"'}}]|\}}(?!\}}))*)\}}\}}"
    rf"|\{{%(?P<statement>(?:{_TEXT}|[^\"'%]|%(?!\}}))*)%\}}",
    re.DOTALL,
)
_CALLED = re.compile(r"[-+]?\s*(?:call\s+)?([A-Za-z_]\w*)\s*\(")


class TagKind(StrEnum):
    """What a tag is."""

    RAW = "raw"
    COMMENT = "comment"
    EXPRESSION = "expression"
    STATEMENT = "statement"


@dataclass(frozen=True)
class Tag:
    """A tag, `start` to `end` in the source; `text` is what is in it, and begins at `inside`."""

    kind: TagKind
    start: int
    end: int
    text: str
    inside: int

    @property
    def macro(self) -> str:
        """The macro that it calls; empty where it calls none of ours."""
        found = None if self.kind in {TagKind.RAW, TagKind.COMMENT} else _CALLED.match(self.text)
        return found[1] if found and found[1] in MACROS else ""


@dataclass(frozen=True)
class Argument:
    """A value that a call gives: its key, empty where it has none, and its place in the source."""

    key: str
    value: object
    start: int
    end: int


@dataclass(frozen=True)
class SourceCall:
    """A macro's call with literal values; `start` to `end` is its tag, `body` what a call block holds."""

    name: str
    arguments: tuple[Argument, ...]
    start: int
    end: int
    body: tuple[int, int] | None = None

    @property
    def reference(self) -> str:
        """The call as problems name it."""
        plain = tuple(one.value for one in self.arguments if not one.key)
        return str(Call(self.name, plain, tuple((one.key, one.value) for one in self.arguments if one.key)))

    def argument(self, key: str, position: int) -> Argument | None:
        """Return the argument `key`, which may stand without it at `position`, from 0."""
        unnamed = [one for one in self.arguments if not one.key]
        named = next((one for one in self.arguments if one.key == key), None)
        return named or (unnamed[position] if position < len(unnamed) else None)


def tags(source: str, since: int = 0) -> Iterator[Tag]:
    """Yield the tags of a page, from the place `since` on; what is in a raw one is no tag."""
    for found in _TAG.finditer(source, since):
        kind = TagKind(found.lastgroup or "")
        inner = "rawtext" if kind is TagKind.RAW else kind.value
        yield Tag(kind, found.start(), found.end(), found[inner], found.start(inner))


def calls(found: list[Tag], macros: Collection[str] = tuple(MACROS)) -> list[SourceCall]:
    """Return the calls of `macros` among the tags of a page, without those whose values are computed."""
    several = []
    for number, tag in enumerate(found):
        if tag.macro not in macros:
            continue
        arguments = _arguments(tag)
        if arguments is not None:
            body = _body(tag, found[number + 1 :]) if tag.kind is TagKind.STATEMENT else None
            several.append(SourceCall(tag.macro, arguments, tag.start, tag.end, body))
    return several


def _body(tag: Tag, following: list[Tag]) -> tuple[int, int] | None:
    """Return where the text between `{% call … %}` and `{% endcall %}` begins and ends."""
    for one in following:
        if one.kind is TagKind.STATEMENT and one.text.strip(" \t\n-+") == "endcall":
            return tag.end, one.start
    return None


def _arguments(tag: Tag) -> tuple[Argument, ...] | None:
    """Return the values of the call in a tag; None if they are not all literals, or it is no call alone."""
    begin = tag.text.index(tag.macro)
    text = tag.text[begin:].rstrip(" \t\r\n-+")
    try:
        tree = ast.parse(f"(\n{text}\n)", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not isinstance(tree, ast.Call):
        return None
    place = _Places(text, tag.inside + begin)
    given = [("", one) for one in tree.args] + [(one.arg or "**", one.value) for one in tree.keywords]
    if not all(isinstance(one, ast.Constant) for _key, one in given):
        return None
    return tuple(Argument(key, one.value, *place.of(one)) for key, one in given)  # type: ignore[attr-defined] # all are Constant


@dataclass(frozen=True)
class _Places:
    """From Python's lines and byte columns to places in the source; `text` begins there at `start`."""

    text: str
    start: int

    def of(self, node: ast.expr) -> tuple[int, int]:
        """Return where a node begins and ends."""
        return self._at(node.lineno, node.col_offset), self._at(
            node.end_lineno or node.lineno, node.end_col_offset or 0
        )

    def _at(self, line: int, column: int) -> int:
        lines = self.text.split("\n")[: line - 1]
        before = "".join(f"{one}\n" for one in lines[:-1])
        return self.start + len(before) + len(lines[-1].encode()[:column].decode(errors="ignore"))
