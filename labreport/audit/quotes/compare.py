"""Compare a block that no file holds with the file that is nearest to it, line by line and word by word."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import islice, product

from labreport.audit.evidence import LONGEST, WORD, EvidenceFile, EvidenceIndex
from labreport.audit.inputs.text import Line, fold, one_blank
from labreport.audit.model import LineDifference
from labreport.audit.quotes.align import Match, fits, is_gap, marked
from labreport.audit.quotes.shortened import has_words
from labreport.audit.quotes.words import difference, moved, only_in_evidence, only_in_report

_MOST_LINES = 2000
"""How many lines of a block and of a file are aligned."""
_MOST_DIFFERENCES, _MOST_MARKED = 30, 100
_MOST_CANDIDATES = 8
_REMARK = re.compile(r"\s*\([^()]*\)$")
_MOST_TOLD = 30
"""How many lines of a block are looked for as words of a line of any file."""
_LEAST_WITHIN = 12
"""A line of fewer characters is not compared with the end of another."""
_HASH = re.compile(r"\b(?=[a-f]*\d)[0-9a-f]{12,}\b")
"""An identifier, which counts as one number."""
_ALIKE = 0.5
"""The share of words that two lines must have in common to be called alike."""


@dataclass(frozen=True)
class Nearness:
    """How near a file is to a block. `equal` lines of the block are in it, in order; `pairs` has alike lines.

    A pair is an index into the block's lines and one into the file's lines that are not blank.
    """

    file: EvidenceFile
    total: int
    equal: int
    pairs: tuple[tuple[int, int, bool], ...]

    @property
    def share(self) -> float:
        """The share of the block's lines that the file has."""
        return self.equal / self.total if self.total else 0.0

    @property
    def is_alike(self) -> bool:
        """Whether a line of the block is at least like one of the file."""
        return bool(self.pairs)

    @property
    def line(self) -> int:
        """The line of the file that is nearest to the first line that differs; 0 if none is."""
        alike = next((at for _one, at, same in self.pairs if not same), None)
        return self.file.seen[alike].number if alike is not None else 0

    @property
    def lines(self) -> tuple[int, int]:
        """The first and the last line of the file that belong to the block."""
        places = [at for _one, at, _same in self.pairs] or [0]
        return self.file.seen[min(places)].number, self.file.seen[max(places)].number

    def differences(self, lines: Sequence[Line]) -> tuple[LineDifference, ...]:
        """Return each line of the block that the file does not have, beside the file's line that is alike."""
        return tuple(islice(self._differences(lines), _MOST_DIFFERENCES))

    def counts(self, lines: Sequence[Line]) -> tuple[int, int]:
        """Return how many lines of the block the file has, and how many in part, in any order."""
        whole = sum(line.folded in self.file.places for line in lines)
        return whole, self.equal + sum(_is_moved(one) for one in self._differences(lines)) - whole

    def _differences(self, lines: Sequence[Line]) -> Iterator[LineDifference]:
        alike = {one: at for one, at, _same in self.pairs}
        equal = {one for one, _at, same in self.pairs if same}
        for number, line in enumerate(lines):
            if number in equal or is_gap(line.folded):
                continue
            if there := self._elsewhere(line.folded):
                yield moved(line.number, one_blank(line.text), there.number, one_blank(there.text))
            elif number in alike:
                other = self.file.seen[alike[number]]
                yield difference(line.number, one_blank(line.text), other.number, one_blank(other.text))
            else:
                yield only_in_report(line.number, line.text)

    def _elsewhere(self, key: str) -> Line | None:
        """Return the line of the file that a line of the block is, in another place; None if it has none."""
        if places := self.file.places.get(key):
            return self.file.seen[places[0]]
        shown = marked(key)
        if len(shown) > 1 and (
            found := next((line for line in self.file.seen[:_MOST_LINES] if fits(line.folded, shown)), None)
        ):
            return found
        words = has_words(self.file, self.file.keys, key)
        return self.file.seen[self.file.keys.index(words)] if words else None


def nearness(file: EvidenceFile, lines: Sequence[Line]) -> Nearness:
    """Return how near a file is to the lines of a block."""
    keys = [line.folded for line in lines][:_MOST_LINES]
    others = _window(file, keys)
    absent = [key for key in dict.fromkeys(keys) if key not in file.places][:_MOST_MARKED]
    full = {key: _without_marks(file, key, others) or key for key in absent}
    keys = [full.get(key, key) for key in keys]
    pairs: list[tuple[int, int, bool]] = []
    equal = 0
    matcher = SequenceMatcher(None, keys, [key for _at, key in others], autojunk=False)
    steps = matcher.get_opcodes()
    some_equal = any(tag == "equal" for tag, *_places in steps)
    for tag, start, end, first, last in steps:
        if tag == "equal":
            equal += end - start
            pairs += [(start + n, others[first + n][0], True) for n in range(end - start)]
        elif tag == "replace":
            alike = _alike(keys, others, range(start, end), range(first, last))
            if not alike and some_equal and end - start == last - first:
                places = ((start + n, first + n) for n in range(end - start))
                alike = [
                    (one, others[at][0], False) for one, at in places if _pairs(keys[one], others[at][1])
                ]
            pairs += alike
    if not pairs:
        pairs = _alike(keys, others, range(len(keys)), range(len(others)))
    return Nearness(file, len(lines), equal, tuple(pairs))


def _without_marks(file: EvidenceFile, key: str, others: Sequence[tuple[int, str]]) -> str | None:
    """Return the line of a file that a line shows words of, or parts around marks; None if there is none."""
    shown = marked(key)
    fitting = (line for _at, line in others if len(shown) > 1 and fits(line, shown))
    return next(fitting, None) or has_words(file, (line for _at, line in others), key)


def words_places(lines: Sequence[Line], evidence: EvidenceIndex) -> dict[int, tuple[EvidenceFile, Line]]:
    """Return where a file has words of a line, or what it shows around marks, by the line's number.

    Words in parentheses at its end may be the author's.
    """
    found: dict[int, tuple[EvidenceFile, Line]] = {}
    for line in lines[:_MOST_TOLD]:
        for file, text in product(
            evidence.outputs, dict.fromkeys((line.folded, _REMARK.sub("", line.folded)))
        ):
            if words := has_words(file, file.keys, text):
                found[line.number] = file, file.seen[file.places[words][0]]
                break
    return found


def _window(file: EvidenceFile, keys: Sequence[str]) -> list[tuple[int, str]]:
    """Return the lines of a file to align with, with their places: all, or those near lines of the block."""
    if len(file.keys) <= _MOST_LINES:
        return list(enumerate(file.keys))
    places = sorted({place for key in keys for place in file.places.get(key, ())[:3]})
    around = {at for place in places[:200] for at in range(place - 3, place + 4) if 0 <= at < len(file.keys)}
    return [(at, file.keys[at]) for at in sorted(around)[:_MOST_LINES]]


def _alike(
    keys: Sequence[str], others: Sequence[tuple[int, str]], ours: range, theirs: range
) -> list[tuple[int, int, bool]]:
    """Return pairs of alike lines in two stretches, in order."""
    pairs: list[tuple[int, int, bool]] = []
    after = theirs.start
    if len(ours) * len(theirs) > _MOST_LINES * 4:
        theirs = range(
            theirs.start, min(theirs.stop, theirs.start + _MOST_LINES * 4 // max(len(ours), 1) + 1)
        )
    for number in ours:
        scores = [(likeness(keys[number], others[at][1]), -at) for at in theirs if at >= after]
        score, place = max(scores, default=(0.0, 0))
        if score >= _ALIKE:
            pairs.append((number, others[-place][0], False))
            after = -place + 1
    return pairs


def likeness(one: str, other: str) -> float:
    """Return the share of words that two lines have in common; over a half if the first ends with the other.

    A number weighs half as much as a word. The words that a mark stands for are not counted.

    >>> likeness("Host: 449", "Host: 9999"), likeness("Host: 449", "guest kernel 6.1")
    (0.6666666666666666, 0.0)
    """
    if len(other) >= _LEAST_WITHIN and one.endswith(other):
        return _ALIKE + (1 - _ALIKE) * len(other) / len(one)
    words, numbers = words_and_numbers(one[:LONGEST])
    other_words, other_numbers = words_and_numbers(other[:LONGEST])
    if words.isdisjoint(other_words):
        return 0.0
    common = len(words & other_words) + len(numbers & other_numbers) / 2
    largest = len(words) + len(numbers) / 2
    if len(marked(one)) == 1:
        largest = max(largest, len(other_words) + len(other_numbers) / 2)
    return max(common / largest, _ALIKE if words == other_words else 0.0)


def _pairs(one: str, other: str) -> bool:
    """Return whether lines in one place belong together: labels, lines with a common word, or without any."""
    (words, numbers), (other_words, other_numbers) = (
        words_and_numbers(line[:LONGEST]) for line in (one, other)
    )
    same = any(len(number) > 1 for number in numbers & other_numbers)
    same = same or (one.endswith(":") and other.endswith(":"))
    return same or not words.isdisjoint(other_words) or not (words or other_words)


@lru_cache(maxsize=20_000)
def words_and_numbers(line: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the words and the numbers of a line."""
    found = WORD.findall(_HASH.sub("0", line.lower()))
    return frozenset(one for one in found if not one[0].isdigit()), frozenset(
        one for one in found if one[0].isdigit()
    )


def candidates(lines: Sequence[Line], evidence: EvidenceIndex) -> list[EvidenceFile]:
    """Return the files that have most lines of a block, or the most alike line of a short one."""
    counts: Counter[str] = Counter()
    for line in lines[:_MOST_LINES]:
        for file in evidence.holders.get(line.folded, [])[:20]:
            if file.is_program:
                continue
            counts[file.path] += 1
    if counts:
        return [evidence.files[path] for path, _count in counts.most_common(_MOST_CANDIDATES)]
    words = {word for line in lines[:5] for word in WORD.findall(line.folded[:LONGEST].lower())}
    scores = {file.path: len(words & file.words) for file in evidence.outputs}
    best = sorted(scores, key=lambda path: -scores[path])[:3]
    return [evidence.files[path] for path in best if scores[path] > 1]


def left_out(match: Match) -> tuple[LineDifference, ...]:
    """Return the lines of a file that a block leaves out."""
    lines = [match.file.seen[at] for first, last in match.left_out for at in range(first, last + 1)]
    return tuple(only_in_evidence(line.number, line.text) for line in lines[:_MOST_DIFFERENCES])


def spacing_note(match: Match, why: str) -> str:
    """Return `why` with a word on escape sequences, if the file has some."""
    lines = match.file.seen[match.first : match.last + 1]
    if any("\x1b" in line.text for line in lines):
        return f"{why} and escape sequences are left out"
    return why


def in_words(one: LineDifference) -> str:
    """Return a difference of a line in words, with both sides."""
    if _is_moved(one):
        sides = [fold("".join(part.text for part in side)) for side in (one.report, one.evidence)]
        what = "is" if sides[0] == sides[1] else "has words of"
        return (
            f"line {one.report_line} of the report {what} line {one.evidence_line} of the file: another order"
        )
    sides = ["".join(part.text for part in side).strip() for side in (one.report, one.evidence)]
    has = f"the file has {sides[1]!r}" if one.evidence_line else "no line of the file is nearly equal"
    return f"line {one.report_line} of the report: {sides[0]!r}, {has}"


def _is_moved(one: LineDifference) -> bool:
    """Return whether a line is in the file, in another place than its neighbours."""
    return bool(one.evidence_line) and all(part.same for part in (*one.report, *one.evidence))


def all_left_out(file: EvidenceFile) -> tuple[LineDifference, ...]:
    """Return all lines of a file, which a block leaves out."""
    return tuple(only_in_evidence(line.number, line.text) for line in file.seen[:_MOST_DIFFERENCES])


def outside(match: Match) -> tuple[LineDifference, ...]:
    """Return the lines of a file before and after those of a block."""
    lines = (*match.file.seen[: match.first], *match.file.seen[match.last + 1 :])
    return tuple(only_in_evidence(line.number, line.text) for line in lines[:_MOST_DIFFERENCES])
