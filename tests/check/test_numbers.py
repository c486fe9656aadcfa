"""Which numbers are naked, claimed or exempt, and where they are."""

import json
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from labreport.check.languages import LANGUAGES, Language
from labreport.check.numbers import IN_CODE, IN_FENCE, IN_LAB_YML, LabNumbers, lab_numbers, numbers_of
from labreport.check.vocabulary import is_counted, unit_of
from labreport.check.written import written
from labreport.report.pages.source import PageSource
from labreport.report.values import UNITS

CASES = json.loads((Path(__file__).parent / "cases" / "numbers.json").read_text(encoding="utf-8"))
NONE = LabNumbers()


def page(text: str) -> PageSource:
    """Return a page of a lab."""
    return PageSource("labs/lab12/task-4.md", text)


def found(text: str, settings: LabNumbers = NONE) -> list[tuple[int, int]]:
    """Return the line and column of each naked number of a page."""
    return [(one.line, one.column) for one in numbers_of(page(text), settings).naked]


def place(text: str, part: str, since: int = 0) -> tuple[int, int]:
    """Return the 1-based line and column of a part of a text."""
    at = text.index(part, since)
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


@pytest.mark.parametrize("text", CASES["found"])
def test_naked_numbers(text: str) -> None:
    """Each number is reported in order, at its line and column, as it is written."""
    at, places = 0, []
    for part in CASES["found"][text]:
        places.append(place(text, part, at))
        at = text.index(part, at) + len(part)
    naked = numbers_of(page(text), NONE).naked
    assert [(one.line, one.column) for one in naked] == places
    assert [one.message.partition(": a number")[0] for one in naked] == [
        " ".join(part.split()) for part in CASES["found"][text]
    ]


@pytest.mark.parametrize("text", CASES["not_found"])
def test_no_naked_numbers(text: str) -> None:
    """Names, versions, dates, code, addresses, arguments of macros and front matter are ignored."""
    assert numbers_of(page(text), NONE).naked == ()
    assert numbers_of(page(f"---\ntitle: 3 s\n---\n{text}"), NONE).naked == ()


def test_the_column_after_markup() -> None:
    """Markup, CRLF and wide characters before a number do not change its column."""
    text = "---\r\ntitle: 3 s\r\n---\r\n# Ü\r\n\r\n`x` {{ fact('a') }} **é** &amp; took 3 s.\r\n"
    assert found(text) == [(6, 38)]
    assert text.split("\r\n")[5][37:40] == "3 s"


BEFORE = [
    "",
    "text ",
    "- ",
    "> ",
    "`code` ",
    "**bold** ",
    "é ",
    "{{ fact('a') }} ",
    "[x](y.md) ",
    "<!-- c --> ",
    "| ",
]
NUMBERS = st.one_of(
    st.integers(0, 99999).map(str),
    st.decimals(0, 9999, places=3, allow_nan=False).map(lambda one: f"{one:f}"),
    st.decimals(0, 9999, places=1, allow_nan=False).map(lambda one: f"{one:f}".replace(".", ",")),
)
LETTERS = st.characters(categories=["L", "Zs"], include_characters="/.")
SYMBOLS = [symbol for symbol in UNITS if symbol and symbol != "1/s"]


@given(
    st.lists(st.sampled_from(["A line.", "", "    ", "# Heading", "- item"]), max_size=4),
    st.sampled_from(BEFORE),
    NUMBERS,
    st.sampled_from(["", " ", "\u00a0"]),
    st.sampled_from(SYMBOLS),
)
def test_the_column_of_any_number(lines: list[str], before: str, number: str, gap: str, symbol: str) -> None:
    """The column is right after any markup, for every unit, with and without a space."""
    text = "\n".join([*lines, "", f"{before}{number}{gap}{symbol} end"])
    assert found(text) == [(len(lines) + 2, len(before) + 1)]


PIECES = [
    *(
        "`",
        "```",
        "~~~",
        "- ",
        "> ",
        "# ",
        "|",
        "|---|",
        "*",
        "_",
        "**",
        "<b>",
        "</b>",
        "<!--",
        "-->",
        "{{",
        "}}",
    ),
    *(
        "{%",
        "%}",
        "{#",
        "#}",
        " raw ",
        " endraw ",
        "fact(",
        "call claim(",
        "endcall",
        '"',
        "'",
        ")",
        "[",
        "](",
    ),
    *("]:", "!", "{:", "}", "&nbsp;", "\\", "3", "s", "é", "---\n", "!!! note", '=== "x"'),
]
BLANKS = ["\n", "\n\n", "    ", " ", " s", "3 s", "\r", "\ue000", "\ue003"]


@given(st.lists(st.sampled_from([*PIECES, *BLANKS]), max_size=60).map("".join))
@example("`\r raw ")  # an open code span, a blank in front of its second line and one behind it
def test_broken_markup(text: str) -> None:
    """The masked text of any page is as long as the page, and the places are in order."""
    one = page(text)
    assert len(one.masked) == len(one.text)
    places = [(found.line, found.column) for found in numbers_of(one, NONE).naked]
    assert places == sorted(set(places))
    for line, column in places:
        assert one.text.split("\n")[line - 1][column - 1] in "3{"


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "again", ["one ", "three hundred and ", "3-", "1 ", "<b ", "{{ '", "3 ms-", "one to ", "`"]
)
def test_pathological_pages_are_fast(again: str) -> None:
    """No pattern backtracks exponentially."""
    found = numbers_of(page(again * 1000), NONE)
    assert found.claimed == 0


@given(NUMBERS, st.sampled_from(SYMBOLS))
def test_values_are_exact(number: str, symbol: str) -> None:
    """A decimal comma is read as a point, and the unit as its symbol."""
    (one,) = written(f"{number} {symbol}")
    assert one.values == (Fraction(Decimal(number.replace(",", "."))),)
    assert one.unit == symbol


@pytest.mark.parametrize(
    ("text", "values", "unit"),
    [
        ("3-5 s", (3, 5), "s"),
        ("three to five minutes", (3, 5), "min"),
        ("two hundred and five milliseconds", (205,), "ms"),
        ("twice as fast", (2,), ""),
        ("half the time", (Fraction(1, 2),), ""),
        ("a quarter of an hour", (Fraction(1, 4),), "h"),
        ("1½ h", (Fraction(3, 2),), "h"),
        ("fivefold", (5,), ""),
        ("50 GETs", (50,), "requests"),
        ("1,234.5 ms", None, "ms"),
        ("1,091 ms", None, "ms"),
        ("1,62 секунды", (Fraction("1.62"),), "s"),
        ("вдвое", (2,), ""),
        ("полторы минуты", (Fraction(3, 2),), "min"),
        ("3 bis 5 Sekunden", (3, 5), "s"),
        ("50 Anfragen", (50,), "requests"),
        ("3 veces", (3,), ""),
        ("el  doble", (2,), ""),
        ("3到5秒", (3, 5), "s"),
        ("百分之二十", (20,), "%"),
        ("百分之20", (20,), "%"),
        ("二十五毫秒", (25,), "ms"),
        ("十秒", (10,), "s"),
        ("三百秒", None, "s"),
        ("sub-second", None, "sub-second"),
    ],
)
def test_values_of_words_and_ranges(text: str, values: tuple[Fraction, ...] | None, unit: str) -> None:
    """Ranges have two values; ambiguous and vague numbers have none."""
    (one,) = written(text)
    assert (one.values, one.unit) == (values, unit)


@pytest.mark.parametrize(
    ("condition", "sentence", "bound"),
    [
        ("a < 1 s", "in less than 1 s", True),
        ("a < 1 s", "in less than a second.", True),
        ("a < 1 s", "in less than 1000 ms", True),
        ("a < 1 s", "in less than 2 s", False),
        ("a < 1 s", "in less than 1 ms", False),
        ("a < 1 s", "in less than 1 MB", False),
        ("3 s < a < 5 s", "in 3-5 s", True),
        ("3 s < a < 5 s", "in 3-6 s", False),
        ("b / a > 2", "more than twice as long", True),
        ("b / a > 2", "more than 2 times as long", True),
        ("b / a > 2", "more than 2,5 times as long", False),
        ("percent(a, b) < 10 %", "less than 10 % of it", True),
        ("percent(a, b) < 10 %", "less than ten percent of it", True),
        ("percent(a, b) < 10 %", "less than 12 % of it", False),
        ("a < 1 s or", "in less than 1 s", False),
        ("a < 1.5 s", "меньше 1,5 секунды", True),
        ("a < 1.5 s", "weniger als 1500 Millisekunden", True),
        ("b / a > 2", "más de 2 veces", True),
        ("a < 2 s", "不到两秒", True),
        ("a < 2 s", "不到三秒", False),
        ("a < 1.091 ms", "less than 1,091 ms", False),
    ],
)
def test_numbers_in_the_sentence_of_a_claim(condition: str, sentence: str, *, bound: bool) -> None:
    """A number that the condition states, in any unit, is bound; other numbers are naked."""
    text = f'Kata starts {{% call claim("{condition}") %}}{sentence}{{% endcall %}}.'
    numbers = numbers_of(page(text), NONE)
    assert (numbers.claimed, len(numbers.naked)) == ((1, 0) if bound else (0, 1))


def test_numbers_outside_the_sentence_of_a_claim() -> None:
    """A claim binds no number before or after its sentence."""
    claim = '{% call claim("a < 1 s") %}quick{% endcall %}'
    assert len(found(f"1 s {claim} 1 s")) == 2


SETTINGS = {
    "http": {"requests": 50},
    "juice_shop": {"ready_seconds": 300, "port": 3000},
    "slow": {"agent.timeout_ms": 120000},
    "memory": "512 MiB",
    "list": ["20 s"],
    "on": True,
}


@pytest.mark.parametrize(
    ("text", "exempt"),
    [
        ("50 requests", True),
        ("50 GETs", True),
        ("300 s", True),
        ("300 seconds", True),
        ("120000 ms", True),
        ("512 MiB", True),
        ("20 s", True),
        ("50 ms", False),
        ("300 ms", False),
        ("3000 s", False),
        ("51 requests", False),
        ("512 MB", False),
        ("20-300 s", True),
        ("20-30 s", False),
    ],
)
def test_numbers_of_lab_yml(lab_settings: LabNumbers, text: str, *, exempt: bool) -> None:
    """A number that lab.yml sets is exempt, with its own unit only."""
    numbers = numbers_of(page(text), lab_settings)
    assert (len(numbers.naked), numbers.exempt[IN_LAB_YML]) == ((0, 1) if exempt else (1, 0))


@pytest.fixture
def lab_settings() -> LabNumbers:
    """Return the numbers of a lab.yml."""
    from labreport.contract.lab_config import Lab  # noqa: PLC0415 # only here

    return lab_numbers(Lab(title="x", editions={}, settings=SETTINGS))


def test_exempt_numbers_are_counted_by_reason() -> None:
    """Numbers in code spans and in fences are counted separately."""
    numbers = numbers_of(page("`3 s`, `x`, `4 s`\n\n```\n5 s\n```\n"), NONE)
    assert numbers.exempt == Counter({IN_CODE: 2, IN_FENCE: 1})


def test_the_id_is_stable() -> None:
    """The id does not depend on the line or the wrapping, but on the sentence."""
    (one,) = numbers_of(page("The host took 3 s for it."), NONE).naked
    (moved,) = numbers_of(page("More.\n\nText.\n\nThe host took\n3 s for it."), NONE).naked
    (other,) = numbers_of(page("The guest took 3 s for it."), NONE).naked
    assert one.id == moved.id
    assert one.line != moved.line
    assert one.id != other.id


@given(NUMBERS, st.sampled_from(LANGUAGES), st.data())
def test_units_of_each_language(number: str, language: Language, data: st.DataObject) -> None:
    """Each spelling of each unit is found behind a number, with the symbol that it has in English."""
    symbol = data.draw(st.sampled_from(sorted(language.units)))
    unit = data.draw(st.from_regex(language.units[symbol], fullmatch=True, alphabet=LETTERS))
    gap = " " if language.spaced else ""
    (one,) = written(f"{number}{gap}{' '.join(unit.split())}.")
    assert one.values == (Fraction(Decimal(number.replace(",", "."))),)
    assert one.unit == symbol


def test_every_counted_thing_is_known_in_english() -> None:
    """What is counted in a language has the noun that lab.yml and claims use."""
    assert all(is_counted(thing) for one in LANGUAGES for thing in (*one.counted, *one.hardware))


def test_spellings_of_units() -> None:
    """Units have one symbol each, and counted things a plural noun."""
    assert [unit_of(symbol) for symbol in UNITS] == list(UNITS)
    assert [unit_of(word) for word in ("seconds", "Minutes", "core", "entry", "KB")] == [
        "s", "min", "cores", "entries", "kB",
    ]  # fmt: skip
