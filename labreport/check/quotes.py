"""Quotes of evidence that were typed into a page: fences whose info string is `start:end:path`."""

from collections.abc import Iterator
from pathlib import Path

from labreport.check.finding import Finding, Kind
from labreport.check.submission import check_text
from labreport.report.pages.source import PageSource


def typed_quotes(page: PageSource, evidence: Path) -> Iterator[Finding]:
    """Yield a finding for each such fence of a page of a lab that is not what its lines are."""
    for one in check_text(page.text.encode(), evidence / page.lab, ""):
        if not one.whole:
            what = f"{one.reference} is not what it says: {one.what}"
            remedy = f'let the build cut it out: {{{{ evidence("{one.reference}") }}}}'
            yield Finding(Kind.QUOTE, page.file, one.line, 1, what, remedy, one.reference)
