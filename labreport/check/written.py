"""Find numbers with a unit in text: `1.62 s`, `3-5 s`, `0,7 ms`, `3x`, `twice as fast`, `two cores`.

Plain numbers, versions, dates and numbers of tasks are ignored. In a table whose head names a unit, plain
numbers have that unit.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate

from labreport.check.languages import (
    CJK,
    FACTORS,
    JOINS,
    PERCENT_OF,
    WORDS_OF_LANGUAGES,
    measured,
)
from labreport.check.names import is_name, product_names
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
from labreport.report.pages.visible import BOUND, COMPUTED

_VULGAR = "".join(VULGAR)
_POWER = rf"[eE][-+]?\d+\b|\s?[·{TIMES_SIGN}]\s?10(?:\^?[-+]?\d+|[⁰¹²³⁴-⁹⁻]+)"
NUMBER = (
    rf"(?:{COMPUTED}|\d+(?::[0-5]\d){{1,2}}|\d{{1,3}}(?:['\u2019\u00a0\u2009\u202f]\d{{3}})+(?:[.,]\d+)*"
    rf"|(?:\d+(?:[.,]\d+)*|\.\d+)(?:{_POWER})?[{_VULGAR}]?|[{_VULGAR}])"
)
_A_WORD = "|".join((*WORDS, *LARGE))
_WORD = rf"(?:an?\s+(?:{'|'.join(LARGE)})|{_A_WORD})(?:[-\s]+(?:and\s+)?(?:{_A_WORD})){{0,6}}"
_LETTER = rf"[^\W{CJK}]"
"""A letter or digit of a script that puts blanks between words."""
_JOIN = rf"\s*(?:\.\.\.?|\+/-|[{DASHES}/…±\uff5e到至或和]|\b(?:to|till|until|and|or|{JOINS})\b)\s*"
_BEFORE = rf"(?<![.,:/#@$^])(?<!{_LETTER})(?<!{_LETTER}[-/])"
_KIND = r"(?:full|whole|more|extra|CPU|wall-clock|real|GET|HTTP|physical|logical|virtual|parallel)"
_GAP = rf"(?:\s*{_KIND}\b)?(?:\s*|[-\u2010\u2011])"
_WORD_GAP = rf"(?:\s+{_KIND}\b)?(?:\s+|[-\u2010\u2011])"
_AFTER = rf"(?!{_LETTER}|°)(?!{APOSTROPHE}\w)(?!\()"
_UNIT_OF_FIRST = r"\s*(?:%|[a-zA-Zµ\u03bc]{1,3}\b)"
_RANGE = rf"\s*(?:[{DASHES}\uff5e到至]|\b(?:to|{JOINS})\b)\s*"
_CLAUSE = "of|for|to|and|or|on|at|under|with|while|when|after|before|in|as|but"
_NUMERALS = "".join(word for word in WORDS_OF_LANGUAGES if re.fullmatch(f"[{CJK}]", word))
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
    "percent": rf"{PERCENT_OF}\s*(?P<percent>{NUMBER}|[{_NUMERALS}]+)",
    "spaced": rf"(?<!\w)(?P<spaced>{'|'.join(word for word in WORDS_OF_LANGUAGES if word not in _NUMERALS)})"
    rf"\s+(?P<measured>{measured(spaced=True)})(?!\w)",
    "unspaced": rf"(?<![第{_NUMERALS}])(?P<unspaced>[{_NUMERALS}]+)(?P<beside>{measured(spaced=False)})",
    "times": rf"(?<!\w)(?P<times>{'|'.join(FACTORS)})(?!\w)",
    "vague": rf"\b(?P<vague>sub-?(?:milli|micro|nano)?seconds?\b|(?:tens|hundreds|thousands)\s+of\s+"
    rf"{UNIT_OF_WORDS}{_AFTER}|(?:an|one|two|three|several)\s+orders?\s+of\s+magnitude\b)",
}
"""The forms of a number with a unit. The group with the name of a form starts at the number."""
_ANY_FORM = re.compile(
    "|".join(form if name in {"compound", "digits"} else f"(?i:{form})" for name, form in _FORMS.items())
)
_STRETCH = re.compile(f"[^{BOUND}]+")
_GROUPED = re.compile(r"[1-9]\d{0,2},\d{3}", re.ASCII)
"""A number whose comma groups digits in one language, and begins the decimals in another."""
_DECADE = re.compile(r"(?:19|20)\d0s")
_DELIMITER = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t\r]*")
_FACTOR = re.compile(rf"\s*(?:ratio|factor|times|speed-?up|slowdown|{TIMES_SIGN})\s*", re.IGNORECASE)
_PLAIN = re.compile(rf"\s*[-\u2212~≈<>±+]?\s*({NUMBER})\s*")
_HEAD_UNIT = re.compile(
    rf"(?:[(\[\uff08]\s*|(?:[,\uff0c]|\bin|/)\s*(?<=\s|\uff0c))({UNIT})\s*(?:[)\]\uff09]|$)"
)


@dataclass(frozen=True)
class Written:
    """A number with its unit, from `start` to `end` in a text.

    `values` has both ends of a range; it is None for a vague number, such as `sub-second`. `unit` is a symbol
    of labreport/report/values.py, the noun of the counted thing, or the text as it is written.
    """

    start: int
    end: int
    values: tuple[Fraction, ...] | None
    unit: str


def written(text: str) -> Iterator[Written]:
    """Yield the numbers with a unit in a text."""
    for stretch in _STRETCH.finditer(text):
        products = product_names(text, *stretch.span())
        for matched in _ANY_FORM.finditer(text, *stretch.span()):
            form = next(name for name in _FORMS if matched[name] is not None)
            if not _means_something_else(text, matched, form, products):
                yield Written(matched.start(form), matched.end(), *_value(matched, form))


def _means_something_else(
    text: str, matched: re.Match[str], form: str, products: Sequence[tuple[int, int]]
) -> bool:
    """Return whether a match is not a number with a unit: `the 1990s`, `task 3 runs`, `tried three times`."""
    if form == "digits":
        span = matched.span(form)
        return bool(_DECADE.fullmatch(matched[0])) or is_name(text, span, unit_of(matched["unit"]), products)
    counted = form == "words" and matched["counted"].lower() == "times"
    return counted and not re.match(rf"\s+(?:{COMPARED})", text[matched.end() :])


def _value(matched: re.Match[str], form: str) -> tuple[tuple[Fraction, ...] | None, str]:
    """Return the values and the unit of a match."""
    values: tuple[Fraction, ...] | None = None
    unit = ""
    match form:
        case "digits":
            values, unit = numbers(matched[form]), unit_of(matched["unit"])
        case "words":
            half = Fraction(1, 2) if matched["half"] else Fraction(0)
            values = tuple(_of_words(words) + half for words in re.findall(_WORD, matched[form].lower()))
            unit = unit_of(matched["counted"])
        case "fold":
            values = (_of_words(matched[form][: -len(form)]),)
        case "part":
            values = (PARTS[matched[form].split()[-1].lower()],)
            unit = unit_of(matched["whole"]) if matched["whole"] else ""
        case "twice":
            values = (Fraction(TWICE[matched[form].lower()]),)
        case "factor":
            values = numbers(matched[form])
        case "percent" | "spaced" | "unspaced" | "times":
            values, unit = _value_of_language(matched, form)
        case "one":
            values, unit = (Fraction(1),), unit_of(matched[form].split()[-1])
        case _:
            unit = matched[form]
    return values, unit


def _value_of_language(matched: re.Match[str], form: str) -> tuple[tuple[Fraction, ...] | None, str]:
    """Return the values and the unit of a match of a form that English does not have."""
    text = matched[form].lower()
    match form:
        case "percent":
            return numbers(text) or _of_numerals(text), "%"
        case "spaced":
            return (WORDS_OF_LANGUAGES[text],), unit_of(matched["measured"])
        case "unspaced":
            return _of_numerals(text), unit_of(matched["beside"])
    return (FACTORS[r"\s+".join(text.split())],), ""


def numbers(text: str) -> tuple[Fraction, ...] | None:
    """Return the numbers of `3-5` or `1,5 to 2`; None if one of them is ambiguous, such as `1,091`."""
    values = []
    for number in re.findall(NUMBER, text):
        if _GROUPED.fullmatch(number):
            return None
        digits = re.sub(rf"{APOSTROPHE}|\s", "", number).replace(",", ".")
        part = VULGAR.get(digits[-1:], Fraction(0))
        try:
            values.append(Fraction(digits.rstrip(_VULGAR) or "0") + part)
        except ValueError:
            return None
    return tuple(values)


def _of_numerals(text: str) -> tuple[Fraction, ...] | None:
    """Return the value of a number in Chinese numerals below a hundred; None for another one.

    >>> _of_numerals("三"), _of_numerals("二十五"), _of_numerals("三百")
    ((Fraction(3, 1),), (Fraction(25, 1),), None)
    """
    tens, ten, ones = text.rpartition("十")
    if len(tens) > 1 or len(ones) > 1 or "百" in text:
        return None
    value = WORDS_OF_LANGUAGES.get(tens, Fraction(1)) * 10 if ten else Fraction(0)
    return (value + WORDS_OF_LANGUAGES.get(ones, Fraction(0)),)


def _of_words(text: str) -> Fraction:
    """Return the value of a number in words, such as `two hundred and five`."""
    total = part = 0
    for word in re.split(r"[-\s]+", text.lower()):
        if word in LARGE:
            part = max(part, 1) * LARGE[word]
            if LARGE[word] >= LARGE["thousand"]:
                total, part = total + part, 0
        else:
            part += WORDS.get(word, 0)
    return Fraction(total + part)


@dataclass(frozen=True)
class _TableCell:
    """The text of a table's cell, and where it starts."""

    start: int
    text: str


def in_tables(text: str) -> Iterator[Written]:
    """Yield the plain numbers in Markdown tables whose column or row has a unit in its head."""
    starts = accumulate((len(line) + 1 for line in text.split("\n")), initial=0)
    lines = list(zip(starts, text.split("\n"), strict=False))
    at = 1
    while at < len(lines):
        if "|" in lines[at][1] and _DELIMITER.fullmatch(lines[at][1]) and "|" in lines[at - 1][1]:
            heads = [_unit_in_head(cell.text) for cell in _cells(*lines[at - 1])]
            at += 1
            while at < len(lines) and "|" in lines[at][1]:
                yield from _in_row(_cells(*lines[at]), heads)
                at += 1
        at += 1


def _in_row(cells: list[_TableCell], heads: list[str | None]) -> Iterator[Written]:
    unit_of_row = _unit_in_head(cells[0].text) if cells else None
    for column, cell in enumerate(cells):
        unit = heads[column] if column < len(heads) and heads[column] is not None else unit_of_row
        number = _PLAIN.fullmatch(cell.text)
        if unit is not None and number and (column or heads[0] is not None):
            yield Written(cell.start + number.start(1), cell.start + number.end(1), numbers(number[1]), unit)


def _cells(start: int, line: str) -> list[_TableCell]:
    """Return the cells of a row that starts at `start`."""
    row = line.strip()
    start += line.index(row) + row.startswith("|")
    cells = []
    for text in row.removeprefix("|").removesuffix("|").split("|"):
        cells.append(_TableCell(start, text))
        start += len(text) + 1
    return cells


def _unit_in_head(head: str) -> str | None:
    """Return the unit that a head names; None if it names none, or contains a number with a unit itself."""
    if _FACTOR.fullmatch(head):
        return ""
    unit = _HEAD_UNIT.search(head)
    if not unit or any(written(head)):
        return None
    return unit_of(unit[1])
