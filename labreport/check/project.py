"""`lab check`: all checks of all labs of a project, and what is common to them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from labreport.check.anchors import read_settings, rendered
from labreport.check.coverage import Coverage
from labreport.check.edits import Edit, edited
from labreport.check.finding import Finding, Kind, in_order
from labreport.check.lab import LabPages, check_lab, usable
from labreport.check.links import Site, broken_links
from labreport.check.survey import Survey, survey
from labreport.check.waivers import lab_of_file
from labreport.report.facts.facts import FACTS_FILE, Facts
from labreport.report.problems import Problem


@dataclass(frozen=True)
class Checked:
    """What was found in a project, how much of it evidence holds, and the edits that would mend some."""

    findings: list[Finding]
    coverage: Coverage
    edits: dict[str, list[Edit]]


def check_project(root: Path, today: date) -> Checked:
    """Return what is wrong with the report in the project `root`: what a build would find, and more."""
    found = survey(root)
    labs = sorted({page.lab for page in found.pages} - {""} | set(_labs_with_evidence(found)))
    common = in_order([*_problems(found), *_links(found)])
    findings = [one for one in common if lab_of_file(one.file) not in labs]
    coverage = Coverage()
    edits: dict[str, list[Edit]] = {}
    for lab in labs:
        own = [one for one in common if lab_of_file(one.file) == lab]
        checked = check_lab(_lab_pages(found, lab, own), today, own)
        findings += checked.findings
        coverage += checked.coverage
        edits |= checked.edits
    if coverage.empty and not any(_labs_with_evidence(found)):
        findings.append(_nothing())
    order = sorted(findings, key=lambda one: (one.file, one.line, one.column))
    return Checked(order, coverage, edits)


def _labs_with_evidence(found: Survey) -> Iterator[str]:
    """Yield the labs of which there is at least one evidence file; other hosts' sets are not the report's."""
    evidence = found.build.evidence
    for name in evidence.names():
        if "/" not in name and any(evidence.set(name).files()):
            yield name


def _lab_pages(found: Survey, lab: str, own: list[Finding]) -> LabPages:
    docs = found.build.docs
    facts: Facts | None = None
    if (docs / "labs" / lab / FACTS_FILE).exists():
        facts = usable(lambda: found.build.lab_facts(lab).facts, own)
    return LabPages(found.root, docs, lab, found.of_lab(lab), found.made, found.build.evidence, facts)


def _problems(found: Survey) -> Iterator[Finding]:
    """Yield what a build would fail on."""
    pages = {page.path: page for page in found.pages}
    for one in found.build.problems:
        page = pages.get(one.path)
        call = page.call_near(one.line, one.reference) if page else None
        line, column = page.place(call.start) if page and call else (max(one.line, 1), 1)
        file = f"docs/{one.path}" if one.path else one.reference
        parts = (one.reference if one.path else "", one.what)
        message = ": ".join(part for part in parts if part)
        yield Finding(Kind.PROBLEM, file, line, column, message, one.remedy, _identity(one))


def _identity(problem: Problem) -> str:
    return f"{problem.reference}\n{problem.what}"


def _links(found: Survey) -> Iterator[Finding]:
    settings = read_settings(found.root / "mkdocs.yml")
    pages = {path: rendered(text, settings) for path, text in found.texts.items()}
    site = Site(found.build.docs, settings, pages)
    for page in found.pages:
        yield from broken_links(page, site)


def _nothing() -> Finding:
    what = "nothing to check: no evidence, and no page of a lab with a number or a claim"
    return Finding(Kind.NOTHING, "docs/labs", 1, 1, what, "make a lab with `lab new`, and capture it", "")


def fix(root: Path, checked: Checked) -> int:
    """Write the edits of `checked` into the pages and return how many; nothing else changes, no line end."""
    count = 0
    for page, edits in checked.edits.items():
        path = root / "docs" / page
        path.write_bytes(edited(path.read_bytes().decode(), edits).encode())
        count += len(set(edits))
    return count
