"""A table, free of any markup: the site and the export render it."""

from dataclasses import dataclass


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
