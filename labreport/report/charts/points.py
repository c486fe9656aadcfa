"""The points of a chart: what a page asks for, read from the rows of a file."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from labreport.report.problems import FaultError
from labreport.report.rows import Row, Rows, quoted
from labreport.report.rows.columns import Column, axis_name, column_of
from labreport.report.series import median_estimate
from labreport.report.series.statistics import CONFIDENCE
from labreport.report.values import Quantity

LARGEST, SMALLEST = 10**12, 10**-12
"""The largest number that an axis shows, and the smallest that is not zero."""
OF_MEDIANS = (
    f"Each value is the median of its rows, the line across it its {CONFIDENCE:.0%} interval"
    " (from six rows on)."
)
OF_COLUMNS = "The line across a value is from {} to {}."


@dataclass(frozen=True)
class Point:
    """A value of a chart: its place on the other axis, its group, its interval, and how many rows it is of.

    `x` is a text for bars, and a number for lines and scatter.
    """

    x: Quantity | str
    group: str
    y: Quantity
    low: Quantity | None = None
    high: Quantity | None = None
    count: int = 1

    @property
    def ends(self) -> tuple[Quantity, ...]:
        """The value, and the ends of its interval."""
        return tuple(one for one in (self.y, self.low, self.high) if one is not None)


@dataclass(frozen=True)
class Plot:
    """The points of a chart, the names of its axes and of its groups, and a sentence about the values.

    `log` has the names of the axes that are logarithmic, of x and y; with `zero`, y begins at zero.
    """

    points: tuple[Point, ...]
    x: str
    y: str
    groups: str = ""
    told: str = ""
    log: str = ""
    zero: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        """The groups, in the order of their first points."""
        return tuple(dict.fromkeys(point.group for point in self.points))


@dataclass(frozen=True)
class PlotRequest:
    """The columns that a page asks for, and how it wants them drawn; `interval` has none or two columns."""

    x: str
    y: tuple[str, ...]
    by: str | None = None
    interval: tuple[str, ...] = ()
    unit: str | None = None
    log: str = ""
    zero: bool = True


def plot_of(rows: Rows, asked: PlotRequest, kind: str) -> Plot:
    """Return the points of a kind of chart; raise FaultError for a cell that is not what the kind needs."""
    columns = [column_of(name) for name in asked.y]
    unit = _common_unit(rows, asked, columns)
    found = list(_points(rows, asked, kind, unit))
    told = ""
    if kind != "scatter":
        found = list(_one_a_place(rows, found, has_interval=bool(asked.interval)))
        told = OF_MEDIANS if any(point.count > 1 for point in found) else ""
    if asked.interval:
        told = OF_COLUMNS.format(*(column_of(name).label for name in asked.interval))
    x = column_of(asked.x)
    y = columns[0].title(unit)
    if len(columns) > 1:
        y = axis_name(", ".join(column.label for column in columns), unit)
    groups = [column_of(asked.by).label] if asked.by else []
    groups += ["column"] if len(columns) > 1 else []
    plot = Plot(tuple(found), x.title(x.unit), y, ", ".join(groups), told, asked.log, asked.zero)
    return checked_plot(plot, kind)


def _common_unit(rows: Rows, asked: PlotRequest, columns: Sequence[Column]) -> str:
    """Return the unit of the axis; raise FaultError if its columns have none in common."""
    units = dict.fromkeys(column.unit for column in columns)
    if asked.unit is not None and ("" not in units or len(units) == 1):
        return asked.unit
    if len(units) > 1:
        named = ", ".join(f"{name} ({unit or 'no unit'})" for name, unit in zip(asked.y, units, strict=False))
        raise FaultError(f"{rows.path}: one axis has one unit, not those of {named}", 'state it: unit="MiB"')
    return next(iter(units))


def _points(rows: Rows, asked: PlotRequest, kind: str, unit: str) -> Iterator[Point]:
    at, by = rows.index(asked.x), None if asked.by is None else rows.index(asked.by)
    x_unit = column_of(asked.x).unit
    for row in rows.rows:
        x = row.cells[at] if kind == "bars" else rows.number(row, asked.x, x_unit)
        for name in asked.y:
            parts = [row.cells[by]] if by is not None else []
            parts += [column_of(name).label] if len(asked.y) > 1 else []
            y = _value(rows, row, name, unit)
            yield with_interval(
                Point(x, ", ".join(parts), y),
                [_value(rows, row, end, unit, column_of(name)) for end in asked.interval],
                f"{rows.path}, {row.place}",
            )


def with_interval(point: Point, ends: Sequence[Quantity], place: str) -> Point:
    """Return a point with the two ends of its interval, if it has them; raise FaultError if it is outside."""
    if not ends:
        return point
    low, high = ends
    if not low.exact <= point.y.exact <= high.exact:
        what = f"{place}: {point.y} is not between {low} and {high}"
        raise FaultError(what, "name the low end before the high one")
    return replace(point, low=low, high=high)


def _value(rows: Rows, row: Row, name: str, unit: str, beside: Column | None = None) -> Quantity:
    """Return a cell in `unit`; a column that names no unit has that of the column `beside`."""
    column = column_of(name)
    if beside is not None and not column.unit:
        column = replace(column, unit=beside.unit)
    return column.to_unit(rows.number(row, name, column.unit), unit)


def _one_a_place(rows: Rows, points: Iterable[Point], *, has_interval: bool) -> Iterator[Point]:
    """Yield one point for each place and group: the median where the file has several rows."""
    places: dict[tuple[object, str], list[Point]] = {}
    for point in points:
        place = point.x.exact if isinstance(point.x, Quantity) else point.x
        places.setdefault((place, point.group), []).append(point)
    for several in places.values():
        first = several[0]
        if len(several) == 1:
            yield first
            continue
        if has_interval:
            what = f"{rows.path} has {len(several)} rows for {quoted(place_of(first))}"
            raise FaultError(what, "an interval is of one row: name a column in by=, or select with where=")
        estimate = median_estimate([point.y for point in several])
        yield replace(first, y=estimate.median, low=estimate.low, high=estimate.high, count=len(several))


def place_of(point: Point) -> str:
    """Return where a point is: `gzip, 6`."""
    return ", ".join(filter(None, (str(point.x), point.group)))


def checked_plot(plot: Plot, kind: str) -> Plot:
    """Return a plot; raise FaultError if its axes cannot show its values without misleading."""
    if kind == "bars" and "y" in plot.log:
        raise FaultError("bars have no logarithmic axis: their length begins at zero", 'use kind="lines"')
    if kind == "bars" and plot.log:
        raise FaultError("the categories of bars have no logarithmic axis", "leave out log=")
    if kind == "bars" and not plot.zero:
        raise FaultError(
            "bars begin at zero: their length is the value", 'use kind="scatter" or kind="lines"'
        )
    for point in plot.points:
        xs = (point.x,) if isinstance(point.x, Quantity) else ()
        for axis, values in (("x", xs), ("y", point.ends)):
            for value in values:
                _check_value(plot, axis, value)
    return plot


def _check_value(plot: Plot, axis: str, value: Quantity) -> None:
    if axis in plot.log and value.exact <= 0:
        raise FaultError(f"a logarithmic axis has no {value}", f"leave out log, or select rows {axis} > 0")
    if value.exact and not SMALLEST <= abs(value.exact) <= LARGEST:
        raise FaultError(
            f"{value} is too {'large' if abs(value.exact) > 1 else 'small'} for an axis",
            'give another unit: unit="GB"',
        )
