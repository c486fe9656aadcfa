"""A page is read once: as mkdocs reads it, with each call, heading and visible text in its place."""

import json
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from mkdocs.utils.meta import get_data

from labreport.report.pages.markdown import read_fences
from labreport.report.pages.source import PageSource, read_page
from labreport.report.pages.visible import BOUND, FENCE, INLINE_CODE, INVISIBLE, Visible

VISIBLE = json.loads((Path(__file__).parent / "cases" / "visible.json").read_text(encoding="utf-8"))


def page(text: str) -> PageSource:
    """Return a page of a lab."""
    return PageSource("labs/lab12/task-1.md", text)


def seen(text: str) -> str:
    """Return the visible text of a page, with one blank between its blocks."""
    visible = Visible(page(text).masked).text
    return " ".join(visible.replace(BOUND, " ").replace(FENCE, "").replace(INLINE_CODE, "`").split())


META = [
    "---\n",
    "...\n",
    "title: x\n",
    "key: 1\n",
    "- x\n",
    "a: [\n",
    "d: 2026-99-99\n",
    "Text of it.\n",
    "Note: it\n",
    "    more\n",
    "\tmore\n",
    "\n",
    "--- \n",
    "http://x\n",
    "# Heading",
]


@given(st.lists(st.sampled_from(META), max_size=7).map("".join))
def test_front_matter_is_what_mkdocs_takes_for_it(text: str) -> None:
    """YAML between marks, or lines of keys at the top; the text begins where mkdocs' text begins."""
    keys = ["title:", "key:", "d:", "a:", *(["Note:"] if text.startswith("---") else [])]
    assume(all(text.count(key) < 2 for key in keys))  # twice is an error
    markdown, values = get_data(text)
    one = page(text)
    assert one.markdown == markdown
    assert one.meta.values == values


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("---\na: [\n---\n# T", "it is no YAML"),
        ("---\n- a\n---\n# T", "it is no mapping of keys to values"),
        ("---\na: 1\n---\n# T", ""),
        ("# T", ""),
    ],
)
def test_front_matter_that_cannot_be_read_is_said(text: str, wrong: str) -> None:
    """Mkdocs publishes it as text, so nobody may miss it."""
    assert page(text).meta.wrong == wrong


def test_every_line_end_is_read_as_mkdocs_reads_it() -> None:
    """Places are the same with LF, CRLF and CR, and an edit finds its way back to the file."""
    text = '---\na: 1\n---\n# A\n\n{{ fact("a") }} é 3 s\n\n```\nx\n```\n\n'
    text += 'B {{ evidence("x",\n lines="1:2") }}\n'
    expected = page(text)
    for end in ("\r\n", "\r"):
        for mark in ("", "\ufeff"):
            raw = mark + text.replace("\n", end)
            one = page(raw)
            assert one.text == text
            assert one.masked == expected.masked
            assert [one.place(call.start) for call in one.calls] == [(6, 1), (12, 3)]
            lines = one.calls[1].argument("lines", 1)
            assert lines
            assert raw[one.raw_offset(lines.start) : one.raw_offset(lines.end)] == '"1:2"'


def test_a_page_that_is_not_utf8_is_a_problem() -> None:
    """It is read all the same, and its problem has the line."""
    one = read_page("x.md", b"# T\n\nLow \x96 yes.\n")
    (problem,) = one.problems
    assert str(problem) == "x.md:3: not UTF-8: save it as UTF-8"
    assert one.text == "# T\n\nLow \ufffd yes.\n"


@pytest.mark.parametrize(
    ("source", "calls"),
    [
        ('{{ evidence("a", lines="1:7") }}', ['evidence("a", lines="1:7")']),
        ("{{- evidence('a\\n') -}}", ['evidence("a\\n")']),
        ('{{ command("a", n=-1) }}', ['command("a", n=-1)']),
        ('{{ fact("a", decimals=0, unit=none) }}', ['fact("a", decimals=0, unit=None)']),
        ('{{ evidence("a") if true else state() }}', ['evidence("a")', "state()"]),
        ('{% call claim("a < 1 s") %}x{% endcall %}', ['claim("a < 1 s")']),
        ('{{ evidence("a" ~ x) }}{{ evidence(x) }}{{ evidence("a", [1]) }}', []),
        ("{% raw %}{{ state() }}{% endraw %}{# {{ state() }} #}{{ x.state() }}", []),
        ('{% macro state() %}{% endmacro %}{{ "state()" }}', []),
        ("{#results} {{ state() }} {#}", ["state()"]),
        ("{{ state() }} {{ host( }}", ["state()"]),
        ('{{ evidence("a}}") }}{{ evidence("b") }}', ['evidence("a}}")', 'evidence("b")']),
    ],
)  # fmt: skip
def test_calls_with_literals_are_read(source: str, calls: list[str]) -> None:
    """Wherever they stand, as Jinja's lexer reads them."""
    assert [call.reference for call in page(source).calls] == calls


def test_a_claim_has_its_sentence() -> None:
    """To its own end, whatever call blocks are in it."""
    text = '{% call claim("a") %}one {% call f() %}two{% endcall %} three{% endcall %} four'
    (claim,) = page(text).claims
    assert claim.body
    assert text[slice(*claim.body)] == "one {% call f() %}two{% endcall %} three"


def test_headings_have_the_anchors_of_the_site() -> None:
    """Of their text, or their own; none in code, and `{#x}` is an id, not a comment."""
    text = "# A *b* `c`\n\n## Twice\n\n## Twice\n\n## Own {#x}\n\nS\n===\n\n"
    text += '```\n# no\n```\n\n    # no\n\n=== "T"\n\n    ### Tab {: #y }\n'
    headings = [(one.level, one.text, one.anchor, one.line) for one in page(text).headings]
    assert headings == [
        (1, "A b c", "a-b-c", 1),
        (2, "Twice", "twice", 3),
        (2, "Twice", "twice_1", 5),
        (2, "Own", "x", 7),
        (1, "S", "s", 9),
        (3, "Tab", "y", 20),
    ]


@pytest.mark.parametrize(("text", "visible"), VISIBLE.items())
def test_what_a_reader_sees(text: str, visible: str) -> None:
    """Text, without markup; code is marked as what it is."""
    assert seen(text) == visible


@given(st.text(alphabet="`~-#>|=:[]()!*_<b/>&;\\\n\t 3sx{%}\"'\r", max_size=60))
def test_any_page_is_read(text: str) -> None:
    """However broken its markup: a masked text of the same length, without private characters shown."""
    one = page(text)
    assert len(one.masked) == len(one.text)
    for char, mark in zip(one.text, one.masked, strict=True):
        assert mark == char or "\ue000" <= mark <= "\ue005" or (mark.isprintable() and one.text.count("&"))
    assert INVISIBLE not in Visible(one.masked).text
    assert all(one.headings or [True])


@pytest.mark.parametrize(
    ("text", "of_a_page", "handed_in"),
    [
        ("```1:2:x\na\n```\n", [(1, 3, "1:2:x", "a\n")], [(1, 3, "1:2:x", "a\n")]),
        ("- ~~~\n  a\n  ~~~\n", [(1, 3, "", "a\n")], [(1, 3, "", "a\n")]),
        ("``` `x\na\n```\n", [], [(3, 3, "", "")]),
        ("```\na\n", [], [(1, 2, "", "a\n")]),
        ('=== "T"\n\n    ```\n    a\n    ```\n', [(3, 5, "", "a\n")], []),
    ],
)
def test_fences(text: str, of_a_page: list[object], handed_in: list[object]) -> None:
    """A page is Python-Markdown with tabs, a report that is handed in is CommonMark."""
    for expected, is_page in ((of_a_page, True), (handed_in, False)):
        found = [(one.first, one.last, one.info, one.body) for one in read_fences(text, page=is_page)]
        assert found == expected
