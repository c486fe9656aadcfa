"""Every sample of a series: a strip of all runs in their order, and percentiles."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from labreport.report.charts.style import ALARM, INK, WIDTH, Drawing, colours
from labreport.report.series import Sample, Series, read_series
from labreport.report.series.comparison import (
    ContenderStats,
    compare,
    comparison_table,
    four_digits,
    sentences,
)
from labreport.report.series.statistics import percentile
from labreport.report.tables import Table
from labreport.report.values import Quantity

HEADROOM = 1.05
RUN_HEIGHT = 9
PERCENTS = (50, 90, 95, 99, 100)
PERCENTILES_HEIGHT = 240
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


def strip(text: str) -> Drawing:
    """Return a mark for each run, a median and its interval for each contender; raise SeriesError.

    The marks are in the order of the runs, so that a trend or a second mode is visible. A failed run is a
    cross.
    """
    series = read_series(text)
    comparison = compare(series)
    contenders = comparison.contenders
    right = HEADROOM * max((_seconds(one.seconds) for one in series.samples if one.answered), default=1.0)
    panels = [
        _Panel(stats, series.of(stats.name), colour, right, has_axis=stats is contenders[-1])
        for stats, colour in zip(contenders, colours(len(contenders)), strict=True)
    ]
    return Drawing(
        f"Every run of {' and '.join(series.names)}, in the order of the runs",
        " ".join(sentences(comparison)),
        comparison_table(comparison),
        alt.vconcat(*map(_chart, panels), spacing=6),
    )


def _chart(panel: _Panel) -> Any:
    layers = [*_median(panel), *_marks(panel)]
    return alt.layer(*layers).properties(width=WIDTH, height=RUN_HEIGHT * len(panel.samples))


def _median(panel: _Panel) -> list[Any]:
    """Return the median as a line and its interval as a band."""
    estimate, layers = panel.stats.seconds, []
    if estimate is None:
        return []
    if estimate.low and estimate.high:
        ends = [{"low": _seconds(estimate.low), "high": _seconds(estimate.high)}]
        band = alt.Chart(alt.InlineData(values=ends)).mark_rect(fill=panel.colour, opacity=0.25)
        layers.append(band.encode(x="low:Q", x2="high:Q"))
    values = [{"median": _seconds(estimate.median)}]
    line = alt.Chart(alt.InlineData(values=values)).mark_rule(color=INK, strokeWidth=2)
    return [*layers, line.encode(x="median:Q")]


def _marks(panel: _Panel) -> list[Any]:
    """Return a circle for each run and a cross for each failed run, at the edge if it took longer."""
    axis = alt.Axis(title="seconds" if panel.has_axis else None, labels=panel.has_axis, ticks=panel.has_axis)
    x = alt.X("seconds:Q", scale=alt.Scale(domain=[0, panel.right], nice=False), axis=axis)
    label = alt.Axis(
        title=_label(panel.stats),
        titleAngle=0,
        titleAlign="right",
        titleAnchor="middle",
        labels=False,
        ticks=False,
    )
    y = alt.Y("run:O", axis=label)
    layers = []
    for answered, mark in ((True, {"fill": panel.colour, **_RUN_MARK}), (False, _FAILED_MARK)):
        samples = [sample for sample in panel.samples if sample.answered is answered]
        values = [{"run": one.run, "seconds": min(_seconds(one.seconds), panel.right)} for one in samples]
        if values:
            data = alt.Chart(alt.InlineData(values=values))
            layers.append(data.mark_point(size=50, **mark).encode(x=x, y=y))
    return layers


def _label(stats: ContenderStats) -> list[str]:
    median = f"median {four_digits(stats.seconds.median)}" if stats.seconds else "no median"
    runs = f"{stats.runs} runs, {len(stats.failed)} failed" if stats.failed else f"{stats.runs} runs"
    return [stats.name, median, runs]


def _seconds(value: Quantity) -> float:
    return float(value.to("s").exact)


def percentiles(text: str) -> Drawing:
    """Return a line with a step for each successful sample of each contender; raise SeriesError."""
    series = read_series(text)
    names = list(series.names)
    points = [point for name in names for point in _points(series, name)]
    colour = alt.Scale(domain=names, range=colours(len(names)))
    chart = (
        alt.Chart(alt.InlineData(values=points))
        .mark_line(interpolate="step-before", strokeWidth=2)
        .encode(
            x=alt.X("percent:Q", title="percent of the requests", scale=alt.Scale(domain=[0, 100])),
            y=alt.Y("ms:Q", title="took at most, ms", scale=alt.Scale(zero=True)),
            color=alt.Color("name:N", title=None, sort=None, scale=colour),
            strokeDash=alt.StrokeDash("name:N", title=None, sort=None, scale=alt.Scale(domain=names)),
        )
        .properties(width=WIDTH, height=PERCENTILES_HEIGHT)
    )
    table = _percentile_table(series)
    return Drawing(f"Percentiles of {' and '.join(names)}", _description(table), table, chart)


def _points(series: Series, name: str) -> list[dict[str, object]]:
    seconds = sorted(float(value.exact) for value in series.seconds(name))
    return [
        {"name": name, "percent": 100 * place / len(seconds), "ms": 1000 * value}
        for place, value in enumerate(seconds, 1)
    ]


def _percentile_table(series: Series) -> Table:
    head = ("", "requests", "failed", *(f"{percent} % within" for percent in PERCENTS))
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
