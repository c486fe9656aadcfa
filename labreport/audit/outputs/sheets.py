"""An audit as tables in CSV (RFC 4180): every finding, and a gradebook. No cell can be a formula."""

import csv
import io
from collections.abc import Iterable, Sequence

from labreport.audit.grades import GradeState
from labreport.audit.model import Judgement, Level, Passage, ReportAudit
from labreport.audit.outputs.result import (
    Result,
    judged_blocks,
    judged_values,
    quoted_blocks,
    sound_values,
    title_of,
)
from labreport.report.problems import one_line

_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # noqa: RUF001 # their full-width forms act, too
_MOST = 500
"""How many characters of a passage a cell has."""

_FINDINGS = (
    "report",
    "file",
    "line",
    "column",
    "level",
    "rule",
    "verdict",
    "why",
    "report place",
    "report text",
    "evidence place",
    "evidence text",
    "id",
)
_GRADEBOOK = (
    "report",
    "findings",
    "notes",
    "blocks",
    "blocks in the evidence",
    "values",
    "values in the evidence",
)


def findings_csv(result: Result) -> str:
    """Return a row for each finding and note."""
    rows = (
        _finding(report, one)
        for report in result.audit.reports
        for one in report.judgements
        if one.level is not Level.FINE
    )
    return _table(_FINDINGS, rows)


def gradebook(result: Result) -> str:
    """Return a row for each report: its points, each requirement, and its counts.

    A requirement without points has its state in words. What a person has to grade is empty.
    """
    graded = next(iter(result.grades.values()), None)
    names = [one.name for one in graded.grades] if graded else []
    head = [*_GRADEBOOK, *(("points", "of") if graded and graded.most else ()), *names]
    rows = [_report(result, report, len(head)) for report in result.audit.reports]
    rows += [[one.name, "could not be read", *[""] * (len(head) - 2)] for one in result.audit.unread]
    return _table(head, rows)


def _report(result: Result, report: ReportAudit, width: int) -> list[object]:
    summary = report.summary
    row: list[object] = [report.name, summary.levels[Level.FINDING], summary.levels[Level.NOTE]]
    row += [judged_blocks(summary), quoted_blocks(summary), judged_values(summary), sound_values(summary)]
    if grade := result.grades.get(report.name):
        row += [grade.points, grade.most] if grade.most else []
        for one in grade.grades:
            by_person = "" if one.state is GradeState.BY_PERSON else one.state
            row.append(by_person if one.points is None else one.points)
    return row + [""] * (width - len(row))


def _finding(report: ReportAudit, one: Judgement) -> list[object]:
    first = one.evidence[0] if one.evidence else None
    where = [report.name, report.file, one.line, one.column, one.level, one.rule, title_of(one), one.why]
    return [*where, *_passage(one.report), *_passage(first), one.id]


def _passage(passage: Passage | None) -> tuple[str, str]:
    return (passage.place, passage.text[:_MOST]) if passage else ("", "")


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(map(cell, head))
    writer.writerows(map(cell, row) for row in rows)
    return text.getvalue()


def cell(value: object) -> str:
    r"""Return a cell that no program takes for a formula, in one line. Our own numbers stay numbers.

    >>> cell(-1.5), cell("=1+1"), cell(" @x"), cell("a\nb")
    ('-1.5', "'=1+1", "' @x", 'a\\nb')
    """
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) else str(value)
    text = one_line(str(value))
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text
