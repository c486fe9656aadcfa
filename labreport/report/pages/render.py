"""Render the pages of a report, without HTML: run their Jinja, evaluate their calls, note every problem.

`mkdocs build`, `lab check`, `lab export` and `lab diff` all use this. Only the build makes HTML of results.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from labreport.contract.strict_yaml import HOW_TO_FIX
from labreport.contract.verify import verify
from labreport.report.facts.converters import CONVERTERS
from labreport.report.facts.converters.own import lab_converters
from labreport.report.facts.facts import FACTS_FILE, load_facts
from labreport.report.facts.readings import Readings
from labreport.report.pages.active import active_content
from labreport.report.pages.calls import (
    Call,
    CallResult,
    emulated_problem,
    inline_text,
    problems_of,
    warnings_of,
)
from labreport.report.pages.context import MacroContext
from labreport.report.pages.labels import LabelKind, LabelRequest, PageLabels, number_labels
from labreport.report.pages.look_alikes import look_alikes
from labreport.report.pages.sandbox import PageEnvironment
from labreport.report.pages.slots import MISPLACED, NOT_SHOWN, Slot, SlotKind, Slots
from labreport.report.pages.source import FrontMatterError, PageSource, read_front_matter, read_page
from labreport.report.problems import FaultError, Problem, Problems
from labreport.report.source.cite import LABS, Page
from labreport.report.source.evidence import Evidence
from labreport.report.tables.references import GLOSSARY_FILE, load_glossary
from labreport.report.uses import facts_use, note, noting
from labreport.report.yaml_file import as_written

HERE_ENV = "LAB_HERE"
"""If this is 1, evidence/hosts/here is part of the report, as it is in `mkdocs serve`."""
EVIDENCE = "evidence/"
"""The owner of problems with all of the evidence; the owner of a problem with a page is its path."""


@dataclass(frozen=True)
class SitePages:
    """The pages that mkdocs builds, in its order: the one set of pages for build, check, export and diff.

    `values` are what `extra` of mkdocs.yml holds. `html` takes the path of a page and Markdown, and returns
    the HTML that mkdocs makes of it. `urls` says where the site has each page, by its path.
    """

    root: Path
    docs: Path
    pages: tuple[PageSource, ...]
    values: Mapping[str, object]
    html: Callable[[str, str], str]
    urls: Mapping[str, str]
    problems: tuple[Problem, ...] = ()
    """What is wrong with files of docs/ that are left out, with mkdocs.yml, and with pages for the theme."""


@dataclass(frozen=True)
class RenderedPage:
    """A page after its Jinja. At n - 1, `results` has what slot n stands for: a call, or a mistake.

    `notes` are about the page as a whole. `terms` are those of the lab's glossary, with their meaning.
    """

    source: PageSource
    page: Page
    markdown: str
    results: tuple[CallResult | Problem, ...]
    notes: tuple[Problem, ...]
    terms: Mapping[str, str] = field(default_factory=dict)

    def result(self, slot: Slot) -> CallResult | Problem | None:
        """Return what a slot stands for; None if the page's Jinja changed the number in it."""
        return _at(self.results, slot)

    @property
    def calls(self) -> list[CallResult]:
        """The calls, without the mistakes."""
        return [result for result in self.results if isinstance(result, CallResult)]


@dataclass
class RenderPass:
    """One pass over the pages: its evidence, facts, problems, and the results of all calls so far.

    `code` is the root of the project whose labs' converters may run; None runs no code. `tell` is called with
    each problem, and whether it fails a build, when it is found.
    """

    docs: Path
    evidence_folder: Path
    here: bool = False
    values: Mapping[str, object] = field(default_factory=dict)
    code: Path | None = None
    tell: Callable[[Problem, bool], None] = lambda _problem, _fails: None
    results: list[CallResult] = field(default_factory=list)
    slots: Slots = field(default_factory=Slots)
    facts: dict[str, Readings] = field(default_factory=dict)
    terms: dict[str, Mapping[str, str] | FaultError] = field(default_factory=dict)
    """The facts and the terms of each lab, as far as they were asked for."""

    def __post_init__(self) -> None:
        self.here = self.here or os.environ.get(HERE_ENV) == "1"
        self.evidence = Evidence(self.evidence_folder, labs_of(self.docs), here=self.here)
        self.noted = Problems(self.tell)
        self._environment = PageEnvironment(self.slots, self.values)

    @property
    def problems(self) -> list[Problem]:
        """The problems so far, each mistake once."""
        return self.noted.found

    def add(self, problem: Problem, *, fails: bool = True) -> None:
        """Note a problem, and tell it, as `Problems.add` does."""
        self.noted.add(problem, fails=fails)

    def check_evidence(self) -> None:
        """Compare all evidence with its records; each finding is a problem of its own."""
        self.noted.owner = EVIDENCE
        report = verify(self.evidence.root, here=self.here, known=lambda name: self.evidence.set(name).known)
        for finding in report.findings:
            what = f"{finding.verdict}: {finding.what}"
            self.add(Problem(f"evidence/{finding.path}", what, finding.remedy))

    def lab_facts(self, lab: str) -> Readings:
        """Return the facts of a lab with their values; raise FaultError if they cannot be read."""
        path, converters = self.docs / LABS / lab / FACTS_FILE, CONVERTERS
        note(str(path))
        note(facts_use(lab))
        if lab not in self.facts:
            if self.code:
                converters = lab_converters(self.code, lab, run_code=True)
            self.facts[lab] = Readings(load_facts(path, converters), self.evidence)
        return self.facts[lab]

    def lab_title(self, lab: str) -> str:
        """Return the title of a lab, the first heading of its first page, or its name."""
        for name in ("index.md", "README.md"):
            path = self.docs / LABS / lab / name
            note(str(path))
            if path.is_file():
                headings = read_page(f"{LABS}/{lab}/{name}", path.read_bytes()).headings
                return next((heading.text for heading in headings if heading.level == 1), lab)
        return lab

    def lab_terms(self, lab: str) -> Mapping[str, str]:
        """Return the terms of a lab's glossary.yml, none without one. A mistake in it is noted once."""
        folder = self.docs / LABS / lab
        note(str(folder / GLOSSARY_FILE))
        if lab not in self.terms:
            try:
                self.terms[lab] = load_glossary(folder) if lab and (folder / GLOSSARY_FILE).exists() else {}
            except FaultError as error:
                self.terms[lab] = error
        terms = self.terms[lab]
        if isinstance(terms, FaultError):
            self.add(Problem.of_file(terms))
            return {}
        return terms

    def render(self, source: PageSource, markdown: str | None = None) -> RenderedPage:
        """Return a page after its Jinja; `markdown` is its text, if that is not what `source` has."""
        text = source.markdown if markdown is None else markdown
        page, notes = _page(source)
        self.noted.owner = source.path
        for wrong in notes:
            self.add(wrong)
        lines_before = max(source.text.count("\n") - text.count("\n"), 0)
        noted = self._environment.render(text)
        results: list[CallResult | Problem] = []
        labels = _labels(noted.calls)
        for call in noted.calls:
            line = call.line + lines_before
            if isinstance(call, Call):
                results.append(self._run(page, replace(call, line=line), results, labels))
            else:
                results.append(replace(call, path=page.path, line=line))
                self.add(replace(call, path=page.path, line=line))
        calls = [result for result in results if isinstance(result, CallResult)]
        self.results += calls
        emulated = None if page.front_matter.accepts_emulated else emulated_problem(calls)
        if emulated:
            notes.append(emulated)
            self.add(emulated)
        terms = self.lab_terms(page.lab)
        return RenderedPage(source, page, noted.markdown, tuple(results), tuple(notes), terms)

    def _run(
        self, page: Page, call: Call, before: list[CallResult | Problem], labels: PageLabels
    ) -> CallResult:
        """Return what a call shows; `before` are the results of the slots before it.

        `labels` are those of the page.
        """
        has_block = False
        if call.sentence is not None:
            inner = self.slots.find(call.sentence)
            blocks = [slot for slot in inner if slot.kind is SlotKind.BLOCK]
            has_block = any(isinstance(_at(before, slot), CallResult) for slot in blocks)
            call = replace(call, sentence=self.as_text(call.sentence, before))
        context = MacroContext(self.evidence, self.lab_facts, page, self.docs, self.lab_title, labels)
        with noting() as uses:
            label, shown = labels.of_request[len(before)], call.run(context)
        if isinstance(label, FaultError):
            shown = Problem.of(label, str(call))
            label = None
        if has_block:
            shown = Problem(str(call), "a block is in its sentence", "put the block before or after it")
        result = CallResult(page.path, call.line, call, shown, label, uses)
        for problem in problems_of(result):
            self.add(problem)
        for warning in warnings_of(result):
            self.add(warning, fails=False)
        return result

    def as_text(self, text: str, results: Sequence[CallResult | Problem]) -> str:
        """Return `text` with the values in its sentences as text, and without its blocks."""
        parts, end = [], 0
        for slot in self.slots.find(text):
            result = _at(results, slot)
            words = inline_text(result.shown, slot.kind) if isinstance(result, CallResult) else ""
            parts += [text[end : slot.start], words if slot.kind is not SlotKind.BLOCK else ""]
            end = slot.end
        return "".join([*parts, text[end:]])

    def check_page(self, page: RenderedPage, html: Callable[[str, str], str]) -> None:
        """Note what is wrong with the HTML that `html` makes of a page's path and Markdown."""
        try:
            made = html(page.source.path, page.markdown)
        except RecursionError:
            what, remedy = "its Markdown is nested too deeply", "use fewer levels of lists and quotes"
            self.add(Problem("", what, remedy, page.source.path, 1))
        else:
            self.check_html(page, made)

    def check_html(self, page: RenderedPage, html: str) -> list[Problem]:
        """Note what is wrong with the HTML of a page before its slots are filled. Return all notes on it."""
        self.noted.owner = page.source.path
        placed: dict[int, set[SlotKind]] = {}
        for slot in self.slots.find_placed(html):
            placed.setdefault(slot.number, set()).add(slot.kind)
        written = {slot.number for slot in self.slots.find(page.markdown)}
        found = []
        for number, result in enumerate(page.results, 1):
            kinds = placed.get(number, set())
            if not kinds or len(kinds & {SlotKind.BEFORE, SlotKind.AFTER}) == 1:
                reference = result.call.reference if isinstance(result, CallResult) else result.reference
                wrong = MISPLACED if number in written else NOT_SHOWN
                found.append(Problem(reference, *wrong, page.source.path, result.line))
        found += look_alikes(page.source, html)
        if page.source.lab and self.evidence.set(page.source.lab).is_imported:
            found += active_content(page.source, html)
        for problem in found:
            self.add(problem)
        return [*page.notes, *found]


def _labels(calls: Sequence[Call | Problem]) -> PageLabels:
    """Return the labels of a page, one entry for each of its slots."""
    none = LabelRequest(LabelKind.TABLE)
    return number_labels([call.label_request if isinstance(call, Call) else none for call in calls])


def _page(source: PageSource) -> tuple[Page, list[Problem]]:
    """Return a page with its front matter, and what is wrong with its file."""
    meta, values = source.meta, source.meta.values
    wrong = [(meta.wrong, HOW_TO_FIX, meta.line)] if meta.wrong else []
    wrong += [
        (f"{key} is {as_written(values[key])}", remedy, meta.lines.get(key, 1))
        for key, remedy in meta.unusable.items()
    ]
    try:
        page = Page(source.path, read_front_matter(values))
    except FrontMatterError as error:
        page = Page(source.path)
        wrong.append((error.what, error.remedy, meta.lines.get(error.key, 1)))
    notes = [Problem("front matter", what, remedy, source.path, line) for what, remedy, line in wrong]
    return page, [*source.problems, *notes]


def _at(results: Sequence[CallResult | Problem], slot: Slot) -> CallResult | Problem | None:
    """Return what a slot stands for; None if the page's Jinja changed the number in it."""
    return results[slot.number - 1] if 0 < slot.number <= len(results) else None


def labs_of(docs: Path) -> frozenset[str]:
    """Return the labs that have pages: the folders of docs/labs/."""
    return frozenset(path.name for path in (docs / LABS).glob("*") if path.is_dir())
