"""What a page shows of a lab's CSV: a series in words and a table, or a picture; each with its evidence."""

from dataclasses import dataclass

from labreport.report.problems import FaultError
from labreport.report.series.comparison import alike, compare, comparison_table, sentences
from labreport.report.series.series import Series, SeriesError, read_series
from labreport.report.source.cite import Block, Gap, Page, cite
from labreport.report.source.evidence import Evidence
from labreport.report.source.slices import Wanted
from labreport.report.tables.table import Table
from labreport.report.tables.wording import is_emulated


@dataclass(frozen=True)
class Figure:
    """A table of values and sentences that follow from them; `svg` is the picture, empty where there is none.

    `noise` is the evidence of the same command against itself, where the page names it.
    """

    block: Block
    title: str
    told: tuple[str, ...]
    table: Table
    svg: str = ""
    noise: Block | None = None

    @property
    def emulated(self) -> bool:
        """Whether these are values of an emulated host."""
        return is_emulated(self.block.host)

    @property
    def host_words(self) -> str:
        """On what kind of host it was measured, in a sentence."""
        host = self.block.host
        return f"Measured on a host of class {host.host_class}." if host else "It is not known on what host."

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The evidence that it stands on."""
        return (self.block,) if self.noise is None else (self.block, self.noise)


def compared(evidence: Evidence, page: Page, path: object, noise: object) -> Figure | Gap:
    """Return what a series says; raise FaultError where it is none, or its noise is of another host."""
    block = cite(evidence, page, Wanted(_quoted("the path", path)))
    if isinstance(block, Gap):
        return block
    found = compare(_series(block))
    told, title = sentences(found), " and ".join(one.name for one in found.contenders)
    if noise is None:
        return Figure(block, title, tuple(told), comparison_table(found))
    beside = cite(evidence, page, Wanted(_quoted("noise", noise)))
    if isinstance(beside, Gap):
        return beside
    if beside.host != block.host:
        raise FaultError(f"{noise} is of another host than {path}", "name the noise of the same host")
    told.append(alike(compare(_series(beside))))
    return Figure(block, title, tuple(told), comparison_table(found), noise=beside)


def charted(evidence: Evidence, page: Page, path: object, kind: object) -> Figure | Gap:
    """Return the picture of a CSV; raise FaultError where it cannot be drawn."""
    block = cite(evidence, page, Wanted(_quoted("the path", path)))
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
