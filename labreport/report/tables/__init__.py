"""Tables as values, free of any markup: the site and the export render them. One module for each subject."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from labreport.report.source.cite import Block


@dataclass(frozen=True)
class Detail:
    """What a cell leaves out: a sentence about it, and a text as it was printed, which may be empty."""

    title: str
    text: str = ""


@dataclass(frozen=True)
class Cell:
    """A cell; `code` sets it in a fixed-width font, `link` is a path from the site's root, already quoted.

    `details` open behind the cell; a plain table leaves them out.
    """

    text: str
    code: bool = False
    link: str = ""
    details: tuple[Detail, ...] = ()


@dataclass(frozen=True)
class Table:
    """A table; every row is as long as `head`."""

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @classmethod
    def of(cls, head: Sequence[str], rows: Iterable[Iterable[Cell | object]]) -> Self:
        """Return a table; a value that is not a Cell becomes the text of one.

        Raise ValueError for a row that is not as long as `head`.

        >>> Table.of(("file", "lines"), [("a.txt", 3)]).rows[0]
        (Cell(text='a.txt', code=False, link='', details=()), Cell(text='3', code=False, link='', details=()))
        """
        cells = tuple(tuple(one if isinstance(one, Cell) else Cell(str(one)) for one in row) for row in rows)
        if wrong := next((row for row in cells if len(row) != len(head)), None):
            raise ValueError(f"a row of {len(wrong)} cells in a table of {len(head)} columns")
        return cls(tuple(head), cells)


@dataclass(frozen=True)
class Figure:
    """A table of values with sentences about them; `svg` is the chart, empty if there is none.

    `noise` is a series of one command against itself, if the page names one.
    """

    block: Block
    title: str
    sentences: tuple[str, ...]
    table: Table
    svg: str = ""
    noise: Block | None = None

    @property
    def emulated(self) -> bool:
        """Whether the values were measured on an emulated host."""
        return self.block.emulated

    @property
    def host_sentence(self) -> str:
        """The class of the host that measured the values, as a sentence."""
        host = self.block.host
        return f"Measured on a host of class {host.host_class}." if host else "The host is unknown."

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The evidence behind the figure."""
        return (self.block,) if self.noise is None else (self.block, self.noise)
