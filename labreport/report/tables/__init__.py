"""Tables as values, free of any markup: the site and the export render them. One module for each subject."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Self

from labreport.report.source.cite import Block
from labreport.report.source.evidence_set import is_unknown


@dataclass(frozen=True)
class Detail:
    """What a cell leaves out: a sentence about it, and a text as it was printed, which may be empty."""

    title: str
    text: str = ""


@dataclass(frozen=True)
class Cell:
    """A cell; `code` sets it in a fixed-width font, `link` is a path from the site's root, already quoted.

    `address` is an https address outside of the site. A cell has one of both at most. `details` open behind
    the cell; a plain table leaves them out.
    """

    text: str
    code: bool = False
    link: str = ""
    details: tuple[Detail, ...] = ()
    address: str = ""


@dataclass(frozen=True)
class Table:
    """A table; every row is as long as `head`. Columns in `right`, counted from 0, are aligned right."""

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    right: frozenset[int] = frozenset()

    @classmethod
    def of(
        cls,
        head: Sequence[str],
        rows: Iterable[Iterable[Cell | object]],
        right: frozenset[int] = frozenset(),
    ) -> Self:
        """Return a table; a value that is not a Cell becomes the text of one.

        Raise ValueError for a row that is not as long as `head`.

        >>> Table.of(("file", "lines"), [("a.txt", 3)]).rows[0]  # doctest: +ELLIPSIS
        (Cell(text='a.txt', ...), Cell(text='3', ...))
        """
        cells = tuple(tuple(one if isinstance(one, Cell) else Cell(str(one)) for one in row) for row in rows)
        if wrong := next((row for row in cells if len(row) != len(head)), None):
            raise ValueError(f"a row of {len(wrong)} cells in a table of {len(head)} columns")
        return cls(tuple(head), cells, right)


@dataclass(frozen=True)
class Figure:
    """A table of values with sentences about them.

    `svgs` draws the chart, once for a wide and once for a narrow page; it is None if there is none.
    `more` is the evidence behind it beside `block`: a series of one command against itself, or the files of
    other facts. `facts` are the facts that it shows, of the lab `lab`.
    """

    block: Block
    title: str
    sentences: tuple[str, ...]
    table: Table
    svgs: Callable[[], Sequence[str]] | None = field(default=None, compare=False)
    more: tuple[Block, ...] = ()
    facts: frozenset[str] = frozenset()
    lab: str = ""

    @property
    def emulated(self) -> bool:
        """Whether any of the values was measured on an emulated host."""
        return any(block.emulated for block in self.blocks)

    @property
    def host_sentence(self) -> str:
        """The classes of the hosts that measured the values, as a sentence."""
        classes = dict.fromkeys(str(block.host.host_class) if block.host else "" for block in self.blocks)
        if is_unknown(self.block.host):
            return "Imported, not captured here: the host is unknown."
        if "" in classes:
            return "The host is unknown."
        if len(classes) == 1:
            return f"Measured on a host of class {next(iter(classes))}."
        return f"Measured on hosts of the classes {' and '.join(classes)}."

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The evidence behind the figure."""
        return (self.block, *self.more)
