"""What differs between two evidence files, line by line and byte for byte, free of any markup."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from labreport.report.problems import FaultError
from labreport.report.source.cite import Block, Gap, Page, cite
from labreport.report.source.evidence import Evidence
from labreport.report.source.ranges import lines_in_words
from labreport.report.source.slices import Content, slice_request

FORMS = ("side by side", "unified")
CONTEXT = 3
"""So many lines that are the same are shown around what differs."""


class DifferenceKind(StrEnum):
    """What a row shows."""

    SAME = "same"
    FIRST = "only in the first"
    SECOND = "only in the second"
    CHANGED = "changed"
    LEFT_OUT = "the same, left out"


@dataclass(frozen=True)
class DiffLine:
    """A line: its number, 1-based, and its text without the line feed; `unended` says that it has none."""

    number: int
    text: str
    unended: bool = False


@dataclass(frozen=True)
class DiffRow:
    """One row: a line of either file, or of one of them; `count` lines that are left out.

    `note` says in visible characters what differs where two lines look alike.
    """

    kind: DifferenceKind
    first: DiffLine | None = None
    second: DiffLine | None = None
    count: int = 1
    note: str = ""


@dataclass(frozen=True)
class Difference:
    """Two files and what differs: `form` is one of FORMS."""

    first: Block
    second: Block
    form: str
    rows: tuple[DiffRow, ...]

    @property
    def blocks(self) -> tuple[Block, Block]:
        """The evidence that it stands on."""
        return (self.first, self.second)

    @property
    def summary(self) -> str:
        """In words, for who does not see the colours: how many lines are in which of the two."""
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
    """Return what differs between two files, or the one that was not captured; raise FaultError."""
    if form not in FORMS:
        raise FaultError(f"form is {form!r}", f"one of: {', '.join(map(repr, FORMS))}")
    found = [cite(evidence, page, slice_request(path)) for path in paths]
    blocks = [one for one in found if isinstance(one, Block)]
    if gaps := [one for one in found if isinstance(one, Gap)]:
        return gaps[0]
    lines = [_text(block) for block in blocks]
    return Difference(blocks[0], blocks[1], str(form), tuple(folded(list(rows(*lines)))))


def _text(block: Block) -> list[DiffLine]:
    """Return the lines of a block with their numbers in the file; raise FaultError if it is no text."""
    data, start = block.slice.data, block.slice.range.start
    if block.slice.text is None:
        raise FaultError(f"{block.path} is no text", "compare two texts: manual/reference/macros.md")
    texts = [line.decode() for line in Content(block.path, data).lines]
    last = len(texts) - 1
    return [DiffLine(start + n, text, n == last and not data.endswith(b"\n")) for n, text in enumerate(texts)]


def rows(first: list[DiffLine], second: list[DiffLine]) -> Iterator[DiffRow]:
    """Yield the rows of a whole comparison; lines are the same if every byte is, line feed included."""
    one_by_one, other_by_one = ([(line.text, line.unended) for line in side] for side in (first, second))
    matcher = difflib.SequenceMatcher(None, one_by_one, other_by_one, autojunk=False)
    for tag, low, high, new_low, new_high in matcher.get_opcodes():
        one, other = first[low:high], second[new_low:new_high]
        if tag == "equal":
            yield from (DiffRow(DifferenceKind.SAME, *pair) for pair in zip(one, other, strict=True))
            continue
        paired = min(len(one), len(other))
        yield from (
            DiffRow(DifferenceKind.CHANGED, a, b, note=unseen(a, b))
            for a, b in zip(one[:paired], other[:paired], strict=True)
        )
        yield from (DiffRow(DifferenceKind.FIRST, line, None) for line in one[paired:])
        yield from (DiffRow(DifferenceKind.SECOND, None, line) for line in other[paired:])


def unseen(first: DiffLine, second: DiffLine) -> str:
    """Return what differs between lines that look alike: blanks, control characters, the line end."""
    if first.text == second.text:
        return f"line {first.number if first.unended else second.number} ends without a line feed"
    if "".join(first.text.split()) == "".join(second.text.split()):
        return f"blanks or control characters: {first.text!a} and {second.text!a}"
    return ""


def folded(found: list[DiffRow]) -> Iterator[DiffRow]:
    """Yield the rows with long runs of lines that are the same left out, but for CONTEXT lines around."""
    start = 0
    while start < len(found):
        end = start
        while end < len(found) and found[end].kind is DifferenceKind.SAME:
            end += 1
        if end == start:
            yield found[start]
            start += 1
            continue
        head = CONTEXT if start else 0
        tail = CONTEXT if end < len(found) else 0
        if end - start <= head + tail + 1:
            yield from found[start:end]
        else:
            yield from found[start : start + head]
            yield DiffRow(
                DifferenceKind.LEFT_OUT,
                found[start + head].first,
                found[start + head].second,
                end - start - head - tail,
            )
            yield from found[end - tail : end]
        start = end


def unified(shown: Difference) -> str:
    """Return the difference as `diff -u` writes it, without hunk headers where lines are left out.

    Every line is the file's own behind one sign; diff's own words follow one that ends without a line feed.
    """
    parts = [f"--- {shown.first.path}", f"+++ {shown.second.path}"]
    for row in shown.rows:
        if row.kind is DifferenceKind.LEFT_OUT:
            parts.append(f"@@ {row.count} lines that are the same are left out @@")
            continue
        for sign, line in _signed(row):
            parts.append(f"{sign}{line.text}")
            if line.unended:
                parts.append("\\ No newline at end of file")
    return "\n".join(parts) + "\n"


def _signed(row: DiffRow) -> list[tuple[str, DiffLine]]:
    if row.kind is DifferenceKind.SAME and row.first:
        return [(" ", row.first)]
    return [(sign, line) for sign, line in (("-", row.first), ("+", row.second)) if line]
