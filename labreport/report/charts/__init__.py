"""Pictures of raw samples, as SVG that is the page's own: its colours, its font, no script, no request.

This package imports altair, which takes a third of a second: import it where a chart is drawn, not before.
"""

from collections.abc import Callable
from functools import lru_cache

from labreport.report.charts.bars import memory, phases
from labreport.report.charts.percentiles import percentiles
from labreport.report.charts.strip import strip
from labreport.report.charts.style import Drawing, Picture, to_picture
from labreport.report.problems import FaultError

KINDS: dict[str, Callable[[str], Drawing]] = {
    one.__name__: one for one in (strip, percentiles, phases, memory)
}
"""The kinds by the name that a page uses."""


@lru_cache(maxsize=64)
def draw(kind: str, text: str, *, emulated: bool) -> Picture:
    """Return the picture of a CSV; raise FaultError for no such kind, or a text that it cannot show."""
    if kind not in KINDS:
        raise FaultError(f"there is no kind of chart {kind!r}", f"one of: {', '.join(KINDS)}")
    try:
        drawing = KINDS[kind](text)
    except ValueError as error:
        raise FaultError(f"no {kind}: {error}", "name a CSV that a collector wrote for it") from error
    return to_picture(drawing, emulated=emulated)
