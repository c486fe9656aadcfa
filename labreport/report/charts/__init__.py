"""Charts of evidence, as SVG in the page's own colours and font: no script, no network.

A chart of samples knows the columns that it draws. A plot draws columns that the page names, or facts. To add
a kind, write a function from the text of a CSV, or from a `Plot`, to a `Drawing`, in a module of this folder,
and add one line to SAMPLES or PLOTS.

Altair takes a third of a second to import, and a build whose pictures are all in the cache does not need it.
So lazy.py has it, and loads it when a chart is drawn: a module of this folder that annotates with its types
needs `from __future__ import annotations`.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import lru_cache, partial
from pathlib import Path

from labreport.report.charts.bars import memory, phases
from labreport.report.charts.categories import bars
from labreport.report.charts.kept import kept_svgs
from labreport.report.charts.plane import lines, scatter
from labreport.report.charts.points import Plot
from labreport.report.charts.samples import percentiles, strip
from labreport.report.charts.style import Drawing, Picture, Svgs, svgs_of
from labreport.report.problems import FaultError
from labreport.report.series import SeriesError

SAMPLES: dict[str, Callable[[str, str], Drawing]] = {
    "strip": strip,
    "percentiles": percentiles,
    "phases": phases,
    "memory": memory,
}
"""The kinds of chart that know their columns, by the name that a page uses."""
PLOTS: dict[str, Callable[[Plot], Drawing]] = {
    "bars": bars,
    "lines": lines,
    "scatter": scatter,
}
"""The kinds of chart of any columns, or of facts."""


@lru_cache(maxsize=64)  # `mkdocs serve` builds every page again, and a chart takes 0.2 s
def draw(kind: str, text: str, runs: str = "runs", *, emulated: bool, project: Path | None = None) -> Picture:
    """Return the picture of samples; raise FaultError for a CSV of another form. `runs` names them.

    The SVG is drawn when it is asked for, or read from the cache of the user who builds `project`.
    """
    try:
        drawing = SAMPLES[kind](text, runs)
    except SeriesError as error:
        remedy = error.remedy or "name a CSV that a collector wrote for this kind"
        raise FaultError(f"cannot draw {kind}: {error.what}", remedy) from error
    return _picture(drawing, (kind, text, runs), project, emulated=emulated)


@lru_cache(maxsize=64)
def draw_plot(kind: str, plot: Plot, *, emulated: bool, project: Path | None = None) -> Picture:
    """Return the picture of a plot, drawn likewise; raise FaultError for more than can be read."""
    values = json.dumps(asdict(plot), default=str)
    return _picture(PLOTS[kind](plot), (kind, values), project, emulated=emulated)


def _picture(drawing: Drawing, origin: Sequence[str], project: Path | None, *, emulated: bool) -> Picture:
    def svgs() -> Svgs:
        return svgs_of(drawing, emulated=emulated)

    draw_it = partial(kept_svgs, (*origin, str(emulated)), project, svgs) if project else svgs
    return Picture(drawing.title, drawing.description, drawing.table, draw_it)
