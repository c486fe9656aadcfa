"""Every sample of a series: a strip of all runs in their order, and percentiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labreport.report.charts.lazy import alt
from labreport.report.charts.style import ALARM, HEADROOM, INK, Canvas, Drawing, chart_of, colours
from labreport.report.series import Sample, Series, read_series
from labreport.report.series.comparison import (
    ContenderStats,
    compare,
    comparison_table,
    four_digits,
    listed,
    sentences,
)
from labreport.report.series.statistics import percentile
from labreport.report.tables import Table
from labreport.report.values import Quantity

RUN_HEIGHT = 9
PERCENTS = (50, 90, 95, 99, 100)
PERCENTILES_HEIGHT = 240
AXIS_WIDTH = 50
"""The width of the numbers of a vertical axis, in pixels."""
_RUN_MARK: dict[str, Any] = {"shape": "circle", "stroke": INK, "strokeWidth": 0.5, "opacity": 0.85}
_FAILED_MARK: dict[str, Any] = {"shape": "cross", "angle": 45, "fill": ALARM, "stroke": ALARM}


@dataclass(frozen=True)
class _Panel:
    """The part of the picture for one contender; `right` is the end of the axis in seconds."""

    stats: ContenderStats
    samples: Sequence[Sample]
    colour: str
    right: float
    has_axis: bool
    canvas: Canvas
    runs: str


def strip(text: str, runs: str) -> Drawing:
    """Return a mark for each run, a median and its interval for each contender; raise SeriesError.

    `runs` is what the samples are called.

    The marks are in the order of the runs, so that a trend or a second mode is visible. A failed run is a
    cross.
    """
    series = read_series(text)
    comparison = compare(series, runs=runs)
    contenders = comparison.contenders
    right = HEADROOM * max((_seconds(one.seconds) for one in series.samples if one.answered), default=1.0)

    def chart(canvas: Canvas) -> Any:
        panels = [
            _Panel(stats, series.of(stats.name), colour, right, stats is contenders[-1], canvas, runs)
            for stats, colour in zip(contenders, colours(len(contenders)), strict=True)
        ]
        return alt.vconcat(*map(_chart, panels), spacing=10)

    title = f"Every sample of {listed(series.names)}, in the order of the {runs}"
    return Drawing(title, " ".join(sentences(comparison)), comparison_table(comparison), chart)


def _chart(panel: _Panel) -> Any:
    """Return the runs of a contender below its name, in its colour, and its median."""
    title = alt.TitleParams(panel.canvas.lines_of(_label(panel.stats, panel.runs)), anchor="start", offset=4)
    layers = alt.layer(*_median(panel), *_marks(panel))
    height = RUN_HEIGHT * len(panel.samples)
    return layers.properties(width=panel.canvas.inner, height=height, title=title)


def _median(panel: _Panel) -> list[Any]:
    """Return the median as a line and its interval as a band."""
    estimate, layers = panel.stats.seconds, []
    if estimate is None:
        return []
    if estimate.low and estimate.high:
        ends = [{"low": _seconds(estimate.low), "high": _seconds(estimate.high)}]
        band = chart_of(ends).mark_rect(fill=panel.colour, opacity=0.25)
        layers.append(band.encode(x="low:Q", x2="high:Q"))
    values = [{"median": _seconds(estimate.median)}]
    line = chart_of(values).mark_rule(color=INK, strokeWidth=2)
    return [*layers, line.encode(x="median:Q")]


def _marks(panel: _Panel) -> list[Any]:
    """Return a circle for each run and a cross for each failed run, at the edge if it took longer."""
    axis = alt.Axis(title="seconds" if panel.has_axis else None, labels=panel.has_axis, ticks=panel.has_axis)
    x = alt.X("seconds:Q", scale=alt.Scale(domain=[0, panel.right], nice=False), axis=axis)
    y = alt.Y("run:O", axis=None)
    layers = []
    for answered, mark in ((True, {"fill": panel.colour, **_RUN_MARK}), (False, _FAILED_MARK)):
        samples = [sample for sample in panel.samples if sample.answered is answered]
        values = [{"run": one.run, "seconds": min(_seconds(one.seconds), panel.right)} for one in samples]
        if values:
            data = chart_of(values)
            layers.append(data.mark_point(size=50, **mark).encode(x=x, y=y))
    return layers


def _label(stats: ContenderStats, noun: str) -> str:
    median = f"median {four_digits(stats.seconds.median)}" if stats.seconds else "no median"
    runs = f"{stats.runs} {noun}, {len(stats.failed)} failed" if stats.failed else f"{stats.runs} {noun}"
    return f"{stats.name}: {median}, {runs}"


def _seconds(value: Quantity) -> float:
    return float(value.to("s").exact)


def percentiles(text: str, runs: str) -> Drawing:
    """Return a line with a step for each successful sample of each contender; raise SeriesError."""
    series = read_series(text)
    names = list(series.names)
    lines = {name: _points(series, name) for name in names}
    table = _percentile_table(series, runs)
    return Drawing(
        f"Percentiles of {listed(names)}",
        _description(table),
        table,
        lambda canvas: _lines_chart(lines, canvas, runs),
    )


def _lines_chart(lines: Mapping[str, Sequence[Mapping[str, Any]]], canvas: Canvas, runs: str) -> Any:
    """Return a line for each name, with the name at its end."""
    names = list(lines)
    top = HEADROOM * max((point["ms"] for points in lines.values() for point in points), default=1.0)
    colour = alt.Color("name:N", legend=None, sort=None, scale=_by_name(names, colours(len(names))))
    ticks = alt.Axis(tickCount=canvas.ticks)
    x = alt.X("percent:Q", title=f"percent of the {runs}", scale=alt.Scale(domain=[0, 100]), axis=ticks)
    y = alt.Y("ms:Q", title=None, scale=alt.Scale(domain=[0, top]))
    dash = alt.StrokeDash("name:N", legend=None, sort=None, scale=alt.Scale(domain=names))
    points = chart_of([point for line in lines.values() for point in line])
    drawn = points.mark_line(interpolate="step-before", strokeWidth=2).encode(
        x=x, y=y, color=colour, strokeDash=dash
    )
    named = chart_of(_names_at_ends(lines, top, canvas))
    texts = named.mark_text(align="left", dx=6).encode(x=x, y=y, text="name:N")
    room = AXIS_WIDTH + max(map(canvas.width_of, names), default=0)
    size = {"width": canvas.inner - room, "height": PERCENTILES_HEIGHT}
    title = alt.TitleParams("took at most, ms", anchor="start", fontWeight="normal", offset=8)
    return alt.vconcat(alt.layer(drawn, texts).properties(title=title, **size))


def _by_name(names: Sequence[str], values: Sequence[str]) -> alt.Scale:
    return alt.Scale(domain=list(names), range=list(values))


def _names_at_ends(
    lines: Mapping[str, Sequence[Mapping[str, Any]]], top: float, canvas: Canvas
) -> list[dict[str, object]]:
    """Return the place of each line's name, at its last point, or below the name above it."""
    ends = sorted(((points[-1]["ms"], name) for name, points in lines.items() if points), reverse=True)
    apart = top * (canvas.text + 2) / PERCENTILES_HEIGHT
    places: list[dict[str, object]] = []
    highest = top
    for end, name in ends:
        at = min(end, highest)
        places.append({"name": name, "percent": 100, "ms": at})
        highest = at - apart
    return places


def _points(series: Series, name: str) -> list[dict[str, Any]]:
    seconds = sorted(float(value.exact) for value in series.seconds(name))
    return [
        {"name": name, "percent": 100 * place / len(seconds), "ms": 1000 * value}
        for place, value in enumerate(seconds, 1)
    ]


def _percentile_table(series: Series, runs: str) -> Table:
    head = ("", runs, "failed", *(f"{percent} % within" for percent in PERCENTS))
    return Table.of(head, (_percentile_row(series, name) for name in series.names))


def _percentile_row(series: Series, name: str) -> list[object]:
    runs, seconds = len(series.of(name)), series.seconds(name)
    by_value = {value.exact: value for value in seconds}
    exact = [value.exact for value in seconds]
    cells = [four_digits(by_value[percentile(exact, percent)]) if exact else "none" for percent in PERCENTS]
    return [name, runs, runs - len(seconds), *cells]


def _description(table: Table) -> str:
    """Return the table as sentences, for readers who cannot see the picture."""
    sentences = [
        f"{row[0].text}: "
        + ", ".join(f"{name} {cell.text}" for name, cell in zip(table.head[3:], row[3:], strict=True))
        for row in table.rows
    ]
    return ". ".join(sentences) + "."
