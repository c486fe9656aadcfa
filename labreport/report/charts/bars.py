"""Stacked bars."""

import csv
from collections.abc import Sequence

import altair as alt

from labreport.report.charts.style import INK, WIDTH, Drawing, colours
from labreport.report.series.comparison import four_digits
from labreport.report.series.series import median_estimate
from labreport.report.tables.table import Cell, Table
from labreport.report.values.quantity import Quantity, decimal


def rows_of(text: str, columns: Sequence[str], unit: str) -> list[tuple[tuple[str, ...], Quantity]]:
    r"""Return the cells of each row but the last, and the last as a quantity; raise ValueError.

    >>> rows_of("run,phase,seconds\n1,boot,5.8\n", ("run", "phase", "seconds"), "s")[0][0]
    ('1', 'boot')
    """
    try:
        rows = list(csv.reader(text.splitlines(), strict=True))
    except csv.Error as error:
        raise ValueError(f"no CSV: {error}") from error
    if not rows or tuple(rows[0]) != tuple(columns):
        raise ValueError(f"its first line is not {','.join(columns)}")
    if len(rows) == 1:
        raise ValueError("it has no rows")
    for line, row in enumerate(rows[1:], 2):
        if len(row) != len(columns):
            raise ValueError(f"line {line} has {len(row)} cells: {len(columns)} are wanted")
    return [(tuple(row[:-1]), Quantity(decimal(row[-1]), unit)) for row in rows[1:]]


PHASE_COLUMNS = ("run", "runtime", "phase", "seconds")
PHASE_BAR = 44


def phases(text: str) -> Drawing:
    """Return the phases, each as the median over the runs; raise ValueError."""
    found: dict[tuple[str, str], list[Quantity]] = {}
    for (_run, runtime, phase), seconds in rows_of(text, PHASE_COLUMNS, "s"):
        found.setdefault((runtime, phase), []).append(seconds)
    runtimes = list(dict.fromkeys(runtime for runtime, _phase in found))
    order = _in_order(found, runtimes)
    values = [
        {
            "runtime": runtime,
            "phase": phase,
            "seconds": float(median_estimate(found[runtime, phase]).median.exact),
            "place": order.index(phase),
        }
        for runtime, phase in found
    ]
    chart = (
        alt.Chart(alt.InlineData(values=values))
        .mark_bar(stroke=INK, strokeWidth=0.7)
        .encode(
            x=alt.X("seconds:Q", title="seconds: the median of each phase, added up", stack="zero"),
            y=alt.Y("runtime:N", title=None, sort=runtimes),
            order=alt.Order("place:Q"),
            color=alt.Color("phase:N", title=None, sort=None,
                            scale=alt.Scale(domain=order, range=colours(len(order)))),
        )
        .properties(width=WIDTH, height=PHASE_BAR * len(runtimes))
    )  # fmt: skip
    table = _phase_table(found)
    told = [f"{row[0].text}, {row[1].text}: {row[3].text}" for row in table.rows]
    title = f"Where the time of a start goes, under {' and '.join(runtimes)}"
    return Drawing(title, "; ".join(told) + ".", table, chart)


def _in_order(found: dict[tuple[str, str], list[Quantity]], runtimes: list[str]) -> list[str]:
    """Return the phases in the order of the runtime that has most of them."""
    of = {runtime: [phase for one, phase in found if one == runtime] for runtime in runtimes}
    longest = max(of.values(), key=len)
    return list(dict.fromkeys([*longest, *(phase for phases in of.values() for phase in phases)]))


def _phase_table(found: dict[tuple[str, str], list[Quantity]]) -> Table:
    rows = []
    for (runtime, phase), seconds in found.items():
        ordered = sorted(seconds, key=lambda one: one.exact)
        span = f"{four_digits(ordered[0])} to {four_digits(ordered[-1])}"
        cells = (runtime, phase, str(len(seconds)), four_digits(median_estimate(seconds).median), span)
        rows.append(tuple(Cell(text) for text in cells))
    return Table(("runtime", "phase", "runs", "median", "smallest to largest"), tuple(rows))


MEMORY_COLUMNS = ("runtime", "containers", "container", "process", "pss_kib")
MEMORY_BAR = 30


def memory(text: str) -> Drawing:
    """Return a bar for each number of containers: the mean of one, process by process; raise ValueError."""
    found: dict[str, dict[str, Quantity]] = {}
    for (runtime, containers, _container, process), size in rows_of(text, MEMORY_COLUMNS, "KiB"):
        bar = found.setdefault(f"{containers} under {runtime}", {})
        share = size.to("MiB") / Quantity(decimal(containers), "")
        bar[process] = bar[process] + share if process in bar else share
    processes = list(dict.fromkeys(process for bar in found.values() for process in bar))
    values = [
        {"bar": bar, "process": process, "mib": float(size.exact), "place": processes.index(process)}
        for bar, sizes in found.items()
        for process, size in sizes.items()
    ]
    scale = alt.Scale(domain=processes, range=colours(len(processes)))
    chart = (
        alt.Chart(alt.InlineData(values=values))
        .mark_bar(stroke=INK, strokeWidth=0.7)
        .encode(
            x=alt.X("mib:Q", title="MiB for each container (proportional set size)", stack="zero"),
            y=alt.Y("bar:N", title=None, sort=list(found)),
            order=alt.Order("place:Q"),
            color=alt.Color("process:N", title=None, sort=None, scale=scale),
        )
        .properties(width=WIDTH, height=MEMORY_BAR * len(found))
    )
    rows = [
        (bar, process, four_digits(size)) for bar, sizes in found.items() for process, size in sizes.items()
    ]
    table = Table(("containers", "process", "each, on average"), tuple(tuple(map(Cell, row)) for row in rows))
    told = "; ".join(": ".join((f"{bar}, {process}", size)) for bar, process, size in rows)
    return Drawing("Memory of one idle container, with so many at once", f"{told}.", table, chart)
