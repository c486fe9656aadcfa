"""All checks of one lab."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

from labreport.check.coverage import Coverage, by_edition
from labreport.check.edits import Edit
from labreport.check.finding import Finding, Kind, in_order
from labreport.check.numbers import WAIVED, Numbers, numbers_of
from labreport.check.quotes import typed_quotes
from labreport.check.rubric import Judged, RubricFile, judged, read_rubric, rubric_findings
from labreport.check.settings import Settings, read_lab, settings_of
from labreport.check.shown import claims_by_state, claims_on_emulation, displays, facts_named, values_shown
from labreport.check.slices import moved_slices, unpinned_slices
from labreport.check.unshown import unshown_evidence, unused_facts
from labreport.check.waivers import Waived, WaiversFile, read_waivers, waive
from labreport.contract.lab_config import Lab
from labreport.report.facts.facts import Facts
from labreport.report.pages.source import PageSource
from labreport.report.pages.verdicts import Made
from labreport.report.source.evidence import Evidence
from labreport.report.yaml_file import YamlError, YamlFile

T = TypeVar("T")


@dataclass(frozen=True)
class LabPages:
    """What there is of a lab: its `pages`, what they show (`made`), its evidence, and any facts."""

    root: Path
    docs: Path
    lab: str
    pages: Sequence[PageSource]
    made: Sequence[Made]
    evidence: Evidence
    facts: Facts | None


@dataclass(frozen=True)
class LabChecked:
    """The findings of a lab that are not waived, its coverage, the `edits` of a page that would mend some."""

    findings: list[Finding]
    coverage: Coverage
    edits: dict[str, list[Edit]]


def check_lab(of: LabPages, day: date, others: Sequence[Finding] = ()) -> LabChecked:
    """Return what the checks find in a lab; `others` are findings that its waivers may be of, too."""
    read = _read_lab(of)
    found = [*others, *read.problems, *read.naked]
    edits = _check_slices(of, found)
    _check_use(of, found)
    for page in of.pages:
        found += typed_quotes(page, of.evidence.root)
    if read.rubric:
        found += rubric_findings(read.rubric, read.judged, read.lab)
    split = _waived(read, in_order(found), of.lab, day)
    return LabChecked(split.left, _coverage(of, read, split), edits)


def cover_lab(of: LabPages, day: date) -> Coverage:
    """Return how much of a lab its evidence holds: as `check_lab`, without looking for anything else."""
    read = _read_lab(of)
    return _coverage(of, read, _waived(read, in_order(read.naked), of.lab, day))


@dataclass(frozen=True)
class _Read:
    """What a lab's pages and files say; `problems` are those files that cannot be used."""

    numbers: Sequence[Numbers]
    lab: Lab | None
    rubric: YamlFile[RubricFile] | None
    judged: Sequence[Judged]
    waivers: YamlFile[WaiversFile] | None
    problems: Sequence[Finding]

    @property
    def naked(self) -> list[Finding]:
        return [finding for one in self.numbers for finding in one.naked]


def _read_lab(of: LabPages) -> _Read:
    problems: list[Finding] = []
    lab = usable(lambda: read_lab(of.root, of.lab), problems)
    rubric = usable(lambda: read_rubric(of.docs, of.lab), problems)
    waivers = usable(lambda: read_waivers(of.docs, of.lab), problems)
    settings = settings_of(lab.value) if lab else Settings()
    numbers = [numbers_of(page, settings) for page in of.pages]
    shown = list(displays(of.made, of.lab))
    several = judged(rubric.value, of.pages, shown) if rubric else ()
    return _Read(numbers, lab.value if lab else None, rubric, several, waivers, problems)


def usable(read: Callable[[], T], problems: list[Finding]) -> T | None:
    """Return what `read` returns; where a file cannot be used, that is a problem."""
    try:
        return read()
    except YamlError as error:
        place = error.file, max(error.line, 1), max(error.column, 1)
        problems.append(Finding(Kind.PROBLEM, *place, error.message, error.remedy, error.message))
        return None


def _waived(read: _Read, found: list[Finding], lab: str, day: date) -> Waived:
    return waive(found, read.waivers, lab, day) if read.waivers else Waived(found, [])


def _check_slices(of: LabPages, found: list[Finding]) -> dict[str, list[Edit]]:
    """Add what is to be said of the slices of the pages; return the edits that put right those that moved."""
    edits: dict[str, list[Edit]] = {}
    by_page: dict[str, list[Made]] = {}
    for one in of.made:
        by_page.setdefault(one.page, []).append(one)
    for page in of.pages:
        made = by_page.get(page.path, [])
        found += unpinned_slices(page, made)
        for moved in moved_slices(page, made):
            found.append(moved.finding)
            if moved.edit:
                edits.setdefault(page.path, []).append(moved.edit)
    return edits


def _check_use(of: LabPages, found: list[Finding]) -> None:
    """Add the facts that no page names, and the evidence that none shows."""
    shown = {one.file for one in displays(of.made, of.lab)}
    if of.facts is not None:
        named = facts_named(of.made, of.lab)
        found += unused_facts(of.facts, named)
        shown |= {fact.file for name, fact in of.facts.facts.items() if name in named}
    if of.lab in of.evidence.names():
        found += unshown_evidence(of.evidence.set(of.lab), shown)


def _coverage(of: LabPages, read: _Read, split: Waived) -> Coverage:
    exempt = sum((one.exempt for one in read.numbers), Counter())
    if count := sum(one.kind is Kind.NUMBER for one in split.waived):
        exempt[WAIVED] = count
    return Coverage(
        values_shown(of.made, of.lab) + sum(one.claimed for one in read.numbers),
        sum(one.kind is Kind.NUMBER for one in split.left),
        exempt,
        Counter(claims_by_state(of.made, of.lab)),
        claims_on_emulation(of.made, of.lab),
        by_edition(read.judged),
    )
