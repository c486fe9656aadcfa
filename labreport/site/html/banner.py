"""The banner of a page: its oldest evidence, the host classes, and whether any of it is emulated."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from labreport.contract.records import Host
from labreport.report.facts.claims import BoundExpression
from labreport.report.facts.readings import Reading
from labreport.report.pages.macros import Shown, blocks_of
from labreport.report.source.evidence import is_emulated
from labreport.report.tables.runs import utc


@dataclass(frozen=True)
class Moment:
    """When something that a page shows was captured, and on what host."""

    start: datetime
    host: Host | None


def moments(shown: Iterable[Shown]) -> Iterator[Moment]:
    """Yield when each block and each value that a page shows was captured."""
    for one in shown:
        yield from (
            Moment(block.captured.record.start, block.host) for block in blocks_of(one) if block.captured
        )
        if isinstance(one, BoundExpression):
            yield from (
                Moment(found.start, found.host)
                for found in one.readings.values()
                if isinstance(found, Reading)
            )


def banner_html(moments: Iterable[Moment]) -> str:
    """Return the line that tells a page's oldest evidence and its host classes; empty without evidence."""
    told = list(moments)
    if not told:
        return ""
    oldest = min(one.start for one in told)
    classes = sorted({str(one.host.host_class) if one.host else "unknown" for one in told})
    emulated = any(is_emulated(one.host) for one in told)
    mark = ' data-emulated="true"' if emulated else ""
    warning = " <strong>Times here are not those of real hardware.</strong>" if emulated else ""
    return (
        f'<p class="ev-banner" data-search-exclude{mark}>The oldest evidence on this page is of '
        f"{utc(oldest)}; host class: {', '.join(classes)}.{warning}</p>"
    )
