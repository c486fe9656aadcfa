"""Find the line of any evidence file that is nearest to a line of a report."""

from collections import Counter
from dataclasses import replace

from labreport.audit.evidence import LONGEST, EvidenceFile, EvidenceIndex
from labreport.audit.inputs.text import Line, one_blank
from labreport.audit.model import LineDifference
from labreport.audit.quotes import compare
from labreport.audit.quotes.compare import words_and_numbers
from labreport.audit.quotes.words import difference, only_in_report
from labreport.audit.sides import side_of

_MOST_TRIED = 12
"""How many lines with common words are compared to find the nearest."""
_OF_NUMBER, _MOST_NUMBERS = 0.05, 3
"""What an equal number adds to the likeness of two lines, to choose between lines with the same words."""
_NEAR = 0.6
"""How much alike a line has to be to be called the nearest."""


def nearest_line(line: Line, evidence: EvidenceIndex) -> tuple[EvidenceFile, Line] | None:
    """Return the line of any file that is most like one of a report; None if none is like it."""
    words, numbers = words_and_numbers(line.folded[:LONGEST])
    counts: Counter[tuple[str, int]] = Counter()
    for word in sorted(words):  # in the same order in every run, since many lines have as many words
        counts.update((file.path, at) for file, at in evidence.word_places.get(word, ()))
    best, most = None, 0.0
    for (path, at), _count in counts.most_common(_MOST_TRIED):
        key = evidence.files[path].keys[at]
        other_words, other_numbers = words_and_numbers(key[:LONGEST])
        same = len(numbers & other_numbers)
        alike = compare.likeness(line.folded, key)
        score = alike + min(same, _MOST_NUMBERS) * _OF_NUMBER
        tells = same or any(not side_of(word) for word in words & other_words)
        if tells and alike >= _NEAR and score > most:
            best, most = (evidence.files[path], evidence.files[path].seen[at]), score
    return best


def beside(line: Line, other: tuple[EvidenceFile, Line] | None) -> LineDifference:
    """Return a line of a report beside the nearest of the evidence, with its file, if there is one."""
    if other is None:
        return only_in_report(line.number, line.text)
    file, there = other
    found = difference(line.number, one_blank(line.text), there.number, one_blank(there.text))
    return replace(found, file=file.path)
