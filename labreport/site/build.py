"""One build of the site: the render pass, and the HTML of what its pages show."""

from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labreport.report.facts.claims import Claim, InlineValue
from labreport.report.pages.anchors import PageAnchors, page_anchors
from labreport.report.pages.calls import CallResult, inline_text, without_table
from labreport.report.pages.context import Changed, Covered, LateTable, Required
from labreport.report.pages.labels import Label
from labreport.report.pages.look_alikes import is_too_deep
from labreport.report.pages.render import RenderedPage, RenderPass
from labreport.report.pages.slots import Slot, SlotKind
from labreport.report.pages.source import PageSource, read_page
from labreport.report.problems import Problem
from labreport.report.tables import Table
from labreport.report.today import today
from labreport.report.uses import noting
from labreport.report.yaml_file import as_written
from labreport.site.broken import stand_in
from labreport.site.html.blocks import (
    after_claim_html,
    banner_html,
    before_claim_html,
    html_of,
    inline_problem_html,
    labelled,
    moments,
    problem_html,
    ref_html,
    table_html,
    value_html,
)
from labreport.site.html.environment import BlockPlace, LateHtml, SourceFile
from labreport.site.html.markdown import accessible
from labreport.site.html.prose import explain_terms, link_safely
from labreport.site.search import search_settings, with_conclusions

if TYPE_CHECKING:
    from labreport.check.lab import LabPages
    from labreport.check.numbers import LabNumbers, PageNumbers


@dataclass
class Build:
    """One build. `files` are the pages of the site: where each is on disk, by its path below docs/.

    `urls` says where the site has each page.

    `source` returns where a file of evidence is in the project's repository.
    """

    root: Path
    rendering: RenderPass
    files: Mapping[str, Path] = field(default_factory=dict)
    urls: Mapping[str, str] = field(default_factory=dict)
    source: Callable[[str, bytes], SourceFile | None] = lambda _path, _data: None
    late: LateHtml = field(default_factory=LateHtml)
    anchors: dict[str, PageAnchors] = field(default_factory=dict)
    sources: dict[str, PageSource] = field(default_factory=dict)
    rendered: dict[str, RenderedPage] = field(default_factory=dict)
    """The pages, before and after their Jinja, by path."""
    uses: dict[str, set[str]] = field(default_factory=dict)
    """What each page used beside what its calls did (`labreport.report.uses`)."""
    _late_tables: dict[LateTable, Table | Problem] = field(default_factory=dict)
    _lab_pages: dict[str, "LabPages"] = field(default_factory=dict)
    _counted: "dict[str, tuple[PageSource, LabNumbers, PageNumbers]]" = field(default_factory=dict)

    def read(self, path: str, data: bytes) -> str:
        """Return the text of the page at `path`, which has the bytes `data`.

        Front matter that is refused is not handed on to mkdocs, whose own parser it could end: the text then
        begins with an empty line, so that mkdocs looks for none.
        """
        source = self.sources[path] = stand_in(path, self.files.get(path), data) or read_page(path, data)
        return f"\n{source.markdown}" if source.meta.wrong and source.begin else source.text

    def render(self, path: str, markdown: str, meta: MutableMapping[str, Any]) -> str:
        """Return the Markdown of a page with a slot for each call; `markdown` has no front matter.

        What mkdocs or its theme would fail at is taken out of the front matter, `meta`.
        """
        for key in self.sources[path].meta.unusable:
            meta.pop(key, None)
        with noting() as self.uses[path]:
            self.rendered[path] = self.rendering.render(self.sources[path], markdown)
        return self.rendered[path].markdown

    def drop(self, path: str, key: str, meta: MutableMapping[str, Any]) -> None:
        """Take a key out of the front matter of a page, `meta`: the theme does not have its value."""
        self.rendering.noted.owner = path
        self.rendering.add(not_in_theme(self.sources[path], key, meta.pop(key)))

    def finish(self, path: str, up: str, html: str) -> str:
        """Return the HTML of a page with every slot filled, and on top the banner and what is wrong.

        `up` leads from the page to the site's root.
        """
        with noting() as uses:
            finished = self._finish(self.rendered[path], up, html)
        self.uses[path] |= uses
        return finished

    def _finish(self, page: RenderedPage, up: str, html: str) -> str:
        notes = self.rendering.check_html(page, html)
        ready = with_conclusions(page, accessible(explain_terms(link_safely(html), page.terms)), self.late)
        filled = "" if is_too_deep(html) else self._fill(page, up, ready)
        boxes = "".join(problem_html(_with_line(note)) for note in notes)
        top = banner_html(moments(result.shown for result in page.calls)) + boxes
        head, end, rest = filled.partition("</h1>")
        return f"{head}{end}{top}{rest}" if end else f"{top}{filled}"

    def search_settings(self, path: str) -> dict[str, Any]:
        """Return where the page at `path` stands in the results of a search."""
        return search_settings(self.rendered[path])

    def write(self, path: str, html: str) -> str:
        """Return the page at `path` as it is written: with what the search must not index.

        A theme repeats headings; the slots of values in them, which are problems, are taken out.
        """
        with noting() as uses:
            written = self.late.fill_late(self.rendering.slots.without_values(html))
        self.uses[path] |= uses
        return written

    def _fill(self, page: RenderedPage, up: str, html: str) -> str:
        parts, end = [], 0
        anchors = self.anchors[page.source.path] = page_anchors(page.results, html)
        for slot in self.rendering.slots.find_placed(html):
            parts.append(self.rendering.slots.without(html[end : slot.start]))
            end = slot.end
            if result := page.result(slot):
                parts.append(self._html(result, slot, up, anchors.blocks.get(slot.number, "")))
        return "".join([*parts, self.rendering.slots.without(html[end:])])

    def _html(  # noqa: PLR0911 # one a kind
        self, result: CallResult | Problem, slot: Slot, up: str, anchor: str
    ) -> str:
        """Return the HTML of what a slot stands for; `anchor` is the id of a block of evidence."""
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
            case Label() as label:
                return ref_html(label)
            case Problem() as problem if slot.kind is not SlotKind.BLOCK:
                return inline_problem_html(problem) if slot.kind is not SlotKind.BEFORE else ""
            case (Covered() | Required() | Changed()) as late:
                return labelled(self.late.put_late(lambda: self._late_html(result, late, up)), result.label)
            case block:
                return html_of(block, BlockPlace(up, self.late, anchor, result.label, self.source))

    def _late_html(self, result: CallResult, late: LateTable, up: str) -> str:
        """Return the HTML of a call that shows a table of all pages of a lab; note why there is none."""
        made = self.late_table(late)
        if isinstance(made, Table):
            return table_html(made, up)
        box, problems = without_table(result, made)
        self.rendering.noted.owner = result.page
        for problem in problems:
            self.rendering.add(problem)
        return problem_html(box)

    def late_table(self, shown: LateTable) -> Table | Problem:
        """Return a table that needs all pages of a lab. It is asked for when they have been rendered."""
        if shown not in self._late_tables:
            # The checks take 70 ms to import, which a project without such a table saves.
            from labreport.check.coverage import late_table  # noqa: PLC0415

            with noting():  # all pages of the lab count: they are no use of this page
                self._late_tables[shown] = late_table(shown, self._pages_of(shown.lab), today())
        return self._late_tables[shown]

    def forget_pages(self) -> dict[LateTable, Table | Problem]:
        """Forget the pages of each lab as a whole, as one has changed; return what was made of them."""
        self._lab_pages.clear()
        tables, self._late_tables = self._late_tables, {}
        return tables

    def _pages_of(self, lab: str) -> "LabPages":
        """Return the rendered pages of a lab. A dirty build leaves some out, which are rendered here."""
        if lab not in self._lab_pages:
            from labreport.check.lab import LabPages, results_by_lab  # noqa: PLC0415

            docs, evidence = self.rendering.docs, self.rendering.evidence
            rest = RenderPass(docs, evidence.root, evidence.here, self.rendering.values, self.rendering.code)
            pages = []
            for path, file in self.files.items():
                source = self.sources.get(path) or read_page(path, file.read_bytes())
                if source.lab != lab:
                    continue
                pages.append(source)
                if path not in self.rendered:
                    rest.render(source)
            results = results_by_lab([*self.rendering.results, *rest.results]).get(lab, [])
            places = (self.root, docs, lab)
            self._lab_pages[lab] = LabPages(*places, pages, results, evidence, self.urls, self._counted)
        return self._lab_pages[lab]


def not_in_theme(source: PageSource, key: str, value: object) -> Problem:
    """Return the problem of a page whose front matter names what the theme does not have."""
    what = f"{key} is {as_written(source.meta.values.get(key, value))}, which the theme does not have"
    remedy = f"name one of the theme's, or leave {key} out"
    return Problem("front matter", what, remedy, source.path, source.meta.lines.get(key, 1))


def _with_line(problem: Problem) -> Problem:
    """Return a problem whose text begins with its line, for the box on the page."""
    return replace(problem, what=f"Line {problem.line}: {problem.what}") if problem.line else problem
