"""What a page's front matter says to the report: the gaps it expects, whether it accepts emulated values."""

from collections.abc import Mapping

from labreport.report.problems import FaultError
from labreport.report.source.cite import FrontMatter

EXPECTED = "expected_gaps"
EMULATED = "accept_emulated"


def read_front_matter(meta: Mapping[str, object]) -> FrontMatter:
    """Return what a page's `meta` says to the report; raise FaultError for what it cannot say."""
    accepts = meta.get(EMULATED, False)
    if not isinstance(accepts, bool):
        raise FaultError(f"{EMULATED} is {accepts!r}", "write true or false")
    return FrontMatter(_expected(meta.get(EXPECTED)), accepts)


def _expected(gaps: object) -> frozenset[str]:
    if gaps is None:
        return frozenset()
    if not isinstance(gaps, list) or not all(isinstance(one, str) for one in gaps):
        raise FaultError(f"{EXPECTED} is {gaps!r}", "list paths: [kata/test1.txt]")
    return frozenset(gaps)
