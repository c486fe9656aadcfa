"""How long the slowest share of requests takes: every sample, from the quickest to the slowest."""

import altair as alt

from labreport.report.charts.style import WIDTH, Drawing, colours
from labreport.report.series.comparison import four_digits
from labreport.report.series.series import Series, read_series
from labreport.report.series.statistics import percentile
from labreport.report.tables.table import Cell, Table

PERCENTS = (50, 90, 95, 99, 100)
HEIGHT = 240


def percentiles(text: str) -> Drawing:
    """Return the percentiles of a series, a line a contender; requests that failed are in none."""
    series = read_series(text)
    points = [
        {"name": name, "percent": 100 * place / len(ordered), "ms": 1000 * seconds}
        for name in series.names
        if (ordered := sorted(float(one.exact) for one in series.seconds(name)))
        for place, seconds in enumerate(ordered, 1)
    ]
    names = list(series.names)
    scale = alt.Scale(domain=names, range=colours(len(names)))
    chart = (
        alt.Chart(alt.InlineData(values=points))
        .mark_line(interpolate="step-before", strokeWidth=2)
        .encode(
            x=alt.X("percent:Q", title="percent of the requests", scale=alt.Scale(domain=[0, 100])),
            y=alt.Y("ms:Q", title="took at most, ms", scale=alt.Scale(zero=True)),
            color=alt.Color("name:N", title=None, sort=None, scale=scale),
            strokeDash=alt.StrokeDash("name:N", title=None, sort=None, scale=alt.Scale(domain=names)),
        )
        .properties(width=WIDTH, height=HEIGHT)
    )
    table = _table(series)
    return Drawing(f"Percentiles of {' and '.join(names)}", _words(table), table, chart)


def _table(series: Series) -> Table:
    head = ("", "requests", "failed", *(f"{percent} % within" for percent in PERCENTS))
    rows = []
    for name in series.names:
        samples, good = series.of(name), series.answered(name)
        counts = (Cell(name), Cell(str(len(samples))), Cell(str(len(samples) - len(good))))
        by_seconds = {one.seconds.exact: one.seconds for one in good}
        exact = [one.seconds.exact for one in good]
        cells = [
            Cell(four_digits(by_seconds[percentile(exact, percent)]) if good else "none")
            for percent in PERCENTS
        ]
        rows.append((*counts, *cells))
    return Table(head, tuple(rows))


def _words(table: Table) -> str:
    """Return the table in sentences, for who hears the picture."""
    told = [
        f"{row[0].text}: "
        + ", ".join(f"{name} {cell.text}" for name, cell in zip(table.head[3:], row[3:], strict=True))
        for row in table.rows
    ]
    return ". ".join(told) + "."
