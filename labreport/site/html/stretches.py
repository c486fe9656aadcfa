"""The lines of a block as a page shows them: the first in sight, the rest folded."""

from dataclasses import dataclass
from itertools import groupby

from labreport.report.source.cite import Block
from labreport.report.source.slices import Range

IN_SIGHT = 15
"""How many lines of a block a page shows; the rest is folded."""


@dataclass(frozen=True)
class Stretch:
    """Consecutive lines of a file, byte for byte; `own` are those that the collector wrote itself."""

    lines: Range
    text: str
    own: bool = False


@dataclass(frozen=True)
class FoldedLines:
    """The stretches of a block: those in sight, and those that are folded; `count` lines are folded."""

    in_sight: tuple[Stretch, ...]
    folded: tuple[Stretch, ...]
    count: int


def folded_lines(block: Block) -> FoldedLines:
    """Return the lines of a block that is text. All texts joined are the slice again."""
    first, text = block.slice.range.start, block.slice.text or ""
    ended = text.replace("\n", "\n\0").split("\0")  # a text holds no NUL, and a line ends at LF only
    if len(ended) > 1 and not ended[-1]:
        ended.pop()
    own = _own_lines(block, len(ended))
    stretches: list[Stretch] = []
    for _key, group in groupby(range(len(ended)), key=lambda at: (at < IN_SIGHT, own[at])):
        numbers = list(group)
        start, end = numbers[0], numbers[-1]
        lines = Range(first + start, first + end) if text else block.slice.range
        stretches.append(Stretch(lines, "".join(ended[start : end + 1]), own[start]))
    last = first + IN_SIGHT - 1
    return FoldedLines(
        tuple(one for one in stretches if one.lines.end <= last),
        tuple(one for one in stretches if one.lines.end > last),
        max(len(ended) - IN_SIGHT, 0),
    )


def _own_lines(block: Block, count: int) -> list[bool]:
    """Return whether the collector wrote each of the `count` lines of a block; a record's spans say so."""
    own = [False] * count
    for origin in block.captured.origins(block.slice.range) if block.captured else []:
        if origin.command is None:
            start, end = (at - block.slice.range.start for at in (origin.lines.start, origin.lines.end + 1))
            own[start:end] = [True] * len(own[start:end])
    return own
