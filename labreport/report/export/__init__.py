"""A lab as one plain Markdown file."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath

from labreport.report.export.beside import FilesBeside, put_chart
from labreport.report.export.compact import Asked, ShownPart, compact, shortened
from labreport.report.export.markdown import (
    PlainLine,
    block_reference,
    code,
    dash,
    figure_markdown,
    heading_words,
    image_markdown,
    markdown_of,
    plain_lines,
    words,
)
from labreport.report.images import EvidenceImage
from labreport.report.pages.calls import CallResult, inline_text, without_table
from labreport.report.pages.context import LateTable, Shown
from labreport.report.pages.render import RenderedPage, RenderPass, SitePages
from labreport.report.pages.slots import SlotKind
from labreport.report.pages.source import PageSource
from labreport.report.problems import Problem
from labreport.report.source.cite import LABS, Block, Gap
from labreport.report.tables import Figure, Table

_MARKER = re.compile(r"(\s*)((?:[-*+]|[0-9]+[.)])\s+)?(.*)", re.DOTALL)


@dataclass(frozen=True)
class Exported:
    """A report, the problems that would fail a build, and the files beside it by their path from it."""

    title: str
    markdown: str
    problems: tuple[Problem, ...]
    files: Mapping[str, bytes]


def export(  # noqa: PLR0913, PLR0917 # what a report is made of
    site: SitePages,
    lab: str,
    prefix: str,
    late_table: Callable[[LateTable], Table | Problem],
    asked: Asked | None = None,
    folder: str = "",
) -> Exported:
    """Return the task pages of a lab as one report: in full, or the compact form with what is `asked`.

    `prefix` stands before each path in the info strings; `labs/<lab>/` if it is empty. `late_table` returns a
    table that needs all pages of a lab, such as its evidence coverage, or a problem. `folder` is where files
    beside the report belong; without it there are none, and words stand for them.
    """
    beside, late = FilesBeside(folder), cache(late_table)
    pages = RenderPass(site.docs, site.root / "evidence", values=site.values, code=site.root)
    tasks = task_pages(site.pages, lab)
    exported = {"", *(page.path for page in tasks)}
    for problem in (*site.problems, *(asked.problems if asked else ())):
        if problem.path in exported:
            pages.add(problem)
    title = _title(site.pages, lab)
    lines = [f"## {heading_words(title)}", ""]
    for source in tasks:
        page = pages.render(source)
        pages.check_page(page, site.html)
        for call in page.calls:
            if isinstance(call.shown, LateTable) and isinstance(made := late(call.shown), Problem):
                for problem in without_table(call, made)[1]:
                    pages.add(problem)
        lines += [*_PageExport(pages, page, prefix or f"{LABS}/{lab}/", late, asked, beside).lines(), ""]
    if not tasks:
        what, remedy = f"{lab} has no page task-*.md", f"write {LABS}/{lab}/task-1.md"
        pages.add(Problem(f"docs/{LABS}/{lab}/", what, remedy))
    return Exported(title, "\n".join(lines).rstrip("\n") + "\n", tuple(pages.problems), beside.files)


def task_pages(pages: tuple[PageSource, ...], lab: str) -> list[PageSource]:
    """Return the task pages of a lab, `task-*`, in the order of their numbers."""

    def order(page: PageSource) -> tuple[float, str]:
        name = PurePosixPath(page.path).stem
        digits = name.removeprefix("task-")
        return (int(digits) if digits.isdecimal() else float("inf"), name)

    folder = PurePosixPath(LABS, lab)
    tasks = [page for page in pages if PurePosixPath(page.path).match(f"{folder}/task-*")]
    return sorted(tasks, key=order)


def _title(pages: tuple[PageSource, ...], lab: str) -> str:
    """Return the title of the report: that of the lab's overview, `Lab 12 — …`."""
    names = (f"{LABS}/{lab}/index", f"{LABS}/{lab}/README")
    overview = [page for page in pages if str(PurePosixPath(page.path).with_suffix("")) in names]
    headings = [heading for page in overview for heading in page.headings if heading.level == 1]
    title = dash(headings[0].text) if headings else ""
    number = re.fullmatch(r"lab([0-9]+)", lab)
    if number and not title.startswith(f"Lab {number[1]}"):
        title = f"Lab {number[1]} — {title or lab}"
    return title or lab


class _Lines:
    """Lines of Markdown, with an empty line before and after each block."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._after_block = False

    def text(self, line: str) -> None:
        """Add a line of text."""
        if self._after_block and line.strip():
            self.lines.append("")
        self.lines.append(line)
        self._after_block = False

    def block(self, text: str, indent: str) -> None:
        """Add the lines of a block, indented."""
        if self.lines and self.lines[-1]:
            self.lines.append("")
        self.lines += [indent + line for line in text.split("\n")]
        self._after_block = True


@dataclass(frozen=True)
class _PageExport:
    """The export of one page."""

    pages: RenderPass
    page: RenderedPage
    prefix: str
    late_table: Callable[[LateTable], Table | Problem]
    asked: Asked | None
    beside: FilesBeside

    def lines(self) -> list[str]:
        """Return the lines of the page, each slot replaced by what it stands for.

        A block stands on lines of its own, indented as its slot is. A table, a quote, a definition and a
        footnote cannot hold it: there a reference stands for it, and the block follows below.
        """
        out = _Lines()
        below: list[tuple[str, str]] = []
        for line in self._chosen():
            if below and not line.holds_no_block:
                for block, indent in below:
                    out.block(block, indent)
                below = []
            if line.is_code:
                out.text(self.pages.slots.without(line.text))
            elif line.holds_no_block:
                text, blocks = self._with_references(line.text)
                out.text(text)
                below += blocks
            else:
                self._add(line.text, out)
        for block, indent in below:
            out.block(block, indent)
        return out.lines

    def _chosen(self) -> Iterable[PlainLine]:
        """Return the page's lines, or those of its compact form."""
        lines = plain_lines(self.page.markdown, 2)
        if self.asked is None:
            return lines
        return compact(list(lines), self.asked, self.page.source.path, self._shows)

    def _shows(self, line: str) -> list[ShownPart]:
        """Return what each block in a line shows."""
        shown = (result for _text, result in self._split(line) if result)
        return [self._part(one.shown) if isinstance(one, CallResult) else ShownPart() for one in shown]

    def _part(self, shown: Shown) -> ShownPart:
        match shown:
            case Block(content=content) | EvidenceImage(block=Block(content=content)):
                return ShownPart(content.path)
            case Gap():
                return ShownPart(shown.path)
            case Figure(svgs=svgs) if svgs:
                return ShownPart(pictured=tuple(block.content.path for block in shown.blocks))
        return ShownPart()

    def _with_references(self, line: str) -> tuple[str, list[tuple[str, str]]]:
        """Return a line with a reference for each block, and the blocks, each with its indentation."""
        indent = line[: len(line) - len(line.lstrip(" "))]
        parts, blocks = [], []
        for text, result in self._split(line):
            parts.append(text)
            if result:
                parts.append(f"{self._reference(result)} (below)")
                blocks.append((self._markdown(result), indent))
        return "".join(parts), blocks

    def _add(self, line: str, out: _Lines) -> None:
        """Add a line, with each block in it on lines of its own."""
        parts = list(self._split(line))
        marker = _MARKER.match(parts[0][0])
        indent = marker[1] + " " * len(marker[2] or "") if marker and len(parts) > 1 else ""
        for number, (text, result) in enumerate(parts):
            if len(parts) == 1:
                out.text(text)
            elif text.strip():
                out.text(text.rstrip() if number == 0 else indent + text.strip())
            if result:
                out.block(self._markdown(result), indent)

    def _split(self, line: str) -> Iterator[tuple[str, CallResult | Problem | None]]:
        """Yield the text before each block in a line, with the block; then the rest of the line."""
        text, end = "", 0
        for slot in self.pages.slots.find(line):
            text += line[end : slot.start]
            end = slot.end
            result = self.page.result(slot)
            if slot.kind is SlotKind.BLOCK and result:
                yield text, result
                text = ""
            elif isinstance(result, CallResult):
                text += words(inline_text(result.shown, slot.kind))
        yield text + line[end:], None

    def _reference(self, result: CallResult | Problem) -> str:
        """Return what names a block in a line."""
        if isinstance(result, CallResult) and isinstance(result.shown, Block):
            return code(block_reference(result.shown, self.prefix))
        return code(result.reference if isinstance(result, Problem) else str(result.call))

    def _markdown(self, result: CallResult | Problem) -> str:
        """Return the Markdown of a block."""
        if isinstance(result, Problem):
            return markdown_of(result, self.prefix)
        shown = result.shown
        caption = f"**{result.label}.** {words(result.label.caption)}\n\n" if result.label else ""
        if isinstance(shown, LateTable):
            made = self.late_table(shown)
            if isinstance(made, Problem):
                made, _noted = without_table(result, made)
            return caption + markdown_of(made, self.prefix)
        if isinstance(shown, Figure) and shown.svgs:
            link = put_chart(self.beside, shown.svgs()[0], self.page.source.path, result.label)
            return caption + figure_markdown(shown, link, is_short=self.asked is not None)
        if isinstance(shown, EvidenceImage):
            link = self.beside.put(shown.block.path, shown.image.data)
            return caption + image_markdown(shown, self.prefix, link)
        if self.asked is not None and isinstance(shown, Block):
            shown = shortened(shown)
        return caption + markdown_of(shown, self.prefix)
