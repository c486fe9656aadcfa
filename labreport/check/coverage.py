"""Evidence coverage: how much of a lab's report rests on evidence, and which evidence no page uses."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from labreport.check.diff.since import since_table
from labreport.check.finding import Finding, in_order
from labreport.check.lab import LabPages, read_lab
from labreport.check.languages import SEARCHED
from labreport.check.numbers import NUMBER
from labreport.check.rubric import RequirementResult, RequirementState, requirements_table, results_of
from labreport.check.waivers import Waived, read_waivers, waive
from labreport.contract.images import is_image_path
from labreport.contract.sets import is_set
from labreport.report.facts.claims import Claim, InlineValue
from labreport.report.facts.expressions.evaluate import EvaluationState
from labreport.report.pages.context import Changed, LateTable, Required
from labreport.report.problems import FaultError, Problem
from labreport.report.source.evidence_set import is_evidence
from labreport.report.tables import Table
from labreport.report.values import Quantity

CLAIM_STATES = tuple(state for state in EvaluationState if state is not EvaluationState.VALUE)
"""The states that a claim can have."""
WAIVED = "waived"
"""The reason of exempt numbers whose finding is waived."""


@dataclass(frozen=True)
class Coverage:
    """Counts of numbers, claims and requirements.

    `bound` numbers are values that macros show, or numbers that a claim's condition states; `naked` ones are
    bound to no evidence; `exempt` ones need none, by reason. `claims` are by state; `emulated` counts those
    that rest on an emulated processor. `rubric` has the requirements by edition and state.
    """

    bound: int = 0
    naked: int = 0
    exempt: Counter[str] = field(default_factory=Counter)
    claims: Counter[EvaluationState] = field(default_factory=Counter)
    emulated: int = 0
    rubric: dict[int, Counter[RequirementState]] = field(default_factory=dict)

    def __add__(self, other: "Coverage") -> "Coverage":
        """Return the coverage of two labs together."""
        editions = sorted({*self.rubric, *other.rubric})
        return Coverage(
            self.bound + other.bound,
            self.naked + other.naked,
            self.exempt + other.exempt,
            self.claims + other.claims,
            self.emulated + other.emulated,
            {year: self.rubric.get(year, Counter()) + other.rubric.get(year, Counter()) for year in editions},
        )

    @property
    def empty(self) -> bool:
        """Whether there is neither a number nor a claim."""
        return not (self.bound or self.naked or self.exempt or self.claims)

    def as_json(self) -> dict[str, object]:
        """Return the counts as `--json` prints them."""
        claims: dict[str, int] = {state: self.claims[state] for state in CLAIM_STATES}
        return {
            "claims": {**claims, "emulated": self.emulated},
            "numbers": {
                "bound": self.bound,
                "naked": self.naked,
                "exempt": dict(sorted(self.exempt.items())),
                "languages": list(SEARCHED),
            },
            "rubric": {
                str(edition): {state: states[state] for state in RequirementState}
                for edition, states in self.rubric.items()
            },
        }


def naked_numbers(lab: LabPages) -> Iterator[Finding]:
    """Yield a finding for each number with a unit that is bound to no evidence."""
    for page in lab.numbers:
        yield from page.naked


def unused_facts(lab: LabPages) -> Iterator[Finding]:
    """Yield a finding for each fact that no value and no claim names."""
    if lab.facts is None:
        return
    for name in lab.facts.facts:
        if name not in lab.facts_named:
            line = lab.facts.lines.get(name, 1)
            what = f"no page uses the fact {name}"
            remedy = "use it in fact(…) or claim(…), or remove it"
            yield Finding("unused-fact", lab.facts.file, line, 1, what, remedy, name)


def unshown_evidence(lab: LabPages) -> Iterator[Finding]:
    """Yield a finding for each evidence file that no page shows and no used fact reads.

    Of the files of a series, only the rows have to be shown.
    """
    if not is_set(lab.evidence.root, lab.lab):
        return
    shown = {display.file for display in lab.displays}
    if lab.facts is not None:
        shown |= {fact.file for name, fact in lab.facts.facts.items() if name in lab.facts_named}
    evidence = lab.evidence.set(lab.lab)
    for path in evidence.files():
        if is_evidence(path) and path not in shown and evidence.rows_of(path) in {"", path}:
            what = "no page shows this evidence or uses a fact that is read from it"
            macro = f'image("{path}", alt="…")' if is_image_path(path) else f'evidence("{path}")'
            remedy = f"show it with {{{{ {macro} }}}}, or use a fact that is read from it"
            yield Finding("unshown", f"evidence/{evidence.name}/{path}", 1, 1, what, remedy, path)


def cover_lab(lab: LabPages, day: date) -> Coverage:
    """Return the coverage of a lab, with the waivers that are valid on `day`; raise YamlError.

    No file that it rests on may be unusable: without its settings and waivers, a lab has other counts.
    """
    read_lab(lab.root, lab.lab)
    read_waivers(lab.docs, lab.lab)
    return coverage_of(lab, waive(lab, in_order(naked_numbers(lab)), day), results_of(lab))


def coverage_of(lab: LabPages, findings: Waived, results: Iterable[RequirementResult]) -> Coverage:
    """Return the coverage of a lab, given its findings and the results of its requirements."""
    exempt = sum((page.exempt for page in lab.numbers), Counter[str]())
    if count := sum(finding.kind == NUMBER for finding in findings.waived):
        exempt[WAIVED] = count
    claims = [one for one in lab.expressions if isinstance(one, Claim)]
    values = [one.result.value for one in lab.expressions if isinstance(one, InlineValue)]
    shown = sum(isinstance(value, Quantity) for value in values)
    rubric: dict[int, Counter[RequirementState]] = {}
    for result in results:
        rubric.setdefault(result.edition, Counter())[result.state] += 1
    return Coverage(
        bound=shown + sum(page.claimed for page in lab.numbers),
        naked=sum(finding.kind == NUMBER for finding in findings.left),
        exempt=exempt,
        claims=Counter({state: sum(one.result.state is state for one in claims) for state in CLAIM_STATES}),
        emulated=sum(claim.result.emulated for claim in claims),
        rubric=rubric,
    )


def late_table(shown: LateTable, lab: LabPages, day: date) -> Table | Problem:
    """Return a table that needs all pages of a lab; waivers count that are valid on `day`.

    A file that it rests on and that is unusable is a problem.
    """
    try:
        if isinstance(shown, Required):
            return requirements_table(results_of(lab))
        if isinstance(shown, Changed):
            return since_table(lab, shown.before)
        return coverage_table(cover_lab(lab, day))
    except FaultError as error:
        return Problem.of(error, "")


def coverage_table(coverage: Coverage) -> Table:
    """Return a lab's coverage as a page shows it; rows without a count are left out."""
    not_holding = [state for state in CLAIM_STATES if state is not EvaluationState.HOLDS]
    rows = [
        ("Numbers bound to evidence", coverage.bound),
        ("Numbers bound to no evidence", coverage.naked),
        ("Languages searched for numbers", ", ".join(SEARCHED)),
        *((f"Numbers exempt: {reason}", n) for reason, n in sorted(coverage.exempt.items())),
        ("Claims that hold", f"{coverage.claims[EvaluationState.HOLDS]} of {coverage.claims.total()}"),
        *((f"Claims: {state}", n) for state in not_holding if (n := coverage.claims[state])),
        *(_rubric_row(edition, states) for edition, states in sorted(coverage.rubric.items())),
    ]
    return Table.of(("what", "how many"), rows)


def _rubric_row(edition: int, states: Counter[RequirementState]) -> tuple[str, str]:
    unmet = (RequirementState.TO_COME, RequirementState.NOT_MET)
    counts = [f"{states[RequirementState.MET]} of {states.total()}"]
    counts += [f"{states[state]} {state}" for state in unmet if states[state]]
    return f"Requirements of {edition} that are met", ", ".join(counts)
