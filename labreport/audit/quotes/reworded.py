"""Find a block that says what a file says in fewer words, or in other ones around the same numbers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from labreport.audit.evidence import EvidenceFile
from labreport.audit.inputs.text import Line
from labreport.audit.quotes.align import Match, MatchQuality, is_gap

_MOST_LINES, _MOST_OF_BLOCK, _LONGEST = 400, 60, 1000
"""How many lines of a file and of a block are compared, and how many characters of each."""
_WINDOW = 4
"""How many lines of a file one line of a block may be put together from."""
_LEAST_TOKENS, _LEAST_WORDS = 2, 6
"""How many words and numbers a line has to have, and how many words a block without a number."""
_TOKEN = re.compile(r"(?:(?<![\w.])-)?\d+(?:[.,:]\d+)*[^\W\d_]*|[^\W\d_]+")
"""A number with its sign and the unit behind it, or a word."""
_REMARK = re.compile(r"\([^()\n]{1,80}\)")
_LABEL = re.compile(r"[^\n]{1,60}:|={2,}[^\n]{1,80}={2,}")
_NEGATION_TEXT = """
no not never none without cannot fail fails failed failure denied refused unable missing unlike
"""
_NEGATION = frozenset(_NEGATION_TEXT.split())
"""Words that say the opposite if they are left out."""
_FILLER_TEXT = """
entries entry modules module processes process files interfaces devices requests total count number of in
on is was the and with for result results
"""
_FILLER = frozenset(_FILLER_TEXT.split())
"""Words that may be added: they name what is counted, and no other thing."""
_CONTAINER = frozenset({"container", "containers"})
"""Words that may be added to what is of a container."""
_SIDES = {
    "guest": "guest", "kata": "guest", "vm": "guest", "host": "host", "runc": "runc", "docker": "runc",
    "real": "real", "user": "user", "sys": "sys", "system": "sys", "avg": "avg", "average": "avg",
    "mean": "avg", "min": "min", "max": "max", "median": "median", "before": "before", "after": "after",
}  # fmt: skip
"""Words that say which of several things a value is of."""


@dataclass(frozen=True)
class _Said:
    """What a line says: its words and numbers in order, in small letters."""

    tokens: tuple[str, ...]

    @property
    def words(self) -> frozenset[str]:
        return frozenset(one for one in self.tokens if one[0].isalpha())

    @property
    def numbers(self) -> tuple[str, ...]:
        return tuple(one for one in self.tokens if not one[0].isalpha())

    @property
    def sides(self) -> frozenset[str]:
        return _sides(self.words)


def match_reworded(file: EvidenceFile, body: Sequence[Line]) -> Match | None:
    """Return where a file says what each line of a block says, in this order; None if it does not.

    A line of the block has words and numbers of up to four lines in turn, or the numbers of one under the
    same label. No word that turns the meaning may be left out, and only names of what is counted added.
    """
    lines = [line.folded for line in body if line.folded and not is_gap(line.folded)]
    if not 0 < len(lines) <= _MOST_OF_BLOCK or max(map(len, lines)) > _LONGEST or file.is_program:
        return None
    tokens = [token for line in lines for token in _said(line).tokens]
    if len(tokens) < _LEAST_WORDS and not any(not token[0].isalpha() for token in tokens):
        return None
    at, first = 0, -1
    dropped: list[tuple[int, int]] = []
    exact = 0
    for line in lines:
        found = _find(file, line, at)
        if found is None:
            return None
        start, end = found
        exact += file.keys[start] == line
        if first < 0:
            first = start
        elif start > at and not all(_LABEL.fullmatch(file.keys[n]) for n in range(at, start)):
            dropped.append((at, start - 1))
        at = end + 1
    verbatim = exact * 2 >= len(lines)
    fit = MatchQuality.DROPPED if dropped and verbatim else MatchQuality.REWORDED
    return Match(file, fit, first, at - 1, left_out=tuple(dropped) if verbatim else ())


def _find(file: EvidenceFile, line: str, at: int) -> tuple[int, int] | None:
    """Return the first lines of a file, from `at` on, that say what a line says."""
    said = _said(line)
    if not said.tokens:
        return None
    for start in range(at, min(len(file.keys), _MOST_LINES)):
        if file.keys[start] == line:
            return start, start
        if (end := _selected(file, said, start)) is not None or (
            end := _relabelled(file, line, start)
        ) is not None:
            return start, end
    return None


def _selected(file: EvidenceFile, said: _Said, start: int) -> int | None:
    """Return the last of the lines that have all words and numbers of a line in order; None if none have."""
    if len(said.tokens) < _LEAST_TOKENS:
        return None
    wanted = iter(said.tokens)
    want = next(wanted)
    left_out: set[str] = set()
    begun = False
    for at in range(start, min(start + _WINDOW, len(file.keys))):
        for token in _said(file.keys[at]).tokens:
            if token == want:
                begun = True
                following = next(wanted, None)
                if following is None:
                    return None if left_out & _NEGATION else at
                want = following
            elif begun:
                left_out.add(token)
        if not begun:
            return None
    return None


def _relabelled(file: EvidenceFile, line: str, at: int) -> int | None:
    """Return `at` if the line there has the numbers of a line, under a label with the same words."""
    said, there = _said(_REMARK.sub(" ", line)), _said(file.keys[at])
    if not said.numbers or not there.words | _said(file.path).words:
        return None
    if said.numbers != there.numbers[: len(said.numbers)]:
        return None
    above = next(
        (file.keys[n] for n in range(at - 1, max(at - 4, -1), -1) if _LABEL.fullmatch(file.keys[n])), ""
    )
    around = there.words | _said(above).words
    sides = _sides(around) or _sides(_said(file.path).words)
    added = _FILLER | _CONTAINER if sides & {"guest", "runc"} else _FILLER
    extra, lost = said.words - around - added, there.words - said.words
    if extra or lost & _NEGATION or not said.words & around:
        return None
    return at if said.sides <= sides else None


def _sides(words: frozenset[str]) -> frozenset[str]:
    return frozenset(_SIDES[word] for word in words & _SIDES.keys())


@lru_cache(maxsize=20_000)
def _said(line: str) -> _Said:
    return _Said(tuple(_TOKEN.findall(line[:_LONGEST].lower())))
