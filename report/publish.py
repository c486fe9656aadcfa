"""One build of the site: its evidence, the page being made, its slots, and every problem found.

mkdocs' hook and macros both work on `current()`; neither knows the other.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from collectors.verify import verify
from report.blocks import (
    banner_html,
    block_html,
    fault_html,
    gap_html,
    provenance_html,
    runs_html,
    table_html,
)
from report.calls import Call, Desk, Shown
from report.cite import EXPECTED, LABS, Block, Fault, Gap, Page, expected_gaps
from report.evidence import Evidence
from report.problems import FaultError, Problem
from report.slots import Slots
from report.tables import Table
from report.template import calling_line

HERE_ENV = "LAB_HERE"
"""Set to 1, a build takes in evidence/hosts/here as `mkdocs serve` does."""

MISPLACED = (
    "the macro stands where no block can: in a code fence, an attribute or a title",
    "put the call on a line of its own; in an example, wrap it in {% raw %}",
)
"""What is wrong, and what to do, where a slot was not found in the finished page."""


def labs_of(docs: Path) -> frozenset[str]:
    """Return the labs that have pages: the folders of docs/labs/."""
    folder = docs / LABS
    if not folder.is_dir():
        return frozenset()
    return frozenset(path.name for path in folder.iterdir() if path.is_dir())


def problems_of(shown: Shown, page: str, line: int, reference: str) -> list[Problem]:
    """Return what is wrong with what a call shows."""
    match shown:
        case Fault():
            return [Problem(page, line, reference, shown.what, shown.remedy)]
        case Gap() if not shown.expected:
            what = f"{shown.path} was not captured: {shown.reason}"
            command = f" (`{shown.command}`)" if shown.command else ""
            remedy = f"{shown.remedy}{command}, or list it in the page's {EXPECTED}"
            return [Problem(page, line, reference, what, remedy)]
        case Block() if shown.captured is None:
            what = f"{shown.path} has no record"
            return [Problem(page, line, reference, what, "capture it with `lab record`")]
    return []


def warnings_of(shown: Shown, page: str, line: int, reference: str) -> list[Problem]:
    """Return what the author should know, and what fails no build."""
    if not isinstance(shown, Block) or shown.slice.moved_from is None:
        return []
    old, new = shown.slice.moved_from, shown.slice.range
    remedy = f'write lines="{new}"'
    return [Problem(page, line, reference, f"lines {old} of {shown.path} are lines {new} now", remedy)]


def html_of(shown: Shown, up: str, slots: Slots) -> str:
    """Return the HTML of what a call shows; where a block comes from is kept for later in `slots`."""
    match shown:
        case Block():
            return block_html(shown, slots.put_late(provenance_html(shown, up)))
        case Gap():
            return gap_html(shown)
        case Fault():
            return fault_html(shown)
        case Table():
            return table_html(shown, up)
        case _:
            return runs_html(shown)


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
    _blocks: list[Block] = field(default_factory=list)
    _calls: dict[int, tuple[int, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.here = self.here or os.environ.get(HERE_ENV) == "1"
        self.evidence = Evidence(self.root / "evidence", labs_of(self.docs), here=self.here)

    def check_evidence(self) -> None:
        """Hold all evidence against its records: each finding is a problem of its own."""
        for finding in verify(self.evidence.root, here=self.here).findings:
            what = f"{finding.verdict}: {finding.what}"
            self.add(Problem("", 0, f"evidence/{finding.path}", what, finding.remedy))

    def add(self, problem: Problem, *, fails: bool = True) -> None:
        """Take note of a problem (once: a page may be rendered again), and tell it."""
        if fails:
            self.problems.append(problem)
        self.tell(problem, fails)

    def begin(self, path: str, up: str, front_matter: object, front_matter_lines: int) -> None:
        """Begin a page: its path below docs/, the way to the root, `expected_gaps`, lines before its text."""
        self._blocks.clear()
        self._calls.clear()
        self.front_matter_lines = front_matter_lines
        self.page = Page(path, up)
        try:
            self.page = Page(path, up, expected_gaps(front_matter))
        except FaultError as error:
            self.add(Problem(path, 1, "front matter", error.what, error.remedy))

    def call(self, name: str, *args: object, **named: object) -> str:
        """Run a macro for the page and return the slot that stands for it. Never raises."""
        call = Call(name, args, tuple(named.items()))
        shown = call.run(Desk(self.evidence, self.page))
        line = self._line(calling_line())
        for problem in problems_of(shown, self.page.path, line, str(call)):
            self.add(problem)
        for warning in warnings_of(shown, self.page.path, line, str(call)):
            self.add(warning, fails=False)
        if isinstance(shown, Block):
            self._blocks.append(shown)
        return self._put(shown, line, str(call))

    def _line(self, line: int) -> int:
        """Return the line of the page's file for a line of its text; 0 stays 0, not known."""
        return line + self.front_matter_lines if line else 0

    def html(self, shown: Shown) -> str:
        """Return the HTML of what a call shows."""
        return html_of(shown, self.page.up, self.slots)

    def _put(self, shown: Shown, line: int, reference: str) -> str:
        slot = self.slots.put(self.html(shown))
        self._calls[self.slots.latest] = (line, reference)
        return slot

    def broken(self, line: int, reference: str, what: str, remedy: str) -> str:
        """Return the slot of the box for a mistake in the page's own Jinja; see `report.template.Broken`."""
        what = what.replace(str(self.root), ".")
        line = self._line(line)
        if not reference:
            self.slots.forget()
        self.add(Problem(self.page.path, line, reference, what, remedy))
        return self._put(Fault(reference, f"Line {line}: {what}", remedy), line, reference)

    def misplaced(self, number: int) -> Fault:
        """Note that the slot `number` of this page stands where no block can; return what to say of it."""
        line, reference = self._calls[number]
        self.add(Problem(self.page.path, line, reference, *MISPLACED))
        return Fault(reference, f"Line {line}: {MISPLACED[0]}", MISPLACED[1])

    def finish(self, html: str) -> str:
        """Return the page's HTML with every slot filled and the banner in it."""
        filled, lost = self.slots.fill(html)
        boxes = (fault_html(self.misplaced(number)) for number in lost)
        top = banner_html(self._blocks) + "".join(boxes)
        head, end, rest = filled.partition("</h1>")
        return f"{head}{end}{top}{rest}" if end else f"{top}{filled}"


_builds: list[Build] = []


def start(build: Build) -> None:
    """Make `build` the current one."""
    _builds[:] = [build]


def current() -> Build:
    """Return the build that is under way; raise LookupError if there is none."""
    if not _builds:
        raise LookupError("no build is under way")
    return _builds[0]
