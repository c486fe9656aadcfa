"""What a macro shows is put into the page after its Jinja, which can show it, keep it and hand it on."""

import pytest

from labreport.report.pages.calls import Call
from labreport.report.pages.sandbox import PageEnvironment
from labreport.report.pages.slots import SlotKind, Slots
from labreport.report.problems import Problem

SLOTS = Slots("0123456789abcdef" * 2)
FIRST, SECOND = (SLOTS.write(number, SlotKind.VALUE) for number in (1, 2))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('{% set k = fact("a") %}{{ k }} and {{ k }}', f"{FIRST} and {FIRST}"),
        ('{% set k %}{{ fact("a") }} s{% endset %}{{ k }}', f"{FIRST} s"),
        ('{% with k = fact("a") %}{{ k }}{% endwith %}', FIRST),
        ('{% macro f(x) %}v={{ fact(x) }}{% endmacro %}{{ f("a") }}', f"v={FIRST}"),
        ('{% macro f(x) %}[{{ x }}]{% endmacro %}{{ f(fact("a")) }}', f"[{FIRST}]"),
        (
            '{% macro f() %}[{{ caller() }}]{% endmacro %}{% call f() %}{{ fact("a") }}{% endcall %}',
            f"[{FIRST}]",
        ),
        ('{{ fact("a") if true else fact("b") }}', FIRST),
        ('{{ "v=" ~ fact("a") ~ fact("b") }}', f"v={FIRST}{SECOND}"),
        ('{{ nothing | default(fact("a")) }}', FIRST),
        ('{% for k in [fact("a"), fact("b")] %}{{ k }},{% endfor %}', f"{FIRST},{SECOND},"),
        ('{% for n, k in {"x": fact("a")}.items() %}{{ n }}{{ k }}{% endfor %}', f"x{FIRST}"),
        (
            '{% for k in [("b", fact("a")), ("a", fact("b"))] | sort(attribute=0) %}{{ k[1] }}{% endfor %}',
            f"{SECOND}{FIRST}",
        ),
        ('{% set x = namespace(k=fact("a")) %}{{ x.k }}', FIRST),
        ('{{ [fact("a"), fact("b")] | length }}', "2"),
    ],
)
def test_what_a_macro_shows_can_be_shown_later(source: str, expected: str) -> None:
    """By a name, from a list, and by the page's own macros."""
    page = PageEnvironment(SLOTS).render(source)
    assert page.markdown == expected
    assert all(isinstance(one, Call) for one in page.calls)


USES = [
    '{% if K == "6.18" %}A{% else %}B{% endif %}',
    '{{ "6.18" == K }}',
    "{{ 1 < K }}",
    '{{ [K] == ["6.18"] }}',
    '{{ "6" in K }}',
    '{{ K in "6.18" }}',
    "{{ K in [K] }}",
    "{{ K is defined }}",
    '{{ K is eq("6.18") }}',
    '{{ "6" is in K }}',
    "{% if K %}A{% endif %}",
    '{{ "A" if K else "B" }}',
    '{{ K or "B" }}',
    "{{ not K }}",
    "{{ K | length }}",
    "{{ K | truncate(5) }}",
    "{{ K | string }}",
    '{{ K | default("A") }}',
    '{{ "a" | replace("a", K) }}',
    '{{ [K, "a"] | join(", ") }}',
    "{{ [K, K] | sort | first }}",
    '{{ [K, fact("b")] | sort(case_sensitive=true) | first }}',
    '{{ [{"k": K}, {"k": K}] | max(attribute="k") }}',
    "{{ [K, K] | unique | list | length }}",
    '{{ [K] | map("upper") | first }}',
    "{{ [K] | select | list | length }}",
    '{{ K + " s" }}',
    '{{ "v" + K }}',
    "{{ K * 2 }}",
    "{{ -K }}",
    "{{ K[0] }}",
    "{{ K[1:] }}",
    "{{ K.upper() }}",
    '{{ "6.18".count(K) }}',
    "{{ {K: 1} }}",
    '{{ {"a": 1}.get(K) }}',
    "{{ range(K) }}",
    "{% for c in K %}{{ c }}{% endfor %}",
    "{% set a, b = K %}",
    "{% filter upper %}{{ K }}{% endfilter %}",
    "{% set x | upper %}{{ K }}{% endset %}",
    "{{ state(caption=K) }}",
    '{{ chart(kind="bars", facts={"a": K}) }}',
    "{% call claim(K) %}A{% endcall %}",
]


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize(
    "before",
    [
        '{% set K = fact("a") %}',
        '{% set K %}v {{ fact("a") }}{% endset %}',
        '{% macro f() %}{{ fact("a") }}{% endmacro %}{% set K = f() %}',
    ],
)
def test_a_page_cannot_use_what_a_macro_shows(before: str, use: str) -> None:
    """The answer would be about the slot, not about the evidence. The problem says what to write instead."""
    (problem,) = PageEnvironment(SLOTS).render(f"{before}\n{use}").calls
    assert isinstance(problem, Problem)
    assert problem.line == 2
    assert problem.what.startswith("what fact(…) shows is put into the page after its Jinja")
    assert "write a condition on evidence as a claim" in problem.remedy
