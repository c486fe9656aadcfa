"""One build of the site: the render pass, and the HTML of what its pages show."""

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labreport.report.facts.claims import Claim, InlineValue
from labreport.report.pages.calls import CallResult, inline_text
from labreport.report.pages.context import Covered, LateTable, Required
from labreport.report.pages.look_alikes import is_too_deep
from labreport.report.pages.render import RenderedPage, RenderPass
from labreport.report.pages.slots import Slot, SlotKind
from labreport.report.pages.source import PageSource, read_page
from labreport.report.problems import Problem
from labreport.report.tables import Table
from labreport.report.today import today
from labreport.site.html.blocks import (
    after_claim_html,
    banner_html,
    before_claim_html,
    html_of,
    inline_problem_html,
    moments,
    problem_html,
    table_html,
    value_html,
)
from labreport.site.html.environment import LateHtml

if TYPE_CHECKING:
    from labreport.check.lab import LabPages


@dataclass
class Build:
    """One build. `files` are the pages of the site: where each is on disk, by its path below docs/."""

    root: Path
    rendering: RenderPass
    files: Mapping[str, Path] = field(default_factory=dict)
    late: LateHtml = field(default_factory=LateHtml)
    _sources: dict[str, PageSource] = field(default_factory=dict)
    _rendered: dict[str, RenderedPage] = field(default_factory=dict)
    _lab_pages: dict[str, "LabPages"] = field(default_factory=dict)

    def read(self, path: str, data: bytes) -> str:
        """Return the text of the page at `path`, which has the bytes `data`.

        Front matter that is refused is not handed on to mkdocs, whose own parser it could end: the text then
        begins with an empty line, so that mkdocs looks for none.
        """
        source = self._sources[path] = read_page(path, data)
        return f"\n{source.markdown}" if source.meta.wrong and source.begin else source.text

    def render(self, path: str, markdown: str, meta: MutableMapping[str, Any]) -> str:
        """Return the Markdown of a page with a slot for each call; `markdown` has no front matter.

        What mkdocs or its theme would fail at is taken out of the front matter, `meta`.
        """
        for key in self._sources[path].meta.unusable:
            meta.pop(key, None)
        self._rendered[path] = self.rendering.render(self._sources[path], markdown)
        return self._rendered[path].markdown

    def drop(self, path: str, key: str, meta: MutableMapping[str, Any], remedy: str) -> None:
        """Take a key out of the front matter of a page, `meta`, and note that its value is a problem."""
        what = f"{key} is {meta.pop(key)!r}, which the theme does not have"
        self.rendering.add(Problem("front matter", what, remedy, path, 1))

    def finish(self, path: str, up: str, html: str) -> str:
        """Return the HTML of a page with every slot filled, and on top the banner and what is wrong.

        `up` leads from the page to the site's root.
        """
        page = self._rendered[path]
        notes = self.rendering.check_html(page, html)
        filled = "" if is_too_deep(html) else self._fill(page, up, html)
        boxes = "".join(problem_html(_with_line(note)) for note in notes)
        top = banner_html(moments(result.shown for result in page.calls)) + boxes
        head, end, rest = filled.partition("</h1>")
        return f"{head}{end}{top}{rest}" if end else f"{top}{filled}"

    def write(self, html: str) -> str:
        """Return a page as it is written: with what the search must not index.

        A theme repeats headings; the slots of values in them, which are problems, are taken out.
        """
        return self.late.fill_late(self.rendering.slots.without_values(html))

    def _fill(self, page: RenderedPage, up: str, html: str) -> str:
        parts, end = [], 0
        for slot in self.rendering.slots.find_placed(html):
            parts.append(self.rendering.slots.without(html[end : slot.start]))
            end = slot.end
            if result := page.result(slot):
                parts.append(self._html(result, slot, up))
        return "".join([*parts, self.rendering.slots.without(html[end:])])

    def _html(self, result: CallResult | Problem, slot: Slot, up: str) -> str:  # noqa: PLR0911 # one a kind
        """Return the HTML of what a slot stands for."""
        if isinstance(result, Problem):
            return problem_html(_with_line(result))
        if slot.as_text:
            return escape(inline_text(result.shown, slot.kind))
        match result.shown:
            case InlineValue() as value:
                return value_html(value, self.late, up, slot.number)
            case Claim() as claim if slot.kind is SlotKind.BEFORE:
                return before_claim_html(claim, self.late)
            case Claim() as claim:
                return after_claim_html(claim, self.late, up, slot.number)
            case Problem() as problem if slot.kind is not SlotKind.BLOCK:
                return inline_problem_html(problem) if slot.kind is not SlotKind.BEFORE else ""
            case (Covered() | Required()) as late:
                return self.late.put_late(lambda: table_html(self.late_table(late), up))
            case block:
                return html_of(block, up, self.late)

    def late_table(self, shown: LateTable) -> Table:
        """Return a table that needs all pages of a lab. It is asked for when they have been rendered."""
        # The checks take 70 ms to import, which a project without such a table saves.
        from labreport.check.coverage import late_table  # noqa: PLC0415

        return late_table(shown, self._pages_of(shown.lab), today())

    def _pages_of(self, lab: str) -> "LabPages":
        """Return the rendered pages of a lab. A dirty build leaves some out, which are rendered here."""
        if lab not in self._lab_pages:
            from labreport.check.lab import LabPages  # noqa: PLC0415

            docs, evidence = self.rendering.docs, self.rendering.evidence
            rest = RenderPass(docs, evidence.root, evidence.here, self.rendering.values, self.rendering.code)
            pages = []
            for path, file in self.files.items():
                source = self._sources.get(path) or read_page(path, file.read_bytes())
                if source.lab != lab:
                    continue
                pages.append(source)
                if path not in self._rendered:
                    rest.render(source)
            results = [*self.rendering.results, *rest.results]
            self._lab_pages[lab] = LabPages(self.root, docs, lab, pages, results, evidence)
        return self._lab_pages[lab]


def _with_line(problem: Problem) -> Problem:
    """Return a problem whose text begins with its line, for the box on the page."""
    return replace(problem, what=f"Line {problem.line}: {problem.what}") if problem.line else problem
