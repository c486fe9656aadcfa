"""Naked numbers: which are found, where, and which are none."""

import json
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labreport.check.numbers import IN_CODE, IN_FENCE, IN_LAB_YML, LabNumbers, lab_numbers, numbers_of
from labreport.check.vocabulary import unit_of
from labreport.check.written import written
from labreport.report.pages.source import PageSource
from labreport.report.values.units import UNITS

CASES = json.loads((Path(__file__).parent / "cases" / "numbers.json").read_text(encoding="utf-8"))
NONE = LabNumbers()


def page(text: str) -> PageSource:
    """Return a page of a lab."""
    return PageSource("labs/lab12/task-4.md", text)


def found(text: str, settings: LabNumbers = NONE) -> list[tuple[int, int]]:
    """Return line and column of each naked number of a page."""
    return [(one.line, one.column) for one in numbers_of(page(text), settings).naked]


def place(text: str, part: str, since: int = 0) -> tuple[int, int]:
    """Return line and column, 1-based, of a part of a text."""
    at = text.index(part, since)
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


@pytest.mark.parametrize("text", CASES["found"])
def test_a_number_with_a_unit_is_found_where_it_stands(text: str) -> None:
    """Each at its own line and column, in order; the message shows it as it is written."""
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
def test_what_only_looks_like_one_is_not_found(text: str) -> None:
    """Names, versions, dates, code, addresses, what macros take; front matter."""
    assert numbers_of(page(text), NONE).naked == ()
    assert numbers_of(page(f"---\ntitle: 3 s\n---\n{text}"), NONE).naked == ()


def test_a_page_is_masked_place_by_place() -> None:
    """Whatever stands before a number, its column is that of the source; Windows' line ends, too."""
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
SYMBOLS = [symbol for symbol in UNITS if symbol and symbol != "1/s"]


@given(
    st.lists(st.sampled_from(["A line.", "", "    ", "# Heading", "- item"]), max_size=4),
    st.sampled_from(BEFORE),
    NUMBERS,
    st.sampled_from(["", " ", "\u00a0"]),
    st.sampled_from(SYMBOLS),
)
def test_the_column_points_at_the_number(
    lines: list[str], before: str, number: str, gap: str, symbol: str
) -> None:
    """Behind anything; every unit that a report knows, glued to the number or not."""
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
def test_any_page_is_masked_as_long_as_it_is(text: str) -> None:
    """However broken its markup: what is found is in it, at places in order, and begins no word."""
    one = page(text)
    assert len(one.masked) == len(text)
    places = [(found.line, found.column) for found in numbers_of(one, NONE).naked]
    assert places == sorted(set(places))
    for line, column in places:
        assert text.split("\n")[line - 1][column - 1] in "3{"


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "again", ["one ", "three hundred and ", "3-", "1 ", "<b ", "{{ '", "3 ms-", "one to ", "`"]
)
def test_no_page_holds_the_check_up(again: str) -> None:
    """A pattern that tried every way to read a thousand of these would take minutes."""
    found = numbers_of(page(again * 1000), NONE)
    assert found.claimed == 0


@given(NUMBERS, st.sampled_from(SYMBOLS))
def test_values_are_read_exactly(number: str, symbol: str) -> None:
    """A decimal comma is a point; the unit is the report's own symbol."""
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
        ("sub-second", None, "sub-second"),
    ],
)
def test_words_have_values(text: str, values: tuple[Fraction, ...] | None, unit: str) -> None:
    """What a claim's condition is held against; what has no one value has none."""
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
    ],
)
def test_a_claims_sentence_says_what_its_condition_says(
    condition: str, sentence: str, *, bound: bool
) -> None:
    """The same number, whatever its unit's prefix, is bound; any other in the sentence is naked."""
    text = f'Kata starts {{% call claim("{condition}") %}}{sentence}{{% endcall %}}.'
    numbers = numbers_of(page(text), NONE)
    assert (numbers.claimed, len(numbers.naked)) == ((1, 0) if bound else (0, 1))


def test_a_claim_binds_nothing_outside_its_sentence() -> None:
    """Neither before it nor behind it."""
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
def test_a_value_of_lab_yml_needs_no_evidence(lab_settings: LabNumbers, text: str, *, exempt: bool) -> None:
    """With its own unit only: 50 requests were decided, 50 ms were not."""
    numbers = numbers_of(page(text), lab_settings)
    assert (len(numbers.naked), numbers.exempt[IN_LAB_YML]) == ((0, 1) if exempt else (1, 0))


@pytest.fixture
def lab_settings() -> LabNumbers:
    """Return the settings of a lab.yml."""
    from labreport.contract.lab_config import Lab  # noqa: PLC0415 # only here

    return lab_numbers(Lab(title="x", editions={}, settings=SETTINGS))


def test_what_is_exempt_is_counted_by_reason() -> None:
    """Code counts as what it is: a number that an author has put out of reach."""
    numbers = numbers_of(page("`3 s`, `x`, `4 s`\n\n```\n5 s\n```\n"), NONE)
    assert numbers.exempt == Counter({IN_CODE: 2, IN_FENCE: 1})


def test_an_id_outlives_moved_lines() -> None:
    """Lines before it, another wrap, the id stays; another sentence has another."""
    (one,) = numbers_of(page("The host took 3 s for it."), NONE).naked
    (moved,) = numbers_of(page("More.\n\nText.\n\nThe host took\n3 s for it."), NONE).naked
    (other,) = numbers_of(page("The guest took 3 s for it."), NONE).naked
    assert one.id == moved.id
    assert one.line != moved.line
    assert one.id != other.id


def test_units_are_known_by_every_spelling() -> None:
    """Each symbol of the report is its own; nouns are in the plural."""
    assert [unit_of(symbol) for symbol in UNITS] == list(UNITS)
    assert [unit_of(word) for word in ("seconds", "Minutes", "core", "entry", "KB")] == [
        "s", "min", "cores", "entries", "kB",
    ]  # fmt: skip
