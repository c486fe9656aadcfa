"""The numbers of a CSV file: each with the unit of its column, and what each group of rows comes to."""

import csv
import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from statistics import median

from labreport.audit.evidence import EvidenceFile
from labreport.audit.values.measured import Measured, unit_of_label, words_of
from labreport.report.values import UNITS

_MOST_ROWS, _MOST_COLUMNS, _MOST_GROUPS = 5000, 30, 3000
_MOST_KEYS = 6
_NUMBER = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,12})?")
_PERCENTILES = (50, 90, 95, 99)


def is_table(file: EvidenceFile) -> bool:
    """Return whether a file is a table of values with commas between them."""
    return file.path.lower().endswith(".csv") and len(file.seen) > 1


def in_table(file: EvidenceFile, topic: frozenset[str]) -> Iterator[Measured]:
    """Yield the numbers of a table that have a unit, and the mean, the median and others of its groups."""
    rows = list(csv.reader(line.text[:2000] for line in file.seen[:_MOST_ROWS]))
    head = rows[0][:_MOST_COLUMNS]
    for column, name in enumerate(head):
        unit = unit_of_label(name)
        if not unit:
            continue
        factor = float(UNITS[unit].factor)
        groups: dict[tuple[tuple[int, str], ...], list[Measured]] = defaultdict(list)
        for row, line in zip(rows[1:], file.seen[1:], strict=False):
            if column >= len(row) or not _NUMBER.fullmatch(row[column]):
                continue
            labels = words_of(" ".join((name, *row)))
            value = float(row[column]) * factor
            written = f"{row[column]} {unit}"
            made = Measured(value, unit, written, file, line.number, labels, topic, 3, headline=False)
            yield made
            for key in _keys(row, column):
                if len(groups) < _MOST_GROUPS or key in groups:
                    groups[key].append(made)
        for key, values in groups.items():
            yield from _of_group(key, values)


def _keys(row: list[str], column: int) -> set[tuple[tuple[int, str], ...]]:
    """Return the groups of a row by its cells before a column: by its words, and by up to three cells."""
    cells = list(enumerate(row[:column]))[:_MOST_KEYS]
    words = tuple(cell for cell in cells if not _NUMBER.fullmatch(cell[1]))
    some = {group for size in (1, 2, 3) for group in combinations(cells, size)}
    return {words, *some} - {()}


def _of_group(group: tuple[tuple[int, str], ...], values: list[Measured]) -> Iterator[Measured]:
    key = [cell for _column, cell in group]
    if len(values) < 2:  # noqa: PLR2004 # one value is no group
        return
    first = values[0]
    numbers = sorted(one.value for one in values)
    name = f"{', '.join(key)} in {first.file.path}"
    made = {
        "mean": sum(numbers) / len(numbers),
        "median": float(median(numbers)),
        "sum": sum(numbers),
    }
    for percent in _PERCENTILES:
        made[f"{percent}th percentile"] = numbers[min(len(numbers) - 1, round(percent / 100 * len(numbers)))]
    labels = words_of(" ".join(key))
    simple = len(key) <= 2 and not _NUMBER.fullmatch(key[0])  # noqa: PLR2004 # a thing, and one more cell
    for what, value in made.items():
        written = f"{what} of {len(numbers)} values ({name})"
        yield Measured(
            value, first.unit, written, first.file, first.line, labels, first.topic, 3,
            headline=simple and what == "median", statistic=what, simple=simple,
        )  # fmt: skip
