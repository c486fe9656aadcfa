"""The figures of a page: a comparison of a series in words and a table, or a chart of a CSV."""

from labreport.report.problems import FaultError
from labreport.report.series import Series, SeriesError, read_series
from labreport.report.series.comparison import compare, comparison_table, noise_sentence, sentences
from labreport.report.source.cite import Block, Gap, Page, cite
from labreport.report.source.evidence import Evidence
from labreport.report.source.slices import SliceRequest
from labreport.report.tables import Figure


def comparison_figure(evidence: Evidence, page: Page, path: object, noise: object) -> Figure | Gap:
    """Return the comparison of a series, with the `noise` of its host if the page names it.

    Raise FaultError if a file is not a series, or the noise is of another host.
    """
    block = _cite(evidence, page, "the path", path)
    if isinstance(block, Gap):
        return block
    comparison = compare(_series(block))
    title = " and ".join(contender.name for contender in comparison.contenders)
    words, table = tuple(sentences(comparison)), comparison_table(comparison)
    if noise is None:
        return Figure(block, title, words, table)
    noise_block = _cite(evidence, page, "noise", noise)
    if isinstance(noise_block, Gap):
        return noise_block
    if noise_block.host != block.host:
        raise FaultError(f"{noise} is of another host than {path}", "name the noise of the same host")
    words = (*words, noise_sentence(compare(_series(noise_block))))
    return Figure(block, title, words, table, noise=noise_block)


def chart_figure(evidence: Evidence, page: Page, path: object, kind: object) -> Figure | Gap:
    """Return the chart of a CSV; raise FaultError if it cannot be drawn."""
    block = _cite(evidence, page, "the path", path)
    if isinstance(block, Gap):
        return block
    from labreport.report.charts import draw  # noqa: PLC0415 - altair takes a third of a second to import

    picture = draw(_checked_text("kind", kind), _text(block), emulated=block.emulated)
    return Figure(block, picture.title, (picture.description,), picture.table, picture.svg)


def _cite(evidence: Evidence, page: Page, name: str, path: object) -> Block | Gap:
    return cite(evidence, page, SliceRequest(_checked_text(name, path)))


def _checked_text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise FaultError(f"{name} is {value!r}", 'give it in quotes: "bench/startup.csv"')
    return value


def _series(block: Block) -> Series:
    try:
        return read_series(_text(block))
    except SeriesError as error:
        raise FaultError(f"{block.path} is not a series: {error.what}", "name a CSV of runs") from error


def _text(block: Block) -> str:
    if block.slice.text is None:
        raise FaultError(f"{block.path} is not text", "name a CSV")
    return block.slice.text
