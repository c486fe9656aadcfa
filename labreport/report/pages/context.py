"""What macros work with, the page's context, and what they return."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from labreport.report.facts.claims import Claim, InlineValue
from labreport.report.facts.readings import Readings
from labreport.report.images import EvidenceImage
from labreport.report.pages.labels import NO_LABELS, Label, PageLabels
from labreport.report.problems import FaultError, Problem
from labreport.report.source.cite import LABS, Block, Gap, Page
from labreport.report.source.difference import Difference
from labreport.report.source.evidence import Evidence
from labreport.report.source.evidence_set import EvidenceSet
from labreport.report.tables import Figure, Table
from labreport.report.tables.runs import CommandRuns

RUBRIC_FILE = "rubric.yml"
"""What the course sheet asks for; a file in the folder of a lab's pages."""


@dataclass(frozen=True)
class Covered:
    """The evidence coverage of a lab, which is computed when all of its pages are rendered."""

    lab: str


@dataclass(frozen=True)
class Required:
    """The requirements of a lab's rubric, whose state is known when all of its pages are rendered."""

    lab: str


@dataclass(frozen=True)
class Changed:
    """What changed in a lab since an earlier measurement, the set hosts/`before`/`lab`."""

    lab: str
    before: str


@dataclass(frozen=True, slots=True)
class MacroContext:
    """The input of every macro: the evidence, the facts of each lab, and the page with the call."""

    evidence: Evidence
    facts: Callable[[str], Readings]
    page: Page
    docs: Path
    title: Callable[[str], str] = str
    """Returns the title of a lab."""
    labels: PageLabels = NO_LABELS

    def set_of(self, lab: object) -> EvidenceSet:
        """Return the set of `lab`, or of the page's lab if that is None; raise FaultError."""
        return self.evidence.set(self.lab_named(lab))

    def pages_of(self, lab: object) -> Path:
        """Return the folder with the pages of `lab`, or of the page's lab; raise FaultError."""
        return self.docs / LABS / self.lab_named(lab)

    def facts_of(self, lab: object) -> Readings:
        """Return the facts of `lab`, or of the page's lab; raise FaultError if it has none."""
        return self.facts(self.lab_named(lab))

    def lab_named(self, lab: object) -> str:
        """Return `lab`, or the page's lab if that is None; raise FaultError if there is no such lab."""
        name = lab if lab is not None else self.page.lab
        if not isinstance(name, str):
            raise FaultError(f"lab is {name!r}", 'give it in quotes: lab="lab12"')
        if not name:
            raise FaultError("this page belongs to no lab", 'name one: lab="lab12"')
        if name not in self.evidence.labs and name not in self.evidence.names():
            raise FaultError(f"there is no lab {name}", f"one of: {', '.join(sorted(self.evidence.labs))}")
        return name


LateTable = Covered | Required | Changed
"""A table that needs every page of the lab."""
BlockShown = (
    Block | Gap | Problem | Table | tuple[CommandRuns, ...] | LateTable | Figure | Difference | EvidenceImage
)
Shown = BlockShown | InlineValue | Claim | Label
"""A label is a reference to what it numbers."""


def blocks_of(shown: Shown) -> tuple[Block, ...]:
    """Return the blocks of evidence that a call shows, or from which it makes a figure and the like."""
    if isinstance(shown, Figure | Difference | EvidenceImage):
        return shown.blocks
    return (shown,) if isinstance(shown, Block) else ()
