"""The lines of a block as a page shows them: the first in sight, the rest folded; fewer of them on paper."""

from dataclasses import dataclass
from itertools import accumulate, groupby, takewhile

from labreport.report.source.cite import Block
from labreport.report.source.slices import Range

IN_SIGHT = 15
"""How many lines of a block a page shows; the rest is folded."""

PRINTED, PRINTED_CHARACTERS = 3, 1500
"""How many lines of a folded block are printed, and how many characters of any block, in whole lines."""


@dataclass(frozen=True)
class Stretch:
    """Consecutive lines of a file, byte for byte; `own` are those that the collector wrote itself."""

    lines: Range
    text: str
    own: bool = False
    printed: bool = True

    @property
    def classes(self) -> str:
        """The classes of its element."""
        return " ".join(["ev-own"] * self.own + ["ev-screen"] * (not self.printed))


@dataclass(frozen=True)
class FoldedLines:
    """The stretches of a block: those in sight, and those that are folded; `count` lines are folded.

    `unprinted` lines are not on paper: those that are folded, and more where the block is long.
    """

    in_sight: tuple[Stretch, ...]
    folded: tuple[Stretch, ...]
    count: int
    unprinted: int


def folded_lines(block: Block) -> FoldedLines:
    """Return the lines of a block that is text. All texts joined are the slice again."""
    first, text = block.slice.range.start, block.slice.text or ""
    ended = text.replace("\n", "\n\0").split("\0")  # a text holds no NUL, and a line ends at LF only
    if len(ended) > 1 and not ended[-1]:
        ended.pop()
    own = _own_lines(block, len(ended))
    printed = _printed(ended)
    stretches: list[Stretch] = []
    for _key, group in groupby(range(len(ended)), key=lambda at: (at < IN_SIGHT, at < printed, own[at])):
        numbers = list(group)
        start, end = numbers[0], numbers[-1]
        lines = Range(first + start, first + end) if text else block.slice.range
        stretches.append(Stretch(lines, "".join(ended[start : end + 1]), own[start], start < printed))
    last = first + IN_SIGHT - 1
    return FoldedLines(
        tuple(one for one in stretches if one.lines.end <= last),
        tuple(one for one in stretches if one.lines.end > last),
        max(len(ended) - IN_SIGHT, 0),
        len(ended) - printed,
    )


def _printed(lines: list[str]) -> int:
    """Return how many of the lines of a block are printed, from the first on."""
    most = len(lines) if len(lines) <= IN_SIGHT else PRINTED
    characters = accumulate(map(len, lines[:most]))
    return sum(1 for _ in takewhile(lambda count: count <= PRINTED_CHARACTERS, characters))


def _own_lines(block: Block, count: int) -> list[bool]:
    """Return whether the collector wrote each of the `count` lines of a block; a record's spans say so."""
    own = [False] * count
    for origin in block.captured.origins(block.slice.range) if block.captured else []:
        if origin.command is None:
            start, end = (at - block.slice.range.start for at in (origin.lines.start, origin.lines.end + 1))
            own[start:end] = [True] * len(own[start:end])
    return own
