"""Charts of raw samples, as SVG in the page's own colours and font: no script, no request.

To add a kind of chart, write a function from the text of a CSV to a `Drawing`, in a module of this folder,
and add one line to KINDS.
"""

from collections.abc import Callable
from functools import lru_cache

from labreport.report.charts.bars import memory, phases
from labreport.report.charts.samples import percentiles, strip
from labreport.report.charts.style import Drawing, Picture, to_picture
from labreport.report.problems import FaultError
from labreport.report.series import SeriesError

KINDS: dict[str, Callable[[str], Drawing]] = {
    "strip": strip,
    "percentiles": percentiles,
    "phases": phases,
    "memory": memory,
}
"""The kinds of chart by the name that a page uses."""


@lru_cache(maxsize=64)  # `mkdocs serve` builds every page again, and a chart takes 0.2 s
def draw(kind: str, text: str, *, emulated: bool) -> Picture:
    """Return the picture of a CSV; raise FaultError for an unknown kind and a CSV of another form."""
    if kind not in KINDS:
        raise FaultError(f"there is no kind of chart {kind!r}", f"use one of: {', '.join(KINDS)}")
    try:
        drawing = KINDS[kind](text)
    except SeriesError as error:
        remedy = error.remedy or "name a CSV that a collector wrote for this kind"
        raise FaultError(f"cannot draw {kind}: {error.what}", remedy) from error
    return to_picture(drawing, emulated=emulated)
