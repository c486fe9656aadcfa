"""Expressions have the right value or a clear error, and can do nothing else."""

import json
import re
from decimal import Decimal
from fractions import Fraction
from operator import eq, ge, gt, le, lt, ne
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labreport.contract.records import HostClass
from labreport.report.facts.expressions.calculate import FactValue
from labreport.report.facts.expressions.evaluate import EvaluationState, evaluate, judge
from labreport.report.facts.expressions.parse import parse
from labreport.report.facts.expressions.tokens import ExpressionError
from labreport.report.problems import FaultError
from labreport.report.values import Quantity
from tests.report.facts.mutation import names

FOLDER = Path(__file__).parent / "cases"
CASES = json.loads((FOLDER / "expressions.json").read_text())
REFUSED = json.loads((FOLDER / "refused-expressions.json").read_text())


def quantity(text: str) -> Quantity:
    """Return the quantity in a text such as `1.62 s`."""
    number, _, unit = text.partition(" ")
    return Quantity(Decimal(number), unit)


def of_host(
    host: str, host_class: HostClass | None, prefix: str = "", **facts: Quantity | str
) -> dict[str, FactValue]:
    """Return facts of one host."""
    return {
        f"{prefix}{name}": FactValue(value, host, host_class, "bench/x.txt", 1)
        for name, value in facts.items()
    }


TEXT = "6.12"
FACTS = (
    of_host("one", HostClass.BARE_METAL, a=quantity("1.62 s"), b=quantity("395 ms"), n=quantity("3"))
    | of_host("one", HostClass.BARE_METAL, zero=quantity("0"), size=quantity("64 KiB"), version=TEXT)
    | of_host("one", HostClass.BARE_METAL, kilo=quantity("64 kB"))
    | of_host("two", HostClass.BARE_METAL, "other.", a=quantity("2.00 s"), b=quantity("1.00 s"))
    | of_host("two", HostClass.BARE_METAL, "other.", n=quantity("3"), size=quantity("64 KiB"), version=TEXT)
    | of_host("two", HostClass.BARE_METAL, "other.", rate=quantity("64 KiB/s"))
    | of_host("three", HostClass.NESTED, "nested.", a=quantity("3 s"), n=quantity("3"), version=TEXT)
    | of_host("four", HostClass.EMULATED, "slow.", a=quantity("9.00 s"), b=quantity("4.00 s"))
    | of_host("five", None, "unknown.", n=quantity("3"))
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["expression"])
def test_an_expression_comes_to_this(case: dict[str, object]) -> None:
    """The state, the value, the reason, the column of an error and the hosts are as in the case."""
    result = evaluate(str(case["expression"]), FACTS)
    assert result.state == case["state"], result.reason
    if result.state is EvaluationState.VALUE:
        assert str(result.value) == case["value"]
    if "column" in case:
        assert result.error is not None
        assert result.error.column == case["column"]
    elif "reason" in case:
        assert result.reason == case["reason"]
    assert result.emulated is case.get("emulated", False)
    assert list(result.bases) == case.get("bases", list(result.bases))
    assert sorted(result.hosts) == case.get("hosts", sorted(result.hosts))


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case["expression"][:40])
def test_what_is_no_expression_is_told_with_its_place(case: dict[str, object]) -> None:
    """The error has the column, what is wrong there, and what was expected."""
    with pytest.raises(ExpressionError) as caught:
        parse(str(case["expression"]))
    error = caught.value
    assert error.column == case["column"]
    assert str(case["what"]) in error.what
    assert str(case.get("expected", "")) in error.remedy


def test_a_caret_shows_the_place() -> None:
    """The caret is below the character, after control characters, too. Macros can show the error."""
    with pytest.raises(FaultError) as caught:
        parse("a\t<\nb = c")
    assert isinstance(caught.value, ExpressionError)
    assert caught.value.caret == "a < b = c\n      ^"


def test_a_claim_is_a_condition() -> None:
    """A value is an error in a claim. Missing evidence is told as in any expression."""
    assert judge("a > 1 s", FACTS).state is EvaluationState.HOLDS
    assert judge("a", FACTS).reason == "column 0: it is a value: expected a condition, such as a < 1 s"
    assert judge("gone", FACTS).state is EvaluationState.ERROR
    assert judge("gone < 1 s", FACTS).state is EvaluationState.NO_EVIDENCE
    assert judge("a <", FACTS).state is EvaluationState.ERROR


def listed(title: str) -> list[str]:
    """Return the expressions in the first column of a section's table in the manual."""
    page = (Path(__file__).parents[3] / "docs" / "manual" / "reference" / "expressions.md").read_text()
    section = page.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return [text for row in rows for text in re.findall("`([^`]+)`", row.split("|")[1])]


def test_the_reference_is_right() -> None:
    """Every form that the manual lists is valid, and everything that it lists as refused is an error."""
    assert EvaluationState.ERROR not in {evaluate(text, FACTS).state for text in listed("Forms")}
    assert {evaluate(text, FACTS).state for text in listed("What is refused")} == {EvaluationState.ERROR}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a / 0 s", "column 4: 1.62 s / 0 s divides by zero"),
        ("ratio(a, 0 s)", "column 9: 1.62 s / 0 s divides by zero"),
        ("a + 1 MiB", "column 4: 1.62 s and 1 MiB do not measure the same"),
        ("a * 1 MiB", "column 4: 1.62 s * 1 MiB: s * MiB is not a unit"),
        ("percent(b, a) < 25", "column 16: 24.4 % and 25, which has no unit, do not measure the same"),
        ("version < '6.2'", 'column 10: texts have no order: "6.12" < "6.2"'),
    ],
)
def test_an_error_names_the_numbers_as_they_are_written(text: str, what: str) -> None:
    """An error shows the numbers of the page, not those extended for the calculation."""
    assert evaluate(text, FACTS).reason.startswith(what)


def test_facts_are_told_in_the_order_of_the_text() -> None:
    """`facts` has each fact with a value once, in the order of the text."""
    text = "b < a or gone < b"
    assert list(evaluate(text, FACTS).facts) == ["b", "a"]
    assert names(text) == {"a", "b", "gone"}


def test_a_result_of_too_many_digits_is_an_error() -> None:
    """A result cannot grow without bound, whatever the evidence is."""
    evidence: dict[str, Quantity | str] = {
        "a": Quantity(Decimal("9" * 30), ""),
        "b": Quantity(Decimal(f"1.{'3' * 39}"), ""),
    }
    huge = of_host("one", None, "", **evidence)
    assert "too many digits" in evaluate("a * a * a", huge).reason
    many = "*".join(["b"] * 5)
    assert "too many digits" in evaluate("*".join([f"({many})"] * 26), huge).reason


numbers = st.decimals(0, 50, places=1).map(lambda one: f"{one:f}") | st.integers(0, 9).map(str)
atoms = numbers | st.sampled_from("xyz")
values = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" + ", "-", "*", " / "]), inner).map("".join),
        inner.map(lambda one: f"({one})"),
        inner.map(lambda one: f"-{one}"),
        st.tuples(st.sampled_from(["min", "max"]), inner, inner).map(
            lambda one: f"{one[0]}({one[1]}, {one[2]})"
        ),
    ),
    max_leaves=6,
)
signs = st.sampled_from([" < ", "<=", " == ", "!=", ">=", " > "])
comparisons = st.tuples(values, signs, values).map("".join) | st.tuples(
    values, signs, values, signs, values
).map("".join)
conditions = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" and ", " or "]), inner).map("".join),
        inner.map(lambda one: f"({one})"),
        inner.map(lambda one: f"not {one}"),
    ),
    max_leaves=4,
)
OTHERS = {"x": "3", "y": "0.5", "z": "-2"}


def plainly(text: str) -> object:
    """Return the value that Python calculates for `text`, with fractions."""
    exact = re.sub(r"[0-9]+(?:\.[0-9]+)?", r'Fraction("\g<0>")', text)
    return eval(exact, {"Fraction": Fraction} | {name: Fraction(one) for name, one in OTHERS.items()})  # noqa: S307 # ours


@given(values | conditions)
def test_plain_numbers_come_to_what_python_makes_of_them(text: str) -> None:
    """Values and precedence equal those of Python. A division by zero is an error in any part."""
    result = evaluate(text, of_host("one", None, "", **{name: quantity(one) for name, one in OTHERS.items()}))
    zero = "divides by zero" in result.reason
    try:
        expected = plainly(text)
    except ZeroDivisionError:
        assert zero
        return
    if zero:
        assert parse(text).is_condition
        return
    found = result.value.exact if isinstance(result.value, Quantity) else result.value
    assert found == expected, result.reason


scaled = st.sampled_from([("s", "ms", 1000), ("min", "s", 60), ("MiB", "KiB", 1024), ("kB", "B", 1000)])
amounts = st.decimals(0, 500, places=2)


@given(scaled, amounts, amounts, amounts, st.sampled_from(["<", "<=", "==", "!=", ">=", ">"]))
def test_another_unit_changes_no_truth(
    units: tuple[str, str, int], one: Decimal, two: Decimal, three: Decimal, sign: str
) -> None:
    """A condition has the same state with 1 s and with 1000 ms, in a fact and in a literal."""
    unit, smaller, factor = units
    text = "a - {0} {1} {sign} b and a {sign} max(b, {0} {1}) or not 3 * a {sign} b"
    coarse = of_host("one", None, a=Quantity(one, unit), b=Quantity(two, unit))
    fine = of_host("one", None, a=Quantity(one * factor, smaller), b=Quantity(two, unit))
    here = evaluate(text.format(f"{three:f}", unit, sign=sign), coarse)
    there = evaluate(text.format(f"{three * factor:f}", smaller, sign=sign), fine)
    assert here.state is there.state
    assert here.state in {EvaluationState.HOLDS, EvaluationState.CONTRADICTED}


STANDING = (
    of_host("one", HostClass.BARE_METAL, "one.", t=quantity("1.5 s"), d=quantity("64 KiB"), n=quantity("3"))
    | of_host("two", HostClass.BARE_METAL, "two.", t=quantity("900 ms"), d=quantity("70 kB"), n=quantity("5"))
    | of_host("three", HostClass.EMULATED, "three.", t=quantity("1.5 s"), d=quantity("1 MB"), n=quantity("3"))
)
BASE: dict[str, Fraction | int] = {
    "s": Fraction(1),
    "ms": Fraction(1, 1000),
    "KiB": Fraction(1024),
    "kB": Fraction(1000),
    "MB": Fraction(10**6),
    "": 1,
}
KINDS = {"s": "time", "ms": "time", "KiB": "data", "kB": "data", "MB": "data", "": "count"}
operands = st.sampled_from([*STANDING, *STANDING, "gone", "1 s", "1500 ms", "64 KiB", "1 MB", "3"])
links = st.tuples(operands, st.lists(st.tuples(signs.map(str.strip), operands), min_size=1, max_size=2))
trees = st.recursive(
    links,
    lambda inner: st.one_of(
        st.tuples(st.just("not"), inner), st.tuples(st.sampled_from(["and", "or"]), inner, inner)
    ),
    max_leaves=5,
)


class Stopped(Exception):
    """The state at which the plain evaluation stops."""


def spelled(tree: Any) -> str:
    """Return a tree as an author writes it."""
    match tree:
        case "not", one:
            return f"not ({spelled(one)})"
        case "and" | "or" as word, one, other:
            return f"({spelled(one)}) {word} ({spelled(other)})"
    first, rest = tree
    return " ".join([first, *(f"{sign} {operand}" for sign, operand in rest)])


def _given(operand: str) -> Quantity | str:
    return STANDING[operand].value if operand in STANDING else quantity(operand)


def standing(tree: Any) -> bool:
    """Return whether a tree holds, with all its parts evaluated; raise Stopped."""
    match tree:
        case "not", one:
            return not standing(one)
        case "and" | "or" as word, one, other:
            halves = standing(one), standing(other)
            return all(halves) if word == "and" else any(halves)
    first, rest = tree
    every = [first, *(operand for _, operand in rest)]
    used = [STANDING[one] for one in every if one in STANDING]
    given = [one for one in map(_given, every) if isinstance(one, Quantity)]
    kinds = [KINDS[one.unit] for one in given]
    if len({one.host_class for one in used}) > 1 or ("time" in kinds and len({one.host for one in used}) > 1):
        raise Stopped(EvaluationState.NOT_COMPARABLE)
    if len(set(kinds)) > 1:
        raise Stopped(EvaluationState.ERROR)
    exact = [Fraction(one.value) * BASE[one.unit] for one in given]
    return all(
        COMPARE[sign](left, right) for left, (sign, _), right in zip(exact, rest, exact[1:], strict=False)
    )


COMPARE = {"<": lt, "<=": le, "==": eq, "!=": ne, ">=": ge, ">": gt}


@given(trees)
def test_a_condition_stands_as_a_plain_evaluation_has_it(tree: Any) -> None:
    """The state equals that of a plain evaluation: missing facts, wrong units, several hosts and classes."""
    text = spelled(tree)
    result = judge(text, STANDING)
    if "gone" in names(text):
        assert result.state is EvaluationState.NO_EVIDENCE
        return
    try:
        expected = EvaluationState.HOLDS if standing(tree) else EvaluationState.CONTRADICTED
    except Stopped as stopped:
        expected = stopped.args[0]
    assert result.state is expected, (text, result.reason)
    assert result.emulated is ("three." in text)


words = st.sampled_from(
    ["min(", "ratio(", "percent(", "median(", "(", ")", ")", ",", "-", "+", "*", "/", "<"]
)
more = st.sampled_from(
    ["==", "not", "and", "or", "1", "s", "0", "%", "64 KiB/s", "a", "b", "a", "gone", "\n"]
)
rest = st.sampled_from(["version", "nested.a", "'x'", '"', "__class__", ".", "lambda:", "[", "**", "9" * 20])
hostile = st.text(max_size=600) | st.lists(words | more | rest, max_size=80).map(" ".join)


@given(hostile)
def test_whatever_is_written_is_worked_out_or_told(text: str) -> None:
    """The parser raises nothing but ExpressionError, and the evaluation nothing at all."""
    try:
        names(text)
    except ExpressionError as error:
        assert 0 <= error.column <= len(text)  # noqa: PT017 # most texts are no expressions
        assert evaluate(text, FACTS).state is EvaluationState.ERROR
        return
    assert (evaluate(text, FACTS).value is None) is (
        evaluate(text, FACTS).state
        in {EvaluationState.NO_EVIDENCE, EvaluationState.NOT_COMPARABLE, EvaluationState.ERROR}
    )
