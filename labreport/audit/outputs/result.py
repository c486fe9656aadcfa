"""An audit with the grades of its reports, and how both are said in words."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from labreport.audit.grades import Grade, GradeState, ReportGrade
from labreport.audit.model import (
    BlockVerdict,
    ClassAudit,
    Judgement,
    Level,
    Passage,
    ReportAudit,
    Summary,
    ValueVerdict,
)
from labreport.audit.rule import AuditRule
from labreport.audit.rules import RULES
from labreport.report.problems import one_line

QUOTED = frozenset(
    {
        BlockVerdict.WHOLE,
        BlockVerdict.PART,
        BlockVerdict.SPACING,
        BlockVerdict.LINE_ENDS,
        BlockVerdict.ELIDED,
        BlockVerdict.SHORTENED,
        BlockVerdict.DROPPED,
        BlockVerdict.OTHER_LINES,
        BlockVerdict.WRONG_FILE,
        BlockVerdict.AMBIGUOUS,
    }
)
"""The verdicts on a block all of whose lines are in the file that the audit gives for it."""

_SOUND = frozenset({ValueVerdict.FOUND, ValueVerdict.ROUNDED, ValueVerdict.DERIVED})


@dataclass(frozen=True)
class Result:
    """What an output shows. `grades` has each report's grade by its name, if there is a rubric."""

    audit: ClassAudit
    grades: Mapping[str, ReportGrade] = field(default_factory=dict)

    @property
    def single(self) -> ReportAudit | None:
        """The report, if one was named and could be read."""
        reports = self.audit.reports
        return reports[0] if len(reports) == 1 and not self.audit.unread else None

    def only(self, report: ReportAudit) -> "Result":
        """Return the result of one of the reports."""
        grade = self.grades.get(report.name)
        return Result(ClassAudit((report,)), {report.name: grade} if grade else {})


@dataclass(frozen=True)
class RuleCount:
    """How often a rule has findings in a class, and in how many reports."""

    rule: AuditRule
    findings: int
    reports: int


def rule_counts(audit: ClassAudit) -> list[RuleCount]:
    """Return the rules with findings, the most frequent first."""
    findings = Counter(one.rule for report in audit.reports for one in report.findings)
    reports = Counter(rule for report in audit.reports for rule in {one.rule for one in report.findings})
    return [RuleCount(RULES[rule], count, reports[rule]) for rule, count in findings.most_common()]


def by_requirement(result: Result) -> list[tuple[int, list[tuple[Grade, Counter[GradeState]]]]]:
    """Return each requirement of the rubric, with how many reports are in each state."""
    grades = list(result.grades.values())
    if not grades:
        return []
    rows = zip(*(one.grades for one in grades), strict=True)
    return [(grades[0].edition, [(row[0], Counter(one.state for one in row)) for row in rows])]


def rules_of(report: ReportAudit) -> list[AuditRule]:
    """Return the rules of a report's judgements, in the order of the manual."""
    used = {one.rule for one in report.judgements}
    return [rule for rule in RULES.values() if rule.id in used]


def counted(number: int, noun: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "finding"), counted(0, "finding")
    ('1 finding', '0 findings')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


def quoted_blocks(summary: Summary) -> int:
    """Return how many blocks are lines of a file that was handed in."""
    return sum(summary.blocks[verdict] for verdict in QUOTED)


def judged_blocks(summary: Summary) -> int:
    """Return how many blocks were compared with the evidence."""
    return summary.blocks.total() - summary.blocks[BlockVerdict.COMMAND] - summary.left


def sound_values(summary: Summary) -> int:
    """Return how many values the evidence has, rounded and derived ones included."""
    return sum(summary.values[verdict] for verdict in _SOUND)


def judged_values(summary: Summary) -> int:
    """Return how many values were looked up in the evidence."""
    return summary.values.total() - summary.values[ValueVerdict.NOT_JUDGED]


def headline(summary: Summary) -> str:
    """Return counts in one line."""
    return "; ".join(counts(summary))


def counts(summary: Summary) -> Iterator[str]:
    """Yield what a summary counts, in words: the findings first."""
    yield counted(summary.levels[Level.FINDING], "finding")
    yield f"{quoted_blocks(summary)} of {counted(judged_blocks(summary), 'quoted block')} in the evidence"
    if judged_values(summary):
        yield f"{sound_values(summary)} of {counted(judged_values(summary), 'value')} in the evidence"
    if commands := summary.blocks[BlockVerdict.COMMAND]:
        yield f"{counted(commands, 'block')} of commands only"
    if left := summary.left:
        reasons = ", ".join(f"{why} {count}" for why, count in sorted(summary.not_judged.items()))
        yield f"{counted(left, 'block')} not judged ({reasons})"


def lines_shown(passage: Passage) -> list[str]:
    """Return the lines of a passage as plain text can have them: without tabs and controls."""
    return [one_line(line.replace("\t", "    ")) for line in passage.text.split("\n")]


def title_of(one: Judgement) -> str:
    """Return the title of a judgement's rule."""
    return RULES[one.rule].title
