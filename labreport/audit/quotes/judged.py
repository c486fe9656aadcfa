"""The verdict on one quoted block."""

from dataclasses import dataclass, field

from labreport.audit.evidence import EvidenceFile
from labreport.audit.model import BlockVerdict, Found, LineDifference


@dataclass(frozen=True)
class Judged:
    """A verdict on a block, why, and where in the evidence. `sources` has a file with its lines, 1-based."""

    verdict: BlockVerdict
    why: str
    sources: tuple[tuple[EvidenceFile, int, int], ...] = ()
    found: Found | None = None
    named: str = ""
    differences: tuple[LineDifference, ...] = field(default=())
