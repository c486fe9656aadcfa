"""Stacked bars: the phases of a start, and the memory of a container by process."""

import csv
from collections.abc import Iterable, Sequence
from typing import Any

import altair as alt

from labreport.report.charts.style import INK, WIDTH, Drawing, colours
from labreport.report.series import SeriesError, median_estimate
from labreport.report.series.comparison import four_digits
from labreport.report.tables import Table
from labreport.report.values import Quantity, decimal

PHASE_COLUMNS = ("run", "runtime", "phase", "seconds")
PHASE_HEAD = ("runtime", "phase", "runs", "median", "smallest to largest")
PHASE_HEIGHT = 44
MEMORY_COLUMNS = ("runtime", "containers", "container", "process", "pss_kib")
MEMORY_HEAD = ("containers", "process", "each, on average")
MEMORY_HEIGHT = 30

Bars = dict[str, dict[str, Quantity]]
"""The size of each part of each bar."""


def phases(text: str) -> Drawing:
    """Return the phases of a start one after the other, each as its median; raise SeriesError."""
    samples: dict[str, dict[str, list[Quantity]]] = {}
    for (_run, runtime, phase), seconds in read_rows(text, PHASE_COLUMNS, "s"):
        samples.setdefault(runtime, {}).setdefault(phase, []).append(seconds)
    medians = {
        runtime: {phase: median_estimate(seconds).median for phase, seconds in by_phase.items()}
        for runtime, by_phase in samples.items()
    }
    longest = max(medians.values(), key=len)
    order = list(dict.fromkeys([*longest, *(phase for bar in medians.values() for phase in bar)]))
    chart = _stacked(medians, order, "seconds: the median of each phase, added up", PHASE_HEIGHT)
    rows = [
        (runtime, phase, len(seconds), four_digits(medians[runtime][phase]), _span(seconds))
        for runtime, by_phase in samples.items()
        for phase, seconds in by_phase.items()
    ]
    description = "; ".join(f"{runtime}, {phase}: {median}" for runtime, phase, _runs, median, _span in rows)
    title = f"Where the time of a start goes, under {' and '.join(samples)}"
    return Drawing(title, f"{description}.", Table.of(PHASE_HEAD, rows), chart)


def _span(values: Iterable[Quantity]) -> str:
    ordered = sorted(values, key=lambda value: value.exact)
    return f"{four_digits(ordered[0])} to {four_digits(ordered[-1])}"


def memory(text: str) -> Drawing:
    """Return a bar for each number of containers: the mean memory of one, by process; raise SeriesError."""
    bars: Bars = {}
    for (runtime, containers, _container, process), size in read_rows(text, MEMORY_COLUMNS, "KiB"):
        bar = bars.setdefault(f"{containers} under {runtime}", {})
        share = size.to("MiB") / _count(containers)
        bar[process] = bar[process] + share if process in bar else share
    order = list(dict.fromkeys(process for bar in bars.values() for process in bar))
    chart = _stacked(bars, order, "MiB for each container (proportional set size)", MEMORY_HEIGHT)
    rows = [(name, process, four_digits(size)) for name, bar in bars.items() for process, size in bar.items()]
    description = "; ".join(f"{name}, {process}: {size}" for name, process, size in rows)
    title = "Memory of one idle container, by the number of containers"
    return Drawing(title, f"{description}.", Table.of(MEMORY_HEAD, rows), chart)


def _count(text: str) -> Quantity:
    if not text.isdecimal() or not int(text):
        raise SeriesError(f"{text!r} is not a number of containers")
    return Quantity(decimal(text), "")


def _stacked(bars: Bars, order: Sequence[str], title: str, height: int) -> Any:
    """Return a horizontal bar for each of `bars`, its parts in the given order."""
    values = [
        {"bar": name, "part": part, "size": float(size.exact), "place": order.index(part)}
        for name, bar in bars.items()
        for part, size in bar.items()
    ]
    scale = alt.Scale(domain=list(order), range=colours(len(order)))
    return (
        alt.Chart(alt.InlineData(values=values))
        .mark_bar(stroke=INK, strokeWidth=0.7)
        .encode(
            x=alt.X("size:Q", title=title, stack="zero"),
            y=alt.Y("bar:N", title=None, sort=list(bars)),
            order=alt.Order("place:Q"),
            color=alt.Color("part:N", title=None, sort=None, scale=scale),
        )
        .properties(width=WIDTH, height=height * len(bars))
    )


def read_rows(text: str, columns: Sequence[str], unit: str) -> list[tuple[tuple[str, ...], Quantity]]:
    r"""Return the cells of each row of a CSV, the last one as a quantity; raise SeriesError.

    >>> read_rows("run,phase,seconds\n1,boot,5.8\n", ("run", "phase", "seconds"), "s")[0][0]
    ('1', 'boot')
    """
    try:
        head, *rows = csv.reader(text.splitlines(), strict=True)
    except (csv.Error, ValueError) as error:
        raise SeriesError(f"not CSV: {error}" if text.strip() else "it is empty") from error
    if tuple(head) != tuple(columns):
        raise SeriesError(f"its first line is not {','.join(columns)}")
    if not rows:
        raise SeriesError("it has no rows")
    return [_row(row, line, columns, unit) for line, row in enumerate(rows, 2)]


def _row(cells: list[str], line: int, columns: Sequence[str], unit: str) -> tuple[tuple[str, ...], Quantity]:
    if len(cells) != len(columns):
        raise SeriesError(f"line {line} has {len(cells)} cells, and needs {len(columns)}")
    try:
        return tuple(cells[:-1]), Quantity(decimal(cells[-1]), unit)
    except (ValueError, ArithmeticError) as error:
        raise SeriesError(f"line {line}: {error}") from error
