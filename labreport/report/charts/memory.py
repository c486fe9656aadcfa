"""What one idle container costs in memory, by process, where so many are there at once."""

import altair as alt

from labreport.report.charts.rows import rows_of
from labreport.report.charts.style import INK, WIDTH, Drawing, colours
from labreport.report.series.comparison import shown
from labreport.report.tables.table import Cell, Table
from labreport.report.values.quantity import Quantity, decimal

COLUMNS = ("runtime", "containers", "container", "process", "pss_kib")
BAR = 30


def memory(text: str) -> Drawing:
    """Return a bar for each number of containers: the mean of one, process by process; raise ValueError."""
    found: dict[str, dict[str, Quantity]] = {}
    for (runtime, containers, _container, process), size in rows_of(text, COLUMNS, "KiB"):
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
        .properties(width=WIDTH, height=BAR * len(found))
    )
    rows = [(bar, process, shown(size)) for bar, sizes in found.items() for process, size in sizes.items()]
    table = Table(("containers", "process", "each, on average"), tuple(tuple(map(Cell, row)) for row in rows))
    told = "; ".join(": ".join((f"{bar}, {process}", size)) for bar, process, size in rows)
    return Drawing("Memory of one idle container, with so many at once", f"{told}.", table, chart)
