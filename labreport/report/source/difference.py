"""Compare two evidence files line by line, byte for byte; free of any markup."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from labreport.report.problems import FaultError
from labreport.report.source.cite import Block, Gap, Page, cite
from labreport.report.source.evidence import Evidence
from labreport.report.source.slices import LF, Content, lines_in_words, slice_request

FORMS = ("side by side", "unified")
CONTEXT = 3
"""How many equal lines are shown before and after a difference."""


class DifferenceKind(StrEnum):
    """How the lines of a row relate."""

    SAME = "same"
    FIRST = "only in the first"
    SECOND = "only in the second"
    CHANGED = "changed"
    LEFT_OUT = "the same, left out"


@dataclass(frozen=True)
class DiffLine:
    """A line: its number, 1-based, and its text; `unended` if the file ends there without LF."""

    number: int
    text: str
    unended: bool = False


@dataclass(frozen=True)
class DiffRow:
    """One row: a line of one file, or of each, or `count` equal lines that are left out.

    `note` spells out a difference that cannot be seen, such as a trailing blank.
    """

    kind: DifferenceKind
    first: DiffLine | None = None
    second: DiffLine | None = None
    count: int = 1
    note: str = ""


@dataclass(frozen=True)
class Difference:
    """Two files and the rows of their comparison; `form` is one of FORMS."""

    first: Block
    second: Block
    form: str
    rows: tuple[DiffRow, ...]

    @property
    def blocks(self) -> tuple[Block, Block]:
        """The evidence behind the difference."""
        return (self.first, self.second)

    @property
    def summary(self) -> str:
        """How many lines are in which file, for readers who cannot see the colours."""
        count = dict.fromkeys(DifferenceKind, 0)
        for row in self.rows:
            count[row.kind] += row.count
        first = count[DifferenceKind.FIRST] + count[DifferenceKind.CHANGED]
        second = count[DifferenceKind.SECOND] + count[DifferenceKind.CHANGED]
        same = count[DifferenceKind.SAME] + count[DifferenceKind.LEFT_OUT]
        if not first and not second:
            return f"{self.first.path} and {self.second.path} are the same, byte for byte"
        return (
            f"{lines_in_words(first)} only in {self.first.path}, "
            f"{lines_in_words(second)} only in {self.second.path}, {lines_in_words(same)} the same"
        )


def differ(evidence: Evidence, page: Page, paths: tuple[object, object], form: object) -> Difference | Gap:
    """Return the difference of two files, or the gap if one was not captured; raise FaultError."""
    if form not in FORMS:
        raise FaultError(f"form is {form!r}", f"use one of: {', '.join(map(repr, FORMS))}")
    first, second = (cite(evidence, page, slice_request(path)) for path in paths)
    if isinstance(first, Gap):
        return first
    if isinstance(second, Gap):
        return second
    compared = compare_lines(_lines(first), _lines(second))
    return Difference(first, second, str(form), tuple(fold(list(compared))))


def _lines(block: Block) -> list[DiffLine]:
    """Return the lines of a block with their numbers in the file; raise FaultError if it is not text."""
    data, start = block.slice.data, block.slice.range.start
    if block.slice.text is None:
        raise FaultError(f"{block.path} is not text", "compare two texts: manual/reference/macros.md")
    texts = [line.decode() for line in Content(block.path, data).lines]
    last = len(texts) - 1
    return [DiffLine(start + n, text, n == last and not data.endswith(LF)) for n, text in enumerate(texts)]


def compare_lines(first: list[DiffLine], second: list[DiffLine]) -> Iterator[DiffRow]:
    """Yield the rows of a comparison; two lines are the same if every byte is, the LF included."""
    first_keys, second_keys = ([(line.text, line.unended) for line in side] for side in (first, second))
    matcher = difflib.SequenceMatcher(None, first_keys, second_keys, autojunk=False)
    for tag, start, end, second_start, second_end in matcher.get_opcodes():
        lines, others = first[start:end], second[second_start:second_end]
        for line, other in zip(lines, others, strict=False):
            if tag == "equal":
                yield DiffRow(DifferenceKind.SAME, line, other)
            else:
                yield DiffRow(DifferenceKind.CHANGED, line, other, note=invisible_difference(line, other))
        yield from (DiffRow(DifferenceKind.FIRST, line, None) for line in lines[len(others) :])
        yield from (DiffRow(DifferenceKind.SECOND, None, line) for line in others[len(lines) :])


def invisible_difference(first: DiffLine, second: DiffLine) -> str:
    """Return in which blanks, control characters or line ends two lines differ; empty if it can be seen."""
    if first.text == second.text:
        return f"line {first.number if first.unended else second.number} ends without a line feed"
    if "".join(first.text.split()) == "".join(second.text.split()):
        return f"blanks or control characters: {first.text!a} and {second.text!a}"
    return ""


def fold(rows: list[DiffRow]) -> Iterator[DiffRow]:
    """Yield the rows; of a long run of equal lines only CONTEXT lines at each difference are kept."""
    done = 0
    for is_same, group in groupby(rows, key=lambda row: row.kind is DifferenceKind.SAME):
        run = list(group)
        before = CONTEXT if done else 0
        done += len(run)
        after = CONTEXT if done < len(rows) else 0
        hidden = run[before : len(run) - after]
        if is_same and len(hidden) > 1:
            yield from run[:before]
            yield DiffRow(DifferenceKind.LEFT_OUT, hidden[0].first, hidden[0].second, len(hidden))
            yield from run[len(run) - after :]
        else:
            yield from run


def unified(difference: Difference) -> str:
    """Return the difference as `diff -u` writes it, with a note instead of a header for each hunk."""
    parts = [f"--- {difference.first.path}", f"+++ {difference.second.path}"]
    for row in difference.rows:
        if row.kind is DifferenceKind.LEFT_OUT:
            parts.append(f"@@ {row.count} lines that are the same are left out @@")
            continue
        for sign, line in _signed_lines(row):
            parts.append(f"{sign}{line.text}")
            if line.unended:
                parts.append("\\ No newline at end of file")
    return "\n".join(parts) + "\n"


def _signed_lines(row: DiffRow) -> list[tuple[str, DiffLine]]:
    if row.kind is DifferenceKind.SAME and row.first:
        return [(" ", row.first)]
    return [(sign, line) for sign, line in (("-", row.first), ("+", row.second)) if line]
