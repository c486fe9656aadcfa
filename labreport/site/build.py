"""One build of the site: its evidence, the page being made, its slots, and every problem found."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from labreport.check.coverage import cover_lab, coverage_table
from labreport.check.lab import LabPages
from labreport.check.waivers import today
from labreport.contract.verify import verify
from labreport.report.facts.claims import Claim, InlineValue
from labreport.report.facts.facts import FACTS_FILE, load
from labreport.report.facts.readings import Readings
from labreport.report.pages.context import Desk
from labreport.report.pages.front_matter import read_front_matter
from labreport.report.pages.macros import INLINE, Call, Covered, Shown
from labreport.report.pages.render import render
from labreport.report.pages.source import read_page
from labreport.report.pages.template import calling_line
from labreport.report.pages.verdicts import Made, emulated_problems, problems_of, warnings_of
from labreport.report.problems import FaultError, Problem
from labreport.report.source.cite import LABS, Page
from labreport.report.source.evidence import Evidence
from labreport.report.tables.table import Table
from labreport.site.html.blocks import BlockLevel, html_of, problem_html, table_html
from labreport.site.html.prose import (
    banner_html,
    claim_inlines,
    moments,
    problem_inline,
    value_inline,
)
from labreport.site.slots import Inline, Slots

HERE_ENV = "LAB_HERE"
"""Set to 1, a build takes in evidence/hosts/here as `mkdocs serve` does."""

MISPLACED = (
    "the macro stands where its kind cannot: in a code fence, a heading, an attribute or a title",
    "put a block on a line of its own, a value in a sentence; in an example, wrap it in {% raw %}",
)
"""What is wrong, and what to do, where a slot was not found in the finished page."""


def labs_of(docs: Path) -> frozenset[str]:
    """Return the labs that have pages: the folders of docs/labs/."""
    folder = docs / LABS
    if not folder.is_dir():
        return frozenset()
    return frozenset(path.name for path in folder.iterdir() if path.is_dir())


@dataclass
class Build:
    """One build. `tell` is called with each problem, and whether it fails a build, as it is found."""

    root: Path
    docs: Path
    here: bool = False
    tell: Callable[[Problem, bool], None] = lambda _problem, _fails: None
    problems: list[Problem] = field(default_factory=list)
    slots: Slots = field(default_factory=Slots)
    page: Page = field(default_factory=lambda: Page(""))
    front_matter_lines: int = 0
    made: list[Made] = field(default_factory=list)
    _first_here: int = 0
    _calls: dict[int, tuple[int, Call | str]] = field(default_factory=dict)
    _facts: dict[str, Readings] = field(default_factory=dict)
    _begun: set[str] = field(default_factory=set)
    _covered: dict[str, Table] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.here = self.here or os.environ.get(HERE_ENV) == "1"
        self.evidence = Evidence(self.root / "evidence", labs_of(self.docs), here=self.here)

    def check_evidence(self) -> None:
        """Hold all evidence against its records: each finding is a problem of its own."""
        for finding in verify(self.evidence.root, here=self.here).findings:
            what = f"{finding.verdict}: {finding.what}"
            self.add(Problem(f"evidence/{finding.path}", what, finding.remedy))

    def add(self, problem: Problem, *, fails: bool = True) -> None:
        """Take note of a problem (once: a page may be rendered again), and tell it."""
        if fails:
            self.problems.append(problem)
        self.tell(problem, fails)

    def lab_facts(self, lab: str) -> Readings:
        """Return the facts of a lab with their values; raise FactsError where its facts.yml is wrong."""
        if lab not in self._facts:
            facts = load(self.docs / LABS / lab / FACTS_FILE)
            self._facts[lab] = Readings(facts, self.evidence)
        return self._facts[lab]

    def begin(self, path: str, up: str, meta: Mapping[str, object], front_matter_lines: int) -> None:
        """Begin a page: its path below docs/, the way to the root, front matter, lines before its text."""
        self._first_here = len(self.made)
        self._begun.add(path)
        self._calls.clear()
        self.front_matter_lines = front_matter_lines
        self.page = Page(path, up)
        try:
            self.page = Page(path, up, read_front_matter(meta))
        except FaultError as error:
            self.add(Problem("front matter", error.what, error.remedy, path, 1))

    def call(self, name: str, *args: object, **named: object) -> str:
        """Run a macro for the page and return the slot that stands for it. Never raises."""
        body = named.pop("caller", None)
        sentence = str(body()) if callable(body) else None
        call = Call(name, args, tuple(named.items()), sentence and self.slots.as_text(sentence))
        shown = call.run(Desk(self.evidence, self.lab_facts, self.page, self.docs))
        if sentence and self.slots.numbers(sentence):
            shown = Problem(str(call), "a block is in its sentence", "put the block before or behind it")
        line = self._line(calling_line())
        made = Made(self.page.path, line, call, shown)
        self.made.append(made)
        for problem in problems_of(made):
            self.add(problem)
        for warning in warnings_of(made):
            self.add(warning, fails=False)
        return self._put(shown, line, call, sentence)

    def _line(self, line: int) -> int:
        """Return the line of the page's file for a line of its text; 0 stays 0, not known."""
        return line + self.front_matter_lines if line else 0

    def html(self, shown: BlockLevel | Covered) -> str:
        """Return the HTML of a block."""
        if isinstance(shown, Covered):
            up = self.page.up
            return self.slots.put_late(lambda: table_html(self.covered(shown.lab), up))
        return html_of(shown, self.page.up, self.slots)

    def covered(self, lab: str) -> Table:
        """Return how much of a lab's report its evidence holds.

        mkdocs renders every page before it writes the first, and this is asked when one is written: what the
        pages show is known by then, and costs nothing again. Those that a dirty build left out are rendered.
        """
        if lab not in self._covered:
            rest = Build(self.root, self.docs, self.here)
            rest.evidence = self.evidence
            paths = sorted((self.docs / LABS / lab).rglob("*.md"))
            pages = [read_page(path.relative_to(self.docs).as_posix(), path.read_bytes()) for path in paths]
            for page, path in zip(pages, paths, strict=True):
                if page.path not in self._begun:
                    render(rest, path)
            made = [*self.made, *rest.made]
            covered = LabPages(self.root, self.docs, lab, pages, made, self.evidence)
            self._covered[lab] = coverage_table(cover_lab(covered, today()))
        return self._covered[lab]

    def inline(self, inline: Inline) -> Inline:
        """Return what stands in a sentence as this build writes it."""
        return inline

    def _put(self, shown: Shown, line: int, call: Call, sentence: str | None) -> str:
        """Return the slots of what a call shows, around its sentence if it has one."""
        around: tuple[Inline, ...]
        match shown:
            case InlineValue():
                around = (value_inline(shown, self.slots.put_late, self.page.up, len(self.made)),)
            case Claim():
                around = claim_inlines(shown, self.slots.put_late, self.page.up, len(self.made))
            case Problem() if call.name in INLINE:
                around = (problem_inline(shown),)
            case _:
                return self._placed(self.slots.put(self.html(shown)), line, call)
        slots = [self._placed(self.slots.put_inline(self.inline(one)), line, call) for one in around]
        return (sentence or "").strip().join(slots) if len(slots) > 1 else (sentence or "").strip() + slots[0]

    def _placed(self, slot: str, line: int, reference: Call | str) -> str:
        """Return `slot`, with a note of where it was put."""
        self._calls[self.slots.latest] = (line, reference)
        return slot

    def broken(self, line: int, reference: str, what: str, remedy: str) -> str:
        """Return the slot of the box for a mistake in the page's own Jinja."""
        what = what.replace(str(self.root), ".")
        line = self._line(line)
        if not reference:
            self.slots.forget()
        self.add(Problem(reference, what, remedy, self.page.path, line))
        box = self.html(Problem(reference, f"Line {line}: {what}", remedy))
        return self._placed(self.slots.put(box), line, reference)

    def misplaced(self, number: int) -> Problem:
        """Note that the slot `number` of this page stands where its kind cannot; return what to say of it."""
        line, call = self._calls[number]
        reference = str(call)
        self.add(Problem(reference, *MISPLACED, self.page.path, line))
        return Problem(reference, f"Line {line}: {MISPLACED[0]}", MISPLACED[1])

    def shown_here(self) -> list[Made]:
        """Return the calls of the page that is being made."""
        return self.made[self._first_here :]

    def check_emulated(self) -> list[Problem]:
        """Note values of an emulated host on a page that does not accept them; return what to say of it."""
        if self.page.front_matter.accepts_emulated:
            return []
        found = emulated_problems(self.shown_here())
        for problem in found:
            self.add(problem)
        return [Problem(problem.reference, problem.what, problem.remedy) for problem in found]

    def finish(self, html: str) -> str:
        """Return the page's HTML with every slot filled and the banner in it."""
        filled, lost = self.slots.fill(html)
        faults = [*self.check_emulated(), *map(self.misplaced, lost)]
        top = banner_html(moments(one.shown for one in self.shown_here())) + "".join(
            map(problem_html, faults)
        )
        head, end, rest = filled.partition("</h1>")
        return f"{head}{end}{top}{rest}" if end else f"{top}{filled}"
