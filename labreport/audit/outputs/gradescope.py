"""An audit as the results.json of a Gradescope autograder.

The format is that of https://gradescope-autograders.readthedocs.io/en/latest/specs/. All text is plain text,
which Gradescope escapes. Students see nothing before the instructor publishes the grades.
"""

from collections.abc import Mapping
from typing import Any

from labreport.audit.grades import Grade, GradeState, ReportGrade
from labreport.audit.model import Judgement, Passage, ReportAudit, Unread
from labreport.audit.outputs.result import headline, lines_shown
from labreport.audit.rules import RULES
from labreport.report.problems import one_line

_VISIBILITY = "after_published"


def results(report: ReportAudit | Unread, grades: Mapping[str, ReportGrade]) -> dict[str, Any]:
    """Return the results of one report: a test for each requirement, and one without points per finding.

    `grades` has the grades of reports by name. A report that could not be read has no test.
    """
    if isinstance(report, Unread):
        return _results(0, one_line(f"could not be read: {report.why}"), [])
    grade = grades.get(report.name)
    tests = [_requirement(one) for one in grade.grades] if grade else []
    told = headline(report.summary)
    told = f"{told}\n{grade.words}" if grade else told
    tests += map(_finding, report.findings)
    made = _results(grade.points if grade else 0, told, tests)
    return {**made, "extra_data": {"sha256": report.sha256, "lines": report.lines}}


def _results(score: float, told: str, tests: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "score": score,
        "output": told,
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": _VISIBILITY,
        "stdout_visibility": "hidden",
        "tests": tests,
    }


def _requirement(grade: Grade) -> dict[str, Any]:
    points = {} if grade.most is None else {"score": grade.points or 0, "max_score": grade.most}
    by_person = grade.state is GradeState.BY_PERSON
    return {
        **points,
        "status": "passed" if grade.state is GradeState.MET else "failed",
        "name": one_line(f"{grade.name}: {grade.requirement}"),
        "output": "a person has to grade this"
        if by_person
        else "\n".join(map(one_line, grade.missing)) or "met",
        "tags": ["requirement", str(grade.state)],
        "visibility": _VISIBILITY,
    }


def _finding(one: Judgement) -> dict[str, Any]:
    rule = RULES[one.rule]
    sides = [_passage("The report", one.report)] if one.report else []
    sides += [_passage("The evidence", passage) for passage in one.evidence[:3]]
    return {
        "score": 0,
        "max_score": 0,
        "status": "failed",
        "name": f"{rule.title}: line {one.line}",
        "number": one.id,
        "output": "\n\n".join([one_line(one.why), *sides, rule.meaning]),
        "tags": ["finding", one.rule],
        "visibility": _VISIBILITY,
    }


def _passage(side: str, passage: Passage) -> str:
    lines = (f"  {line}" for line in lines_shown(passage))
    return "\n".join([f"{side}, {one_line(passage.place)}:", *lines])
