"""HTML of what stands in a sentence: a value, a claim with its mark, a problem; and the banner of a page."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup, escape

from labreport.contract.records import Host
from labreport.report.facts.claims import BoundExpression, Claim, InlineValue
from labreport.report.facts.expressions.evaluate import EvaluationState
from labreport.report.facts.readings import Reading
from labreport.report.pages.calls import claim_words
from labreport.report.pages.macros import Shown, blocks_of
from labreport.report.problems import Problem, one_line
from labreport.report.source.evidence import is_emulated
from labreport.site.html.environment import LateHtml, call

TEMPLATE = "prose.html"
SHORT = 24
"""A value of fewer characters stays on one line with its unit."""
MARKS = {
    EvaluationState.HOLDS: "✓",
    EvaluationState.CONTRADICTED: "✗",
    EvaluationState.NO_EVIDENCE: "?",
    EvaluationState.NOT_COMPARABLE: "≁",
    EvaluationState.ERROR: "!",
}
"""The sign of a claim's state. The name of the state is always shown or read out as well."""


@dataclass(frozen=True)
class Moment:
    """When something that a page shows was captured, and on what host."""

    start: datetime
    host: Host | None


def value_html(value: InlineValue, late: LateHtml, up: str, number: int) -> str:
    """Return a value that shows its source on hover and focus; `number` is unique on the page.

    `late` keeps what the search must not index.
    """
    text = value.text or f"({value.result.state})"
    shown = escape(text.replace(" ", "\u00a0") if len(text) < SHORT else text)
    return late.put_late(call(TEMPLATE, "value", value, shown, up, number), str(shown))


def before_claim_html(claim: Claim, late: LateHtml) -> str:
    """Return what stands before the sentence of a claim."""
    return late.put_late(Markup('<span class="ev-claim" data-state="{}">').format(claim.result.state))


def after_claim_html(claim: Claim, late: LateHtml, up: str, number: int) -> str:
    """Return what stands after the sentence of a claim: a mark that opens the values behind it.

    A claim that holds has only its sign. For any other, the state and the reason are in plain sight.
    """
    sign = MARKS[claim.result.state]
    return late.put_late(call(TEMPLATE, "mark", claim, claim_words(claim), sign, up, number))


def inline_problem_html(problem: Problem) -> str:
    """Return what stands in a sentence for a call that cannot be carried out."""
    parts = (problem.reference, problem.what, problem.remedy)
    return call(TEMPLATE, "problem", ": ".join(one_line(part) for part in parts if part))


def moments(shown: Iterable[Shown]) -> Iterator[Moment]:
    """Yield when each block and each value that a page shows was captured."""
    for one in shown:
        for block in blocks_of(one):
            if block.captured:
                yield Moment(block.captured.record.start, block.host)
        if isinstance(one, BoundExpression):
            for reading in one.readings.values():
                if isinstance(reading, Reading):
                    yield Moment(reading.start, reading.host)


def banner_html(moments: Iterable[Moment]) -> str:
    """Return the line that names a page's oldest evidence and its host classes; empty without evidence."""
    found = list(moments)
    if not found:
        return ""
    oldest = min(moment.start for moment in found)
    classes = sorted({str(moment.host.host_class) if moment.host else "unknown" for moment in found})
    return call(TEMPLATE, "banner", oldest, classes, any(is_emulated(moment.host) for moment in found))
