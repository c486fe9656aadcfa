"""rubric.yml: what the course sheet requires, and whether the named section shows the evidence for it."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import quote

from pydantic import AfterValidator, Field, model_validator

from labreport.check.finding import Finding
from labreport.check.lab import Display, LabPages, read_lab, usable
from labreport.contract.fields import EvidencePath
from labreport.contract.lab_config import Lab
from labreport.contract.records import Model
from labreport.report.export.compact import Asked
from labreport.report.pages.context import RUBRIC_FILE
from labreport.report.pages.headings import Heading
from labreport.report.pages.render import SitePages
from labreport.report.pages.source import PAGE_SUFFIXES, PageSource
from labreport.report.problems import Problem
from labreport.report.source.cite import LABS
from labreport.report.tables import Cell, Table
from labreport.report.yaml_file import ValueMistakeError, YamlFile, YamlRoot, read_yaml

_REMEDY = "manual/reference/rubric.md describes a requirement"


def _page_name(name: str) -> str:
    """Return the name of a page beside rubric.yml; raise ValueMistakeError for another one."""
    if "/" in name or not name.endswith(PAGE_SUFFIXES):
        what = f"{name!r} is not the name of a page beside rubric.yml"
        raise ValueMistakeError(what, f"name one that ends in {', '.join(PAGE_SUFFIXES)}")
    return name


_PAGE_PATTERN = rf"^[^/]+({'|'.join(map(re.escape, PAGE_SUFFIXES))})$"
PageName = Annotated[str, AfterValidator(_page_name), Field(json_schema_extra={"pattern": _PAGE_PATTERN})]

FilePattern = Annotated[str, Field(pattern=r"^[^\\/][^\\]*$", max_length=200)]
"""A path of evidence; `*` stands for any characters, and `?` for one."""


class HandedIn(Model):
    """How a requirement is judged in the report of somebody else, whose sections have other names.

    The report `quotes` a file if a block is equal to lines of it, and `names` one if its path is in the text.
    It `stores` a file if that was handed in and is not empty. It `says` words in any case and spacing.
    """

    quotes: tuple[FilePattern, ...] = ()
    names: tuple[FilePattern, ...] = ()
    stores: tuple[FilePattern, ...] = ()
    says: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] = ()


class Requirement(Model):
    """One requirement of an edition of the sheet, in our own words.

    `page` is a file name beside rubric.yml. `section` is a heading of that page, by its text or its id. The
    section must show the evidence files `shows` in blocks, and the `facts` in values or claims. `to_come`
    says why the requirement is not met yet. `lab audit` judges `handed_in`, or else that the files of
    `shows` are quoted; with `partial`, a part of that has a part of the points.
    """

    requirement: Annotated[str, Field(min_length=1)]
    points: Annotated[float, Field(gt=0, le=10_000)] | None = None
    partial: bool = False
    handed_in: HandedIn | None = None
    page: PageName | None = None
    section: Annotated[str, Field(min_length=1)] | None = None
    shows: tuple[EvidencePath, ...] = ()
    facts: tuple[str, ...] = ()
    to_come: Annotated[str, Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _can_be_checked(self) -> Self:
        if (self.page is None) != (self.section is None):
            raise ValueError("page and section go together")
        answered = self.page is not None and (self.shows or self.facts)
        if self.to_come is None and self.handed_in is None and not answered:
            raise ValueError("name page, section, and what it shows (shows, facts), or say why it is to_come")
        if self.partial and self.points is None:
            raise ValueError("partial needs points")
        return self


class RubricFile(YamlRoot[dict[int, dict[str, Requirement]]]):
    """`docs/labs/<lab>/rubric.yml`: for each edition, its requirements by their ids."""


class RequirementState(StrEnum):
    """Whether a requirement is met."""

    MET = "met"
    TO_COME = "to come"
    NOT_MET = "not met"


@dataclass(frozen=True)
class RequirementResult:
    """A requirement and its state; `missing` says what the section does not show.

    `link` leads from the site's root to the section; it is empty if there is no such section.
    """

    edition: int
    name: str
    requirement: Requirement
    state: RequirementState
    missing: str = ""
    link: str = ""


def asked_of(site: SitePages, lab: str) -> Asked:
    """Return what a lab's sheets ask for: the files of lab.yml, and the sections of rubric.yml without one.

    A file that cannot be used asks for nothing, and is a problem.
    """
    problems: list[Problem] = []
    config = usable(lambda: read_lab(site.root, lab), problems)
    rubric = usable(lambda: read_rubric(site.docs, lab), problems)
    editions = config.value.editions.values() if config else ()
    files = frozenset(path for edition in editions for task in edition.tasks.values() for path in task.files)
    requirements = (
        (one for edition in rubric.value.root.values() for one in edition.values()) if rubric else ()
    )
    answers = ((one, files.intersection(one.shows) if files else one.shows) for one in requirements)
    in_prose = (one for one, shown in answers if one.page and one.section and not shown)
    named = {(f"{LABS}/{lab}/{one.page}", one.section) for one in in_prose}
    headings = ((page.path, heading) for page in site.pages if page.lab == lab for heading in page.headings)
    sections = ((path, one.text) for path, one in headings if {(path, one.text), (path, one.anchor)} & named)
    return Asked(files, frozenset(sections), tuple(problems))


def read_rubric(docs: Path, lab: str) -> YamlFile[RubricFile] | None:
    """Return the rubric of a lab, None if it has no rubric.yml; raise YamlError."""
    path = docs / LABS / lab / RUBRIC_FILE
    if not os.path.lexists(path):
        return None
    return read_rubric_file(path, f"docs/{LABS}/{lab}/{RUBRIC_FILE}")


def read_rubric_file(path: Path, file: str) -> YamlFile[RubricFile]:
    """Return the rubric in a file, which errors call `file`; raise YamlError."""
    return read_yaml(path, file, RubricFile, _REMEDY)


def results_of(lab: LabPages) -> list[RequirementResult]:
    """Return the state of each requirement of a lab; none if it has no rubric.yml. Raise YamlError."""
    rubric = read_rubric(lab.docs, lab.lab)
    return _results(rubric.value, lab) if rubric else []


def unmet_requirements(lab: LabPages) -> Iterator[Finding]:
    """Yield findings: unmet requirements, met ones that are marked `to_come`, files that none shows."""
    rubric = usable(lambda: read_rubric(lab.docs, lab.lab))
    if rubric is None:
        return
    for result in _results(rubric.value, lab):
        key = f"{result.edition}: {result.name}"
        points = f" ({result.requirement.points:g} points)" if result.requirement.points else ""
        if result.state is RequirementState.NOT_MET:
            what = f"{key}{points} is not met: {result.missing}"
            remedy = "show it in that section, or say in `to_come` why not yet"
        elif result.state is RequirementState.MET and result.requirement.to_come is not None:
            what = f"{key} is met, but marked as to come: {result.requirement.to_come}"
            remedy = "remove `to_come`"
        else:
            continue
        line = rubric.line(result.edition, result.name)
        yield Finding("rubric", rubric.file, line, 1, what, remedy, key)
    for edition, file in _unrequired_files(rubric.value, lab.lab_yml):
        what = f"{edition}: no requirement shows {file}, which lab.yml names for this edition"
        remedy = f"add it to `shows` of a requirement of {edition}"
        yield Finding("rubric", rubric.file, rubric.line(edition), 1, what, remedy, f"{edition} {file}")


def _results(rubric: RubricFile, lab: LabPages) -> list[RequirementResult]:
    pages = {page.path.rpartition("/")[2]: page for page in lab.pages}
    results = []
    for edition, requirements in rubric.root.items():
        for name, requirement in requirements.items():
            missing = _missing(requirement, pages, lab.displays)
            if not missing:
                state = RequirementState.MET
            elif requirement.to_come is not None:
                state = RequirementState.TO_COME
            else:
                state = RequirementState.NOT_MET
            link = _link(requirement, pages, lab.urls)
            results.append(RequirementResult(edition, name, requirement, state, missing, link))
    return results


def _link(requirement: Requirement, pages: Mapping[str, PageSource], urls: Mapping[str, str]) -> str:
    """Return the link to the section of a requirement; empty if there is none, or more than one."""
    page = pages.get(requirement.page or "")
    named = [one for one in page.headings if requirement.section in {one.text, one.anchor}] if page else []
    if page is None or page.path not in urls or len(named) != 1:
        return ""
    anchor = f"#{quote(named[0].anchor)}" if named[0].level > 1 else ""
    return f"{urls[page.path]}{anchor}"


def requirements_table(results: Sequence[RequirementResult]) -> Table:
    """Return a row for each requirement, which is a link to the section that answers it."""
    return Table.of(("task", "what the sheet asks for", "state"), map(_row, results))


def _row(result: RequirementResult) -> Iterator[Cell | str]:
    task = result.name.partition(".")[0].replace("-", " ")
    yield f"{result.edition}, {task}"
    yield Cell(result.requirement.requirement, link=result.link)
    why = f": {result.requirement.to_come}" if result.state is RequirementState.TO_COME else ""
    yield f"{result.state}{why}"


def _missing(requirement: Requirement, pages: dict[str, PageSource], displays: Sequence[Display]) -> str:
    """Return in words what the section does not show; empty if it shows everything."""
    shows_anything = requirement.shows or requirement.facts
    if requirement.page is None or requirement.section is None or not shows_anything:
        return "no page and section that show anything are named yet"
    page = pages.get(requirement.page)
    if page is None:
        return f"there is no page {requirement.page}"
    sections = sections_called(requirement.section, page.headings)
    if len(sections) != 1:
        count = f"{len(sections)} sections are" if sections else "no section is"
        return f"{count} called {requirement.section!r} in {requirement.page}"
    start, end = sections[0]
    shown = [one for one in displays if one.page == page.path and start <= one.line < end]
    files = {one.file for one in shown}
    facts = {name for one in shown for name in one.facts}
    missing = [file for file in requirement.shows if file not in files]
    missing += [f"the fact {name}" for name in requirement.facts if name not in facts]
    if not missing:
        return ""
    verb = "is" if len(missing) == 1 else "are"
    return f"{', '.join(missing)} {verb} not shown there{_elsewhere(missing, displays)}"


def _elsewhere(missing: list[str], displays: Sequence[Display]) -> str:
    """Return in words where a missing file or fact is shown instead; empty if nowhere."""
    for display in displays:
        names = {display.file, *(f"the fact {name}" for name in display.facts)}
        if name := next((name for name in missing if name in names), None):
            return f" ({name} is in {display.page}:{display.line})"
    return ""


def sections_called(name: str, headings: Sequence[Heading]) -> list[tuple[int, int]]:
    """Return the first line and the line after the last, of each section whose text or id is `name`."""
    sections = []
    for number, heading in enumerate(headings):
        if name in {heading.text, heading.anchor}:
            ends = (one.line for one in headings[number + 1 :] if one.level <= heading.level)
            sections.append((heading.line, next(ends, 10**9)))
    return sections


def _unrequired_files(rubric: RubricFile, lab: Lab | None) -> Iterator[tuple[int, str]]:
    """Yield the edition and path of each file of lab.yml that no requirement of the edition shows."""
    for edition, requirements in rubric.root.items():
        if lab is None or edition not in lab.editions:
            continue
        required = {file for requirement in requirements.values() for file in requirement.shows}
        for task in lab.editions[edition].tasks.values():
            yield from ((edition, file) for file in task.files if file not in required)
