"""What is wrong with what a call shows, and what its author should know."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from labreport.report.facts.claims import Claim, InlineValue
from labreport.report.facts.expressions.evaluate import EvaluationState
from labreport.report.pages.front_matter import EMULATED, EXPECTED
from labreport.report.pages.macros import Call, Shown
from labreport.report.problems import Problem
from labreport.report.source.cite import Block, Gap
from labreport.report.source.difference import Difference
from labreport.report.tables.table import Figure

_REMEDIES = {
    EvaluationState.CONTRADICTED: "write what the evidence says",
    EvaluationState.NO_EVIDENCE: f"capture it, or list the file in the page's {EXPECTED}",
    EvaluationState.NOT_COMPARABLE: "compare values of one host",
    EvaluationState.ERROR: "mend the expression: manual/reference/expressions.md",
}


@dataclass(frozen=True, slots=True)
class Made:
    """A call of a page and what it shows. `page` is below docs/, `line` in its file, 0 if not known."""

    page: str
    line: int
    call: Call
    shown: Shown

    def problem(self, what: str, remedy: str) -> Problem:
        """Return a problem of it; only then the call is written out."""
        return Problem(self.call.reference, what, remedy, self.page, self.line)


def problems_of(made: Made) -> list[Problem]:
    """Return what is wrong with what a call shows."""
    match made.shown:
        case Problem(what=what, remedy=remedy):
            return [made.problem(what, remedy)]
        case Gap(expected=False) as gap:
            what = f"{gap.path} was not captured: {gap.reason}"
            command = f" (`{gap.command}`)" if gap.command else ""
            return [made.problem(what, f"{gap.remedy}{command}, or list it in the page's {EXPECTED}")]
        case Block(captured=None, path=path):
            return [made.problem(f"{path} has no record", "capture it with `lab record`")]
        case Figure(blocks=blocks) | Difference(blocks=blocks):
            return [one for block in blocks for one in problems_of(replace(made, shown=block))]
        case (InlineValue() | Claim()) as stands if not stands.fine:
            what = f"{stands.result.state}: {stands.reason}"
            return [made.problem(what, _REMEDIES[stands.result.state])]
    return []


def warnings_of(made: Made) -> list[Problem]:
    """Return what the author should know, and what fails no build."""
    shown = made.shown
    if not isinstance(shown, Block) or shown.slice.moved_from is None:
        return []
    old, new = shown.slice.moved_from, shown.slice.range
    return [made.problem(f"lines {old} of {shown.path} are lines {new} now", f'write lines="{new}"')]


def emulated_problems(made: Iterable[Made]) -> list[Problem]:
    """Return the one problem of a page that shows values of an emulated host, if it does."""
    emulated = [one for one in made if _is_emulated(one.shown)]
    if not emulated:
        return []
    first = emulated[0]
    what = (
        f"{len(emulated)} of this page's values, claims and figures are of an emulated host, this one first"
    )
    remedy = f"if that is meant, write `{EMULATED}: true` in the page's front matter"
    return [first.problem(what, remedy)]


def _is_emulated(shown: Shown) -> bool:
    if isinstance(shown, Figure):
        return shown.emulated
    return isinstance(shown, InlineValue | Claim) and shown.result.emulated
