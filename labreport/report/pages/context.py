"""What a macro works with."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from labreport.report.facts.readings import Readings
from labreport.report.problems import FaultError
from labreport.report.source.cite import LABS, Page
from labreport.report.source.evidence import Evidence, EvidenceSet


@dataclass(frozen=True, slots=True)
class Desk:
    """What a macro works with: the evidence of the build, the facts of each lab, and the page that calls."""

    evidence: Evidence
    facts: Callable[[str], Readings]
    page: Page
    docs: Path = Path("docs")

    def set_of(self, lab: object) -> EvidenceSet:
        """Return the set of `lab`, or of the page's own; raise FaultError if there is neither."""
        return self.evidence.set(self.lab_named(lab))

    def pages_of(self, lab: object) -> Path:
        """Return the folder of the pages of `lab`, or of the page's own lab; raise FaultError."""
        return self.docs / LABS / self.lab_named(lab)

    def facts_of(self, lab: object) -> Readings:
        """Return the facts of `lab`, or of the page's own; raise FaultError if there are none."""
        return self.facts(self.lab_named(lab))

    def lab_named(self, lab: object) -> str:
        """Return `lab`, or the page's own; raise FaultError if there is neither."""
        name = lab if lab is not None else self.page.lab
        if not isinstance(name, str):
            raise FaultError(f"lab is {name!r}", 'give it in quotes: lab="lab12"')
        if not name:
            raise FaultError("this page belongs to no lab", 'name one: lab="lab12"')
        if name not in self.evidence.labs and name not in self.evidence.names():
            raise FaultError(f"there is no lab {name}", f"one of: {', '.join(sorted(self.evidence.labs))}")
        return name
