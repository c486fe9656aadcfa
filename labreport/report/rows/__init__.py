"""Rows of evidence that is a table: CSV, TSV, a list of objects in JSON, JSON Lines."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from labreport.report.problems import FaultError, meant, one_line
from labreport.report.values import MAX_DIGITS, AmbiguousNumberError, Quantity, UnitError, decimal

MOST_ROWS = 20_000
MOST_COLUMNS = 64
LONGEST_NAME = 100
LONGEST_CELL = 60
"""How many characters of a cell a problem repeats."""
EXIT_KEYS = ("exit_status", "exit_code", "exit_codes", "exitCode", "returncode")
"""The columns of a row, or the keys of an object, that say how its run ended. A failed run has no values."""
_CODES = re.compile(r"[^\[\], ]+")
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


@dataclass(frozen=True)
class Row:
    """A row: where it is in its file, `line 3` or `item 3`, and its cells as the file writes them."""

    place: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Rows:
    """The rows of a file below the names of its columns; each row has as many cells as there are columns.

    In `exact`, numbers are those of JSON: never grouped, never with a comma.
    """

    path: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    exact: bool = False

    def index(self, column: object) -> int:
        """Return the place of a column; raise FaultError if there is none of this name."""
        if isinstance(column, str) and column in self.columns:
            return self.columns.index(column)
        names = ", ".join(map(quoted, self.columns))
        raise FaultError(
            f"{self.path} has no column {quoted(column)}",
            meant(column, self.columns, f"use one of: {names}") if isinstance(column, str) else names,
        )

    def where(self, condition: str) -> "Rows":
        """Return the rows that have the values of `NAME=VALUE, NAME=VALUE`; raise FaultError for none."""
        wanted = [(self.index(name), value) for name, value in _conditions(condition)]
        rows = tuple(row for row in self.rows if all(row.cells[at] == value for at, value in wanted))
        if not rows:
            raise FaultError(f"{self.path} has no row where {condition}", _values_of(self, wanted))
        return Rows(self.path, self.columns, rows, self.exact)

    def number(self, row: Row, column: str, unit: str = "") -> Quantity:
        """Return the number in a cell; raise FaultError for any other text, and for a failed run."""
        self.check_run(row, column)
        cell = row.cells[self.index(column)].strip()
        place = f"{self.path}, {row.place}, column {quoted(column)}"
        try:
            return Quantity(self._decimal(cell), unit)
        except AmbiguousNumberError as error:
            raise FaultError(f"{place}: {error}", "let the collector write it without groups") from error
        except (ValueError, ArithmeticError, UnitError) as error:
            what = f"{quoted(cell)} is no number" if cell else "the cell is empty"
            raise FaultError(f"{place}: {what}", "leave the row out with where=, or correct it") from error

    def check_run(self, row: Row, column: str) -> None:
        """Raise FaultError if the row is of a run that failed: its numbers are no measurement."""
        for key in EXIT_KEYS:
            if key not in self.columns or column == key:
                continue
            code = row.cells[self.columns.index(key)]
            if set(_CODES.findall(code)) != {"0"}:
                what = f"{self.path}, {row.place}: the run failed ({key} {quoted(code)})"
                raise FaultError(what, f'leave failed runs out: where="{key}=0"')

    def exact_number(self, cell: str) -> Fraction:
        """Return the number in a cell; raise ValueError or ArithmeticError for any other text."""
        return Quantity(self._decimal(cell.strip()), "").exact

    def _decimal(self, cell: str) -> Decimal:
        if self.exact and len(cell) <= MAX_DIGITS and _JSON_NUMBER.fullmatch(cell):
            return Decimal(cell)
        return decimal(cell)


def quoted(text: object) -> str:
    """Return a text on one line, cut to LONGEST_CELL characters, in quotes."""
    if not isinstance(text, str):
        return repr(text)
    line = one_line(text)
    return f"'{line if len(line) <= LONGEST_CELL else f'{line[:LONGEST_CELL]}…'}'"


def _conditions(condition: str) -> Iterable[tuple[str, str]]:
    for part in condition.split(","):
        name, sign, value = part.partition("=")
        if not sign or not name.strip():
            raise FaultError(f"where is {quoted(condition)}", 'write where="tool=gzip, level=6"')
        yield name.strip(), value.strip()


def _values_of(rows: Rows, wanted: Iterable[tuple[int, str]]) -> str:
    """Return the values that the first column has whose value no row has."""
    for at, value in wanted:
        known = dict.fromkeys(row.cells[at] for row in rows.rows)
        if value not in known:
            some = ", ".join(map(quoted, list(known)[:8]))
            return f"{quoted(rows.columns[at])} is one of {some}{', …' if len(known) > 8 else ''}"  # noqa: PLR2004
    return "no row has all of these values"
