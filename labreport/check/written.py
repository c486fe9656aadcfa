"""Numbers with a unit as people write them: `1.62 s`, `3-5 s`, `0,7 ms`, `3x`, `twice as fast`, `two cores`.

A bare number, a version, a date, a task's number is none.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from labreport.check.vocabulary import (
    APOSTROPHE,
    COMPARED,
    DASHES,
    LARGE,
    MEASURED,
    PARTS,
    SPEED,
    TIMES_SIGN,
    TWICE,
    UNIT,
    UNIT_OF_WORDS,
    VULGAR,
    WORDS,
    unit_of,
)
from labreport.report.pages.mask import BOUND, COMPUTED

_VULGAR = "".join(VULGAR)
_POWER = rf"[eE][-+]?\d+\b|\s?[·{TIMES_SIGN}]\s?10(?:\^?[-+]?\d+|[⁰¹²³⁴-⁹⁻]+)"
NUMBER = (
    rf"(?:{COMPUTED}|\d+(?::[0-5]\d){{1,2}}|\d{{1,3}}(?:['\u2019\u00a0\u2009\u202f]\d{{3}})+(?:[.,]\d+)*"
    rf"|(?:\d+(?:[.,]\d+)*|\.\d+)(?:{_POWER})?[{_VULGAR}]?|[{_VULGAR}])"
)
_A_WORD = "|".join((*WORDS, *LARGE))
_WORD = rf"(?:an?\s+(?:{'|'.join(LARGE)})|{_A_WORD})(?:[-\s]+(?:and\s+)?(?:{_A_WORD})){{0,6}}"
_JOIN = rf"\s*(?:\.\.\.?|\+/-|[{DASHES}/…±]|\b(?:to|till|until|and|or)\b)\s*"
_BEFORE = r"(?<![\w.,:/#@$^])(?<!\w[-/])"
_KIND = r"(?:full|whole|more|extra|CPU|wall-clock|real|GET|HTTP|physical|logical|virtual|parallel)"
_GAP = rf"(?:\s*{_KIND}\b)?(?:\s*|[-\u2010\u2011])"
_WORD_GAP = rf"(?:\s+{_KIND}\b)?(?:\s+|[-\u2010\u2011])"
_AFTER = rf"(?![\w°])(?!{APOSTROPHE}\w)(?!\()"
_UNIT_OF_FIRST = r"\s*(?:%|[a-zA-Zµ\u03bc]{1,3}\b)"
_RANGE = rf"\s*(?:[{DASHES}]|\bto\b)\s*"
_CLAUSE = "of|for|to|and|or|on|at|under|with|while|when|after|before|in|as|but"
_FORMS = {
    "compound": rf"{_BEFORE}(?P<compound>\d+\s?h\s?\d+\s?m(?:in)?(?:\s?\d+\s?s)?"
    rf"|\d+\s?m\s?\d+(?:[.,]\d+)?\s?s){_AFTER}",
    "digits": rf"{_BEFORE}(?P<digits>{NUMBER}(?:{_JOIN}{NUMBER}|{_UNIT_OF_FIRST}{_RANGE}{NUMBER}){{0,4}})"
    rf"{_GAP}(?P<unit>{UNIT}){_AFTER}(?!\s*[\d{COMPUTED}])",
    "words": rf"\b(?P<words>{_WORD}(?:{_JOIN}{_WORD}){{0,2}})(?P<half>\s+and\s+a\s+half)?{_WORD_GAP}"
    rf"(?P<counted>{UNIT_OF_WORDS}){_AFTER}",
    "fold": rf"\b(?P<fold>(?:{_A_WORD})fold)\b",
    "part": rf"\b(?P<part>(?:an?\s+)?(?:{'|'.join(PARTS)}))(?:\s+(?:of\s+)?(?:an?\s+)?"
    rf"(?P<whole>second|minute|hour|millisecond)s?\b|\s+as\s+(?:{SPEED})\b"
    rf"|\s+(?:of\s+)?(?:the|that|its|\w+{APOSTROPHE}s)\s+(?:[\w-]+\s+)?(?:{MEASURED})\b)",
    "twice": rf"\b(?P<twice>{'|'.join(TWICE)})(?=\s+(?:{COMPARED}))",
    "factor": r"\b(?:factor|ratio|speed-?up|slowdown)(?:\s+(?:of|is|was|about|around|=|:)){1,2}\s*[~≈]?\s*"
    rf"(?P<factor>{NUMBER}(?:{_JOIN}{NUMBER}){{0,4}})(?![\w%])",
    "one": r"\b(?:under|below|within|over|above|about|nearly|almost|than)\s+(?P<one>an?\s+(?:millisecond"
    rf"|minute|hour|second(?=\s*(?:[{DASHES}.,;:)!?]|$|\s(?:{_CLAUSE})\b))))",
    "vague": rf"\b(?P<vague>sub-?(?:milli|micro|nano)?seconds?\b|(?:tens|hundreds|thousands)\s+of\s+"
    rf"{UNIT_OF_WORDS}{_AFTER}|(?:an|one|two|three|several)\s+orders?\s+of\s+magnitude\b)",
}
"""The forms that a number with a unit has; each has a group of its name, which begins at the number."""
_STRETCH = re.compile(f"[^{BOUND}]+")
_MAYBE = re.compile(
    rf"[\d{COMPUTED}{_VULGAR}]|\b(?:(?:{_A_WORD})(?:fold)?|{'|'.join((*PARTS, *TWICE))}"
    r"|tens|hundreds|thousands|orders?|sub-?(?:milli|micro|nano)?seconds?"
    r"|an?\s+(?:millisecond|second|minute|hour))\b",
    re.IGNORECASE,
)
"""What every form has."""
_LABELLED = re.compile(
    r"\b(?:tasks?|labs?|steps?|editions?|lines?|columns?|sections?|pages?|figures?|tables?|versions?|ports?|issues?"
    r"|kernel|Debian|Linux|Kata|containerd|runc|Python|Alpine|QEMU|status|HTTP|number|no\.)\s+$",
    re.IGNORECASE,
)
_VERBS = frozenset(
    {"attempts", "boots", "lines", "processes", "requests", "rounds", "runs", "samples", "starts"}
)
"""What may be what task 3 does, and no count: `Kata 3x slower` is one, whatever stands before it."""
_DECADE = re.compile(r"(?:19|20)\d0s")
_LONGEST_LABEL = 20


@dataclass(frozen=True)
class Written:
    """A number with its unit, `start` to `end` in a text; `values` are None where it is too vague for any.

    `unit` is a symbol of labreport/report/values/units.py, the noun of what is counted, or as it is written.
    """

    start: int
    end: int
    values: tuple[Fraction, ...] | None
    unit: str


@cache
def _any_form() -> re.Pattern[str]:
    """Return the pattern of all forms; it takes 20 ms to compile, which a build without use for it saves."""
    cased = {"compound", "digits"}
    return re.compile("|".join(one if name in cased else f"(?i:{one})" for name, one in _FORMS.items()))


def written(text: str) -> Iterator[Written]:
    """Yield the numbers with a unit in a text."""
    for stretch in _STRETCH.finditer(text):
        if _MAYBE.search(text, *stretch.span()):  # an eighth of what all forms cost
            yield from _in_stretch(text, *stretch.span())


def _in_stretch(text: str, start: int, end: int) -> Iterator[Written]:
    for found in _any_form().finditer(text, start, end):
        form = next(name for name in _FORMS if found[name] is not None)
        if not _means_something_else(text, found, form):
            yield Written(found.start(form), found.end(), *_value(found, form))


def _means_something_else(text: str, found: re.Match[str], form: str) -> bool:
    """Return whether it only looks like one: `the 1990s`, `task 3 runs`, `tried three times`."""
    start = found.start(form)
    if form == "digits":
        labelled = _LABELLED.search(text, max(0, start - _LONGEST_LABEL), start)
        verb = unit_of(found["unit"]) in _VERBS
        return bool((labelled and verb) or _DECADE.fullmatch(found[0]))
    counted = form == "words" and found["counted"].lower() == "times"
    return counted and not re.match(rf"\s+(?:{COMPARED})", text[found.end() :])


def _value(found: re.Match[str], form: str) -> tuple[tuple[Fraction, ...] | None, str]:
    values: tuple[Fraction, ...] | None = None
    unit = ""
    match form:
        case "digits":
            values, unit = numbers(found[form]), unit_of(found["unit"])
        case "words":
            half = Fraction(1, 2) if found["half"] else Fraction(0)
            values = tuple(_of_words(one) + half for one in re.findall(_WORD, found[form].lower()))
            unit = unit_of(found["counted"])
        case "fold":
            values = (_of_words(found[form][: -len(form)]),)
        case "part":
            values = (PARTS[found[form].split()[-1].lower()],)
            unit = unit_of(found["whole"]) if found["whole"] else ""
        case "twice":
            values = (Fraction(TWICE[found[form].lower()]),)
        case "factor":
            values = numbers(found[form])
        case "one":
            values, unit = (Fraction(1),), unit_of(found[form].split()[-1])
        case _:
            unit = found[form]
    return values, unit


def numbers(text: str) -> tuple[Fraction, ...] | None:
    """Return the numbers of `3-5` or `1,5 to 2`; None if one is written in a way that has no one value."""
    found = []
    for one in re.findall(NUMBER, text):
        bare = re.sub(rf"{APOSTROPHE}|\s", "", one).replace(",", ".")
        part = VULGAR.get(bare[-1:], Fraction(0))
        try:
            found.append(Fraction(bare.rstrip(_VULGAR) or "0") + part)
        except ValueError:
            return None
    return tuple(found)


def _of_words(text: str) -> Fraction:
    total = part = 0
    for word in re.split(r"[-\s]+", text.lower()):
        if word in LARGE:
            part = max(part, 1) * LARGE[word]
            if LARGE[word] >= LARGE["thousand"]:
                total, part = total + part, 0
        else:
            part += WORDS.get(word, 0)
    return Fraction(total + part)
