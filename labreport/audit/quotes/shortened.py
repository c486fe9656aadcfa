"""Find a block whose lines are words of a file's lines: what is before or after them is left out unmarked."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from labreport.audit.evidence import EvidenceFile, unescape
from labreport.audit.inputs.text import Line
from labreport.audit.quotes.align import Match, MatchQuality, is_gap, marked, stretches

_MOST_LINES, _MOST_STARTS = 400, 20
"""How many lines of a block are looked for; how many places of its first line are tried."""
_LEAST, _LEAST_WITH_DIGITS, _LEAST_OF_PROGRAM = 8, 6, 20
"""How many characters identify a file by its content, without digits and with some, and a program."""
_SHORT = 6
"""A part of fewer characters has to be at the end of its line."""
_NUMBER = re.compile(r"\d{2,}")


@dataclass(frozen=True)
class _Key:
    """A line of a block: the parts that it shows, and whether marks at its ends stand for lines."""

    parts: tuple[str, ...]
    begins_marked: bool
    ends_marked: bool

    @property
    def is_marked(self) -> bool:
        """Whether the line has a mark."""
        return self.begins_marked or self.ends_marked or len(self.parts) > 1


def match_shortened(file: EvidenceFile, body: Sequence[Line]) -> Match | None:
    """Return where each line of a block is a line of a file, or words of one that stand together, in order.

    The match says which lines between them are left out; of a script none are, since it prints what it likes.
    """
    keys = [unescape(line.folded) for line in body if line.folded]
    if not keys or len(keys) > _MOST_LINES:
        return None
    shown = [None if is_gap(key) and key not in file.places else _key(key) for key in keys]
    first = next((one for one in shown if one), None)
    if first is None or not any(len(part) > 1 for one in shown if one for part in one.parts):
        return None
    lines = file.unescaped
    best: Match | None = None
    tries = 0
    for start, line in enumerate(lines):
        if not _has(line, first):
            continue
        found = _from(file, lines, shown, start)
        if found and (best is None or stretches(found.left_out) < stretches(best.left_out)):
            best = found
        tries += 1
        if tries == _MOST_STARTS or (best and not best.left_out):
            break
    return best


def is_tellable(body: Sequence[Line], file: EvidenceFile) -> bool:
    """Return whether a block has enough text to say, without its name, which file its words are from."""
    text = "".join(line.folded for line in body if not is_gap(line.folded))
    if file.is_program:
        return len(text) >= _LEAST_OF_PROGRAM
    least = _LEAST_WITH_DIGITS if any(char.isdigit() for char in text) else _LEAST
    return len(text) >= least or bool(_NUMBER.fullmatch(text))


def has_words(file: EvidenceFile, lines: Iterable[str], folded: str) -> str | None:
    """Return the first of some lines of a file that a line shows words of; None if it shows too few."""
    key = _key(unescape(folded))
    least = _LEAST_OF_PROGRAM if file.is_program else _LEAST
    if sum(map(len, key.parts)) < least or any(part not in file.unescaped_text for part in key.parts):
        return None
    return next((line for line in lines if _has(unescape(line), key)), None)


def _from(file: EvidenceFile, lines: Sequence[str], shown: Sequence[_Key | None], start: int) -> Match | None:
    at, gap, first = start - 1, False, -1
    dropped: list[tuple[int, int]] = []
    for key in shown:
        if key is None:
            gap = True
            continue
        place = next((n for n in range(at + 1, len(lines)) if _has(lines[n], key)), None)
        if place is None:
            return None
        if first < 0:
            first = place
        elif place > at + 1 and not (gap or key.begins_marked):
            dropped.append((at + 1, place - 1))
        at, gap = place, key.ends_marked
    if file.is_program:
        dropped = []
    return Match(
        file, MatchQuality.DROPPED if dropped else MatchQuality.SHORTENED, first, at, left_out=tuple(dropped)
    )


def _key(key: str) -> _Key:
    shown = marked(key)
    parts = tuple(part for part in (one.strip() for one in shown) if part)
    return _Key(parts or (key,), not shown[0], not shown[-1])


def _has(line: str, key: _Key) -> bool:
    """Return whether a line has all parts, in order. Words are whole, unless a mark stands for the rest."""
    find = str.find if key.is_marked else _find
    at = 0
    for part in key.parts:
        at = find(line, part, at)
        if at < 0:
            return False
        at += len(part)
    return True


def _find(line: str, part: str, at: int) -> int:
    """Return where a part is in a line as whole words, -1 if it is not there."""
    if len(part) < _SHORT:
        start = len(line) - len(part)
        return start if start >= at and line.endswith(part) and _is_apart(line, start, len(line)) else -1
    start = line.find(part, at)
    for _try in range(_MOST_STARTS):
        if start < 0 or _is_apart(line, start, start + len(part)):
            return start
        start = line.find(part, start + 1)
    return -1


def _is_apart(line: str, start: int, end: int) -> bool:
    """Return whether no word and no number goes on before `start` or after `end`.

    >>> [_is_apart("Host: 0.449 s", at, at + 3) for at in (6, 8, 7)]
    [False, False, False]
    >>> _is_apart("Host: 0.449 s", 6, 11), _is_apart("Host:449", 5, 8)
    (True, True)
    """
    return not (_goes_on(line, start) or _goes_on(line, end))


def _goes_on(line: str, at: int) -> bool:
    """Return whether a word, or a number with its point, is on both sides of a place."""
    if not 0 < at < len(line):
        return False
    before, after = line[at - 1], line[at]
    if before.isalnum() and after.isalnum():
        return True
    if before == "." and after.isupper() and line[max(at - 2, 0)].islower():
        return False  # the end of a sentence: no blank is kept after it
    if before in ".,-_" and after.isalnum():
        return at > 1 and line[at - 2].isalnum()
    return after in ".,-_" and before.isalnum() and at + 1 < len(line) and line[at + 1].isalnum()
