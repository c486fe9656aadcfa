"""HTML of what stands in a sentence: a value, a claim with its mark, a problem; and the banner of a page."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup, escape

from labreport.contract.records import Host
from labreport.report.facts.claims import BoundExpression, Claim, InlineValue
from labreport.report.facts.expressions.evaluate import EvaluationState
from labreport.report.facts.readings import Reading
from labreport.report.pages.macros import Shown, blocks_of
from labreport.report.problems import Problem, one_line
from labreport.report.source.evidence import is_emulated
from labreport.site.html.environment import call
from labreport.site.slots import Inline

Late = Callable[[str, str], str]
"""Keeps HTML until the page is written, and returns what stands there until then; see Slots.put_late."""
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


def value_inline(value: InlineValue, late: Late, up: str, number: int) -> Inline:
    """Return a value that shows its source on hover and focus; `number` is unique on the page.

    `late` keeps what the search must not index.
    """
    text = value.text or f"({value.result.state})"
    shown = escape(text.replace(" ", "\u00a0") if len(text) < SHORT else text)
    html = call(TEMPLATE, "value", value, shown, up, number)
    emulated = value.text and value.emulated_times
    return Inline(late(html, str(shown)), f"{text} (emulated)" if emulated else text)


def claim_inlines(claim: Claim, late: Late, up: str, number: int) -> tuple[Inline, Inline]:
    """Return what stands before and after the sentence of a claim. Its mark opens the values behind it.

    A claim that holds has only its sign. For any other, the state and the reason are in plain sight.
    """
    state = claim.result.state
    words = "" if state is EvaluationState.HOLDS else str(state)
    if not claim.fine:
        words += f": {one_line(claim.reason)}"
    before = Markup('<span class="ev-claim" data-state="{}">').format(state)
    after = call(TEMPLATE, "mark", claim, words, MARKS[state], up, number)
    return Inline(late(before, ""), ""), Inline(late(after, ""), f" ({words})" if words else "")


def problem_inline(problem: Problem) -> Inline:
    """Return what stands in a sentence for a call that cannot be carried out."""
    parts = (problem.reference, problem.what, problem.remedy)
    words = ": ".join(one_line(part) for part in parts if part)
    return Inline(call(TEMPLATE, "problem", words), f"(problem: {words})")


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
