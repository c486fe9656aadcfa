"""Bars with their names above them: phases one after the other, and the size of a thing by its parts."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from labreport.report.charts.lazy import alt
from labreport.report.charts.style import HEADROOM, INK, Canvas, Drawing, chart_of, colours
from labreport.report.problems import one_line
from labreport.report.rows.columns import column_of
from labreport.report.series import SeriesError, median_estimate
from labreport.report.series.comparison import four_digits, listed
from labreport.report.tables import Table
from labreport.report.values import UNITS, Quantity, decimal

BAR_HEIGHT = 9
GAP = 5
"""Between the name of a bar and the bar, and between two of them, in pixels."""

Bars = dict[str, dict[str, Quantity]]
"""The size of each part of each bar."""


@dataclass(frozen=True)
class _Bar:
    """A row of a chart: a name, and the parts of a bar, each with its start and its end."""

    name: str
    parts: Sequence[tuple[str, float, float]]


def phases(text: str, runs: str) -> Drawing:
    """Return the phases of a run one after the other, each as its median; raise SeriesError.

    The columns are the run, the contender, the phase, and its size with a unit: `run,tool,phase,seconds`.
    """
    columns, read = read_rows(text, 4)
    size = column_of(columns[-1])
    samples: dict[str, dict[str, list[Quantity]]] = {}
    for (_run, name, phase), amount in read:
        samples.setdefault(name, {}).setdefault(phase, []).append(Quantity(amount, size.unit))
    medians = {
        name: {phase: median_estimate(amounts).median for phase, amounts in by_phase.items()}
        for name, by_phase in samples.items()
    }
    longest = max(medians.values(), key=len)
    order = list(dict.fromkeys([*longest, *(phase for bar in medians.values() for phase in bar)]))
    rows = [
        (name, phase, len(amounts), four_digits(medians[name][phase]), _span(amounts))
        for name, by_phase in samples.items()
        for phase, amounts in by_phase.items()
    ]
    description = "; ".join(f"{name}, {phase}: {median}" for name, phase, _count, median, _span in rows)
    panels = {
        f"{name}: {four_digits(sum_of(bar))}, the medians of each {columns[2]} added up": list(
            _one_by_one(bar)
        )
        for name, bar in medians.items()
    }
    return Drawing(
        f"Each {columns[2]} of {listed(list(samples))}, one after the other",
        f"{description}.",
        Table.of((*columns[1:3], runs, "median", "smallest to largest"), rows),
        lambda canvas: _chart(panels, order, size.title(size.unit), canvas),
    )


def sum_of(bar: Mapping[str, Quantity]) -> Quantity:
    """Return the size of all parts of a bar."""
    first, *others = bar.values()
    return sum(others, first)


def _one_by_one(bar: Mapping[str, Quantity]) -> Iterator[_Bar]:
    """Yield a row for each part of a bar; each begins where the one before it ends."""
    end = 0.0
    for part, size in bar.items():
        start, end = end, end + float(size.exact)
        yield _Bar(f"{part} {four_digits(size)}", [(part, start, end)])


def _span(values: Iterable[Quantity]) -> str:
    ordered = sorted(values, key=lambda value: value.exact)
    return f"{four_digits(ordered[0])} to {four_digits(ordered[-1])}"


def memory(text: str, _runs: str) -> Drawing:
    """Return a bar for each number of things: the mean size of one of them, by its parts; raise SeriesError.

    The columns are the group, the number of things, the thing, its part, and the part's size with a unit:
    `tool,servers,server,process,pss_kib`.
    """
    columns, read = read_rows(text, 5)
    group, number, thing, part, size = columns[0], columns[1], columns[2], columns[3], column_of(columns[4])
    unit = "MiB" if UNITS[size.unit].dimension == UNITS["B"].dimension else size.unit
    bars: Bars = {}
    for (name, count, _thing, process), amount in read:
        bar = bars.setdefault(f"{name}, {number}: {count}", {})
        share = Quantity(amount, size.unit).to(unit) / _count(count, number)
        bar[process] = bar[process] + share if process in bar else share
    order = list(dict.fromkeys(process for bar in bars.values() for process in bar))
    rows = [(name, process, four_digits(size)) for name, bar in bars.items() for process, size in bar.items()]
    description = "; ".join(f"{name}, {process}: {size}" for name, process, size in rows)
    stacked = [_stacked(name, bar, order) for name, bar in bars.items()]
    return Drawing(
        f"{size.label} of one {thing}, by the number of {number}",
        f"{description}.",
        Table.of((f"{group}, {number}", part, "each, on average"), rows),
        lambda canvas: _chart({"": stacked}, order, f"{size.title(unit)}, for each {thing}", canvas),
    )


def _count(text: str, things: str) -> Quantity:
    if not text.isdecimal() or not int(text):
        raise SeriesError(f"{text!r} is not a number of {things}")
    return Quantity(decimal(text), "")


def _stacked(name: str, bar: Mapping[str, Quantity], order: Sequence[str]) -> _Bar:
    """Return a bar as one row, its parts in the given order."""
    parts, end = [], 0.0
    for part in order:
        if part in bar:
            start, end = end, end + float(bar[part].exact)
            parts.append((part, start, end))
    return _Bar(f"{name}: {four_digits(sum_of(bar))}", parts)


def _chart(panels: Mapping[str, Sequence[_Bar]], order: Sequence[str], unit: str, canvas: Canvas) -> Any:
    """Return panels below each other, each with its rows; only parts of one bar need a legend."""
    rows = [bar for bars in panels.values() for bar in bars]
    right = HEADROOM * max(end for bar in rows for _part, _start, end in bar.parts) or 1.0
    legend = alt.Legend(
        orient="top", direction="horizontal", columns=canvas.ticks // 2, title=None, columnPadding=24
    )
    has_legend = any(len(bar.parts) > 1 for bar in rows)
    scale = alt.Scale(domain=list(order), range=colours(len(order)))
    colour = alt.Color("part:N", sort=None, scale=scale, legend=legend if has_legend else None)
    charts = []
    for number, (title, bars) in enumerate(panels.items(), 1):
        axis = (
            alt.Axis(title=unit) if number == len(panels) else alt.Axis(title=None, labels=False, ticks=False)
        )
        scale = alt.Scale(domain=[0, right], nice=False)
        chart = _rows(bars, alt.X("start:Q", scale=scale, axis=axis), colour, right, canvas)
        named = {"title": alt.TitleParams(canvas.lines_of(title), anchor="start", offset=4)} if title else {}
        charts.append(chart.properties(**named))
    return alt.vconcat(*charts, spacing=10)


def _rows(bars: Sequence[_Bar], x: alt.X, colour: alt.Color, right: float, canvas: Canvas) -> Any:
    """Return each bar below its name. A name begins where its bar does, or so far left that it fits."""
    height = canvas.text + 2 * GAP + BAR_HEIGHT
    names, parts = [], []
    for number, bar in enumerate(bars):
        top = number * height + canvas.text
        room = right * (1 - canvas.width_of(bar.name) / canvas.inner)
        names.append({"name": bar.name, "start": max(min(bar.parts[0][1], room), 0), "y": top})
        top += GAP
        parts += [
            {"part": part, "start": start, "end": end, "top": top, "bottom": top + BAR_HEIGHT}
            for part, start, end in bar.parts
        ]
    y, y2 = (alt.Y(f"{key}:Q", scale=None, axis=None) for key in ("y", "top"))
    drawn = chart_of(parts).mark_rect(stroke=INK, strokeWidth=0.7)
    written = chart_of(names).mark_text(align="left", baseline="bottom")
    layers = (
        drawn.encode(x=x, x2="end:Q", y=y2, y2="bottom:Q", color=colour),
        written.encode(x=x, y=y, text="name:N"),
    )
    return alt.layer(*layers).properties(width=canvas.inner, height=height * len(bars))


def read_rows(text: str, count: int) -> tuple[list[str], list[tuple[tuple[str, ...], Decimal]]]:
    r"""Return the names of a CSV's `count` columns, and each row, the last cell as a number.

    Raise SeriesError.

    >>> read_rows("run,phase,seconds\n1,boot,5.8\n", 3)[1][0]
    (('1', 'boot'), Decimal('5.8'))
    """
    try:
        head, *rows = csv.reader(text.splitlines(), strict=True)
    except (csv.Error, ValueError) as error:
        raise SeriesError(f"not CSV: {error}" if text.strip() else "it is empty") from error
    if len(head) != count:
        raise SeriesError(
            f"its first line has {len(head)} names, and needs {count}: {one_line(','.join(head))}"
        )
    if not rows:
        raise SeriesError("it has no rows")
    return head, [_row(row, line, count) for line, row in enumerate(rows, 2)]


def _row(cells: list[str], line: int, count: int) -> tuple[tuple[str, ...], Decimal]:
    if len(cells) != count:
        raise SeriesError(f"line {line} has {len(cells)} cells, and needs {count}")
    try:
        return tuple(cells[:-1]), decimal(cells[-1])
    except (ValueError, ArithmeticError) as error:
        raise SeriesError(f"line {line}: {error}") from error
