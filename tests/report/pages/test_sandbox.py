"""A page's Jinja calls macros, formats values, and can do nothing else; a mistake is named with its line."""

import json
import resource
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment

from labreport.contract.text import is_encodable
from labreport.report.pages.calls import Call
from labreport.report.pages.limits import MOST_CALLS
from labreport.report.pages.sandbox import NotedPage, PageEnvironment
from labreport.report.pages.slots import SlotKind, Slots
from labreport.report.problems import Problem

CASES = json.loads((Path(__file__).parent / "cases" / "jinja.json").read_text())
SLOTS = Slots("0123456789abcdef" * 2)
VALUES = {"course": {"name": "DevOps", "labs": [1, 12]}, "code": len, "fact": "shadowed"}


def render(source: str) -> NotedPage:
    """Return a page after its Jinja."""
    return PageEnvironment(SLOTS, VALUES).render(source)


def mistake(source: str) -> Problem:
    """Return the one mistake of a page."""
    (problem,) = render(source).calls
    assert isinstance(problem, Problem)
    return problem


values = st.one_of(
    st.integers(0, 99).map(str), st.text(alphabet="ab: ./é#%'", max_size=4).map(lambda text: f'"{text}"')
)
named = st.tuples(st.sampled_from(["lines", "n"]), values).map(lambda pair: f"{pair[0]}={pair[1]}")
calls = st.tuples(st.lists(values, max_size=2), st.lists(named, max_size=1)).map(
    lambda parts: f"{{{{ evidence({', '.join([*parts[0], *parts[1]])}) }}}}"
)
pages = st.lists(
    st.one_of(calls, st.sampled_from(["text", "\n", "\n\n", "{ x }", "}}", "`", " "])), max_size=8
)


@given(pages.map("".join))
def test_a_page_is_rendered_as_jinja_renders_it(source: str) -> None:
    """With the same text, and each call with its values and its line."""
    noted: list[tuple[str, tuple[object, ...], dict[str, object]]] = []

    def evidence(*args: object, **given: object) -> str:
        noted.append(("evidence", args, given))
        return SLOTS.write(len(noted), SlotKind.BLOCK)

    expected = Environment().from_string(source).render(evidence=evidence)  # noqa: S701 # the rival
    page = render(source)
    assert page.markdown == expected
    assert [(one.name, one.args, dict(one.named)) for one in page.calls if isinstance(one, Call)] == noted
    lines = [source.count("\n", 0, at) + 1 for at in range(len(source)) if source.startswith("evidence(", at)]
    assert [one.line for one in page.calls] == lines


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{% for n in range(3) %}{{ n }}{% endfor %}", "012"),
        ("{% for a, b in {'x': 1}.items() if b %}{{ loop.index }}{{ a }}{{ b }}{% endfor %}", "1x1"),
        ("{% for n in [1, [2]] recursive %}{{ loop(n) if n is iterable else n }}{% endfor %}", "12"),
        ("{% set x = 3 %}{{ x * 2 + 1 }} {{ -x }} {{ 7 // 2 }} {{ 2 ** 10 }}", "7 -3 3 1024"),
        (
            "{% set x = namespace(n=0) %}{% for i in [1, 2] %}{% set x.n = x.n + i %}{% endfor %}{{ x.n }}",
            "3",
        ),
        ("{% macro f(x, y='b') %}{{ x }}{{ y }}{% endmacro %}{{ f('a') }}", "ab"),
        ("{% macro f() %}[{{ caller() }}]{% endmacro %}{% call f() %}x{% endcall %}", "[x]"),
        ("{% set x %}a{% endset %}{{ x ~ 1 }}{% with y = 2 %}{{ y }}{% endwith %}", "a12"),
        (
            "{{ ['b', 'a'] | sort | join(', ') }} {{ 'ab' | replace('a', 'x') }} {{ 1.256 | round(2) }}",
            "a, b xb 1.26",
        ),
        ("{{ 'ab' | upper }}{{ ' x '.strip() }}{{ 'a,b'.split(',')[1] }}{{ [1, 2][1:] | length }}", "ABxb1"),
        ("{% filter upper %}x{% endfilter %}{{ missing | default('x') }}{{ missing is defined }}", "XxFalse"),
        ("{{ course.name }} {{ course['labs'][1] }}", "DevOps 12"),
        ("{# a comment #}x{# two\nlines #}y", "xy"),
        ("{% raw %}{{ evidence('x') }}{% endraw %}", "{{ evidence('x') }}"),
        (
            "# A {#results}\n`{#}` ${#files[@]}, {#} and {#}",
            "# A {#results}\n`{#}` ${#files[@]}, {#} and {#}",
        ),
        ("{{ none }} {{ true }} {{ 1.5 }}", "None True 1.5"),
    ],
)
def test_what_a_page_may_use(source: str, expected: str) -> None:
    """Loops, conditions, variables, macros of its own, plain values, and most filters."""
    page = render(source)
    assert (page.markdown, page.calls) == (expected, ())


def test_calls_are_noted_with_their_lines() -> None:
    """The same call twice, in a loop, in an expression, and in the sentence of a claim."""
    page = render(
        "{% if 1 %}\n{{ state() }}\n\n{{ state() }}\n{% endif %}{% for n in [1, 2] %}\n"
        "{{ evidence('x' ~ n) if n }}{% endfor %}\n"
        "{% call claim('a < 1 s',\n lab='x') %} Some {{ fact('a') }} {% endcall %}"
    )
    noted = [(one.line, str(one)) for one in page.calls]
    assert noted == [
        (2, "state()"),
        (4, "state()"),
        (6, 'evidence("x1")'),
        (6, 'evidence("x2")'),
        (8, 'fact("a")'),
        (7, 'claim("a < 1 s", lab="x")'),
    ]
    claim = page.calls[-1]
    assert isinstance(claim, Call)
    value, before, after = (
        SLOTS.write(number, kind)
        for number, kind in ((5, SlotKind.VALUE), (6, SlotKind.BEFORE), (6, SlotKind.AFTER))
    )
    assert claim.sentence == f"Some {value}"
    assert page.markdown.endswith(f"{before}Some {value}{after}")


@pytest.mark.parametrize(
    ("source", "line", "reference", "what"),
    [
        ("a\n{{ typo() }}", 2, "typo(…)", "nothing is called typo"),
        ("{{ typo }}", 1, "typo", "nothing is called typo"),
        ("\n{{ 'x' ~ typo }}", 2, "typo", "nothing is called typo"),
        ("{% if false %}{% endif %}\n{{ config }}", 2, "config", "nothing is called config"),
        ("a\n\n{{ typo.x }}", 3, "", "nothing is called typo"),
        ("\n{{ course.nothing }}", 2, "", "has no attribute 'nothing'"),
        ("a\n{% if %}", 2, "", "invalid Jinja"),
        ("\n{{ state(1) ", 2, "", "invalid Jinja"),
        ("\n\n{{ 1 / 0 }}", 3, "", "ZeroDivisionError"),
        ("\n{{ state(n=1, n=2) }}", 2, "", "the argument n is given twice"),
        ("\n{{ 1 | nofilter }}", 2, "", "there is no filter nofilter"),
        ("\n{# a\n\n{# b #}", 2, "", "a comment has another one in it"),
        ("\n{# a", 2, "", "Missing end of comment"),
        ("\n{{ " + "(" * 500 + "1" + ")" * 500 + " }}", 2, "", "nested too deeply"),
        ("\n{{ " + "+".join("1" * 500) + " }}", 2, "", "nested too deeply"),
        ("\n{{ 'x'" + " | upper" * 500 + " }}", 2, "", "nested too deeply"),
        ("\n{{ " + "not " * 500 + "1 }}", 2, "", "nested too deeply"),
        ("\n{% if 1 %}" + "{% elif 1 %}" * 3000 + "{% endif %}", 2, "", "nested too deeply"),
        ("\n" * 30 + "{% for a in [1] %}\n" * 21 + "{% endfor %}" * 21, 46, "", "nested too deeply"),
        ("\n" + "{% macro a() %}" * 300 + "{% endmacro %}" * 300, 2, "", "nested too deeply"),
        ("\n{{ " + "1" * 5000 + " }}", 2, "", "the number has too many digits"),
        ("\n{{ 0x" + "f" * 5000 + " }}", 2, "", "the number has too many digits"),
        ("\n{{ ('f' * 5000) | int(0, 16) }}", 2, "", "a number has more than 1024 bits"),
        ("\n{{ evidence(x) if [][0] }}", 2, "", "has no element 0"),
        ("x\n{{ fact }}", 2, "", "fact is the name of a macro"),
        ("x\n{% set fact = 1 %}", 2, "", "fact is the name of a macro"),
        ("x\n{% macro evidence() %}{% endmacro %}", 2, "", "evidence is the name of a macro"),
        ("x\n{% for state in [1] %}{% endfor %}", 2, "", "state is the name of a macro"),
        ("x\n{% macro f(host) %}{% endmacro %}", 2, "", "host is the name of a macro"),
    ],
)
def test_a_mistake_is_named_with_its_line(source: str, line: int, reference: str, what: str) -> None:
    """A slot for it stands in the page: in its place, or instead of a page that cannot be rendered."""
    problem = mistake(source)
    assert (problem.line, problem.reference) == (line, reference)
    assert what in problem.what
    assert problem.remedy
    assert SLOTS.write(1, SlotKind.BLOCK) in render(source).markdown


def test_the_rest_of_a_page_with_a_typo_stays() -> None:
    """Each typo is a mistake of its own."""
    page = render("a {{ typo }} b {{ typpo() }} c {{ state() }}")
    first, second, third = (SLOTS.write(number, SlotKind.BLOCK) for number in (1, 2, 3))
    assert page.markdown == f"a {first} b {second} c {third}"
    assert isinstance(page.calls[2], Call)


@pytest.mark.parametrize("source", CASES["hostile"])
def test_a_hostile_page_is_a_problem(source: str) -> None:
    """It reaches no code, no object of Python or mkdocs and no file, and shows nothing of them."""
    page = render(f"\n{source}\n")
    assert all(isinstance(one, Problem) for one in page.calls)
    assert page.calls
    assert page.calls[0].line == 2
    shown = SLOTS.without(page.markdown).strip()
    assert shown in ("", ".x")
    for one in page.calls:
        assert " at 0x" not in str(one)


BOMBS = [
    *CASES["unbounded"],
    "{% for i in range(19000) if false %}{% endfor %}" * 9,
    "{% macro f() %}" + "x" * 19000 + "{% endmacro %}{{ f() ~ f() }}",
    "{% for i in range(19000) %}" + "x" * 1000 + "{% endfor %}",
]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("source", BOMBS, ids=lambda source: source[:70])
def test_work_and_output_are_bounded(source: str) -> None:
    """What would take for ever, or all memory, is a problem with its line, after a moment and with little."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.monotonic()
    page = render(f"\n{source}\n")
    assert time.monotonic() - start < 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KiB
    (problem,) = page.calls
    assert isinstance(problem, Problem)
    assert problem.line == 2
    assert page.markdown == SLOTS.write(1, SlotKind.BLOCK)


def test_a_page_may_call_many_macros() -> None:
    """As many as a table of a large lab has."""
    source = f"{{% for n in range({MOST_CALLS}) %}}{{{{ fact('a') }}}}{{% endfor %}}"
    assert len(render(source).calls) == MOST_CALLS


def test_a_budget_is_each_pages_own() -> None:
    """A page that takes all its steps leaves the next as many."""
    environment = PageEnvironment(SLOTS)
    source = "{% for n in range(9000) %}x{% endfor %}"
    assert [len(environment.render(source).markdown) for _ in range(5)] == [9000] * 5


@pytest.mark.parametrize(
    "source",
    [
        "{%" * 40_000,
        "{{ x='" * 40_000,
        "{% raw" * 40_000,
        (" " * 50 + "{%- ") * 10_000,
        "{{ nope }}" * 3_000,
        "{{ fact(" + "nope, " * 40_000 + ") }} {{",
        "{{ fact(" * 40_000,
        "".join(f"{{% set a{n} = 1 %}}" for n in range(20_000)) + "{% if 1 %}{% endif %}" * 20_000,
        "{{ dict(" + ",".join(f"a{n}=1" for n in range(40_000)) + ", a39999=1) }}",
    ],
    ids=lambda source: source[:30],
)
def test_a_long_page_with_a_mistake_is_a_problem(source: str) -> None:
    """Finding what is wrong with it takes no more than reading it: with the square of its length, minutes."""
    problem = render(source).calls[0]
    assert isinstance(problem, Problem)
    assert problem.line == 1


def test_a_page_of_plain_calls_may_be_long() -> None:
    """Only Jinja that is compiled has a limit for its words."""
    calls = ["{% call claim('a') %}x{% endcall %}\n", "{{ evidence('x') }}\n"]
    assert len(render("".join(calls * (MOST_CALLS // 2))).calls) == MOST_CALLS


@pytest.mark.parametrize(
    "source",
    [
        '{{ "\\ud800" }}',
        '{{ "\\ud83d\\ude00" }}',
        '{% set x %}{{ "\\ud800" }}{% endset %}',
        '{{ "a" | replace("a", "\\ud800") }}',
        '{% macro f(x) %}{{ x }}{% endmacro %}{{ f("\\ud800") }}',
        '{% filter replace("a", "\\ud800") %}a{% endfilter %}',
        '{{ "a" ~ "\\ud800" }}',
        '{{ state(caption="\\ud800") }}',
        '{{ chart(kind="bars", facts={"\\ud800": "a"}) }}',
        "{{ half }}",
    ],
)
def test_half_a_character_is_no_text(source: str) -> None:
    """What UTF-8 cannot hold gets into no page and no call, so that every export can write it."""
    page = PageEnvironment(SLOTS, {"half": "\ud800"}).render(f"\nx {source} y")
    (problem,) = page.calls
    assert isinstance(problem, Problem)
    assert (problem.line, problem.what[:26]) == (2, "a text has half a characte")
    assert is_encodable(f"{page.markdown}{problem}")


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("{% call dict(a=1) %}A sentence{% endcall %}", "a call block calls what is no macro"),
        ("{% call namespace(a=1) %}A sentence{% endcall %}", "a call block calls what is no macro"),
        ("{% call range(3) %}A sentence{% endcall %}", "a call block calls what is no macro"),
        ("{% call 'x'.upper() %}A sentence{% endcall %}", "a call block calls what is no macro"),
        ("{% macro f() %}x{% endmacro %}{% call f() %}A sentence{% endcall %}", "the macro f shows no text"),
        ("{% filter list %}A sentence{% endfilter %}", "TypeError: a list cannot be shown as text"),
        ("{% set x %}{% filter list %}y{% endfilter %}{% endset %}", "TypeError: a list cannot be shown"),
    ],
)
def test_a_block_shows_no_object_and_loses_no_sentence(source: str, what: str) -> None:
    """A call block on what is no macro is a problem, and so is what a filter makes if it is no text."""
    problem = mistake(f"\n{source}")
    assert (problem.line, problem.what[: len(what)]) == (2, what)


@given(st.text(alphabet="{}%#'\"()[]|~.,_ abfor in\nset1", max_size=40))
def test_no_page_breaks_out(source: str) -> None:
    """Any text is rendered, or a problem with a line of it."""
    page = render(source)
    for one in page.calls:
        assert 0 < one.line <= source.count("\n") + 1
