"""Evidence as a table: the rows of CSV, TSV, JSON or JSON Lines, sorted and aligned."""

from fractions import Fraction

from labreport.report.figures import cited, rows_in, selected, text_of, texts_of
from labreport.report.problems import FaultError, one_line
from labreport.report.rows import Row, Rows
from labreport.report.source.cite import Gap, Page
from labreport.report.source.evidence import Evidence
from labreport.report.tables import Cell, Figure, Table

MOST_SHOWN = 300
LONGEST_TEXT = 300
"""How many characters of a cell are shown."""


def rows_figure(  # noqa: PLR0913, PLR0917 - what a page may say of a table
    evidence: Evidence,
    page: Page,
    path: object,
    columns: object,
    where: object,
    sort: object,
    head: object,
    at: object,
) -> Figure | Gap:
    """Return the rows of a file as a table; raise FaultError for a file without rows, or too many."""
    if head is not None and (
        isinstance(head, bool) or not isinstance(head, int) or not 1 <= head <= MOST_SHOWN
    ):
        raise FaultError(f"head is {head!r}", f"give 1 to {MOST_SHOWN}: head=20")
    block = cited(evidence, page, path)
    if isinstance(block, Gap):
        return block
    rows = selected(rows_in(block, at), where)
    shown = _sorted(rows, text_of(sort, "sort", "-bytes")) if sort is not None else list(rows.rows)
    count = len(shown)
    shown = shown[:head]
    if len(shown) > MOST_SHOWN:
        what = f"{block.content.path} has {count} rows, at most {MOST_SHOWN} are shown"
        raise FaultError(what, "select some with where=, or show the first with head=20")
    names = rows.columns if columns is None else texts_of(columns, "columns", rows.columns[0])
    places = [rows.index(name) for name in names]
    right = frozenset(
        at for at, place in enumerate(places) if all(_is_number(rows, row.cells[place]) for row in shown)
    )
    cells = ([Cell(_shown(row.cells[place])) for place in places] for row in shown)
    table = Table.of([one_line(name) for name in names], cells, right)
    told = (f"The first {len(shown)} of {count} rows.",) if len(shown) < count else ()
    return Figure(block, block.content.path, told, table)


def _shown(cell: str) -> str:
    text = one_line(cell)
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"


def _is_number(rows: Rows, cell: str) -> bool:
    """Return whether a cell is a number, or nothing."""
    return not cell.strip() or _value(rows, cell) is not None


def _value(rows: Rows, cell: str) -> Fraction | None:
    try:
        return rows.exact_number(cell)
    except (ValueError, ArithmeticError):
        return None


def _sorted(rows: Rows, sort: str) -> list[Row]:
    """Return the rows in the order of a column, `-column` from the largest; equal rows in the file's order.

    Numbers are in order of size. A column that mixes numbers and other text is a problem.
    """
    is_down = sort.startswith("-") and sort not in rows.columns
    place = rows.index(sort[1:] if is_down else sort)
    numbers = [_value(rows, row.cells[place]) for row in rows.rows]
    if all(number is None for number in numbers):
        return sorted(rows.rows, key=lambda row: row.cells[place], reverse=is_down)
    for row, number in zip(rows.rows, numbers, strict=True):
        if number is None:
            rows.number(row, rows.columns[place])
    ordered = sorted(
        zip(numbers, rows.rows, strict=True), key=lambda pair: pair[0] or Fraction(0), reverse=is_down
    )
    return [row for _number, row in ordered]
