"""The compact form of a report: what the course sheet asks for, each file with the sentence before it.

A page of a report shows much more than a sheet asks for. Its compact form has the title, what the page says
before its first section, the first lines of each file that the sheet names, and the sections that answer in
prose.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from labreport.report.export.markdown import PlainLine, dash
from labreport.report.pages.headings import heading_text
from labreport.report.problems import Problem
from labreport.report.source.cite import Block
from labreport.report.source.slices import Range, Slice

MOST_LINES = 15
"""The lines of a file that are quoted."""

ANY_SECTION = 2
"""The level of the headings below a page's title."""

_ITEM = re.compile(r"\s*(?:[-*+]|[0-9]+[.)])\s")


@dataclass(frozen=True)
class Asked:
    """What a sheet asks for: the evidence files that it names, and the sections that answer in prose.

    `sections` are texts of headings, each with the page's path below docs/. No `files` means every file that
    a page shows. `problems` are those of the files that say so.
    """

    files: frozenset[str] = frozenset()
    sections: frozenset[tuple[str, str]] = frozenset()
    problems: tuple[Problem, ...] = ()

    def answers(self, page: str, title: str) -> bool:
        """Return whether a section of a page, whose heading is `title`, is one that answers in prose."""
        text = heading_text(title.strip().lstrip("#").strip())
        return any(page == path and text == dash(heading) for path, heading in self.sections)

    def names(self, path: str) -> bool:
        """Return whether the sheet names an evidence file."""
        return path in self.files if self.files else bool(path)


@dataclass(frozen=True)
class ShownPart:
    """What a block shows: the `path` of its evidence, or the files that a chart is drawn from.

    Both are empty for a table.
    """

    path: str = ""
    pictured: tuple[str, ...] = ()


Shows = Callable[[str], Sequence[ShownPart]]
"""Returns what each block in a line shows."""


def compact(lines: Sequence[PlainLine], asked: Asked, page: str, shows: Shows) -> Iterator[PlainLine]:
    """Yield the lines of a page's compact form."""
    chosen = _Chosen(asked, page, shows)
    for group in _groups(lines):
        yield from chosen.heading(group) if group[0].level else chosen.paragraph(group)
    yield from chosen.last()


class _Chosen:
    """Chooses the lines of a page's compact form, a heading or a paragraph at a time.

    `_prose` is the level of the section that is kept in prose, 0 for none: the text below the title is.
    `_before` is the last paragraph: what follows decides whether it is kept.
    """

    def __init__(self, asked: Asked, page: str, shows: Shows) -> None:
        self._asked, self._page, self._shows = asked, page, shows
        self._prose = 1
        self._before: list[PlainLine] = []
        self._taken: set[str] = set()

    def heading(self, lines: list[PlainLine]) -> Iterator[PlainLine]:
        """Yield the paragraph before a heading, and the heading, if they are kept."""
        yield from self.last()
        level = lines[0].level
        if not level > self._prose >= ANY_SECTION:
            is_kept = level == 1 or self._asked.answers(self._page, lines[0].text)
            self._prose = level if is_kept else 0
        if self._prose:
            yield from _spaced(lines)

    def paragraph(self, lines: list[PlainLine]) -> Iterator[PlainLine]:
        """Yield a paragraph with blocks and the one before it, as far as they are kept; else remember it."""
        parts = [part for line in lines for part in self._shows(line.text)]
        if not parts:
            if _introduces(self._before) and _introduces(lines):
                lines = [*self._before, PlainLine(""), *lines]  # both introduce what follows
            else:
                yield from self.last()
            is_text = not (lines[0].is_code or lines[0].holds_no_block)
            self._before = lines if is_text or self._prose else []
            return
        wanted = {part.path for part in parts if self._asked.names(part.path)} - self._taken
        if self._prose >= ANY_SECTION:
            wanted = set()
        has_picture = any(self._is_wanted(part) for part in parts)
        if self._prose and not _introduces(self._before):
            yield from self.last()
        elif (wanted or has_picture) and all(self._shows(line.text) for line in lines):
            yield from _spaced(_item(self._before))
        self._before = []
        self._taken |= wanted
        if self._prose or wanted or has_picture:
            yield from _spaced([line for line in lines if self._is_kept(line, wanted)])

    def last(self) -> Iterator[PlainLine]:
        """Yield the last paragraph if it is in a section that is kept in prose."""
        if self._prose:
            yield from _spaced(self._before)
        self._before = []

    def _is_kept(self, line: PlainLine, wanted: set[str]) -> bool:
        parts = self._shows(line.text)
        return not parts or any(part.path in wanted or self._is_wanted(part) for part in parts)

    def _is_wanted(self, part: ShownPart) -> bool:
        """Return whether a part is a chart: of a file that the sheet names, or in text that is kept."""
        return any(self._prose or self._asked.names(path) for path in part.pictured)


def _introduces(paragraph: Sequence[PlainLine]) -> bool:
    """Return whether a paragraph only introduces the block after it."""
    return bool(paragraph) and paragraph[-1].text.rstrip().endswith((":", "**"))


def _spaced(lines: Sequence[PlainLine]) -> Iterator[PlainLine]:
    """Yield lines, each paragraph and each item of a list in one line, and an empty line after them."""
    joined: list[PlainLine] = []
    for line in lines:
        goes_on = joined and joined[-1].text.strip() and line.text.strip() and not _ITEM.match(line.text)
        if goes_on and not (line.is_code or line.holds_no_block):
            joined[-1] = replace(joined[-1], text=f"{joined[-1].text.rstrip()} {line.text.strip()}")
        else:
            joined.append(line)
    if joined:
        yield from (*joined, PlainLine(""))


def _groups(lines: Sequence[PlainLine]) -> Iterator[list[PlainLine]]:
    """Yield the runs of lines between blank lines; a heading, and code with its blank lines, is one."""
    for _key, run in groupby(lines, key=lambda line: (line.is_code, line.level, bool(line.text.strip()))):
        group = list(run)
        if group[0].text.strip() or group[0].is_code:
            yield group


def _item(paragraph: Sequence[PlainLine]) -> list[PlainLine]:
    """Return a paragraph as an item of a list, as reports have it before a quoted file."""
    if not paragraph or _ITEM.match(paragraph[0].text):
        return list(paragraph)
    return [
        replace(line, text=f"{'  ' if number else '- '}{line.text.strip()}")
        for number, line in enumerate(paragraph)
    ]


def shortened(block: Block) -> Block:
    """Return a block with its first MOST_LINES lines."""
    lines = block.slice.data.split(b"\n")
    if len(lines) <= MOST_LINES or (len(lines) == MOST_LINES + 1 and not lines[-1]):
        return block
    start = block.slice.range.start
    cut = Slice(Range(start, start + MOST_LINES - 1), b"\n".join(lines[:MOST_LINES]) + b"\n")
    return replace(block, slice=cut)
