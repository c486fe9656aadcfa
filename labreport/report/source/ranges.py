"""Ranges of lines: 1-based, both ends included, and what is said of those that are none."""

import re
from typing import NamedTuple

from labreport.report.problems import FaultError

RANGE = re.compile(r"([0-9]{1,9})(?::([0-9]{1,9}))?")
"""A range as it is written: `3` or `1:7`."""


class Range(NamedTuple):
    """Lines `start` to `end`, 1-based, both included; an empty file is `1:0`."""

    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.start}:{self.end}"


def parse_range(text: str, path: str, total: int) -> Range:
    """Return `text` ("3" or "1:7") as a range of `path`, which has `total` lines; it may end past the file.

    Raises FaultError if it is empty, reversed, counts from 0 or is no range.
    """
    found = RANGE.fullmatch(text)
    if not found:
        what = f"lines {text!r} of {path} are no range" if text else f"lines of {path} are empty"
        raise FaultError(what, f'write lines="3" or lines="1:7"; {whole(total)}')
    start, end = int(found[1]), int(found[2] or found[1])
    if start < 1:
        raise FaultError(f"lines {text} of {path}: lines are counted from 1", _from_one(end, total))
    if start > end:
        right = f"{end}:{start} is the right way round" if end >= 1 and start <= total else whole(total)
        raise FaultError(f"lines {text} of {path}: the range is reversed", right)
    return Range(start, end)


def _from_one(end: int, total: int) -> str:
    return f"1:{end} would be right" if 1 <= end <= total else whole(total)


def whole(total: int) -> str:
    """Return the words that name the whole of a file of `total` lines."""
    return f"1:{total} is the whole file" if total else "the file is empty: leave out the lines"


def lines_in_words(total: int) -> str:
    """Return how many lines, in words."""
    return "1 line" if total == 1 else f"{total} lines"
