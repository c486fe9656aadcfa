"""The source of a page: its text, where its lines begin, its tags, headings, and what a reader sees of it."""

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from labreport.report.pages.mask import BOUND, FENCE, INLINE_CODE, INVISIBLE, masked
from labreport.report.pages.render import FRONT_MATTER
from labreport.report.pages.tags import SourceCall, Tag, calls, tags
from labreport.report.source.cite import lab_of

_HEADING = re.compile(r"^(#{1,6})[ \t]+(.*?)[ \t]*$", re.MULTILINE)
_OWN_ID = re.compile(r"\{[^}]*#([\w:.-]+)[^}]*\}[ \t]*$")


@dataclass(frozen=True)
class Heading:
    """A heading: its level, its text as it is read, the id that its author gave, and its line."""

    level: int
    text: str
    own_id: str
    line: int


@dataclass(frozen=True)
class PageSource:
    """A page's path below docs/ and its text, with the line ends that it has."""

    path: str
    text: str

    @property
    def file(self) -> str:
        """The page's path from the project's root."""
        return f"docs/{self.path}"

    @property
    def lab(self) -> str:
        """The lab that the page belongs to; empty outside docs/labs/LAB/."""
        return lab_of(self.path)

    @cached_property
    def begin(self) -> int:
        """Where the text after the front matter begins."""
        found = FRONT_MATTER.match(self.text.removeprefix("\ufeff"))
        return found.end() + self.text.startswith("\ufeff") if found else 0

    @cached_property
    def tags(self) -> list[Tag]:
        """Jinja's tags, in order."""
        return list(tags(self.text, self.begin))

    @cached_property
    def calls(self) -> list[SourceCall]:
        """The calls of macros whose values are literals, in order."""
        return calls(self.tags)

    @cached_property
    def claims(self) -> list[SourceCall]:
        """The claims among the calls."""
        return calls(self.tags, ("claim",))

    @cached_property
    def masked(self) -> str:
        """The text that a reader sees, the rest masked: as long as `text`."""
        return masked(self.text, self.begin, self.tags)

    @cached_property
    def headings(self) -> list[Heading]:
        """The headings, in order; none in code."""
        found = []
        for one in _HEADING.finditer(self.text, self.begin):
            if self.masked[one.start()] == FENCE:
                continue
            own = _OWN_ID.search(one[2])
            text = _read(self.text, self.masked, one.start(2), one.end(2))
            found.append(Heading(len(one[1]), text, own[1] if own else "", self.place(one.start())[0]))
        return found

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(found.end() for found in re.finditer("\n", self.text))]

    def place(self, offset: int) -> tuple[int, int]:
        """Return the line and the column of a place in the text, both 1-based."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def call_near(self, line: int, reference: str) -> SourceCall | None:
        """Return the call that a build names so, the nearest to `line`; None if its values are computed."""
        alike = [one for one in self.calls if f"{reference} ".startswith(f"{one.reference} ")]
        return min(alike, key=lambda one: abs(self.place(one.start)[0] - line), default=None)


def _read(text: str, mask: str, start: int, end: int) -> str:
    """Return a stretch of text as it is read: code without its marks, no other markup."""
    kept = [
        char if mark == INLINE_CODE else mark
        for char, mark in zip(text[start:end], mask[start:end], strict=True)
        if mark not in {BOUND, INVISIBLE} and not (mark == INLINE_CODE and char == "`")
    ]
    return " ".join("".join(kept).split())


def read_page(docs: Path, path: Path) -> PageSource:
    """Return a page of docs/; raise UnicodeDecodeError if it is not UTF-8."""
    return PageSource(path.relative_to(docs).as_posix(), path.read_bytes().decode("utf-8"))
