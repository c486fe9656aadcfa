"""Pages render alike with and without Jinja, and a mistake is said with its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import DictLoader

from labreport.report.pages.plain import plain_calls
from labreport.report.pages.template import PageEnvironment, calling_line


class Said:
    """An environment whose macro shows how it was called, and the mistakes that were said."""

    def __init__(self) -> None:
        self.broken: list[tuple[int, str, str]] = []
        self.environment = PageEnvironment(
            self.say, {"show": self.show}, DictLoader({"part": "{{ show(1) }}"})
        )

    def say(self, line: int, reference: str, what: str, remedy: str) -> str:
        """Take note of a mistake."""
        del remedy
        self.broken.append((line, reference, what))
        return "[box]"

    def show(self, *args: object, **named: object) -> str:
        """Return the call and its line."""
        return f"[{calling_line()} {args} {named}]"

    def render(self, source: str) -> str:
        """Return the rendered page."""
        return self.environment.from_string(source).render()


values = st.one_of(
    st.integers(0, 99).map(str), st.text(alphabet="ab: ./é#%'", max_size=4).map(lambda t: f'"{t}"')
)
named = st.tuples(st.sampled_from(["lines", "n"]), values).map(lambda pair: f"{pair[0]}={pair[1]}")
calls = st.lists(st.one_of(values, named), max_size=3).map(
    lambda parts: "{{ show(" + ", ".join(parts) + ") }}"
)
pages = st.lists(
    st.one_of(calls, st.sampled_from(["text", "\n", "\n\n", "{ x }", "}}", "`", " "])), max_size=8
)


@given(pages.map("".join))
def test_plain_pages_render_as_jinja_renders_them(source: str) -> None:
    """The same text with the same lines, or both leave it to Jinja."""
    plain, jinja = Said(), Said()
    assert plain.render(source) == jinja.render("{# not plain #}" + source)
    assert plain.broken == jinja.broken


@pytest.mark.parametrize(
    "source",
    [
        "{{ other(1) }}",
        "{{ show(x) }}",
        "{{ show(1) | upper }}",
        "{{- show(1) }}",
        "{% raw %}{{ show(1) }}{% endraw %}",
        "{# {{ show(1) }} #}",
        r'{{ show("a\n") }}',
        "{{ show(n=1, 2) }}",
        "{{ show(n=1, n=2) }}",
    ],
)
def test_what_is_not_plain_is_left_to_jinja(source: str) -> None:
    """Filters, names, escapes, white-space control, raw blocks, and wrong orders."""
    assert plain_calls(source, {"show"}) is None


def test_the_line_of_a_call_is_told_by_jinja_too() -> None:
    """Exact for the same call twice, and in a loop."""
    said = Said()
    assert (
        said.render("{% if 1 %}\n{{ show() }}\n\n{{ show() }}\n{% endif %}") == "\n[2 () {}]\n\n[4 () {}]\n"
    )


@pytest.mark.parametrize(
    ("source", "line", "reference", "what"),
    [
        ("a\n{{ typo() }}", 2, "typo(…)", "nothing is called typo"),
        ("{{ typo }}", 1, "typo", "nothing is called typo"),
        ("a\n\n{{ typo.x }}", 3, "", "UndefinedError"),
        ("a\n{% if %}", 2, "", "this is no Jinja"),
        ("\n{{ show(1) ", 2, "", "this is no Jinja"),
        ("\n\n{{ 1 / 0 }}", 3, "", "ZeroDivisionError"),
        ("{% include 'none' %}", 1, "", "TemplateNotFound"),
        ("{{ show(n=1, n=2) }}", 0, "", "keyword argument repeated"),
        ("\n{{ 1 | nofilter }}", 2, "", "No filter named 'nofilter'"),
    ],
)
def test_a_mistake_is_a_box_with_its_line(source: str, line: int, reference: str, what: str) -> None:
    """The rest of the page stays where it can."""
    said = Said()
    assert "[box]" in said.render(source)
    assert said.broken[0][:2] == (line, reference)
    assert what in said.broken[0][2]


def test_included_parts_count_as_their_page() -> None:
    """A call in an included file is told by the line that includes it."""
    assert Said().render("\n{% include 'part' %}") == "\n[2 (1,) {}]"
