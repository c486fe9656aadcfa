"""How much of a lab's report is held by its evidence: numbers, claims, requirements."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from labreport.check.rubric import Judged, Standing
from labreport.check.shown import CLAIM_STATES
from labreport.report.facts.expressions.evaluate import EvaluationState
from labreport.report.tables.table import Cell, Table


@dataclass(frozen=True)
class Coverage:
    """`bound` numbers are values that macros show or that a claim's condition says; `exempt` ones by reason.

    `claims` by state, `emulated` how many of them rest on an emulated processor, `rubric` by edition.
    """

    bound: int = 0
    naked: int = 0
    exempt: Counter[str] = field(default_factory=Counter)
    claims: Counter[EvaluationState] = field(default_factory=Counter)
    emulated: int = 0
    rubric: dict[int, Counter[Standing]] = field(default_factory=dict)

    def __add__(self, other: "Coverage") -> "Coverage":
        """Return what two labs come to together."""
        editions = sorted({*self.rubric, *other.rubric})
        return Coverage(
            self.bound + other.bound,
            self.naked + other.naked,
            self.exempt + other.exempt,
            self.claims + other.claims,
            self.emulated + other.emulated,
            {one: self.rubric.get(one, Counter()) + other.rubric.get(one, Counter()) for one in editions},
        )

    @property
    def empty(self) -> bool:
        """Whether there is not one number and not one claim."""
        return not (self.bound or self.naked or self.exempt or self.claims)

    def as_json(self) -> dict[str, object]:
        """Return what `--json` prints beside the findings."""
        claims: dict[str, int] = {state: self.claims[state] for state in CLAIM_STATES}
        return {
            "claims": {**claims, "emulated": self.emulated},
            "numbers": {
                "bound": self.bound,
                "naked": self.naked,
                "exempt": dict(sorted(self.exempt.items())),
            },
            "rubric": {str(edition): standings(several) for edition, several in self.rubric.items()},
        }


def standings(several: Counter[Standing]) -> dict[str, int]:
    """Return how many requirements are in which standing, each of them."""
    return {standing: several[standing] for standing in Standing}


def by_edition(several: Iterable[Judged]) -> dict[int, Counter[Standing]]:
    """Return how many requirements of each edition are met, to come, or not met."""
    found: dict[int, Counter[Standing]] = {}
    for one in several:
        found.setdefault(one.edition, Counter())[one.standing] += 1
    return found


def coverage_table(coverage: Coverage) -> Table:
    """Return a lab's coverage as a page shows it; what there is none of is left out."""
    claims = sum(coverage.claims.values())
    rows = [
        ("Numbers bound to evidence", str(coverage.bound)),
        ("Numbers bound to none", str(coverage.naked)),
        *((f"Numbers that need none: {reason}", str(n)) for reason, n in sorted(coverage.exempt.items())),
        ("Claims that hold", f"{coverage.claims[EvaluationState.HOLDS]} of {claims}"),
        *(
            (f"Claims: {one}", str(n))
            for one, n in coverage.claims.items()
            if n and one is not EvaluationState.HOLDS
        ),
        *(_rubric_row(edition, several) for edition, several in sorted(coverage.rubric.items())),
    ]
    return Table(("what", "how many"), tuple((Cell(name), Cell(count)) for name, count in rows))


def _rubric_row(edition: int, several: Counter[Standing]) -> tuple[str, str]:
    others = (f"{several[one]} {one}" for one in (Standing.TO_COME, Standing.NOT_MET) if several[one])
    met = f"{several[Standing.MET]} of {sum(several.values())}"
    return f"Requirements of {edition} that are met", ", ".join((met, *others))
