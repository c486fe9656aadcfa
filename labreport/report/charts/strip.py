"""Every run of a series as a mark, in the order in which they were: a drift leans, a mode stands apart."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from labreport.report.charts.style import ALARM, INK, WIDTH, Drawing, colours
from labreport.report.series.comparison import (
    ContenderStats,
    compare,
    comparison_table,
    four_digits,
    sentences,
)
from labreport.report.series.series import Sample, Series, read_series
from labreport.report.values.quantity import Quantity

HEADROOM = 1.05
ROW = 9


def strip(text: str) -> Drawing:
    """Return the strip of a series: marks, median and interval for each contender; failed runs crossed."""
    series = read_series(text)
    found = compare(series)
    right = HEADROOM * max([_seconds(one.seconds) for one in series.samples if one.answered], default=1.0)
    rows = [
        _row(one, series, colour, right, last=one is found.contenders[-1])
        for one, colour in zip(found.contenders, colours(len(found.contenders)), strict=True)
    ]
    names = " and ".join(series.names)
    return Drawing(
        f"Every run of {names}, in the order in which they were",
        " ".join(sentences(found)),
        comparison_table(found),
        alt.vconcat(*rows, spacing=6),
    )


def _row(one: ContenderStats, series: Series, colour: str, right: float, *, last: bool) -> Any:
    """Return the marks of a contender, its median as a line, the interval as a band."""
    samples = series.of(one.name)
    x = alt.X(
        "seconds:Q",
        scale=alt.Scale(domain=[0, right], nice=False),
        axis=alt.Axis(title="seconds" if last else None, labels=last, ticks=last),
    )
    y = alt.Y("run:O", axis=alt.Axis(title=_label(one), titleAngle=0, titleAlign="right", labels=False,
                                     ticks=False, titleAnchor="middle"))  # fmt: skip
    layers = [*_band(one, colour), *_marks(samples, x, y, colour, right)]
    return alt.layer(*layers).properties(width=WIDTH, height=ROW * len(samples))


def _label(one: ContenderStats) -> list[str]:
    runs = f"{one.runs} runs" if not one.failed else f"{one.runs} runs, {len(one.failed)} failed"
    return [one.name, f"median {four_digits(one.seconds.median)}" if one.seconds else "no median", runs]


def _marks(samples: Sequence[Sample], x: Any, y: Any, colour: str, right: float) -> list[Any]:
    """Return a circle for each run; a cross, at the edge where it took longer, for each that failed."""
    kinds: list[tuple[bool, dict[str, Any]]] = [
        (True, {"shape": "circle", "fill": colour, "stroke": INK, "strokeWidth": 0.5, "opacity": 0.85}),
        (False, {"shape": "cross", "angle": 45, "fill": ALARM, "stroke": ALARM}),
    ]
    layers = []
    for answered, look in kinds:
        chosen = [one for one in samples if one.answered is answered]
        values = [{"run": one.run, "seconds": min(_seconds(one.seconds), right)} for one in chosen]
        if values:
            layers.append(
                alt.Chart(alt.InlineData(values=values)).mark_point(size=50, **look).encode(x=x, y=y)
            )
    return layers


def _band(one: ContenderStats, colour: str) -> list[Any]:
    if one.seconds is None:
        return []
    found, layers = one.seconds, []
    if found.low and found.high:
        ends = [{"low": _seconds(found.low), "high": _seconds(found.high)}]
        band = alt.Chart(alt.InlineData(values=ends)).mark_rect(fill=colour, opacity=0.25)
        layers.append(band.encode(x="low:Q", x2="high:Q"))
    line = alt.Chart(alt.InlineData(values=[{"median": _seconds(found.median)}])).mark_rule(
        color=INK, strokeWidth=2
    )
    return [*layers, line.encode(x="median:Q")]


def _seconds(value: Quantity) -> float:
    return float(value.to("s").exact)
