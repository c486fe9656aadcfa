"""What a page shows of a lab's CSV: a series in words and a table, or a picture; each with its evidence."""

from labreport.report.problems import FaultError
from labreport.report.series.comparison import compare, comparison_table, noise_sentence, sentences
from labreport.report.series.series import Series, SeriesError, read_series
from labreport.report.source.cite import Block, Gap, Page, cite
from labreport.report.source.evidence import Evidence, is_emulated
from labreport.report.source.slices import SliceRequest
from labreport.report.tables.table import Figure


def comparison_figure(evidence: Evidence, page: Page, path: object, noise: object) -> Figure | Gap:
    """Return what a series says; raise FaultError where it is none, or its noise is of another host."""
    block = cite(evidence, page, SliceRequest(_quoted("the path", path)))
    if isinstance(block, Gap):
        return block
    found = compare(_series(block))
    told, title = sentences(found), " and ".join(one.name for one in found.contenders)
    if noise is None:
        return Figure(block, title, tuple(told), comparison_table(found))
    beside = cite(evidence, page, SliceRequest(_quoted("noise", noise)))
    if isinstance(beside, Gap):
        return beside
    if beside.host != block.host:
        raise FaultError(f"{noise} is of another host than {path}", "name the noise of the same host")
    told.append(noise_sentence(compare(_series(beside))))
    return Figure(block, title, tuple(told), comparison_table(found), noise=beside)


def chart_figure(evidence: Evidence, page: Page, path: object, kind: object) -> Figure | Gap:
    """Return the picture of a CSV; raise FaultError where it cannot be drawn."""
    block = cite(evidence, page, SliceRequest(_quoted("the path", path)))
    if isinstance(block, Gap):
        return block
    from labreport.report.charts import draw  # noqa: PLC0415 - altair takes its time: only where a chart is drawn

    picture = draw(_quoted("kind", kind), _text(block), emulated=is_emulated(block.host))
    return Figure(block, picture.title, (picture.description,), picture.table, picture.svg)


def _quoted(name: str, text: object) -> str:
    """Return what a page must give as a text; raise FaultError for anything else."""
    if not isinstance(text, str):
        raise FaultError(f"{name} is {text!r}", 'give it in quotes: "bench/startup.csv"')
    return text


def _series(block: Block) -> Series:
    try:
        return read_series(_text(block))
    except SeriesError as error:
        raise FaultError(f"{block.path} is no series: {error}", "name a CSV of runs") from error


def _text(block: Block) -> str:
    if block.slice.text is None:
        raise FaultError(f"{block.path} is no text", "name a CSV")
    return block.slice.text
