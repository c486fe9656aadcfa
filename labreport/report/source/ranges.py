"""Line ranges: 1-based, both ends included. An error says which range would be right."""

import re
from dataclasses import dataclass

from labreport.report.problems import FaultError

RANGE = re.compile(r"([0-9]{1,9})(?::([0-9]{1,9}))?")
"""A range as a page writes it: `3` or `1:7`."""


@dataclass(frozen=True)
class Range:
    """Lines `start` to `end`, 1-based, both included; an empty file is `1:0`."""

    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.start}:{self.end}"


def parse_range(text: str, path: str, total: int) -> Range:
    """Return the range in `text` ("3" or "1:7") of `path`, a file of `total` lines; it may end past the file.

    Raise FaultError for an empty or reversed range, one that counts from 0, and any other text.
    """
    found = RANGE.fullmatch(text)
    if not found:
        what = f"lines {text!r} of {path} are not a range" if text else f"lines of {path} are empty"
        raise FaultError(what, f'write lines="3" or lines="1:7"; {whole(total)}')
    start, end = int(found[1]), int(found[2] or found[1])
    if start < 1:
        remedy = f"1:{end} would be right" if 1 <= end <= total else whole(total)
        raise FaultError(f"lines {text} of {path}: lines are counted from 1", remedy)
    if start > end:
        remedy = f"{end}:{start} is the right way round" if end >= 1 and start <= total else whole(total)
        raise FaultError(f"lines {text} of {path}: the range is reversed", remedy)
    return Range(start, end)


def whole(total: int) -> str:
    """Return a remedy that names the range of a whole file of `total` lines."""
    return f"1:{total} is the whole file" if total else "the file is empty: leave out the lines"


def lines_in_words(total: int) -> str:
    """Return `1 line`, or `7 lines`."""
    return "1 line" if total == 1 else f"{total} lines"
