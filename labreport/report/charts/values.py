"""The values of a plot in words: how one is written, the title, the description and the table of a chart."""

import math
from collections.abc import Sequence

from labreport.report.charts.points import Plot, Point, place_of
from labreport.report.charts.style import Canvas
from labreport.report.problems import one_line
from labreport.report.tables import Table
from labreport.report.values import Quantity

DIGITS = 4
MOST_TOLD = 40
"""How many points the description of a chart lists one by one."""


def written(value: Quantity) -> str:
    """Return a value with at most four significant digits, whole numbers with all of them.

    >>> from decimal import Decimal
    >>> [written(Quantity(Decimal(one), "s")) for one in ("0.00041234", "12.3456", "5201334")]
    ['0.0004123 s', '12.35 s', '5201334 s']
    """
    size = abs(value.exact)
    power = math.floor(math.log10(size)) if size else 0
    return str(value.rounded(max(DIGITS - 1 - power, 0)))


def shortened(text: str, canvas: Canvas, share: float = 1.0) -> str:
    """Return a text on one line, cut so that it fits into a share of the canvas."""
    line = one_line(text)
    room = max(int(share * canvas.inner / canvas.width_of("x")), 1)
    return line if len(line) <= room else f"{line[: room - 1]}…"


def title_of(plot: Plot) -> str:
    """Return what a chart shows: `rss (KiB), by tool and level`."""
    axes = " and ".join(filter(None, (plot.x, "" if plot.groups == "column" else plot.groups)))
    return one_line(f"{plot.y}, by {axes}" if axes else plot.y)


def description_of(plot: Plot) -> str:
    """Return the points as sentences; of many, how many each group has and its extremes."""
    if len(plot.points) <= MOST_TOLD:
        told = "; ".join(f"{place_of(point)}: {_with_interval(point)}" for point in plot.points)
    else:
        told = "; ".join(
            _extent(name, [one for one in plot.points if one.group == name]) for name in plot.names
        )
    return " ".join(filter(None, (f"{told}.", plot.told)))


def _with_interval(point: Point) -> str:
    if point.low is None or point.high is None:
        return written(point.y)
    return f"{written(point.y)} ({written(point.low)} to {written(point.high)})"


def _extent(name: str, points: Sequence[Point]) -> str:
    ordered = sorted((point.y for point in points), key=lambda value: value.exact)
    extent = f"{len(points)} points from {written(ordered[0])} to {written(ordered[-1])}"
    return f"{name}: {extent}" if name else extent


def table_of(plot: Plot) -> Table:
    """Return a row for each point: its place, its value, its interval, and how many rows it is of."""
    has_groups = any(point.group for point in plot.points)
    has_ends = any(point.low is not None for point in plot.points)
    has_counts = any(point.count > 1 for point in plot.points)
    head = [plot.x, *([plot.groups] if has_groups else []), plot.y]
    head += ["from", "to"] if has_ends else []
    head += ["rows"] if has_counts else []
    rows = []
    for point in plot.points:
        cells = [str(point.x), *([point.group] if has_groups else []), str(point.y)]
        cells += ["" if end is None else str(end) for end in (point.low, point.high)] if has_ends else []
        cells += [str(point.count)] if has_counts else []
        rows.append(cells)
    texts = 1 + has_groups if rows and not isinstance(plot.points[0].x, Quantity) else 0
    right = frozenset(at for at in range(len(head)) if at >= texts and not (has_groups and at == 1))
    return Table.of(head, rows, right)
