"""A table, free of any markup: the site and the export render it."""

from dataclasses import dataclass

from labreport.report.source.cite import Block
from labreport.report.source.evidence import is_emulated


@dataclass(frozen=True)
class Cell:
    """A cell: `code` is set in a fixed font; `link` is a path from the site's root, already quoted."""

    text: str
    code: bool = False
    link: str = ""


@dataclass(frozen=True)
class Table:
    """A table; every row is as long as `head`."""

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


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
