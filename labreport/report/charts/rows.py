"""The rows of a lab's CSV that is no series: named columns, a number in the last."""

import csv
from collections.abc import Sequence

from labreport.report.values.quantity import Quantity, decimal


def rows_of(text: str, columns: Sequence[str], unit: str) -> list[tuple[tuple[str, ...], Quantity]]:
    r"""Return the cells of each row but the last, and the last as a quantity; raise ValueError.

    >>> rows_of("run,phase,seconds\n1,boot,5.8\n", ("run", "phase", "seconds"), "s")[0][0]
    ('1', 'boot')
    """
    try:
        rows = list(csv.reader(text.splitlines(), strict=True))
    except csv.Error as error:
        raise ValueError(f"no CSV: {error}") from error
    if not rows or tuple(rows[0]) != tuple(columns):
        raise ValueError(f"its first line is not {','.join(columns)}")
    if len(rows) == 1:
        raise ValueError("it has no rows")
    for line, row in enumerate(rows[1:], 2):
        if len(row) != len(columns):
            raise ValueError(f"line {line} has {len(row)} cells: {len(columns)} are wanted")
    return [(tuple(row[:-1]), Quantity(decimal(row[-1]), unit)) for row in rows[1:]]
