"""How far a report meets the requirements of a rubric.yml: points and states, free of any rule."""

from dataclasses import dataclass
from enum import StrEnum


class GradeState(StrEnum):
    """How much of a requirement a report has."""

    MET = "met"
    PARTLY = "partly met"
    NOT_MET = "not met"
    BY_PERSON = "for a person"
    """Nothing in the rubric says how to judge it in a report that was handed in."""


@dataclass(frozen=True)
class Grade:
    """A requirement in one report. `points` is None if the rubric gives none, or a person has to judge."""

    name: str
    requirement: str
    state: GradeState
    points: float | None
    most: float | None
    missing: tuple[str, ...] = ()

    @property
    def points_words(self) -> str:
        """The points, as `1.5 of 2`; empty without points."""
        if self.most is None:
            return ""
        return f"{'?' if self.points is None else f'{self.points:g}'} of {self.most:g}"


@dataclass(frozen=True)
class ReportGrade:
    """All requirements of an edition in one report."""

    edition: int
    grades: tuple[Grade, ...]

    @property
    def points(self) -> float:
        """The points of all requirements that were judged."""
        return round(sum(one.points or 0 for one in self.grades), 2)

    @property
    def most(self) -> float:
        """The points that the rubric gives in all."""
        return round(sum(one.most or 0 for one in self.grades), 2)

    @property
    def left(self) -> float:
        """The points that a person has to give."""
        return round(sum(one.most or 0 for one in self.grades if one.state is GradeState.BY_PERSON), 2)

    @property
    def met(self) -> int:
        """How many requirements are met."""
        return sum(one.state is GradeState.MET for one in self.grades)

    @property
    def words(self) -> str:
        """The result in words: `12 of 14 points, 2 more for a person to give`."""
        told = f"{self.met} of {len(self.grades)} requirements met"
        if not self.most:
            return told
        more = f", {self.left:g} more for a person to give" if self.left else ""
        return f"{told}, {self.points:g} of {self.most - self.left:g} points{more}"
