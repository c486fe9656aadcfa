"""A mistake in a page's Jinja has a remedy that works when it is pasted."""

import pytest

from labreport.report.pages.calls import Call
from labreport.report.pages.hints import NO_JINJA
from labreport.report.pages.sandbox import PageEnvironment
from labreport.report.pages.slots import Slots
from labreport.report.problems import Problem


def mistakes(text: str) -> list[Problem]:
    """Return the problems of a page's Jinja."""
    noted = PageEnvironment(Slots(), {"course": "x"}).render(text)
    return [one for one in noted.calls if isinstance(one, Problem)]


@pytest.mark.parametrize(
    ("text", "what", "remedy"),
    [
        ('{{ evidense("a.txt") }}', "nothing is called evidense", "is evidence meant?"),
        ('{{ facts("a") }}', "nothing is called facts", "is fact meant?"),
        ("{{ curse }}", "nothing is called curse", "is course meant?"),
        ('{% call clam("a < 1 s") %}x{% endcall %}', "nothing is called clam", "is claim meant?"),
        ('{{ "a" | uper }}', "there is no filter uper", "is upper meant?"),
        ("{{ fact(a) | toJson }}", "there is no filter toJson", NO_JINJA),
        ("{{ evidence(path) }}", "nothing is called path", 'write it in quotes: evidence("path")'),
        ("{{ evidence(kernel/release.txt) }}", "", 'write it in quotes: evidence("kernel/release.txt")'),
        ("{{ evidence(a-b/c.txt, lines='1') }}", "", 'write it in quotes: evidence("a-b/c.txt")'),
        ("{{ evidence(bench/3s.txt) }}", "invalid Jinja: ", 'write it in quotes: evidence("bench/3s.txt")'),
        ("{{ evidence(/etc/x) }}", "invalid Jinja: ", 'write it in quotes: evidence("/etc/x")'),
        (
            "{{ index(caption=hello) }}",
            "nothing is called hello",
            'write it in quotes: index(caption="hello")',
        ),
        ("{{ fact(a.b / c.d, decimals=1) }}", "", 'write it in quotes: fact("a.b / c.d")'),
        ("{% call claim(a < 1 s) %}x{% endcall %}", "", 'write it in quotes: claim("a < 1 s")'),
        (
            "{{ evidence(\u201ca.txt\u201d) }}",
            "invalid Jinja: unexpected char",
            "write straight quotes, \" or '",
        ),
        ('`ps --format "{{.Names}}"`', "invalid Jinja: unexpected '.'", NO_JINJA),
        ("${{ github.sha }}", "nothing is called github", NO_JINJA),
        ('`curl -w "{%http_code%}"`', "invalid Jinja: ", NO_JINJA),
        ("{{ course.nope }}", "'str object' has no attribute 'nope'", NO_JINJA),
        ('{{ [nope, "x"] | join(", ") }}', "nothing is called nope", "check the spelling"),
        ('{{ "kernel" | format(1) }}', "a page cannot use Jinja's filter format", "use one of: abs, "),
        ('{{ "a-b" | replace("-", "", 1) }}', "the filter replace: too many", "it takes old, new"),
        ('{{ 1.5 | round(1, "floor") }}', "the filter round: too many", "it takes digits"),
        ('{{ ["a"] | join(attribute="x") }}', "the filter join: got an unexpected", "it takes separator"),
        ('{{ ["a"] | first(1) }}', "the filter first: too many", "it takes nothing"),
        ('{{ ["a"] | list(1) }}', "the filter list: too many", "it takes nothing"),
        ('{{ ["a"] | map("upper", 1) | list }}', "the filter upper: too many", "it takes nothing"),
        ("{{ [] | first }}", "No first item, sequence was empty", "check how many items there are"),
        ("{{ [] | max }}", "No aggregated item", "check how many items there are"),
        ("{{ [1][5] }}", "list object has no element 5", "check how many items there are"),
    ],
)
def test_a_mistake_has_a_remedy(text: str, what: str, remedy: str) -> None:
    """The problem is in plain words, on the line of the mistake, and says what may be meant."""
    (problem,) = mistakes(f"# T\n\n{text}\n")
    assert problem.line == 3
    assert problem.what.startswith(what)
    assert remedy in problem.remedy
    assert "Undefined" not in str(problem)


@pytest.mark.parametrize(
    "text",
    ["{% set x = 'a.txt' %}{{ evidence(x) }}", "{% for n in ('a', 'b') %}{{ evidence(n) }}{% endfor %}"],
)
def test_a_variable_needs_no_quotes(text: str) -> None:
    """An argument that the page sets is a value."""
    assert mistakes(text) == []


def test_a_variable_with_a_wrong_attribute_is_not_put_in_quotes() -> None:
    """The remedy of a mistake in a variable is another one."""
    (problem,) = mistakes("{% set x = 'a' %}\n{{ evidence(x.y) }}")
    assert "in quotes" not in problem.remedy


def test_an_argument_that_a_macro_does_not_take() -> None:
    """The problem names the one that is meant, or all that there are."""
    context: object = None
    shown = Call("evidence", ("a.txt",), (("line", "1"),)).run(context)  # type: ignore[arg-type] # it is not used
    assert str(shown) == 'evidence("a.txt", line="1"): evidence takes no line: is lines meant?'
    shown = Call("evidence", ("a.txt",), (("colour", 1),)).run(context)  # type: ignore[arg-type] # likewise
    assert "evidence takes no colour: it takes path, lines, start, end, sha256" in str(shown)
