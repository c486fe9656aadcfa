"""The pages of a lab as one plain Markdown report, in the form in which such reports are handed in.

Each block is a fence whose info string is `start:end:path`. A fence gives the last line a line feed even
where the file has none there; who reads the report back against the file knows, since it is the file's last
line. Write it as it is: no line end may be changed.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from labreport.report.export.markdown import (
    block_markdown,
    fault_markdown,
    fence,
    figure_markdown,
    gap_markdown,
    runs_markdown,
    table_markdown,
    words,
)
from labreport.report.pages.flatten import dash, fill_line, plain
from labreport.report.pages.macros import Covered
from labreport.report.pages.render import render
from labreport.report.pages.source import read_page
from labreport.report.problems import Problem
from labreport.report.source.cite import LABS, Block, Gap
from labreport.report.source.difference import Difference, unified
from labreport.report.tables.table import Figure, Table
from labreport.site.build import Build
from labreport.site.html.blocks import BlockLevel
from labreport.site.slots import Inline


@dataclass(frozen=True)
class Exported:
    """A report and what a build would fail on."""

    markdown: str
    problems: tuple[Problem, ...]


def export(root: Path, lab: str, prefix: str = "") -> Exported:
    """Return the task pages of `lab` in the project `root` as one report.

    `prefix` stands before each path in the fences' info strings; `labs/<lab>/` if it is empty.
    """
    build = markdown_build(root, prefix or f"{LABS}/{lab}/")
    folder = build.docs / LABS / lab
    parts = [_title(folder, lab)]
    for path in task_pages(folder):
        parts += [*plain(render(build, path), 2), ""]
    if len(parts) == 1:
        what, remedy = f"{lab} has no page task-*.md", f"write {LABS}/{lab}/task-1.md"
        build.add(Problem(f"docs/{LABS}/{lab}/", what, remedy))
    return Exported(build.slots_filled("\n".join(parts).rstrip("\n") + "\n"), tuple(build.problems))


class MarkdownBuild(Build):
    """A build whose pages come out as Markdown."""

    prefix = ""

    def html(self, shown: BlockLevel | Covered) -> str:
        """Return the Markdown of a block."""
        if isinstance(shown, Covered):  # this page is not whole yet: another build reads it, and the others
            return table_markdown(Build(self.root, self.docs, self.here).covered(shown.lab))
        return markdown_of(shown, self.prefix)

    def inline(self, inline: Inline) -> Inline:
        """Return what stands in a sentence as Markdown."""
        return Inline("", words(inline.text))

    def slots_filled(self, text: str) -> str:
        """Return `text` with every slot replaced by its block, indented as the slot is."""
        filled: list[str] = []
        after_block = False
        for line in self.slots.as_text(text).split("\n"):
            block = fill_line(line, self.slots)
            if (block or after_block) and filled[-1:] != [""] and line.strip():
                filled.append("")
            filled += block or [line]
            after_block = bool(block)
        return "\n".join(filled)


def markdown_build(root: Path, prefix: str = "") -> MarkdownBuild:
    """Return a build of the project `root` that makes Markdown."""
    build = MarkdownBuild(root, root / "docs")
    build.prefix = prefix
    return build


def markdown_of(shown: BlockLevel, prefix: str) -> str:  # noqa: PLR0911 - one a kind
    """Return the Markdown of a block."""
    match shown:
        case Block():
            return block_markdown(shown, prefix)
        case Gap():
            return gap_markdown(shown)
        case Problem():
            return fault_markdown(shown)
        case Table():
            return table_markdown(shown)
        case Figure():
            return figure_markdown(shown)
        case Difference():
            return fence("diff", unified(shown))
        case _:
            return runs_markdown(shown)


def task_pages(folder: Path) -> list[Path]:
    """Return the task pages of a lab, in the order of their numbers."""

    def number(path: Path) -> tuple[int, str]:
        digits = path.stem.removeprefix("task-")
        return (int(digits) if digits.isdecimal() else 10**9, path.stem)

    return sorted(folder.glob("task-*.md"), key=number)


def _title(folder: Path, lab: str) -> str:
    """Return the report's heading: the overview's, `Lab 12 — …`."""
    overview = folder / "index.md"
    headings = read_page(overview.name, overview.read_bytes()).headings if overview.is_file() else []
    title = next((dash(heading.text) for heading in headings if heading.level == 1), "")
    number = re.fullmatch(r"lab([0-9]+)", lab)
    if number and not title.startswith(f"Lab {number[1]}"):
        title = f"Lab {number[1]} — {title or lab}"
    return f"## {title or lab}\n"
