"""Lines over a parameter, and points: two axes of numbers, linear or logarithmic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from labreport.report.charts.lazy import alt
from labreport.report.charts.points import Plot, Point
from labreport.report.charts.style import HEADROOM, INK, Canvas, Drawing, chart_of, colours
from labreport.report.charts.values import description_of, shortened, table_of, title_of, written
from labreport.report.problems import FaultError
from labreport.report.values import Quantity

MOST_POINTS = 1000
MOST_GROUPS = 7
"""As many as there are colours."""
HEIGHT = 240
EDGE = 0.04
"""How far the axes go beyond the points, as a share of their length."""
ABOVE = 9
"""How far the value of a point is above it, in pixels."""
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right")
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 2], [10, 4], [1, 3])


def lines(plot: Plot) -> Drawing:
    """Return a line for each group through its points, in the order of x; raise FaultError for too many."""
    return _drawing(plot, has_lines=True)


def scatter(plot: Plot) -> Drawing:
    """Return a mark for each point; raise FaultError for too many."""
    return _drawing(plot, has_lines=False)


def _drawing(plot: Plot, *, has_lines: bool) -> Drawing:
    if len(plot.points) > MOST_POINTS:
        what = f"{len(plot.points)} points, at most {MOST_POINTS} are drawn"
        raise FaultError(what, "select rows with where=, or let the collector write a summary")
    if len(plot.names) > MOST_GROUPS:
        what = f"{len(plot.names)} groups, at most {MOST_GROUPS} can be told apart"
        raise FaultError(what, "select rows with where=, or draw bars")
    drawn = [_place(point, plot.names.index(point.group)) for point in plot.points]
    drawn.sort(key=lambda place: (place.group, place.x))
    return Drawing(
        title_of(plot),
        description_of(plot),
        table_of(plot),
        lambda canvas: _chart(plot, _Plane.of(plot, drawn, canvas), drawn, has_lines=has_lines),
    )


@dataclass(frozen=True)
class _Place:
    """Where a point is drawn; `group` is the number of its group."""

    group: int
    x: float
    y: float
    low: float | None
    high: float | None
    written: str


def _place(point: Point, group: int) -> _Place:
    low, high = (None if end is None else float(end.exact) for end in (point.low, point.high))
    x = float(point.x.exact) if isinstance(point.x, Quantity) else 0.0
    return _Place(group, x, float(point.y.exact), low, high, written(point.y))


@dataclass(frozen=True)
class _Axis:
    """An axis from `low` to `high`."""

    low: float
    high: float
    is_log: bool

    @classmethod
    def around(cls, values: Sequence[float], *, is_log: bool, zero: bool = False) -> _Axis:
        """Return an axis that shows all values, and zero if it is to begin there."""
        low, high = min(values), max(values)
        if is_log:
            factor = max((high / low) ** EDGE, 1.1)
            return cls(low / factor, high * factor, is_log=True)
        if zero:
            low, high = min(low, 0.0), max(high, 0.0)
            return (
                cls(HEADROOM * low, HEADROOM * high, is_log=False)
                if low or high
                else cls(0.0, 1.0, is_log=False)
            )
        margin = EDGE * (high - low) or EDGE * abs(high) or 1.0
        return cls(low - margin, high + margin, is_log=False)

    def share(self, value: float) -> float:
        """Return where a value is, from 0 to 1."""
        low, high, value = (
            map(math.log, (self.low, self.high, value)) if self.is_log else (self.low, self.high, value)
        )
        return (value - low) / (high - low)

    def value(self, share: float) -> float:
        """Return the value at a share of the axis."""
        if self.is_log:
            return math.exp(math.log(self.low) + share * (math.log(self.high) - math.log(self.low)))
        return self.low + share * (self.high - self.low)

    @property
    def scale(self) -> alt.Scale:
        """The axis for altair."""
        domain = [self.low, self.high]
        if self.is_log:
            return alt.Scale(type="log", domain=domain, nice=False)
        return alt.Scale(domain=domain, nice=False, zero=False)


@dataclass(frozen=True)
class _Plane:
    """Both axes of a chart on a canvas; `room` is the width of the numbers of the vertical axis."""

    x: _Axis
    y: _Axis
    canvas: Canvas
    room: float

    @classmethod
    def of(cls, plot: Plot, drawn: Sequence[_Place], canvas: Canvas) -> _Plane:
        """Return the axes for the points of a plot."""
        ends = [end for one in drawn for end in (one.y, one.low, one.high) if end is not None]
        x = _Axis.around([one.x for one in drawn], is_log="x" in plot.log)
        y = _Axis.around(ends, is_log="y" in plot.log, zero=plot.zero and "y" not in plot.log)
        longest = max(len(f"{end:.3g}" if abs(end) < 1 else f"{end:.0f}") for end in (y.low, y.high)) + 1
        return cls(x, y, canvas, canvas.width_of("0" * max(longest, 4)) + 10)

    @property
    def width(self) -> float:
        """The width between the vertical axis and the right edge."""
        return self.canvas.inner - self.room - 6

    def encoded(self, plot: Plot, drawn: Sequence[_Place]) -> dict[str, Any]:
        """Return both axes for altair. A parameter with few values has these at its axis."""
        few = sorted({one.x for one in drawn})
        axis: dict[str, Any] = {"format": self.canvas.format}
        has_few = len(few) <= self.canvas.ticks and not self._collide(few)
        at: dict[str, Any] = {"values": few} if has_few else {}
        x = alt.X("x:Q", title=plot.x or None, scale=self.x.scale, axis=alt.Axis(**axis, **at))
        extent: dict[str, Any] = {"minExtent": self.room, "maxExtent": self.room}
        y = alt.Y("y:Q", title=None, scale=self.y.scale, axis=alt.Axis(**axis, **extent))
        return {"x": x, "y": y}

    def _collide(self, values: Sequence[float]) -> bool:
        """Return whether numbers below the axis would overlap."""
        half = [self.canvas.width_of(f"{value:g}") / 2 + 2 for value in values]
        places = [self.width * self.x.share(value) for value in values]
        steps = zip(places, places[1:], half, half[1:], strict=False)
        return any(right - left < one + other for left, right, one, other in steps)

    def labels(self, drawn: Sequence[_Place]) -> list[dict[str, Any]]:
        """Return the values of the points that have room above them; none of many points."""
        if len(drawn) > 2 * self.canvas.ticks or len({one.group for one in drawn}) > 1:
            return []
        taken: list[tuple[float, float, float, float]] = []
        for one in drawn:
            x, y = self.width * self.x.share(one.x), HEIGHT * (1 - self.y.share(one.y))
            taken.append((x - 4, x + 4, y - 4, y + 4))
        found = []
        for one in drawn:
            width = self.canvas.width_of(one.written)
            x = min(max(self.width * self.x.share(one.x), width / 2), self.width - width / 2)
            bottom = HEIGHT * (1 - self.y.share(one.high if one.high is not None else one.y)) - ABOVE + 4
            box = (x - width / 2, x + width / 2, bottom - self.canvas.text, bottom)
            if not any(_overlap(box, other) for other in taken):
                taken.append(box)
                at = {"x": self.x.value(x / self.width), "y": self.y.value(1 - bottom / HEIGHT)}
                found.append({**at, "text": one.written})
        return found


def _overlap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    beside = one[1] <= other[0] or other[1] <= one[0]
    return not (beside or one[3] <= other[2] or other[3] <= one[2])


def _chart(plot: Plot, plane: _Plane, drawn: Sequence[_Place], *, has_lines: bool) -> Any:
    """Return the name of the vertical axis, the names of the groups, and the points."""
    axes = plane.encoded(plot, drawn)
    names, fills = plot.names, colours(len(plot.names))
    layers: list[Any] = []
    for number in range(len(names)):
        values = [{"x": one.x, "y": one.y} for one in drawn if one.group == number]
        points = chart_of(values)
        if has_lines and len(values) > 1:
            line = points.mark_line(color=fills[number], strokeWidth=2, strokeDash=DASHES[number])
            layers.append(line.encode(**axes))
        mark: dict[str, Any] = {
            "shape": SHAPES[number],
            "fill": fills[number],
            "stroke": INK,
            "strokeWidth": 0.5,
            "opacity": 0.9,
        }
        layers.append(points.mark_point(size=40, **mark).encode(**axes))
    ends = [{"x": one.x, "y": one.low, "high": one.high} for one in drawn if one.low is not None]
    if ends:
        layers.append(chart_of(ends).mark_rule(color=INK, strokeWidth=1.5).encode(**axes, y2="high:Q"))
    if labels := plane.labels(drawn):
        layers.append(chart_of(labels).mark_text(baseline="bottom").encode(**axes, text="text:N"))
    title = alt.TitleParams(shortened(plot.y, plane.canvas), anchor="start", fontWeight="normal", offset=12)
    size = {"width": plane.width, "height": HEIGHT}
    chart = alt.layer(*layers).properties(title=title, **size)
    return alt.vconcat(*([_legend(names, fills, plane)] if any(names) else []), chart, spacing=10)


def _legend(names: Sequence[str], fills: Sequence[str], plane: _Plane) -> Any:
    """Return the mark and the name of each group, in as many rows as they need."""
    canvas = plane.canvas
    height, row, x = canvas.text + 8, 0, 0.0
    marks: list[Any] = []
    for number, name in enumerate(names):
        text = shortened(name or "(empty)", canvas, (plane.width - 32) / canvas.inner)
        width = canvas.width_of(text) + 32
        if x and x + width > plane.width:
            row, x = row + 1, 0.0
        y = row * height + height / 2
        at = {"x": alt.X("x:Q", scale=None, axis=None), "y": alt.Y("y:Q", scale=None, axis=None)}
        mark = {"shape": SHAPES[number], "fill": fills[number], "stroke": INK, "strokeWidth": 0.5}
        marks.append(chart_of([{"x": x + 6, "y": y}]).mark_point(size=50, **mark).encode(**at))
        words = chart_of([{"x": x + 16, "y": y, "name": text}]).mark_text(align="left", baseline="middle")
        marks.append(words.encode(**at, text="name:N"))
        x += width
    return alt.layer(*marks).properties(width=plane.width, height=(row + 1) * height)
