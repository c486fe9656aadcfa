"""An audit as `lab audit --json` prints it."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from labreport.audit.grades import ReportGrade
from labreport.audit.model import ClassAudit, Judgement, ReportAudit, Summary
from labreport.audit.outputs.result import rules_of
from labreport.audit.rules import RULES

SCHEMA = "lab-audit-1"


def class_as_json(audit: ClassAudit, grades: Mapping[str, ReportGrade]) -> dict[str, Any]:
    """Return the audits of many reports as plain data; `grades` are those of the reports by name."""
    used = {rule.id for report in audit.reports for rule in rules_of(report)}
    return {
        "schema": SCHEMA,
        "reports": [report_as_json(report, grades.get(report.name)) for report in audit.reports],
        "unread": [asdict(one) for one in audit.unread],
        "skipped": dict(audit.skipped),
        "shared": [asdict(one) for one in audit.shared],
        "summary": summary_as_json(audit.summary),
        "rules": {rule.id: asdict(rule) for rule in RULES.values() if rule.id in used},
    }


def report_as_json(report: ReportAudit, grade: ReportGrade | None) -> dict[str, Any]:
    """Return the audit of one report as plain data."""
    about = {key: getattr(report, key) for key in ("name", "file", "sha256", "lines", "evidence")}
    kinds = {key: [_as_json(one) for one in getattr(report, key)] for key in ("blocks", "values", "oddities")}
    graded = {"requirements": _grade_as_json(grade)} if grade else {}
    return {**about, "summary": summary_as_json(report.summary), **graded, **kinds}


def _grade_as_json(grade: ReportGrade) -> dict[str, Any]:
    return {
        "edition": grade.edition,
        "points": grade.points,
        "most": grade.most,
        "left": grade.left,
        "each": [asdict(one) for one in grade.grades],
    }


def summary_as_json(summary: Summary) -> dict[str, dict[str, int]]:
    """Return counts as plain data."""
    return {
        "blocks": {str(key): count for key, count in summary.blocks.items()},
        "blocks not judged": dict(summary.not_judged),
        "values": {str(key): count for key, count in summary.values.items()},
        "evidence": {str(key): count for key, count in summary.oddities.items()},
        "levels": {str(key): count for key, count in summary.levels.items()},
    }


def _as_json(one: Judgement) -> dict[str, Any]:
    told = asdict(one)
    del told["identity"]
    return {"id": told.pop("id"), **told}
