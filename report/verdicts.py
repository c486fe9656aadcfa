"""What is wrong with what a call shows, and what its author should know."""

from collections.abc import Iterable
from dataclasses import dataclass

from report.calls import Call, Shown
from report.cite import Block, Fault, Gap
from report.claims import Claim, Said
from report.difference import Difference
from report.evaluate import State
from report.figures import Figure
from report.front_matter import EMULATED, EXPECTED
from report.problems import Problem

_REMEDIES = {
    State.CONTRADICTED: "write what the evidence says",
    State.NO_EVIDENCE: f"capture it, or list the file in the page's {EXPECTED}",
    State.NOT_COMPARABLE: "compare values of one host",
    State.ERROR: "mend the expression: docs/reference/expressions.md",
}


@dataclass(frozen=True)
class Made:
    """A call of a page and what it shows. `page` is below docs/, `line` in its file, 0 if not known."""

    page: str
    line: int
    call: Call
    shown: Shown


def problems_of(shown: Shown, page: str, line: int, reference: str) -> list[Problem]:
    """Return what is wrong with what a call shows."""
    match shown:
        case Fault():
            return [Problem(page, line, reference, shown.what, shown.remedy)]
        case Gap() if not shown.expected:
            what = f"{shown.path} was not captured: {shown.reason}"
            command = f" (`{shown.command}`)" if shown.command else ""
            remedy = f"{shown.remedy}{command}, or list it in the page's {EXPECTED}"
            return [Problem(page, line, reference, what, remedy)]
        case Block() if shown.captured is None:
            what = f"{shown.path} has no record"
            return [Problem(page, line, reference, what, "capture it with `lab record`")]
        case Figure() | Difference():
            return [one for block in shown.blocks for one in problems_of(block, page, line, reference)]
        case Said() | Claim() if not shown.fine:
            what = f"{shown.result.state}: {shown.reason}"
            return [Problem(page, line, reference, what, _REMEDIES[shown.result.state])]
    return []


def warnings_of(shown: Shown, page: str, line: int, reference: str) -> list[Problem]:
    """Return what the author should know, and what fails no build."""
    if not isinstance(shown, Block) or shown.slice.moved_from is None:
        return []
    old, new = shown.slice.moved_from, shown.slice.range
    remedy = f'write lines="{new}"'
    return [Problem(page, line, reference, f"lines {old} of {shown.path} are lines {new} now", remedy)]


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
    return [Problem(first.page, first.line, first.call.reference, what, remedy)]


def _is_emulated(shown: Shown) -> bool:
    if isinstance(shown, Figure):
        return shown.emulated
    return isinstance(shown, Said | Claim) and shown.result.emulated
