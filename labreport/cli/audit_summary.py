"""What `lab audit` prints for a person: the findings of one report, and a summary that fits a screen."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TypeVar

from labreport.audit.model import Judgement, Level, ReportAudit, Summary
from labreport.audit.outputs.result import Result, counted, title_of

S = TypeVar("S", bound=str)

_MOST = 8
"""How many reports of a class are named."""


def in_words(result: Result, *, everything: bool) -> Iterator[str]:
    """Yield each finding of one report, or for a class the reports with the most of them; then the counts.

    With `everything`, yield each judgement of all reports.
    """
    audit = result.audit
    is_single = result.single is not None
    for report in audit.reports if everything or is_single else ():
        for one in report.judgements:
            if everything or one.level is Level.FINDING:
                name = "" if is_single else f"{report.name}: "
                yield name + _judgement(report, one)
    if result.single:
        yield from _requirements(result, result.single)
    else:
        yield f"{counted(len(audit.reports), 'report')}, {len(audit.unread)} could not be read"
        yield from (f"{count} skipped: {why}" for why, count in sorted(audit.skipped.items()))
        yield from _reports(audit.reports)
        states = Counter(one.state for grade in result.grades.values() for one in grade.grades)
        yield from [f"requirements: {_counts(states)}"] if states else []
    yield from summary_lines(audit.summary)


def _judgement(report: ReportAudit, one: Judgement) -> str:
    text = getattr(one, "text", "")
    about = f"{title_of(one)}: {text}" if text else title_of(one)
    return f"{report.file}:{one.line}: {about}: {one.why} [{one.id}]"


def _requirements(result: Result, report: ReportAudit) -> Iterator[str]:
    grade = result.grades.get(report.name)
    if grade is None:
        return
    for one in grade.grades:
        if one.missing:
            yield f"{one.name}: {one.state}: {'; '.join(one.missing)}"
    yield grade.words


def _reports(reports: tuple[ReportAudit, ...]) -> Iterator[str]:
    """Yield the reports with the most findings, and count the others."""
    most = sorted((one for one in reports if one.findings), key=lambda one: -len(one.findings))
    for report in most[:_MOST]:
        yield f"  {report.name}: {counted(len(report.findings), 'finding')}"
    if more := most[_MOST:]:
        count = sum(len(one.findings) for one in more)
        yield f"  {counted(len(more), 'other report')}: {counted(count, 'finding')}"


def summary_lines(summary: Summary) -> Iterator[str]:
    """Yield the counts of an audit in lines: blocks, values, evidence, findings."""
    judged = summary.blocks.total() - summary.left
    yield f"blocks: {judged} of {summary.blocks.total()} judged: {_counts(summary.blocks)}"
    if summary.not_judged:
        yield f"blocks not judged: {_counts(summary.not_judged)}"
    yield f"values: {_counts(summary.values)}"
    if summary.oddities:
        yield f"evidence: {_counts(summary.oddities)}"
    yield f"findings: {summary.levels[Level.FINDING]}, notes: {summary.levels[Level.NOTE]}"


def _counts(counts: Mapping[S, int]) -> str:
    most = sorted(counts.items(), key=lambda one: -one[1])
    return ", ".join(f"{count} {name}" for name, count in most) or "none"
