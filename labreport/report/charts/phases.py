"""Where the time of a start goes: the phases one behind the other, for each runtime."""

import altair as alt

from labreport.report.charts.rows import rows_of
from labreport.report.charts.style import INK, WIDTH, Drawing, colours
from labreport.report.series.comparison import shown
from labreport.report.series.series import middle
from labreport.report.tables.table import Cell, Table
from labreport.report.values.quantity import Quantity

COLUMNS = ("run", "runtime", "phase", "seconds")
BAR = 44


def phases(text: str) -> Drawing:
    """Return the phases, each as the median over the runs; raise ValueError."""
    found: dict[tuple[str, str], list[Quantity]] = {}
    for (_run, runtime, phase), seconds in rows_of(text, COLUMNS, "s"):
        found.setdefault((runtime, phase), []).append(seconds)
    runtimes = list(dict.fromkeys(runtime for runtime, _phase in found))
    order = _in_order(found, runtimes)
    values = [
        {"runtime": runtime, "phase": phase, "seconds": float(middle(found[runtime, phase]).median.exact),
         "place": order.index(phase)}
        for runtime, phase in found
    ]  # fmt: skip
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
        .properties(width=WIDTH, height=BAR * len(runtimes))
    )  # fmt: skip
    table = _table(found)
    told = [f"{row[0].text}, {row[1].text}: {row[3].text}" for row in table.rows]
    title = f"Where the time of a start goes, under {' and '.join(runtimes)}"
    return Drawing(title, "; ".join(told) + ".", table, chart)


def _in_order(found: dict[tuple[str, str], list[Quantity]], runtimes: list[str]) -> list[str]:
    """Return the phases in the order of the runtime that has most of them."""
    of = {runtime: [phase for one, phase in found if one == runtime] for runtime in runtimes}
    longest = max(of.values(), key=len)
    return list(dict.fromkeys([*longest, *(phase for phases in of.values() for phase in phases)]))


def _table(found: dict[tuple[str, str], list[Quantity]]) -> Table:
    rows = []
    for (runtime, phase), seconds in found.items():
        ordered = sorted(seconds, key=lambda one: one.exact)
        span = f"{shown(ordered[0])} to {shown(ordered[-1])}"
        cells = (runtime, phase, str(len(seconds)), shown(middle(seconds).median), span)
        rows.append(tuple(Cell(text) for text in cells))
    return Table(("runtime", "phase", "runs", "median", "smallest to largest"), tuple(rows))
