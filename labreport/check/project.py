"""`lab check`: runs every check on every lab of a project."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, partial
from pathlib import Path

from labreport.check.coverage import (
    Coverage,
    coverage_of,
    coverage_table,
    late_table,
    naked_numbers,
    unshown_evidence,
    unused_facts,
)
from labreport.check.finding import NOTHING, PROBLEM, Edit, Finding, edited, in_order
from labreport.check.key_findings import unbound_findings
from labreport.check.lab import LabPages, read_facts, read_lab, results_by_lab, usable
from labreport.check.rubric import read_rubric, results_of, unmet_requirements
from labreport.check.secret_scan import possible_secrets
from labreport.check.slices import moved_slices, unpinned_slices
from labreport.check.stand_ins import unsaid_stand_ins
from labreport.check.submission import misquotes
from labreport.check.waivers import lab_of_file, read_waivers, waive
from labreport.report.facts.converters.own import lab_converters, sample_errors
from labreport.report.pages.context import LateTable
from labreport.report.pages.render import RenderPass, SitePages
from labreport.report.pages.source import PageSource
from labreport.report.problems import FaultError, Problem
from labreport.report.tables import Table
from labreport.report.yaml_file import YamlError


@dataclass(frozen=True)
class ProjectPages:
    """The pages of a project, and the pass that rendered all of them.

    `rendering` has the evidence, the results of the macro calls, and the problems.
    """

    site: SitePages
    rendering: RenderPass

    @property
    def pages(self) -> tuple[PageSource, ...]:
        """The pages, in the order of mkdocs."""
        return self.site.pages

    @cached_property
    def labs(self) -> tuple[LabPages, ...]:
        """The labs that have a page or an evidence file."""
        pages = dict[str, list[PageSource]]()
        for page in self.pages:
            pages.setdefault(page.lab, []).append(page)
        results = results_by_lab(self.rendering.results)
        names = pages.keys() - {""} | set(self.labs_with_evidence)
        root, docs, evidence = self.site.root, self.site.docs, self.rendering.evidence
        return tuple(
            LabPages(root, docs, name, pages.get(name, []), results.get(name, []), evidence, self.site.urls)
            for name in sorted(names)
        )

    @property
    def labs_with_evidence(self) -> list[str]:
        """The labs that have an evidence file; evidence of other hosts does not count."""
        evidence = self.rendering.evidence
        return [name for name in evidence.names() if "/" not in name and any(evidence.set(name).files())]


@dataclass(frozen=True)
class CheckReport:
    """The findings of a project, its evidence coverage, and the `edits` for --fix by file.

    `labs` has the coverage of each lab.
    """

    findings: list[Finding]
    coverage: Coverage
    edits: dict[str, list[Edit]]
    labs: dict[str, Coverage] = field(default_factory=dict)

    def findings_of(self, lab: str) -> list[Finding]:
        """Return the findings in the files of one lab."""
        return [finding for finding in self.findings if lab_of_file(finding.file) == lab]


LabCheck = Callable[[LabPages], Iterable[Finding]]
ProjectCheck = Callable[[ProjectPages], Iterable[Finding]]


def invalid_files(lab: LabPages) -> Iterator[Finding]:
    """Yield a problem for each invalid file of a lab: facts, converters, lab.yml, rubric, waivers."""
    readers: tuple[Callable[[], object], ...] = (
        lambda: lab_converters(lab.root, lab.lab, run_code=True),
        lambda: read_facts(lab.root, lab.docs, lab.lab),
        lambda: read_lab(lab.root, lab.lab),
        lambda: read_rubric(lab.docs, lab.lab),
        lambda: read_waivers(lab.docs, lab.lab),
    )
    for read in readers:
        try:
            read()
        except FaultError as error:
            yield _file_problem(error)


def failing_samples(lab: LabPages) -> Iterator[Finding]:
    """Yield a problem for each converter of the lab whose docstring has no sample, or one that fails."""
    with suppress(FaultError):  # a file that cannot be run is one of the invalid files
        yield from map(_file_problem, sample_errors(lab.root, lab.lab))


def _file_problem(error: FaultError) -> Finding:
    line, column = max(error.line, 1), max(error.column, 1) if isinstance(error, YamlError) else 1
    return Finding(PROBLEM, error.path, line, column, error.what, error.remedy, error.what)


def build_problems(project: ProjectPages) -> Iterator[Finding]:
    """Yield the problems that fail a build."""
    pages = {page.path: page for page in project.pages}
    for problem in project.rendering.problems:
        page = pages.get(problem.path)
        call = page.call_near(problem.line, problem.reference) if page else None
        line, column = page.place(call.start) if page and call else (max(problem.line, 1), 1)
        file, message = problem.reference, problem.what
        if problem.path:
            file = f"docs/{problem.path}"
            message = f"{problem.reference}: {problem.what}" if problem.reference else problem.what
        identity = f"{problem.reference}\n{problem.what}" if problem.path else problem.what
        message = f"{message} {project.rendering.noted.elsewhere(problem)}".rstrip()
        yield Finding(PROBLEM, file, line, column, message, problem.remedy, identity)


def secrets(project: ProjectPages) -> Iterator[Finding]:
    """Yield a finding for each text in evidence, records and pages that looks like a secret."""
    yield from possible_secrets(project.pages, project.rendering.evidence)


LAB_CHECKS: tuple[LabCheck, ...] = (
    invalid_files,
    failing_samples,
    naked_numbers,
    unused_facts,
    unshown_evidence,
    moved_slices,
    unpinned_slices,
    misquotes,
    unsaid_stand_ins,
    unmet_requirements,
    unbound_findings,
)
"""The checks of one lab. A new check is a function here; labreport/check/__init__.py describes it."""

PROJECT_CHECKS: tuple[ProjectCheck, ...] = (build_problems, secrets)
"""The checks of the whole project, pages outside labs included."""


def check_project(
    site: SitePages, today: date, more: Sequence[ProjectCheck] = (), only: str = ""
) -> CheckReport:
    """Run all checks on the pages of a site, and `more` checks, such as those that need mkdocs.

    With `only`, report on this lab alone. The other labs are rendered all the same: their pages may use its
    facts.
    """
    project = read_project(site)
    labs = [lab for lab in project.labs if only in {"", lab.lab}]
    found = in_order(_of_lab(_found(project, labs, more), only))
    by_lab: dict[str, list[Finding]] = {lab.lab: [] for lab in labs}
    findings: list[Finding] = []
    for finding in found:
        by_lab.get(lab_of_file(finding.file), findings).append(finding)
    coverage = Coverage()
    covered: dict[str, Coverage] = {}
    for lab in labs:
        waived = waive(lab, by_lab[lab.lab], today)
        findings += waived.left
        requirements = usable(partial(results_of, lab)) or []
        covered[lab.lab] = coverage_of(lab, waived, requirements)
        coverage += covered[lab.lab]
    if coverage.empty and not {lab.lab for lab in labs} & set(project.labs_with_evidence):
        what = "nothing to check: no evidence, and no page of a lab with a number or a claim"
        remedy = (
            f"capture it with `lab collect {only}`" if only else "make a lab with `lab new`, and capture it"
        )
        findings.append(Finding(NOTHING, f"docs/labs/{only}".rstrip("/"), 1, 1, what, remedy, ""))
    findings.sort(key=lambda finding: (finding.file, finding.line, finding.column))
    edits: dict[str, list[Edit]] = {}
    for finding in found:
        if finding.edit:
            edits.setdefault(finding.file, []).append(finding.edit)
    return CheckReport(findings, coverage, edits, covered)


def check_secrets(site: SitePages, today: date, only: str = "") -> CheckReport:
    """Search a project for secrets and nothing else, without rendering its pages: waivers apply.

    With `only`, search the files of this lab alone.
    """
    rendering = RenderPass(site.docs, site.root / "evidence", values=site.values, code=site.root)
    project = ProjectPages(site, rendering)
    findings = in_order(_of_lab(secrets(project), only))
    waived = {
        finding
        for lab in project.labs
        for finding in waive(lab, [one for one in findings if lab_of_file(one.file) == lab.lab], today).waived
    }
    return CheckReport([finding for finding in findings if finding not in waived], Coverage(), {})


def _of_lab(findings: Iterable[Finding], only: str) -> Iterator[Finding]:
    """Yield the findings in the files of one lab; all of them without its name."""
    return (finding for finding in findings if only in {"", lab_of_file(finding.file)})


def _found(
    project: ProjectPages, labs: Iterable[LabPages], more: Sequence[ProjectCheck]
) -> Iterator[Finding]:
    """Yield the findings of all checks; a problem of a lab's file once, though the build reports it too."""
    known: set[tuple[str, int, str]] = set()
    for lab in labs:
        for finding in dict.fromkeys(finding for check in LAB_CHECKS for finding in check(lab)):
            known.add((finding.file, finding.line, finding.message))
            yield finding
    for check in (*PROJECT_CHECKS, *more):
        for finding in check(project):
            if (finding.file, finding.line, finding.message) not in known:
                yield finding


def read_project(site: SitePages) -> ProjectPages:
    """Render every page of a site, and note what would fail a build."""
    rendering = RenderPass(site.docs, site.root / "evidence", values=site.values, code=site.root)
    rendering.check_evidence()
    for problem in site.problems:
        rendering.add(problem)
    for source in site.pages:
        rendering.check_page(rendering.render(source), site.html)
    return ProjectPages(site, rendering)


def late_table_of(site: SitePages, shown: LateTable, today: date) -> Table | Problem:
    """Return a table that needs all pages of a lab; a problem if a file that it rests on is unusable."""
    labs = {pages.lab: pages for pages in read_project(site).labs}
    return late_table(shown, labs[shown.lab], today) if shown.lab in labs else coverage_table(Coverage())


def fix(root: Path, report: CheckReport) -> int:
    """Write the edits of a report into the pages and return their number; line ends stay as they are."""
    count = 0
    for file, edits in report.edits.items():
        path = root / file
        path.write_bytes(edited(path.read_bytes().decode(), edits).encode())
        count += len(set(edits))
    return count
