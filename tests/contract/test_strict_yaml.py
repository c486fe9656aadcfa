"""YAML from strangers: what Python, pydantic or a person would read otherwise is refused, with its line."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labreport.contract.strict_yaml import MOST_LEVELS, BadYamlError, compose, value_of

LAUGHS = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9) if n else 'x'}]" for n in range(9))
QUADRATIC = "a: &a [" + "x, " * 999 + "x]\n" + "\n".join(f"b{n}: *a" for n in range(200))
DEEP_ALIASES = "a0: &a0 [x]\n" + "\n".join(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 3000))
BAD = {
    "a: 1\na: 2": (2, "a is given twice"),
    "x:\n  a: 1\n  b: 2\n  a: 3": (4, "a is given twice"),
    "- a: 1\n  'a': 2": (2, "a is given twice"),
    "1: a\n0x1: b": (2, "0x1 is given twice"),
    "1: a\n'1': b": (2, "1 is given twice"),
    "yes: a\ntrue: b": (2, "true is given twice"),
    "<<: {a: 1}\n<<: {b: 1}": (2, "<< is given twice"),
    "a:\n  " + "[" * 100: (2, "nested too deeply"),
    "[" * 100_000 + "]" * 100_000: (1, "nested too deeply"),
    "- " * 100 + "x": (1, "nested too deeply"),
    "{a: " * 100 + "x": (1, "nested too deeply"),
    "a: &a [*a]": (1, "an alias names what it is part of"),
    "a: &a {b: *a}": (1, "an alias names what it is part of"),
    LAUGHS: (6, "more than 100000 values"),
    QUADRATIC: (1, "more than 100000 values"),
    "a: 1\nb: 2026-13-45": (2, "month must be in 1..12"),
    "a: 2026-02-30": (1, "not YAML: 2026-02-30: day is out of range for month"),
    "a: 0000-01-01": (1, "year"),
    "a: 2026-01-01 99:00:00": (1, "hour must be in 0..23"),
    "a: 2026-01-01 00:00:00 +99:00": (1, "offset must be"),
    "a: " + "1" * 5000: (1, "1111111111111111111111111111111111111111…"),
    "a: 0x" + "f" * 5000: (1, "a number of more than 64 bits"),
    "a: " + ":".join(["1"] * 3000): (1, "a number of more than 64 bits"),
    "\n\na: .inf": (3, "no finite number"),
    "a: -.INF": (1, "no finite number"),
    "a: .NaN": (1, "no finite number"),
    "a: 1.0e+999": (1, "no finite number"),
    "a: !!int x": (1, "not YAML: x: "),
    "a: !!int ''": (1, "not YAML: "),
    "a: !!float x": (1, "not YAML: x: "),
    "a: !!timestamp x": (1, "not YAML: x: "),
    "a: !!bool x": (1, "not YAML: x: "),
    "a: !!binary é": (1, "not YAML: "),
    "a: !!python/object/apply:os.system [id]": (1, "could not determine a constructor"),
    "a: !x y": (1, "could not determine a constructor"),
    "? [a]\n: b": (1, "unhashable"),
    "? {a: 1}\n: b": (1, "unhashable"),
    "a: [\nb": (3, "not YAML"),
    "a: *b": (1, "undefined alias"),
    "a: 1\n---\nb: 2": (2, "another document"),
    "a: \x01": (0, "not YAML"),
    "a: !!set [b]": (1, "expected a mapping"),
    "a: !!omap {b: 1}": (1, "expected a sequence"),
}


@pytest.mark.parametrize("text", BAD, ids=lambda text: text[:30])
def test_bad_yaml(text: str) -> None:
    """The error has the line, and one line of text; it comes within a second."""
    line, what = BAD[text]
    began = time.monotonic()
    with pytest.raises(BadYamlError) as raised:
        value_of(compose(text))  # type: ignore[arg-type] # it is no node that fails here
    assert time.monotonic() - began < 10
    assert what in raised.value.what
    assert raised.value.line == line
    assert "\n" not in raised.value.what
    assert len(raised.value.what) < 200


def test_aliases_that_go_deep_are_an_error_or_a_value() -> None:
    """Each alias names what holds the one before: 3,000 levels, which no recursion may follow."""
    with pytest.raises(BadYamlError, match="nested too deeply"):
        value_of(compose(DEEP_ALIASES))  # type: ignore[arg-type] # likewise


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: &x {b: 1}\nc: {<<: *x, b: 2}", {"a": {"b": 1}, "c": {"b": 2}}),
        ("a: &x [1]\nb: *x", {"a": [1], "b": [1]}),
        ("a: 1\nb: '2'\nc: 1.5\nd: yes\ne: ~", {"a": 1, "b": "2", "c": 1.5, "d": True, "e": None}),
        ("a: 9223372036854775807", {"a": 2**63 - 1}),
        ("[" * MOST_LEVELS + "]" * MOST_LEVELS, None),
    ],
)
def test_good_yaml(text: str, value: object) -> None:
    """Merge keys and aliases stay what they are."""
    node = compose(text)
    assert node is not None
    assert value is None or value_of(node) == value


def test_nothing() -> None:
    """An empty document has no node."""
    assert compose("") is None
    assert compose("# a comment\n") is None


@given(st.text(alphabet="a1:-[]{}&*!?|>'\"%@`#, \n\t.0x\x00é", max_size=60))
def test_any_text_is_a_value_or_one_error(text: str) -> None:
    """Whatever is written, there is no other exception."""
    try:
        node = compose(text)
        if node is not None:
            value_of(node)
    except BadYamlError as error:
        assert "\n" not in error.what  # noqa: PT017 # most texts are no error
