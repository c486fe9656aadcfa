"""What the course asks for, and whether the section that should answer shows what that needs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from markdown.extensions.toc import slugify, unique
from pydantic import Field, RootModel, model_validator

from labreport.check.finding import Finding, Kind
from labreport.check.shown import Display
from labreport.contract.lab_config import Lab
from labreport.contract.records import EvidencePath, Model
from labreport.report.pages.source import Heading, PageSource
from labreport.report.source.cite import LABS
from labreport.report.yaml_file import YamlFile, read_yaml

RUBRIC_FILE = "rubric.yml"
_REMEDY = "manual/reference/rubric.md says what a requirement is made of"


class Requirement(Model):
    """One thing that an edition of the sheet asks for, in words of our own.

    `page` is a file name beside rubric.yml, `section` a heading of it, its text or its id. There the evidence
    files `shows` stand in blocks, and the `facts` in values or claims. `to_come` is why they do not yet.
    """

    requirement: Annotated[str, Field(min_length=1)]
    points: Annotated[float, Field(gt=0)] | None = None
    page: Annotated[str, Field(pattern=r"^[^/]+\.md$")] | None = None
    section: Annotated[str, Field(min_length=1)] | None = None
    shows: tuple[EvidencePath, ...] = ()
    facts: tuple[str, ...] = ()
    to_come: Annotated[str, Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _can_be_checked(self) -> Self:
        if (self.page is None) != (self.section is None):
            raise ValueError("page and section go together")
        if self.to_come is None and (self.page is None or not (self.shows or self.facts)):
            raise ValueError("name page, section, and what it shows (shows, facts), or say why it is to_come")
        return self


class RubricFile(RootModel[dict[int, dict[str, Requirement]]]):
    """`docs/labs/<lab>/rubric.yml`: for each edition, its requirements by their ids."""


class Standing(StrEnum):
    """What became of a requirement."""

    MET = "met"
    TO_COME = "to come"
    NOT_MET = "not met"


@dataclass(frozen=True)
class Judged:
    """A requirement and what became of it; `lacks` says what is missing."""

    edition: int
    name: str
    requirement: Requirement
    standing: Standing
    lacks: str = ""


def read_rubric(docs: Path, lab: str) -> YamlFile[RubricFile] | None:
    """Return the rubric of a lab, None if it has none; raise YamlError."""
    path = docs / LABS / lab / RUBRIC_FILE
    if not path.exists():
        return None
    return read_yaml(path, f"docs/{LABS}/{lab}/{RUBRIC_FILE}", RubricFile, _REMEDY)


def judged(rubric: RubricFile, pages: Sequence[PageSource], displays: Sequence[Display]) -> list[Judged]:
    """Return what became of each requirement; `displays` is what the lab's `pages` show."""
    by_name = {page.path.rpartition("/")[2]: page for page in pages}
    return [
        _judge(edition, name, one, by_name, displays)
        for edition, several in rubric.root.items()
        for name, one in several.items()
    ]


def _judge(
    edition: int,
    name: str,
    requirement: Requirement,
    pages: dict[str, PageSource],
    displays: Sequence[Display],
) -> Judged:
    lacks = _lacks(requirement, pages, displays)
    if not lacks:
        return Judged(edition, name, requirement, Standing.MET)
    standing = Standing.NOT_MET if requirement.to_come is None else Standing.TO_COME
    return Judged(edition, name, requirement, standing, lacks)


def _lacks(requirement: Requirement, pages: dict[str, PageSource], displays: Sequence[Display]) -> str:
    """Return what is missing; nothing if the section shows all that it should."""
    if (
        requirement.page is None
        or requirement.section is None
        or not (requirement.shows or requirement.facts)
    ):
        return "no page and section that show anything are named yet"
    page = pages.get(requirement.page)
    if page is None:
        return f"there is no page {requirement.page}"
    found = sections(page.headings, requirement.section)
    if len(found) != 1:
        count = f"{len(found)} sections are" if found else "no section is"
        return f"{count} called {requirement.section!r} in {requirement.page}"
    start, end = found[0]
    here = [one for one in displays if one.page == page.path and start <= one.line < end]
    files = {one.file for one in here}
    facts = {name for one in here for name in one.facts}
    missing = [one for one in requirement.shows if one not in files]
    missing += [f"the fact {one}" for one in requirement.facts if one not in facts]
    elsewhere = _elsewhere(missing, displays)
    shown = ", ".join(missing)
    return f"{shown} {'is' if len(missing) == 1 else 'are'} not shown there{elsewhere}" if missing else ""


def _elsewhere(missing: list[str], displays: Sequence[Display]) -> str:
    """Return where what is missing does stand, if it stands anywhere."""
    for one in displays:
        names = {one.file, *(f"the fact {name}" for name in one.facts)}
        if found := next((name for name in missing if name in names), None):
            return f" ({found} is in {one.page}:{one.line})"
    return ""


def sections(headings: Sequence[Heading], name: str) -> list[tuple[int, int]]:
    """Return the lines, the last excluded, of each section that is called `name`: its text, or its id."""
    used: set[str] = set()
    found = []
    for number, heading in enumerate(headings):
        own = heading.own_id or unique(slugify(heading.text, "-"), used)
        if name in {heading.text, own}:
            after = (one.line for one in headings[number + 1 :] if one.level <= heading.level)
            found.append((heading.line, next(after, 10**9)))
    return found


def rubric_findings(
    rubric: YamlFile[RubricFile], several: Sequence[Judged], lab: Lab | None
) -> Iterator[Finding]:
    """Yield findings: what is not met, what is met and called to come, files that no requirement shows."""
    for one in several:
        line = rubric.line(one.edition, one.name)
        key = f"{one.edition}: {one.name}"
        points = f" ({one.requirement.points:g} points)" if one.requirement.points else ""
        if one.standing is Standing.NOT_MET:
            what = f"{key}{points} is not met: {one.lacks}"
            remedy = "show it in that section, or say in `to_come` why not yet"
            yield Finding(Kind.RUBRIC, rubric.file, line, 1, what, remedy, key)
        elif one.standing is Standing.MET and one.requirement.to_come is not None:
            what = f"{key} is met, and is called to come: {one.requirement.to_come}"
            yield Finding(Kind.RUBRIC, rubric.file, line, 1, what, "take `to_come` out", key)
    for edition, file in _not_asked_for(rubric.value, lab):
        what = f"{edition}: no requirement shows {file}, which lab.yml names for this edition"
        remedy = f"put it under `shows` of the requirement of {edition} that it answers"
        yield Finding(Kind.RUBRIC, rubric.file, rubric.line(edition), 1, what, remedy, f"{edition} {file}")


def _not_asked_for(rubric: RubricFile, lab: Lab | None) -> Iterator[tuple[int, str]]:
    for edition, requirements in rubric.root.items():
        if lab is None or edition not in lab.editions:
            continue
        asked = {file for one in requirements.values() for file in one.shows}
        for task in lab.editions[edition].tasks.values():
            yield from ((edition, file) for file in task.files if file not in asked)
