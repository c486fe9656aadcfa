"""Bars from a zero baseline: one for each category, or for each group of each category, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from labreport.report.charts.bars import BAR_HEIGHT, GAP
from labreport.report.charts.lazy import alt
from labreport.report.charts.points import Plot, Point
from labreport.report.charts.style import HEADROOM, INK, Canvas, Drawing, chart_of, colours
from labreport.report.charts.values import description_of, shortened, table_of, title_of, written
from labreport.report.problems import FaultError

MOST_BARS = 60
CAP = 3
"""Half the height of the end of an interval, in pixels."""


def bars(plot: Plot) -> Drawing:
    """Return a bar for each point, with its name and its value above it; raise FaultError for too many."""
    if len(plot.points) > MOST_BARS:
        what = f"{len(plot.points)} bars, at most {MOST_BARS} can be read"
        raise FaultError(what, 'select rows: where="tool=gzip"')
    return Drawing(title_of(plot), description_of(plot), table_of(plot), lambda canvas: _chart(plot, canvas))


def _chart(plot: Plot, canvas: Canvas) -> Any:
    """Return one panel, or with groups one for each category, below its name."""
    ends = [float(end.exact) for point in plot.points for end in point.ends]
    domain = [HEADROOM * min(0.0, *ends), HEADROOM * max(0.0, *ends)] if any(ends) else [0.0, 1.0]
    colour = dict(zip(plot.names, colours(len(plot.names)), strict=True))
    panels: dict[str, list[Point]] = {}
    for point in plot.points:
        panels.setdefault(str(point.x) if plot.groups else "", []).append(point)
    charts = []
    for number, (name, points) in enumerate(panels.items(), 1):
        is_last = number == len(panels)
        axis = (
            alt.Axis(title=plot.y, format=canvas.format)
            if is_last
            else alt.Axis(title=None, labels=False, ticks=False)
        )
        x = alt.X("end:Q", scale=alt.Scale(domain=domain, nice=False), axis=axis)
        names = [point.group if plot.groups else str(point.x) for point in points]
        chart = _rows(points, names, [colour[point.group] for point in points], x, domain, canvas)
        title = alt.TitleParams(shortened(name, canvas), anchor="start", offset=4, fontWeight="bold")
        charts.append(chart.properties(title=title) if name else chart)
    return alt.vconcat(*charts, spacing=10)


def _rows(  # noqa: PLR0913, PLR0917 - what a panel is drawn from
    points: Sequence[Point],
    names: Sequence[str],
    fills: Sequence[str],
    x: alt.X,
    domain: Sequence[float],
    canvas: Canvas,
) -> Any:
    """Return each bar below its name and value, with the line of its interval."""
    height = canvas.text + 2 * GAP + BAR_HEIGHT
    words, drawn, intervals, caps = [], [], [], []
    for number, (point, name, fill) in enumerate(zip(points, names, fills, strict=True)):
        top = number * height + canvas.text + GAP
        value = written(point.y)
        share = 1 - canvas.width_of(f"{value}: ") / canvas.inner
        words.append({"name": f"{shortened(name, canvas, share)}: {value}", "end": domain[0], "y": top - GAP})
        bar = {"start": 0, "end": float(point.y.exact), "top": top, "bottom": top + BAR_HEIGHT}
        drawn.append({**bar, "fill": fill})
        if point.low is not None and point.high is not None:
            low, high, middle = float(point.low.exact), float(point.high.exact), top + BAR_HEIGHT / 2
            intervals.append({"end": low, "high": high, "y": middle})
            caps += [{"end": end, "top": middle - CAP, "bottom": middle + CAP} for end in (low, high)]
    y, top_y = (alt.Y(f"{key}:Q", scale=None, axis=None) for key in ("y", "top"))
    layers = [
        chart_of(drawn)
        .mark_rect(stroke=INK, strokeWidth=0.7)
        .encode(x=x, x2="start:Q", y=top_y, y2="bottom:Q", color=alt.Color("fill:N", scale=None)),
        chart_of(words).mark_text(align="left", baseline="bottom").encode(x=x, y=y, text="name:N"),
    ]
    if intervals:
        layers.append(chart_of(intervals).mark_rule(color=INK, strokeWidth=1.5).encode(x=x, x2="high:Q", y=y))
        layers.append(
            chart_of(caps).mark_rule(color=INK, strokeWidth=1.5).encode(x=x, y=top_y, y2="bottom:Q")
        )
    if domain[0] < 0:
        layers.append(chart_of([{"end": 0}]).mark_rule(color=INK, strokeWidth=1).encode(x=x))
    return alt.layer(*layers).properties(width=canvas.inner, height=height * len(points))
