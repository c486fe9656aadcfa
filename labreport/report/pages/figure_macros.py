"""The macros for figures: the comparison of a series, charts, and evidence as a table."""

from labreport.report.figures.charts import ChartArguments, chart_figure
from labreport.report.figures.comparisons import comparison_figure
from labreport.report.figures.facts import facts_figure
from labreport.report.figures.tables import rows_figure
from labreport.report.pages.context import MacroContext, Shown
from labreport.report.problems import FaultError


def comparison(  # noqa: PLR0913 # what a page may say of a comparison
    context: MacroContext,
    path: object,
    *,
    base: object = None,
    pairs: object = None,
    noise: object = None,
    runs: object = "runs",
) -> Shown:
    """Show what a series says: medians, ratios of pairs, intervals, failed runs, and anomalies.

    - `{{ comparison("bench/startup.csv") }}` compares each contender with the first one of the file.
      `base="zstd"` names another.
    - `pairs=["gzip / zstd", "xz / zstd"]` compares these and no others.
    - `noise="bench/noise.csv"` adds the noise of the host: a series that times one command against itself.
    - `runs="requests"` is what the samples are called, in the plural.
    """
    return comparison_figure(context.evidence, context.page, path, noise, base, pairs, runs)


def chart(  # noqa: PLR0913 # what a page may say of a chart
    context: MacroContext,
    path: object = None,
    *,
    kind: object,
    x: object = None,
    y: object = None,
    by: object = None,
    interval: object = None,
    where: object = None,
    at: object = None,
    facts: object = None,
    unit: object = None,
    log: object = "",
    zero: object = True,
    runs: object = "runs",
    lab: object = None,
) -> Shown:
    """Draw a chart of CSV, TSV, JSON or JSON Lines, or of facts.

    Of any columns:

    - `{{ chart("sizes.csv", kind="bars", x="tool", y="bytes", by="level") }}`: a bar for each tool and level.
      `kind` is `bars`, `lines` (over a parameter) or `scatter`; `x`, `y` and `by` are columns. `y` may be a
      list of columns with one unit. The names of the columns name the axes, with the unit that ends such a
      name: `rss_kib`, `latency (ms)`, `seconds`.
    - Of several rows for one place, bars and lines show the median, with its 95 % interval for six or more.
      `interval=["low", "high"]` names two columns that have the ends of each value's interval.
    - `where="tool=gzip, level=6"` selects rows. `unit="MiB"` converts, or states the unit of a column whose
      name has none. `at="results"` says where the list is in a JSON document.
    - `log="x"`, `"y"` or `"xy"` makes an axis logarithmic. With `zero=false` the vertical axis of lines and
      points does not begin at zero; bars always do.
    - `{{ chart(kind="bars", facts={"gzip -6": "gzip.6.bytes", "xz -6": "xz.6.bytes"}) }}` shows facts, or
      expressions of facts. A value may be a list of three, with its interval: `["speed", "speed.low",
      "speed.high"]`. A value may also be a mapping, whose keys are groups. `x`, `y` and `by` then name the
      axes.

    Of the samples of a series: `kind="strip"` or `"percentiles"`; `runs="requests"` is what the samples are
    called. `kind="phases"` draws the columns run, name, phase and size, `kind="memory"` the columns group,
    number, thing, part and size.
    """
    given = ChartArguments(kind, x, y, by, interval, where, at, unit, log, zero, runs)
    if facts is None:
        if path is None:
            raise FaultError("the chart has no path and no facts", 'name a file: chart("sizes.csv", …)')
        return chart_figure(context.evidence, context.page, path, given)
    if path is not None:
        raise FaultError("the chart has a path and facts", "leave out one of them")
    return facts_figure(context.evidence, context.page, facts, context.facts_of(lab), given)


def table(  # noqa: PLR0913 # what a page may say of a table
    context: MacroContext,
    path: object,
    *,
    columns: object = None,
    where: object = None,
    sort: object = None,
    head: object = None,
    at: object = None,
) -> Shown:
    """Show evidence in CSV, TSV, JSON or JSON Lines as a table, with its provenance.

    - `{{ table("sizes.csv", sort="-bytes") }}`: `sort` names a column; with `-` the largest come first.
      Numbers are sorted by size and aligned right.
    - `columns=["tool", "bytes"]` shows these columns in this order, `where="tool=gzip"` only such rows,
      `head=10` the first ten. At most 300 rows are shown.
    - `at="results"` says where the list of objects is in a JSON document: `"a.b"` is `b` in `a`.
    """
    return rows_figure(context.evidence, context.page, path, columns, where, sort, head, at)
