"""JSON, JSON Lines, SARIF and JUnit XML: values at a path, counts, and reports that are not whole."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labreport.report.facts.converters import Converted, NotThere, Unreadable, convert
from labreport.report.problems import FaultError
from labreport.report.values import Quantity

RESULTS = json.dumps(
    {
        "results": [
            {
                "command": "a",
                "mean": 0.5,
                "times": [0.4, 0.6],
                "exit_codes": [0, 0],
                "parameters": {"rt": "runc"},
            },
            {
                "command": "b",
                "mean": 1.25,
                "times": [1.2],
                "exit_codes": [0, 137],
                "parameters": {"rt": "kata"},
            },
        ],
        "note": "N/A",
        "digits": "2.50",
        "empty": "",
        "many": "MANY",
        "flag": True,
    }
).replace('"MANY"', "1e999")


def shown(read: Converted) -> list[str]:
    """Return each value as a table shows it."""
    return list(map(str, read)) if isinstance(read, tuple) else [str(read)]


@pytest.mark.parametrize(
    ("how", "value"),
    [
        ("json results[0].mean", ["0.5"]),
        ("json results[?parameters.rt=='runc'].mean", ["0.5"]),
        ("json results[?contains(command, 'a')].times | [0]", ["0.4", "0.6"]),
        ("json max_by(results, &length(command)).command", ["a"]),
        ("json length(results)", ["2"]),
        ("json results[1].command", ["b"]),
        ("json results[0:1].mean", ["0.5"]),
        ("json to_number(digits)", ["2.5"]),
        ("json digits", ["2.50"]),
        ("json results[?mean > `0.4`] | [0].parameters.rt", ["runc"]),
    ],
)
def test_a_path_selects(how: str, value: list[str]) -> None:
    """A number keeps its digits, a list of one is its element, and text is text."""
    assert shown(convert(how, RESULTS)) == value


@pytest.mark.parametrize(
    ("how", "text", "error", "words"),
    [
        ("json results[1].mean", RESULTS, NotThere, "the numbers of a failed run are not read"),
        ("json results[1].times", RESULTS, NotThere, "nothing at results[1].times"),
        ("json nothing", RESULTS, NotThere, "nothing at nothing: correct the path"),
        ("json empty", RESULTS, NotThere, "nothing at empty"),
        ("json note", RESULTS, Unreadable, "a failure, an estimate or data at note: N/A"),
        ("json many", RESULTS, Unreadable, "no valid number at many: 1e999"),
        ("json flag", RESULTS, Unreadable, "true or false at flag, not a number"),
        ("json results", RESULTS, Unreadable, "an object at results, not a number"),
        ("json results[].command", RESULTS, Unreadable, "a text at results[].command, not a number"),
        ("json [*]", "[[1, 2], null, [3]]", Unreadable, "a list at [*], not a number"),
        ("json [[0]]", "[null]", FaultError, "makes a list"),
        ("json max(results)", RESULTS, Unreadable, "max(results) does not fit"),
        ("json a", '{"a": 1, "a": 2}', Unreadable, "an object has a twice"),
        ("json a", '{"a": NaN}', Unreadable, "NaN is not a number"),
        ("json a", '{"a": 1', Unreadable, "in line 1"),
        ("json a", "[" * 100_000, Unreadable, "it is nested too deeply"),
        (
            "json a",
            '{"a": 1}\n{"a": 2}\n',
            Unreadable,
            "JSON Lines, one document a line: read it with `jsonl`",
        ),
        ("jsonl a", '{"a": 1}\n{"a', Unreadable, "not JSON Lines"),
        ("json a b", "{}", FaultError, "not a path of JMESPath"),
        ("json " + "(" * 400, "{}", FaultError, "not a path of JMESPath"),
        ("json " + "a" * 501, "{}", FaultError, "a path of more than 500 characters"),
        ("json `3`", "{}", FaultError, "has a literal that it compares with nothing"),
        ("json a || '3'", "{}", FaultError, "has a literal"),
        ("json [a, b]", "{}", FaultError, "makes a list"),
        ("json {x: a}", "{}", FaultError, "makes an object"),
        ("json to_string(@)", "{}", FaultError, "calls to_string(): use only contains"),
    ],
)
def test_a_path_that_has_no_value(how: str, text: str, error: type[Exception], words: str) -> None:
    """A path that makes values is an error of facts.yml. One that finds none says so in plain words."""
    with pytest.raises(error) as caught:
        convert(how, text)
    assert words in str(caught.value)
    assert "Decimal" not in str(caught.value)


def test_json_lines_are_a_list() -> None:
    """A path in JSON Lines begins with the list of documents, also for a single one."""
    assert shown(convert("jsonl [].a", '{"a": 1}\n\n{"a": 2}\n')) == ["1", "2"]
    assert shown(convert("jsonl [].a", '{"a": 1}\n')) == ["1"]
    assert convert("jsonl [?a==`2`].b | [0]", '{"a": 1}\n{"a": 2, "b": "x"}\n') == "x"


JSON_NUMBERS = st.one_of(
    st.integers(-(10**18), 10**18).map(str),
    st.decimals(-(10**6), 10**6, places=3, allow_nan=False).map(lambda one: f"{one:f}"),
)


@given(st.lists(JSON_NUMBERS, min_size=2, max_size=8))
def test_numbers_of_json_come_back(numbers: list[str]) -> None:
    """Each number of JSON and of JSON Lines has the value that is written there."""
    values = [Decimal(number) for number in numbers]
    text = f'{{"a": {{"b": [{", ".join(numbers)}]}}}}'
    read = convert("json a.b", text)
    assert isinstance(read, tuple)
    assert [one.value for one in read] == values
    lines = convert("jsonl [].a", "".join(f'{{"a": {number}}}\n' for number in numbers))
    assert lines == read


@given(st.text(max_size=40), st.text(alphabet="abc[]?=`'.|@&*(){}0: ", max_size=30))
def test_any_path_is_a_value_or_an_error(text: str, path: str) -> None:
    """Whatever the path and the text, the outcome is a value or one of three errors."""
    try:
        convert(f"json {path}", text)
    except (NotThere, Unreadable, FaultError) as error:
        assert error.what  # noqa: PT017 # each outcome is right


RULES = [{"id": "S1", "defaultConfiguration": {"level": "error"}}, {"id": "S2"}]


def sarif(*results: object, **run: object) -> str:
    """Return SARIF of one run."""
    tool = {"driver": {"rules": RULES}, "extensions": [{"rules": [RULES[0]]}]}
    return json.dumps({"version": "2.1.0", "runs": [{"tool": tool, "results": list(results), **run}]})


@pytest.mark.parametrize(
    ("result", "level"),
    [
        ({"level": "note"}, "note"),
        ({}, "warning"),
        ({"ruleId": "S1"}, "error"),
        ({"ruleId": "S2"}, "warning"),
        ({"ruleId": "S3"}, "warning"),
        ({"ruleIndex": 0}, "error"),
        ({"ruleIndex": 9, "ruleId": "S1"}, "error"),
        ({"rule": {"id": "S1"}}, "error"),
        ({"rule": {"index": 0, "toolComponent": {"index": 0}}}, "error"),
        ({"rule": {"index": 0, "toolComponent": {"index": 5}}}, "error"),
        ({"suppressions": [{"status": "rejected"}]}, "warning"),
        ({"suppressions": [{"kind": "inSource"}]}, None),
        ({"kind": "pass"}, None),
        ({"baselineState": "absent"}, None),
    ],
)
def test_the_level_of_a_result(result: dict[str, object], level: str | None) -> None:
    """A result has its own level, or that of its rule, or is a warning. What is no finding is not counted."""
    text = sarif(result)
    assert shown(convert("sarif", text)) == ["1" if level else "0"]
    for one in ("error", "warning", "note", "none"):
        assert shown(convert(f"sarif where level={one}", text)) == [str(int(one == level))]


@pytest.mark.parametrize(
    ("how", "text", "error", "words"),
    [
        ("sarif", "{", Unreadable, "not SARIF"),
        ("sarif", "[]", Unreadable, "no runs of SARIF"),
        ("sarif", '{"runs": []}', Unreadable, "no runs of SARIF"),
        ("sarif", '{"runs": [3]}', Unreadable, "no runs of SARIF"),
        ("sarif", '{"runs": [{}]}', Unreadable, "without a list of results, so it searched nothing"),
        ("sarif", '{"runs": [{"results": [3]}]}', Unreadable, "without a list of results"),
        ("sarif", sarif(invocations=[{"executionSuccessful": False}]), Unreadable, "its run failed"),
        ("sarif where level=high", sarif(), NotThere, "the levels are error, warning, note, none"),
        ("sarif where file=x", sarif(), NotThere, "cannot be selected by 'where file=x'"),
        ("sarif error", sarif(), NotThere, "cannot be selected by 'error'"),
        ("junit tests", "", Unreadable, "not XML"),
        ("junit tests", "<html/>", Unreadable, "not JUnit XML: it begins with <html>"),
        ("junit tests", "<!DOCTYPE x><testsuite/>", Unreadable, "XML with a document type"),
        ("junit tests", "<testsuite/>", NotThere, "without a test case, so nothing was tested"),
        (
            "junit speed",
            "<testsuite><testcase/></testsuite>",
            NotThere,
            "use one of: tests, failures, errors",
        ),
        (
            "junit tests",
            '<testsuite tests="2"><testcase/></testsuite>',
            Unreadable,
            "says tests='2' and has 1",
        ),
    ],
)
def test_a_report_that_cannot_be_counted(how: str, text: str, error: type[Exception], words: str) -> None:
    """A report that is cut off, failed or empty has no count."""
    with pytest.raises(error) as caught:
        convert(how, text)
    assert words in str(caught.value)


OUTCOMES = {"passed": "", "failures": "<failure/>", "errors": '<error message="x"/>', "skipped": "<skipped/>"}


@given(st.lists(st.sampled_from(sorted(OUTCOMES)), min_size=1, max_size=30))
def test_outcomes_of_tests_come_back(outcomes: list[str]) -> None:
    """Each outcome is counted, in one suite or in several."""
    cases = [f'<testcase name="t{n}">{OUTCOMES[one]}</testcase>' for n, one in enumerate(outcomes)]
    half = len(cases) // 2
    suites = [
        f'<testsuite tests="{len(part)}">{"".join(part)}</testsuite>' for part in (cases[:half], cases[half:])
    ]
    text = f'<?xml version="1.0" encoding="utf-8"?><testsuites>{"".join(suites)}</testsuites>\n'
    assert convert("junit tests", text) == Quantity(Decimal(len(outcomes)), "")
    for outcome in OUTCOMES:
        assert shown(convert(f"junit {outcome}", text)) == [str(outcomes.count(outcome))]


@given(st.lists(st.tuples(st.sampled_from(["S1", "S2"]), st.sampled_from(["error", "note"])), max_size=20))
def test_results_of_scans_come_back(results: list[tuple[str, str]]) -> None:
    """Results are counted by rule and level."""
    text = sarif(*({"ruleId": rule, "level": level} for rule, level in results))
    assert shown(convert("sarif", text)) == [str(len(results))]
    for one in set(results):
        assert shown(convert(f"sarif where rule={one[0]}, level={one[1]}", text)) == [str(results.count(one))]
