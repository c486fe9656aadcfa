"""Align the lines of a quoted block with the lines of one evidence file."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from labreport.audit.evidence import EvidenceFile, join
from labreport.audit.inputs.text import Line

_MOST_STARTS = 20
"""How many places of a block's first line are tried."""
_LEFT_OUT = "snip|snipped|truncated|omitted|trimmed|skipped|elided|shortened|abridged|left out|more lines"
_GAP = re.compile(
    r"\W*(?:\.{2,}|…)\W*|\W*(?:snip|cut)\W*"
    rf"|\W*(?:\.{{2,}}|…|[\[(<#]|//)[^\n]{{0,60}}\b(?:{_LEFT_OUT})\b[^\n]{{0,60}}",
    re.IGNORECASE,
)
"""A line that says that lines are left out."""
_INNER = re.compile(
    r"\s*(?:[\[(<]\s*(?:\.{3,}|…)\s*[\])>]|\.{3,}|…|\[(?:truncated|snip|omitted)\]|\(truncated\))\s*"
)
"""A mark inside a line that says that words are left out."""
_LONGEST_MARK, _MOST_MARKED = 200, 50
"""How long a line may be that says that lines are left out; how many marked lines are looked for."""
_LEAST_JOINED, _MOST_JOINED = 8, 1024 * 1024
"""How many characters a block needs, and how many bytes a file may have, to be compared without line ends."""
_LEAST_SHOWN = 4
"""How many characters a line with a mark still has to show."""


class MatchQuality(IntEnum):
    """How well a block fits a file, from the worst to the best."""

    NONE = 0
    DROPPED = 1
    REWORDED = 2
    SHORTENED = 3
    ELIDED = 4
    SPACING = 5
    LINE_ENDS = 6
    EXACT = 7


@dataclass(frozen=True)
class Match:
    """Where a block is in a file: indexes into the lines of the file that are not blank, both included.

    `whole` means that it is all of the file. `left_out` are stretches between them that the block leaves out.
    """

    file: EvidenceFile
    fit: MatchQuality
    first: int
    last: int
    whole: bool = False
    left_out: tuple[tuple[int, int], ...] = ()

    @property
    def lines(self) -> tuple[int, int]:
        """The first and the last line in the file, 1-based."""
        return self.file.seen[self.first].number, self.file.seen[self.last].number


def is_gap(folded: str) -> bool:
    """Return whether a line says that lines are left out.

    >>> [is_gap(one) for one in ("...", "[…]", "# ... truncated ...", "(2 more lines)", "wait... what")]
    [True, True, True, True, False]
    """
    return len(folded) <= _LONGEST_MARK and bool(_GAP.fullmatch(folded))


def find_run(file: EvidenceFile, keys: Sequence[str]) -> int | None:
    """Return where consecutive lines are in a file, blank lines aside; None if they are not there."""
    if not keys or any(key not in file.places for key in keys):
        return None
    offset = min(range(len(keys)), key=lambda at: len(file.places[keys[at]]))
    for place in file.places[keys[offset]]:
        start = place - offset
        if start >= 0 and file.keys[start : start + len(keys)] == list(keys):
            return start
    return None


def match_run(file: EvidenceFile, body: Sequence[Line]) -> Match | None:
    """Return where a block is in a file as consecutive lines, outer blank lines aside; None if it is not."""
    seen = [at for at, line in enumerate(body) if line.folded]
    start = find_run(file, [body[at].folded for at in seen])
    if start is None:
        return None
    end = start + len(seen) - 1
    block = body[seen[0] : seen[-1] + 1]
    lines = file.lines[file.seen_at[start] : file.seen_at[end] + 1]
    whole = len(seen) == len(file.seen)
    if [line.text for line in block] != [line.text for line in lines]:
        return Match(file, MatchQuality.SPACING, start, end, whole)
    ends = {line.end for line in lines} - {"\n", ""}
    if whole and len(lines) < len(file.lines) and len(body) != len(file.lines):
        return Match(file, MatchQuality.SPACING, start, end, whole)
    return Match(file, MatchQuality.LINE_ENDS if ends else MatchQuality.EXACT, start, end, whole)


def match_joined(file: EvidenceFile, body: Sequence[Line]) -> Match | None:
    """Return where a block is in a file once line ends are blanks too, None if it is not there."""
    block = join([line.folded for line in body if line.folded])[0]
    if len(block) < _LEAST_JOINED or file.size > _MOST_JOINED:
        return None
    text, starts = file.joined
    at = text.find(block)
    for _try in range(_MOST_STARTS):
        if at < 0:
            return None
        first = bisect_right(starts, at) - 1
        after = bisect_right(starts, at + len(block) - 1)
        end = starts[after] if after < len(starts) else len(text)
        if starts[first] == at and text[at + len(block) : end].strip() == "":
            return Match(file, MatchQuality.SPACING, first, after - 1, whole=after - first == len(file.seen))
        at = text.find(block, at + 1)
    return None


def match_in_order(file: EvidenceFile, body: Sequence[Line]) -> Match | None:
    """Return where all lines of a block are in a file, in order; the match says what is left out."""
    seen = [line.folded for line in body if line.folded]
    if sum(key not in file.places for key in seen) > _MOST_MARKED:
        return None
    pattern = [key for key in seen if key in file.places or not is_gap(key)]
    if not pattern or not any(key in file.places for key in pattern):
        if not any(_INNER.search(key) for key in pattern):
            return None
    elif any(key not in file.places and not _INNER.search(key) for key in pattern):
        return None
    best: Match | None = None
    for start in file.places.get(pattern[0], [-1])[:_MOST_STARTS]:
        found = _from(file, seen, start)
        if found and (best is None or _rank(found) > _rank(best)):
            best = found
    return best


def _rank(match: Match) -> tuple[MatchQuality, int]:
    return match.fit, -stretches(match.left_out)


def stretches(left_out: Sequence[tuple[int, int]]) -> int:
    """Return how many lines stretches have, both ends included."""
    return sum(last - first + 1 for first, last in left_out)


def _from(file: EvidenceFile, seen: Sequence[str], start: int) -> Match | None:
    """Return the match of a block whose first line is at `start`, anywhere if `start` is -1."""
    at, gap, elided = max(start - 1, -1), start < 0, False
    dropped: list[tuple[int, int]] = []
    first = -1
    for key in seen:
        if key not in file.places and is_gap(key):
            gap = elided = True
            continue
        if key in file.places:
            place = _next(file.places[key], at)
        else:
            place, elided = _next_with_mark(file, key, at), True
        if place is None:
            return None
        begins, ends = (False, False) if key in file.places else (not marked(key)[0], not marked(key)[-1])
        if first < 0:
            first = place
        elif place > at + 1 and not (gap or begins):
            dropped.append((at + 1, place - 1))
        at, gap = place, ends
    if first < 0:
        return None
    fit = MatchQuality.DROPPED if dropped else MatchQuality.ELIDED if elided else MatchQuality.SPACING
    return Match(file, fit, first, at, left_out=tuple(dropped))


def _next(places: list[int], at: int) -> int | None:
    """Return the first place after `at`."""
    found = bisect_right(places, at)
    return places[found] if found < len(places) else None


def _next_with_mark(file: EvidenceFile, key: str, at: int) -> int | None:
    """Return the place after `at` of a line that has what `key` shows around its marks."""
    shown = marked(key)
    if len(shown) == 1:
        return None
    for place in range(at + 1, len(file.keys)):
        if fits(file.keys[place], shown):
            return place
    return None


def has_mark(folded: str) -> bool:
    """Return whether a line has a mark that words or lines are left out, wherever it stands."""
    return "..." in folded or "\u2026" in folded


def marked(key: str) -> list[str]:
    """Return what a line shows before, between and after its marks; the line alone if there is no mark."""
    shown = _INNER.split(key)
    return shown if sum(map(len, shown)) >= _LEAST_SHOWN else [key]


def fits(line: str, shown: Sequence[str]) -> bool:
    """Return whether a line begins with the first, ends with the last and has all parts in order."""
    if not line.startswith(shown[0]) or not line.endswith(shown[-1]):
        return False
    at = 0
    for part in shown:
        at = line.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return True
