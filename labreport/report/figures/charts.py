"""A chart of a file: of the samples of a series, or of any columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labreport.report.figures import cited, noun_of, rows_in, selected, text_in, text_of, texts_of
from labreport.report.problems import FaultError, meant
from labreport.report.rows import quoted
from labreport.report.rows.columns import checked_unit
from labreport.report.source.cite import Block, Gap, Page
from labreport.report.source.evidence import Evidence
from labreport.report.source.evidence_set import NOT_COMPARABLE, is_unknown
from labreport.report.tables import Figure

if TYPE_CHECKING:
    from labreport.report.charts.points import Plot

SAMPLES = ("strip", "percentiles", "phases", "memory")
PLOTS = ("bars", "lines", "scatter")
AXES = ("", "x", "y", "xy")


@dataclass(frozen=True)
class ChartArguments:
    """What a page says of a chart, as it wrote it."""

    kind: object
    x: object = None
    y: object = None
    by: object = None
    interval: object = None
    where: object = None
    at: object = None
    unit: object = None
    log: object = ""
    zero: object = True
    runs: object = "runs"

    def checked_kind(self) -> str:
        """Return the kind; raise FaultError for an unknown one, and for arguments that it does not take."""
        known = (*SAMPLES, *PLOTS)
        kind = text_of(self.kind, "kind", PLOTS[0])
        if kind not in known:
            remedy = meant(kind, known, f"use one of: {', '.join(known)}")
            raise FaultError(f"there is no kind of chart {kind!r}", remedy)
        if kind in SAMPLES:
            takes_no(kind, self, ("x", "y", "by", "interval", "where", "at", "unit", "log", "zero"))
        else:
            takes_no(kind, self, ("runs",))
        if self.log not in AXES:
            raise FaultError(f"log is {self.log!r}", 'write log="x", log="y" or log="xy"')
        if not isinstance(self.zero, bool):
            raise FaultError(f"zero is {self.zero!r}", "write zero=true or zero=false")
        return kind


def takes_no(kind: str, given: ChartArguments, names: Sequence[str]) -> None:
    """Raise FaultError if a page gives one of the arguments `names`, which a kind of chart does not take."""
    for name in names:
        if getattr(given, name) != getattr(ChartArguments(kind), name):
            raise FaultError(f"a chart of kind {kind} takes no {name}", f"leave out {name}")


def chart_figure(evidence: Evidence, page: Page, path: object, given: ChartArguments) -> Figure | Gap:
    """Return the chart of a file; raise FaultError if it cannot be drawn."""
    kind = given.checked_kind()
    block = cited(evidence, page, path)
    if isinstance(block, Gap):
        return block
    if kind == "strip" and is_unknown(block.host):  # it states the ratio of its contenders
        raise FaultError(f"{block.path}: {NOT_COMPARABLE}", "show its lines with evidence()")
    from labreport.report.charts import draw, draw_plot  # noqa: PLC0415 - most builds have no chart

    project, emulated = evidence.root.parent, block.emulated
    if kind in SAMPLES:
        picture = draw(kind, text_in(block), noun_of(given.runs), emulated=emulated, project=project)
    else:
        picture = draw_plot(kind, _plot(block, kind, given), emulated=emulated, project=project)
    return Figure(block, picture.title, (picture.description,), picture.table, lambda: picture.svgs)


def _plot(block: Block, kind: str, given: ChartArguments) -> "Plot":
    """Return the points of a file that a page asks for; raise FaultError."""
    from labreport.report.charts.points import PlotRequest, plot_of  # noqa: PLC0415 - as above

    rows = rows_in(block, given.at)
    if given.x is None or given.y is None:
        columns = ", ".join(map(quoted, rows.columns))
        raise FaultError(f"a chart of kind {kind} needs x and y", f"name two columns of {columns}")
    rows = selected(rows, given.where)
    ends = () if given.interval is None else texts_of(given.interval, "interval", "low")
    if len(ends) not in {0, 2}:
        raise FaultError(f"interval is {given.interval!r}", 'name two columns: interval=["low", "high"]')
    asked = PlotRequest(
        text_of(given.x, "x", "level"),
        texts_of(given.y, "y", "bytes"),
        None if given.by is None else text_of(given.by, "by", "tool"),
        ends,
        checked_unit(given.unit),
        str(given.log),
        bool(given.zero),
    )
    return plot_of(rows, asked, kind)
