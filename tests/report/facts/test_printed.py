"""What tools and people print, as data: each text is read right, or refused with a reason that is true."""

import json
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labreport.report.facts.converters import CONVERTERS, Converted, NotThere, Unreadable, convert
from labreport.report.facts.readings import Absence, NoValue, read_bytes
from labreport.report.locales import LOCALES, LocaleName, localized
from labreport.report.problems import FaultError

CASES = json.loads((Path(__file__).parent / "cases" / "printed.json").read_text(encoding="utf-8"))


def shown(read: Converted) -> str:
    """Return a value as a table shows it, each of a series."""
    return ", ".join(map(str, read)) if isinstance(read, tuple) else str(read)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["about"])
def test_a_printed_text(case: dict[str, dict[str, str]]) -> None:
    """Each text has its values, and the reason why others cannot be read."""
    text = str(case["text"])
    for how, value in case.get("values", {}).items():
        assert shown(convert(how, text)) == value, how
    for kind, error in (("unreadable", Unreadable), ("not there", NotThere)):
        for how, words in case.get(kind, {}).items():
            with pytest.raises(error) as caught:
                convert(how, text)
            assert words in str(caught.value), how


@pytest.mark.parametrize(
    "case", [case for case in CASES if "locales" in case], ids=lambda case: case["about"]
)
def test_a_locale_says_what_a_comma_means(case: dict[str, dict[LocaleName, dict[str, str]]]) -> None:
    """With a stated locale, digit groups and decimals are read as that locale writes them."""
    for locale, values in case["locales"].items():
        for how, value in values.items():
            try:
                read = shown(convert(how, str(case["text"]), locale=locale))
            except Unreadable as error:
                read = f"unreadable: {error}"
            assert read == value, (locale, how)


@given(st.integers(0, 10**12), st.integers(0, 999), st.sampled_from(get_args(LocaleName)))
def test_numbers_of_a_locale_come_back(whole: int, decimals: int, locale: LocaleName) -> None:
    """A number with groups and decimals is read in each locale, and text without numbers does not change."""
    signs = LOCALES[locale]
    number = f"{whole:,}".replace(",", signs.groups[0]) + f"{signs.point}{decimals:03}"
    assert (
        shown(convert("quantity total", f"total: {number} ms", locale=locale)) == f"{whole}.{decimals:03} ms"
    )
    assert localized("=== Start, then end. ===", locale) == "=== Start, then end. ==="


def test_a_locale_is_only_for_converters_that_read_such_numbers() -> None:
    """A locale beside any other converter is an error of facts.yml."""
    with pytest.raises(FaultError, match="version reads no numbers of a locale: remove locale"):
        convert("version", "gzip 1.12", locale="en")
    localized_ones = {name for name, one in CONVERTERS.items() if one.localized}
    assert localized_ones >= {"count", "csv", "median", "quantity", "samples", "seconds", "summary", "total"}


JSON = b'{"results": [{"command": "x", "mean": 0.5}]}\n'


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    """CSV and JSON with a byte order mark are read as without."""
    mark = "\ufeff".encode()
    assert shown(read(mark + JSON, "hyperfine mean")) == "0.5 s"
    assert shown(read(mark + b"command,mean\ntrue,0.5\n", "csv mean where command=true")) == "0.5"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (JSON.decode().encode("utf-16"), "x: UTF-16, not UTF-8"),
        (b"\xfe\xff\0{", "x: UTF-16, not UTF-8"),
        (JSON.decode().encode("utf-32"), "x: UTF-32, not UTF-8"),
        (b"a\nb\xff\n", "x: not UTF-8 in line 2"),
        (b"a\0b", "x: not text: it contains NUL bytes"),
    ],
)
def test_another_encoding_is_named(data: bytes, reason: str) -> None:
    """The reason names UTF-16, or the line that is not UTF-8, and the remedy how to convert it."""
    none = read_bytes(data, "json @", "x")
    assert isinstance(none, NoValue)
    assert (none.absence, none.reason) == (Absence.UNREADABLE, reason)
    assert "iconv -f UTF-16 -t UTF-8" in none.remedy


def read(data: bytes, how: str) -> Converted:
    """Return the value that a converter reads in bytes."""
    found = read_bytes(data, how, "x")
    assert not isinstance(found, NoValue), found
    return found


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("pattern (", "( is not a regular expression"),
        ("pattern x", "does not say what the value is"),
        ("pattern (a)(b)", "does not say what the value is"),
        ("pattern (?P<number>1)(?P<other>2)", "has other groups than number and unit"),
        ("matches [", "[ is not a regular expression"),
        ("matches ok of [", "[ is not a regular expression"),
    ],
)
def test_a_wrong_pattern_is_an_error_of_the_facts(how: str, words: str) -> None:
    """A pattern that no text can fit is refused without a text."""
    with pytest.raises(FaultError) as caught:
        convert(how, "")
    assert words in str(caught.value)
    assert caught.value.remedy


def test_a_pattern_has_a_time_limit() -> None:
    """A pattern that would search for hours is unreadable after a second."""
    with pytest.raises(Unreadable, match="takes more than 1 s: write one that repeats less"):
        convert(r"pattern (x+x+)+\dy", "x" * 3000)


WORD = st.text(alphabet="abcdefghijklmnopqrstuvwxyzABCDEF0123456789_", min_size=2, max_size=12).filter(
    lambda word: (
        word[0].isalpha() and not word.lower().startswith(("na", "nul", "none", "bad", "real", "error"))
    )
)


@given(WORD, st.integers(1, 10**9), st.integers(0, 30), st.integers(0, 30))
def test_texts_patterns_headers_and_counts_come_back(word: str, number: int, few: int, more: int) -> None:
    """What was printed is what is read."""
    word = f"x{word}"
    assert convert("text Cipher", f"Cipher: {word}\nServer: y\n") == word
    assert convert("text", f"\n{word}\n") == word
    assert convert(r"pattern ^Cipher *: (\S+)$", f"a\nCipher : {word}\n") == word
    assert (
        shown(convert(r"pattern in (?P<number>\d+) (?P<unit>ms)", f"done in {number} ms")) == f"{number} ms"
    )
    answer = f"HTTP/1.1 200 OK\r\nX-A: b\r\nX-Word: {word}\r\n\r\nX-Word: z\n"
    assert convert("header x-word", answer) == word
    lines = "HTTP 429\n" * few + "HTTP 200\n" * more + "other\n"
    if few + more:
        assert shown(convert("matches 429 of ^HTTP", lines)) == str(few)


VERSIONS = """
gzip {}
xz (XZ Utils) {}
nginx version: nginx/{}
OpenSSL {} 3 Sep 2024
Python {}
jq-{}
git version {}
openjdk version "{}" 2023-10-17
Docker version {}, build ced0996
tool v{}
go version go{} linux/amd64
ansible [core {}]
curl {} (x86_64-pc-linux-gnu) libcurl/7.88.1
Server version: Apache/{} (Debian)
*** zstd command line interface 64-bits v{}, by Yann Collet ***
"""


@given(
    st.lists(st.integers(0, 999), min_size=2, max_size=4),
    st.sampled_from(["", "p1", "-rc.1", "+ds1", "~beta2", "n"]),
    st.sampled_from(VERSIONS.strip().split("\n")),
)
def test_versions_come_back(numbers: list[int], suffix: str, form: str) -> None:
    """The version is read in the words of many tools."""
    number = ".".join(map(str, numbers)) + suffix
    assert convert("version", f"\n{form.format(number)}\nCopyright (C) 2018 The Authors\n") == number
