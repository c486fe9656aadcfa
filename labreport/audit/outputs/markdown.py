"""An audit as a comment on a pull request. Text of strangers is in code, where GitHub acts on nothing."""

import re

from labreport.audit.grades import GradeState, ReportGrade
from labreport.audit.model import Judgement, Passage, ReportAudit
from labreport.audit.outputs.result import Result, counted, headline, lines_shown, rule_counts
from labreport.audit.rules import RULES
from labreport.report.export.markdown import code, fence, words

MOST_MARKDOWN = 60_000
"""The longest Markdown, in characters. GitHub accepts 65,536 in a comment."""
_MOST_REPORTS = 200
_PLAIN = re.compile(r"(?:[\w ,.;()'“”…%/=-]|:(?=[\d ]))*")
_LINKED = re.compile(r"//|www\.|\bGH-\d", re.IGNORECASE)


def markdown(result: Result) -> str:
    """Return an audit as Markdown: each finding of one report, or a line for each report of a class."""
    if report := result.single:
        parts = [f"**{_text(report.file)}: {words(headline(report.summary))}**"]
        parts += _grade(result.grades.get(report.name))
        parts += [_finding(one) for one in report.findings]
    else:
        parts = _class(result)
    return _cut(parts) + "\n"


def _class(result: Result) -> list[str]:
    audit = result.audit
    parts = [f"**{counted(len(audit.reports), 'report')}: {words(headline(audit.summary))}**"]
    if unread := [f"- {_text(one.name)}: {_text(one.why)}" for one in audit.unread[:_MOST_REPORTS]]:
        parts.append("\n".join([f"{counted(len(audit.unread), 'report')} could not be read:", "", *unread]))
    rules = [
        f"- {one.rule.title}: {one.findings}, in {counted(one.reports, 'report')}"
        for one in rule_counts(audit)
    ]
    parts += ["\n".join(rules)] if rules else []
    lines = [_report_line(result, report) for report in audit.reports[:_MOST_REPORTS]]
    left = len(audit.reports) - len(lines)
    return [*parts, "\n".join(lines + ([f"- … and {left} more"] if left else []))]


def _report_line(result: Result, report: ReportAudit) -> str:
    grade = result.grades.get(report.name)
    more = f"; {words(grade.words)}" if grade else ""
    return f"- {_text(report.name)}: {counted(len(report.findings), 'finding')}{more}"


def _grade(grade: ReportGrade | None) -> list[str]:
    if grade is None:
        return []
    lines = [f"Requirements of {grade.edition}: {words(grade.words)}.", ""]
    for one in grade.grades:
        if one.state is not GradeState.MET:
            points = f" ({one.points_words})" if one.points_words else ""
            missing = f": {'; '.join(map(_text, one.missing))}" if one.missing else ""
            lines.append(f"- {_text(one.name)}: {one.state}{points}{missing}")
    return ["\n".join(lines).rstrip()]


def _finding(one: Judgement) -> str:
    rule = RULES[one.rule]
    place = code(one.report.place) if one.report else f"line {one.line}"
    said = [f"### {rule.title}: {place}", f"{_text(one.why)} (`{one.id}`)"]
    sides = [_passage("The report", one.report)] if one.report else []
    sides += [_passage("The evidence", passage) for passage in one.evidence[:3]]
    body = "\n\n".join([*sides, f"*{words(rule.meaning)}*"])
    return "\n\n".join(
        [*said, f"<details><summary>Both sides, and the rule</summary>\n\n{body}\n\n</details>"]
    )


def _passage(side: str, passage: Passage) -> str:
    shown = "\n".join(lines_shown(passage))
    return f"{side}, {code(passage.place)}:\n\n{fence('text', shown)}"


def _text(text: str) -> str:
    """Return a text in which a stranger's words may be: as code, unless nothing in it could be a link."""
    is_plain = _PLAIN.fullmatch(text) and not _LINKED.search(text)
    return words(text) if is_plain else code(text)


def _cut(parts: list[str]) -> str:
    """Join as many whole parts as a comment may have, and count the rest."""
    kept: list[str] = []
    size = 0
    for number, part in enumerate(parts):
        size += len(part) + 2
        if size > MOST_MARKDOWN:
            return "\n\n".join(
                [*kept, f"… and {len(parts) - number} more: the page of the report has them all."]
            )
        kept.append(part)
    return "\n\n".join(kept)
