"""Show where two lines differ: the words that differ, with some text around them."""

import re
from difflib import SequenceMatcher

from labreport.audit.inputs.text import shown
from labreport.audit.model import LineDifference, LinePart

_AROUND = 48
"""How many characters that are the same are shown before and after the words that differ."""
_MOST_COMPARED = 2000
"""How many characters of the differing middle are compared word by word."""
_WORD = re.compile(r"\w+|\s+|[^\w\s]")


def difference(report_line: int, report: str, evidence_line: int, evidence: str) -> LineDifference:
    """Return where a line of the report differs from one of the evidence."""
    before = _whole_words(report, evidence, _common(report, evidence))
    rest, other = report[before:], evidence[before:]
    after = _whole_words(rest[::-1], other[::-1], _common(rest[::-1], other[::-1]))
    middles = rest[: len(rest) - after], other[: len(other) - after]
    start, end = _cut_start(report[:before]), _cut_end(rest[len(rest) - after :])
    left, right = _parts(*middles)
    return LineDifference(report_line, (*start, *left, *end), evidence_line, (*start, *right, *end))


def moved(report_line: int, report: str, evidence_line: int, evidence: str) -> LineDifference:
    """Return the difference of a line that the evidence has in another place."""
    here, there = LinePart(shown(report), same=True), LinePart(shown(evidence), same=True)
    return LineDifference(report_line, (here,), evidence_line, (there,))


def only_in_report(line: int, text: str) -> LineDifference:
    """Return the difference of a line that only the report has."""
    return LineDifference(line, (LinePart(shown(text), same=False),), 0, ())


def only_in_evidence(line: int, text: str) -> LineDifference:
    """Return the difference of a line that only the evidence has."""
    return LineDifference(0, (), line, (LinePart(shown(text), same=False),))


def _common(one: str, other: str) -> int:
    """Return how many characters two texts have in common at their beginning."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle - 1)
    return low


def _whole_words(one: str, other: str, length: int) -> int:
    """Return the length of a common beginning, without the word in whose middle it ends."""
    goes_on = any(length < len(text) and text[length].isalnum() for text in (one, other))
    while goes_on and length and one[length - 1].isalnum():
        length -= 1
    return length


def _cut_start(text: str) -> tuple[LinePart, ...]:
    if len(text) > _AROUND:
        text = f"…{text[-_AROUND:]}"
    return (LinePart(shown(text), same=True),) if text else ()


def _cut_end(text: str) -> tuple[LinePart, ...]:
    if len(text) > _AROUND:
        text = f"{text[:_AROUND]}…"
    return (LinePart(shown(text), same=True),) if text else ()


def _parts(report: str, evidence: str) -> tuple[tuple[LinePart, ...], tuple[LinePart, ...]]:
    """Return the parts of two texts, word by word if they are short enough."""
    if len(report) + len(evidence) > _MOST_COMPARED:
        return _one(report, same=False), _one(evidence, same=False)
    left, right = _WORD.findall(report), _WORD.findall(evidence)
    report_parts: tuple[LinePart, ...] = ()
    evidence_parts: tuple[LinePart, ...] = ()
    for tag, start, end, first, last in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        report_parts += _one("".join(left[start:end]), same=tag == "equal")
        evidence_parts += _one("".join(right[first:last]), same=tag == "equal")
    return report_parts, evidence_parts


def _one(text: str, *, same: bool) -> tuple[LinePart, ...]:
    return (LinePart(shown(text), same=same),) if text else ()
