"""Counts in the reports of scanners and of tests: SARIF and JUnit XML."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any

from labreport.report.facts.converters.lines import NotThere, Unreadable, count_of, excerpt
from labreport.report.facts.converters.series import parse_query
from labreport.report.strict_json import refuse_constant
from labreport.report.values import Quantity

_LEVELS = ("error", "warning", "note", "none")
_OUTCOMES = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def sarif(text: str, argument: str = "") -> Quantity:
    r"""Return the number of results in SARIF 2.1.0 that are failures and are not suppressed.

    `where level=error, rule=ID` counts some of them. A result without a level has that of its rule, or else
    is a warning (section 3.27.10).

    >>> found = '{"ruleId": "S1", "level": "error"}, {"ruleId": "S2"}, {"ruleId": "S2", "kind": "pass"}'
    >>> report = f'{{"version": "2.1.0", "runs": [{{"tool": {{"driver": {{}}}}, "results": [{found}]}}]}}'
    >>> str(sarif(report)), str(sarif(report, "where level=error")), str(sarif(report, "where rule=S2"))
    ('2', '1', '1')
    """
    query = parse_query(argument)
    wrong = [name for name in query.where if name not in {"level", "rule"}]
    if query.column or wrong or query.where.get("level", "error") not in _LEVELS:
        remedy = f"write `where level=…, rule=…`; the levels are {', '.join(_LEVELS)}"
        raise NotThere(f"results of SARIF cannot be selected by {argument!r}", remedy)
    results = [one for run in _runs(text) for one in _results(run)]
    return count_of(sum(query.matches(one) for one in results))


def _runs(text: str) -> list[dict[str, Any]]:
    try:
        report = json.loads(text, parse_constant=refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"not SARIF: {excerpt(text)}") from error
    runs = report.get("runs") if isinstance(report, dict) else None
    if not isinstance(runs, list) or not runs or not all(isinstance(run, dict) for run in runs):
        raise Unreadable(f"no runs of SARIF: {excerpt(text)}")
    return runs


def _results(run: dict[str, Any]) -> Iterator[dict[str, object]]:
    """Yield the level and the rule of each failure; raise Unreadable if the tool did not finish."""
    if any(one.get("executionSuccessful") is False for one in _dicts(run.get("invocations"))):
        raise Unreadable("the tool says that its run failed: executionSuccessful is false")
    results = run.get("results")
    if not isinstance(results, list) or len(_dicts(results)) < len(results):
        raise Unreadable("a run of SARIF without a list of results, so it searched nothing")
    for result in results:
        if result.get("kind", "fail") == "fail" and result.get("baselineState") != "absent":
            suppressed = any(
                one.get("status", "accepted") == "accepted" for one in _dicts(result.get("suppressions"))
            )
            if not suppressed:
                rule = _rule(run, result)
                level = result.get("level") or _dict(rule.get("defaultConfiguration")).get("level", "warning")
                yield {"level": level, "rule": result.get("ruleId") or rule.get("id")}


def _rule(run: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    """Return the rule of a result as the tool describes it, by its index or its id; empty if it does not."""
    reference = _dict(result.get("rule"))
    tool = _dict(run.get("tool"))
    component = _dict(reference.get("toolComponent")).get("index")
    extensions = _dicts(tool.get("extensions"))
    rules = _dicts((_at(extensions, component) or _dict(tool.get("driver"))).get("rules"))
    name = reference.get("id", result.get("ruleId"))
    by_index = _at(rules, reference.get("index", result.get("ruleIndex")))
    return by_index or next((rule for rule in rules if name is not None and rule.get("id") == name), {})


def _at(items: list[dict[str, Any]], index: object) -> dict[str, Any]:
    """Return the item with an index that a report gives; empty if there is none."""
    return items[index] if isinstance(index, int) and 0 <= index < len(items) else {}


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def junit(text: str, key: str) -> Quantity:
    r"""Return the number of `tests`, `passed`, `failures`, `errors` or `skipped` in JUnit XML.

    The test cases are counted. A suite that says another number of them is a file that is not whole.

    >>> cases = '<testcase name="a"/><testcase name="b"><failure/></testcase>'
    >>> report = f'<testsuites><testsuite tests="2" failures="1">{cases}</testsuite></testsuites>'
    >>> str(junit(report, "tests")), str(junit(report, "failures")), str(junit(report, "passed"))
    ('2', '1', '1')
    """
    root = _suites(text)
    cases = list(root.iter("testcase"))
    if not cases:
        raise NotThere("JUnit XML without a test case, so nothing was tested")
    counts = {"tests": len(cases)}
    counts |= {name: sum(case.find(tag) is not None for case in cases) for name, tag in _OUTCOMES.items()}
    counts["passed"] = sum(all(case.find(tag) is None for tag in _OUTCOMES.values()) for case in cases)
    if key not in counts:
        raise NotThere(f"JUnit XML has no {key!r}", f"use one of: {', '.join(counts)}")
    for suite in root.iter("testsuite"):
        said, there = suite.get("tests", ""), sum(1 for _case in suite.iter("testcase"))
        if said and said != str(there):
            raise Unreadable(f"a test suite says tests={excerpt(said)!r} and has {there}")
    return count_of(counts[key])


def _suites(text: str) -> ET.Element:
    """Return the root of JUnit XML. Entities need a document type, so a text with one is refused."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise Unreadable("XML with a document type, which JUnit XML has not")
    try:
        root = ET.fromstring(text.strip())  # noqa: S314 - without a document type there are no entities
    except (ET.ParseError, ValueError) as error:
        raise Unreadable(f"not XML: {excerpt(text)}: {error}") from error
    if root.tag not in {"testsuites", "testsuite"}:
        raise Unreadable(f"not JUnit XML: it begins with <{excerpt(root.tag)}>")
    return root
