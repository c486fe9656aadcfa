"""A page is read once: as mkdocs reads it, with each call, heading and visible text in its place."""

import html
import json
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from markdown import Markdown
from mkdocs.utils.meta import get_data

from labreport.report.pages.markdown import read_fences
from labreport.report.pages.render import RenderPass
from labreport.report.pages.source import PageSource, read_page
from labreport.report.pages.visible import BOUND, FENCE, INLINE_CODE, INVISIBLE, Visible
from labreport.site import defaults

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
    ("text", "wrong", "line"),
    [
        ("---\nb: 1\na: [\n---\n# T", "not YAML: did not find expected node content", 3),
        ("---\nb: 1\ntitle: A: B\n---\n# T", "not YAML: mapping values are not allowed in this context", 3),
        ("---\nb: 1\nc: 2\nb: 3\n---\n# T", "b is given twice", 4),
        ("---\n- a\n---\n# T", "no keys with values", 2),
        ("---\na: 1\n---\n# T", "", 1),
        ("# T", "", 1),
    ],
)
def test_front_matter_that_cannot_be_read_is_said(text: str, wrong: str, line: int) -> None:
    """Mkdocs publishes it as text, so nobody may miss it. The line is that of the mistake."""
    assert (page(text).meta.wrong, page(text).meta.line) == (wrong, line)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "---\na: 1\nexpected_gap: [x]\n---\n",
            ":3: front matter: there is no key expected_gap: is expected_gaps",
        ),
        (
            "---\naccept_emulate: true\n---\n",
            ":2: front matter: there is no key accept_emulate: is accept_emulated",
        ),
        (
            "---\nexpected_gaps: a/b.txt\n---\n",
            "is 'a/b.txt', not a list of paths: write `expected_gaps: [a/b.txt]`",
        ),
        ("---\nexpected_gaps: {2020-01-01: [1]}\n---\n", "expected_gaps is {2020-01-01: [1]}, not a list"),
        ("---\naccept_emulated: 'yes'\n---\n", "accept_emulated is 'yes': write `accept_emulated: true`"),
        ("---\ntitle:\n---\n", ":2: front matter: title is empty: write it in quotes"),
        ("---\nsearch: no\n---\n", ":2: front matter: search is false: write a mapping"),
        ("Hide: 1\nicon: x\nsearch: x\n\n", ":3: front matter: search is 'x'"),
        (
            "---\na: b: c\n---\n",
            "not allowed in this context: fix that line; a text needs quotes if it contains",
        ),
    ],
)
def test_a_mistake_in_front_matter_is_named_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    """The problem has the line, the key, the value as YAML writes it, and what to write instead."""
    rendering = RenderPass(tmp_path, tmp_path)
    rendering.render(PageSource("x.md", f"{text}# T\n"))
    assert problem in "\n".join(map(str, rendering.problems))


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


HEADINGS = [
    "5 * 3 things",
    "\\_private",
    "a_b *c* __d__ ==e== ~~f~~",
    "Use `a*b_` and `{x}`",
    "Title \\{#id .c} x",
    "Title {#id .c} x",
    "Title {a} and {b}",
    "Own {: #own .c title='x y' }",
    "Own {#own} ##",
    "\\{: #id }",
    "\\{\\{ 7\\*7 }} \\{&#37; raw %}",
    "http://x.org &lt;http://y.org>",
    "http://x.org <http://y.org>",
    "a [b *c*](d.md) ![alt](e.png) <b>f</b> &amp; &copy; g<br>h <!-- i -->",
    "C#",
    "A \\` b \\\\ c",
    "$a_b $c",
    "Prüfung 第三章 🧪",
]


@pytest.mark.parametrize("text", HEADINGS)
def test_a_heading_is_what_the_site_shows(text: str) -> None:
    """Its text and its id are those of the table of contents, with our extensions."""
    site = Markdown(extensions=list(defaults.EXTENSIONS))
    site.convert(f"# T\n\n## {text}\n")
    (shown,) = site.toc_tokens[0]["children"]
    heading = page(f"# T\n\n## {text}\n").headings[1]
    assert (heading.text.replace("alt ", ""), heading.anchor) == (html.unescape(shown["name"]), shown["id"])


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


@pytest.mark.parametrize(
    "text",
    [
        "{a" * 300_000,
        "# x {" + "#a" * 100_000,
        "# x " + "{#a" * 100_000,
        "".join(f"# x{number}\n\n" for number in range(10_000)),
    ],
    ids=lambda text: text[:9],
)
def test_a_long_page_is_read_once(text: str) -> None:
    """Its masks and its headings take no more than its length; with the square of it, they took minutes."""
    page = read_page("labs/lab12/task-1.md", text.encode())
    assert len(page.masked) == len(text)
    assert [heading.level for heading in page.headings] == [1] * text.count("# x")
