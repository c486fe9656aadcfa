"""What the pages of a lab show of its evidence: which files stand where, and which facts."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from labreport.report.facts.claims import BoundExpression, Claim, InlineValue
from labreport.report.facts.expressions.evaluate import EvaluationState
from labreport.report.facts.readings import Reading
from labreport.report.pages.macros import blocks_of
from labreport.report.pages.verdicts import Made
from labreport.report.values.quantity import Quantity

CLAIM_STATES: tuple[EvaluationState, ...] = tuple(
    state for state in EvaluationState if state is not EvaluationState.VALUE
)
"""What can become of a claim."""


@dataclass(frozen=True)
class Display:
    """A call that shows evidence: where it stands, its file below the lab's folder, the facts in it.

    `file` is empty for a value or a claim, whose facts have a value.
    """

    page: str
    line: int
    file: str = ""
    facts: frozenset[str] = frozenset()


def displays(made: Iterable[Made], lab: str) -> Iterator[Display]:
    """Yield what the calls show of the evidence of `lab`; a gap shows none, and commands are no evidence."""
    for one in made:
        shown = one.shown
        blocks = (block for block in blocks_of(shown) if block.set.name == lab)
        yield from (Display(one.page, one.line, file=block.content.path) for block in blocks)
        if isinstance(shown, BoundExpression) and shown.lab == lab:
            found = (name for name, reading in shown.readings.items() if isinstance(reading, Reading))
            yield Display(one.page, one.line, facts=frozenset(found))


def facts_named(made: Iterable[Made], lab: str) -> frozenset[str]:
    """Return the facts of `lab` that values and claims name, with a value or without."""
    several = [one.shown for one in made]
    return frozenset(
        name
        for one in several
        if isinstance(one, BoundExpression) and one.lab == lab
        for name in one.readings
    )


def values_shown(made: Iterable[Made], lab: str) -> int:
    """Return how many numbers the pages show by `fact(…)`."""
    several = (one.shown for one in made)
    return sum(
        isinstance(one, InlineValue) and one.lab == lab and isinstance(one.result.value, Quantity)
        for one in several
    )


def claims_by_state(made: Iterable[Made], lab: str) -> dict[EvaluationState, int]:
    """Return how many claims are in which state, each state that a claim can be in."""
    counts = dict.fromkeys(CLAIM_STATES, 0)
    for one in made:
        if isinstance(one.shown, Claim) and one.shown.lab == lab:
            counts[one.shown.result.state] += 1
    return counts


def claims_on_emulation(made: Iterable[Made], lab: str) -> int:
    """Return how many claims rest on a value of an emulated processor."""
    several = (one.shown for one in made)
    return sum(isinstance(one, Claim) and one.lab == lab and one.result.emulated for one in several)
