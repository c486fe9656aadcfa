"""The pages of a lab, made of somebody else's report: a page for each of its tasks, and one before them.

A page is Markdown with Jinja, and a report is Markdown of a stranger. So what would act in a page is made
text: braces of Jinja, HTML that is more than form, lists of attributes, and links that lead nowhere.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markdown_it.token import Token

from labreport.report.export.markdown import code
from labreport.report.imports import Decision
from labreport.report.imports.markup import Harmless
from labreport.report.imports.quotes import ImportedQuote, Quotes
from labreport.report.imports.text import ReportText
from labreport.report.pages.markdown import parse_blocks

_JINJA = re.compile(r"\{\{|\{%|\{# ")
DEEPEST = 6


@dataclass(frozen=True)
class ImportedPages:
    """The Markdown of each page by its file name, and what a person has to decide."""

    pages: dict[str, str]
    decisions: tuple[Decision, ...]


@dataclass(frozen=True)
class _ReportHeading:
    """A heading of the report: its first line, the line after it (both 0-based), its level, its text."""

    first: int
    after: int
    level: int
    text: str


def make_pages(lab: str, report: ReportText, quotes: Quotes) -> ImportedPages:
    """Return the pages: `index.md` with the report's title, and `task-N.md` for each section below it."""
    tokens = parse_blocks(report.text.replace("\r", " "), page=False)
    headings = list(_headings(tokens))
    title = headings[0] if headings and not any(map(str.strip, report.lines[: headings[0].first])) else None
    top = title.level if title else min((one.level for one in headings), default=1) - 1
    lines = _PageLines(report, quotes, {one.first: one for one in headings}, _code_lines(tokens), top)
    starts = [one.first for one in headings if one.level <= top + 1 and one is not title]
    begin = title.after if title else 0
    pages = {"index.md": _index(lab, report, quotes, title)}
    cuts = [begin, *starts, len(report.lines)]
    for number, (start, end) in enumerate(pairwise(cuts)):
        text = "\n".join(lines.page(start, end))
        if number or text.strip():
            pages[f"task-{number}.md"] = _page(text, number)
    if len(pages) == 1:
        pages["task-1.md"] = "\n"
    return ImportedPages(pages, tuple(lines.decisions))


def _page(text: str, number: int) -> str:
    """Return the text of a page. The empty line between two pages is not a part of either.

    The page before the first task begins with front matter, because its text could look like some.
    """
    body = text.strip("\n") if number == 0 else text
    body = body.removesuffix("\n")
    return f"---\ntitle: Before the tasks\n---\n\n{body}\n" if number == 0 else f"{body}\n"


def _index(lab: str, report: ReportText, quotes: Quotes, title: _ReportHeading | None) -> str:
    """Return the overview: the title, and what an import is."""
    heading = Harmless.title(title.text) if title else lab
    found, others = len(quotes.found), len(quotes.fences) - len(quotes.found)
    return (
        f"# {_jinja_as_text(heading)}\n\n"
        f'!!! warning "Imported, not captured here"\n\n'
        f"    This lab is the report {_jinja_as_text(code(report.name))}, imported with its evidence. Nothing"
        " here was measured by this project: host and time are unknown, and its values are compared with no"
        " others.\n"
        f"    {found} of its blocks are lines of the evidence. {others} are as the report has them.\n"
    )


def _headings(tokens: Sequence[Token]) -> Iterator[_ReportHeading]:
    """Yield the headings of a report that are in no quote and no list."""
    for token, content in pairwise(tokens):
        if token.type == "heading_open" and token.level == 0 and token.map:
            yield _ReportHeading(
                token.map[0], token.map[1], int(token.tag[1:]), " ".join(content.content.split())
            )


class _PageLines:
    """The lines of the pages, and the decisions that they need."""

    def __init__(
        self,
        report: ReportText,
        quotes: Quotes,
        headings: dict[int, _ReportHeading],
        code: set[int],
        top: int,
    ) -> None:
        self._report = report
        self._headings = headings
        self._top = top
        self._quotes = {quote.fence.first - 1: quote for quote in quotes.found if _can_stand(report, quote)}
        self._verbatim = _verbatim_lines(report, quotes)
        self._code = code
        self.decisions: list[Decision] = []

    def page(self, start: int, end: int) -> list[str]:
        """Return the lines of a page that is made of the lines `start` to `end` of the report."""
        made: list[str] = []
        number = start
        while number < end:
            line = self._report.lines[number]
            if quote := self._quotes.get(number):
                made.append(_call(line, quote))
                number = quote.fence.last
            elif heading := self._headings.get(number):
                made.append(_jinja_as_text(self._harmless(_as_heading(heading, self._top), number)))
                number = heading.after
            else:
                made.append(_jinja_as_text(self._harmless(line, number)))
                number += 1
        return made

    def _harmless(self, line: str, number: int) -> str:
        if number in self._verbatim:
            return line
        harmless = Harmless(line, is_code=number in self._code)
        self.decisions += [
            Decision(kind, self._report.name, number + 1, what) for kind, what in harmless.notes
        ]
        return harmless.text


def _can_stand(report: ReportText, quote: ImportedQuote) -> bool:
    """Return whether a fence begins its line, so that a call can take its place."""
    line = report.lines[quote.fence.first - 1]
    return line.lstrip(" ").startswith(("```", "~~~"))


def _verbatim_lines(report: ReportText, quotes: Quotes) -> set[int]:
    """Return the lines of fences that no parser reads in another way: those that are not indented."""
    lines: set[int] = set()
    for fence in quotes.fences:
        if report.lines[fence.first - 1].startswith(("```", "~~~")):
            lines |= set(range(fence.first - 1, fence.last))
    return lines


def _code_lines(tokens: Sequence[Token]) -> set[int]:
    """Return all lines of code."""
    lines: set[int] = set()
    for token in tokens:
        if token.type in {"fence", "code_block"} and token.map:
            lines |= set(range(*token.map))
    return lines


def _call(line: str, quote: ImportedQuote) -> str:
    """Return the call that shows a quote, indented as its fence is."""
    indent = line[: len(line) - len(line.lstrip(" "))]
    path = quote.path.replace('"', '\\"')
    return f'{indent}{{{{ evidence("{path}", lines="{quote.lines}") }}}}'


def _as_heading(heading: _ReportHeading, top: int) -> str:
    level = min(max(heading.level - top, 1), DEEPEST)
    return f"{'#' * level} {heading.text}"


def _jinja_as_text(line: str) -> str:
    """Return a line in which Jinja finds nothing to do, but for what writes its own braces.

    >>> _jinja_as_text("{{ x }}")
    '{{ "{{" }} x }}'
    """
    return _JINJA.sub(lambda found: f'{{{{ "{found[0]}" }}}}', line)
