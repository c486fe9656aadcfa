"""What is printed cannot act on a terminal or on a CI runner, whatever it came from."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labreport.report.printed import printed_json, printed_line

ACTING = [
    ("a\x1b[31mb", r"a\x1b[31mb"),
    ("a\x1b]8;;http://x\x07b", r"a\x1b]8;;http://x\x07b"),
    ("a\x9b31mb", r"a\x9b31mb"),
    ("a\x85b", r"a\x85b"),
    ("a\nb\r\nc", r"a\nb\r\nc"),
    ("a\tb\x0b\x0c\x00\x7f", r"a\tb\x0b\x0c\x00\x7f"),
    ("a\u2028b\u2029c", r"a\u2028b\u2029c"),
    ("a\u202eb\u2066c\u200fd\u061c", r"a\u202eb\u2066c\u200fd\u061c"),
    ("a\ufeffb\u200b", r"a\ufeffb\u200b"),
    ("a\udcffb", r"a\udcffb"),
    ("a\U000e0041b", r"a\U000e0041b"),
    ("::error file=x::y", r"\x3a:error file=x::y"),
    ("  ::stop-commands::x", r"  \x3a:stop-commands::x"),
    ("\t::set-output name=x::y", r"\t::set-output name=x::y"),
    ("x ##[error]y ##vso[task.x]", r"x #\x23[error]y #\x23vso[task.x]"),
    ("##teamcity[x]", r"#\x23teamcity[x]"),
]


@pytest.mark.parametrize(("text", "shown"), ACTING)
def test_what_acts_is_escaped(text: str, shown: str) -> None:
    """C0, C1, ESC, line ends, bidirectional and invisible marks, surrogates, commands to a runner."""
    assert printed_line(text) == shown


@pytest.mark.parametrize("text", ["docs/é.md:3: “x” — 字 ✓", "a::b", "## [x]", "x: y # [z]", ""])
def test_other_text_is_printed_as_it_is(text: str) -> None:
    """Letters of any language, and what only looks like a command, stay."""
    assert printed_line(text) == text


@given(st.text())
def test_a_line_is_one_line_of_printable_characters(text: str) -> None:
    """For any text; and what was printed once is not escaped again."""
    shown = printed_line(text)
    assert shown.isprintable()
    assert not shown.lstrip().startswith("::")
    assert printed_line(shown) == shown


@given(st.dictionaries(st.text(), st.text()))
def test_json_is_the_same_value(value: dict[str, str]) -> None:
    """With every character that is not printable escaped, and no command to a runner in it."""
    shown = printed_json(value)
    assert json.loads(shown) == value
    assert shown.replace("\n", "").isprintable()
    assert "##[" not in shown
