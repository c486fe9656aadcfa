"""Numbers in a Markdown table whose unit stands in the head of their column, or of their row."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from labreport.check.vocabulary import UNIT, unit_of
from labreport.check.written import NUMBER, Written, numbers, written

_DELIMITER = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t\r]*")
_FACTOR = re.compile(r"\s*(?:ratio|factor|times|speed-?up|slowdown|×)\s*", re.IGNORECASE)  # noqa: RUF001 # the sign is meant
_BARE = re.compile(rf"\s*[~≈<>±+−-]?\s*({NUMBER})\s*")  # noqa: RUF001 # a minus sign, too


@dataclass(frozen=True)
class _Cell:
    start: int
    text: str


def in_tables(text: str) -> Iterator[Written]:
    """Yield each bare number of a visible text that stands below, or beside, a head with a unit."""
    lines = list(_lines(text))
    at = 1
    while at < len(lines):
        if "|" in lines[at][1] and _DELIMITER.fullmatch(lines[at][1]) and "|" in lines[at - 1][1]:
            heads = [_unit(cell.text) for cell in _cells(*lines[at - 1])]
            at += 1
            while at < len(lines) and "|" in lines[at][1]:
                yield from _row(_cells(*lines[at]), heads)
                at += 1
        at += 1


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield each line of a text with the place where it begins."""
    at = 0
    for line in text.split("\n"):
        yield at, line
        at += len(line) + 1


def _row(cells: list[_Cell], heads: list[str | None]) -> Iterator[Written]:
    beside = _unit(cells[0].text) if cells else None
    for number, cell in enumerate(cells):
        unit = heads[number] if number < len(heads) and heads[number] is not None else beside
        found = _BARE.fullmatch(cell.text)
        if unit is not None and found and (number or heads[0] is not None):
            yield Written(cell.start + found.start(1), cell.start + found.end(1), numbers(found[1]), unit)


def _cells(begin: int, line: str) -> list[_Cell]:
    bare = line.strip()
    start = begin + line.index(bare) + bare.startswith("|")
    inner = bare.removeprefix("|").removesuffix("|")
    cells = []
    for one in inner.split("|"):
        cells.append(_Cell(start, one))
        start += len(one) + 1
    return cells


@cache
def _named_unit() -> re.Pattern[str]:
    return re.compile(rf"[(\[]\s*({UNIT})\s*[)\]]|(?:,|\bin|/)\s+({UNIT})\s*$")


def _unit(head: str) -> str | None:
    """Return the unit that a head names, None if it names none; a head that is a number itself has none."""
    if _FACTOR.fullmatch(head):
        return ""
    found = _named_unit().search(head)
    if not found or any(written(head)):
        return None
    return unit_of(found[1] or found[2])
