"""Looking for what looks like evidence takes no more than reading a page, however long the page is."""

from labreport.report.pages.look_alikes import LOOK_ALIKE, MOST_TAGS_FOUND, look_alikes
from labreport.report.pages.source import read_page
from labreport.report.problems import Problem


def found(html: str) -> list[Problem]:
    """Return the problems of a page that is this HTML."""
    return list(look_alikes(read_page("labs/lab12/task-1.md", html.encode()), html))


def test_each_tag_is_named_with_its_line() -> None:
    """In a long page, the first of them."""
    problems = found("\n".join(f'<i class="ev" id="{number}"></i>' for number in range(20_000)))
    assert [one.line for one in problems] == list(range(1, MOST_TAGS_FOUND + 1))


def test_signs_in_an_attribute_are_looked_at_once() -> None:
    """The text of an attribute is HTML only from its first `<` on."""
    assert found(f'<p title="{"<" * 500_000}"></p>') == []
    assert found(f'<p title="{"<" * 5_000}i class=ev>"></p>')


def test_html_that_repeats_itself_is_no_way_to_hide() -> None:
    """Elements in each other have their text again and again; its documents would be too many to read."""
    html = "<noscript>x" * 900 + "&lt;noscript&gt;&amp;lt;p&amp;gt;every" * 900
    assert [one.what for one in found(html)] == [LOOK_ALIKE[0]]
