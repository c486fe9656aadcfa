"""lab check."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from labreport.cli import show
from labreport.cli.annotations import annotation_line
from labreport.cli.project import lab_folders, root
from labreport.contract.errors import ExitStatus
from labreport.report.printed import printed_line
from labreport.report.problems import meant

if TYPE_CHECKING:
    from labreport.check.coverage import Coverage
    from labreport.check.finding import Finding
    from labreport.check.project import CheckReport


@click.command()
@click.argument("name", metavar="[LAB|FILE]", required=False)
@click.option("--evidence", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="The evidence folder of the lab that FILE is about.")  # fmt: skip
@click.option("--prefix", default="", help="The start of every path in FILE, such as labs/lab12/.")
@click.option("--fix", is_flag=True, help="Update the ranges of lines that moved in the pages.")
@click.option("--secrets", is_flag=True, help="Search only for secrets, in evidence, records and pages.")
@click.option("--annotations", is_flag=True, help="Print the findings as annotations for GitHub Actions.")
@click.option("--json", "json_", is_flag=True, help="Print the result as JSON on standard output.")
@click.pass_context
def check(  # noqa: PLR0913 # its options
    ctx: click.Context,
    name: str | None,
    *,
    evidence: Path | None,
    prefix: str,
    fix: bool,
    secrets: bool,
    annotations: bool,
    json_: bool,
) -> None:
    """Check the pages, those of one LAB, or the Markdown report FILE, against the evidence.

    Without FILE, report what fails a build, numbers that are bound to no evidence, facts and evidence that no
    page uses, lines of evidence that moved or have no hash, unmet requirements of rubric.yml, broken links,
    and what looks like a secret. With FILE, compare each quoted block with the evidence, as lab audit does,
    which also judges the numbers in the text. The exit status is 1 if there is a finding, or nothing to
    check.
    """
    if annotations and json_:
        raise click.UsageError("--annotations and --json exclude each other: give one of them")
    if fix and secrets:
        raise click.UsageError("--fix and --secrets exclude each other: give one of them")
    file = _report_file(name, evidence) if name is not None else None
    if file is None:
        only = name or ""
        _check_project(ctx, only, fix=fix, secrets=secrets, annotations=annotations, json_=json_)
    elif fix or secrets or annotations:
        raise click.UsageError("--fix, --secrets and --annotations are for the project: leave out FILE")
    elif evidence is None:
        raise click.UsageError("FILE is compared with an evidence folder: give --evidence FOLDER")
    else:
        _check_file(ctx, file, evidence, prefix, json_=json_)


def _report_file(name: str, evidence: Path | None) -> Path | None:
    """Return the report that `name` means; None if it is a lab. Raise UsageError if it is neither."""
    labs = [] if evidence is not None else lab_folders(root())
    if name in labs:
        return None
    if Path(name).is_file():
        return Path(name)
    if evidence is not None:
        raise click.UsageError(f"{name}: no such file")
    remedy = meant(name, labs, f"the labs are {', '.join(labs) or 'none'}")
    raise click.UsageError(f"{name} is neither a lab nor a file: {remedy}")


def _check_project(  # noqa: PLR0913 # its options
    ctx: click.Context, only: str, *, fix: bool, secrets: bool, annotations: bool, json_: bool
) -> None:
    """Check the pages and the evidence of the project, or `only` of one lab, or search them for secrets."""
    from labreport.check import project
    from labreport.report.today import today
    from labreport.site.links import broken_links
    from labreport.site.pages import Site

    def run() -> "CheckReport":
        site = Site(root())
        if secrets:
            return project.check_secrets(site.pages(), today(), only)
        return project.check_project(site.pages(), today(), [partial(broken_links, site)], only)

    report = run()
    if fix and report.edits:
        count = project.fix(root(), report)
        show.line(f"{count} ranges written" if count != 1 else "1 range written", err=True)
        report = run()
    if json_:
        coverage = {} if secrets else {**report.coverage.as_json(), "labs": _labs_json(report)}
        show.as_json({"findings": [one.as_json() for one in report.findings], **coverage})
    elif annotations:
        show.document("".join(f"{annotation(finding)}\n" for finding in report.findings))
    else:
        _print(report, with_coverage=not secrets)
    ctx.exit(ExitStatus.FINDINGS if report.findings else ExitStatus.FINE)


def annotation(finding: "Finding") -> str:
    """Return a finding as a workflow command of GitHub Actions: one line, as GitHub's toolkit writes it."""
    place = (finding.file, finding.line, finding.column)
    return annotation_line("warning", place, finding.id, f"{finding.message}: {finding.remedy}")


def _print(report: "CheckReport", *, with_coverage: bool) -> None:
    """Print the findings, one a line, and below them the evidence coverage and how many they are."""
    from rich.text import Text

    for one in report.findings:
        parts = ((printed_line(one.place), "bold"), ": ", one.text, " ", (f"[{one.id}]", "dim"))
        show.rich_text(Text.assemble(*parts), soft_wrap=True)
    for line in _coverage(report) if with_coverage else []:
        show.line(line)
    show.line(_findings(len(report.findings)))


def _coverage(report: "CheckReport") -> list[str]:
    """Return the evidence coverage in lines: numbers, claims, requirements.

    Where there are several labs, each has its own sums first: their editions are not the same ones.
    """
    from labreport.check.languages import SEARCHED

    coverage = report.coverage
    lines = []
    if len(report.labs) > 1:
        for lab, covered in report.labs.items():
            counts = f"numbers: {_numbers(covered)}, claims: {_claims(covered)}"
            lines.append(f"{lab}: {_findings(len(report.findings_of(lab)))}, {counts}")
            lines += [f"{lab}, {words}" for words in _requirements(covered)]
    lines.append(f"numbers: {_numbers(coverage)}")
    lines.append(f"numbers were searched in the words of {', '.join(SEARCHED)}, and with symbols of units")
    lines.append(f"claims: {_claims(coverage)}")
    return lines if len(report.labs) > 1 else [*lines, *_requirements(coverage)]


def _numbers(coverage: "Coverage") -> str:
    exempt = "".join(f", {count} exempt ({reason})" for reason, count in sorted(coverage.exempt.items()))
    return f"{coverage.bound} bound, {coverage.naked} naked{exempt}"


def _claims(coverage: "Coverage") -> str:
    claims = ", ".join(f"{count} {state}" for state, count in coverage.claims.items() if count)
    emulated = f" ({coverage.emulated} on an emulated processor)" if coverage.emulated else ""
    return f"{claims or 'none'}{emulated}"


def _requirements(coverage: "Coverage") -> Iterator[str]:
    """Yield the sum of the requirements of each edition."""
    for edition, states in sorted(coverage.rubric.items()):
        counts = ", ".join(f"{count} {state}" for state, count in states.items())
        yield f"requirements of {edition}: {counts}"


def _labs_json(report: "CheckReport") -> dict[str, dict[str, object]]:
    """Return the coverage of each lab, and how many findings are in its files."""
    return {
        lab: {"findings": len(report.findings_of(lab)), **coverage.as_json()}
        for lab, coverage in report.labs.items()
    }


def _findings(count: int) -> str:
    return "no findings" if not count else "1 finding" if count == 1 else f"{count} findings"


def _check_file(ctx: click.Context, file: Path, evidence: Path, prefix: str, *, json_: bool) -> None:
    """Check the blocks of one report that was handed in: `lab audit` without the numbers in its text."""
    from labreport.audit.model import UNJUDGED, Level
    from labreport.cli.audit import audited_file
    from labreport.cli.audited import Output

    done = audited_file(Output(), file, evidence, prefix).audit
    if not done.reports:
        raise click.UsageError(done.unread[0].why)
    blocks = done.reports[0].blocks
    found = [one for one in blocks if one.level is Level.FINDING]
    if json_:
        told = [
            {"line": one.line, "reference": one.info or one.named, "verdict": one.verdict, "what": one.why,
             "whole": one.level is not Level.FINDING}
            for one in blocks
        ]  # fmt: skip
        show.as_json({"findings": told})
    else:
        for one in blocks:
            parts = (str(one.line), one.info or one.named, str(one.verdict), one.why)
            show.line(": ".join(part for part in parts if part))
        judged = [one for one in blocks if one.verdict not in UNJUDGED]
        show.line(f"{len(judged)} of {len(blocks)} blocks judged, {len(found)} with a finding")
    if not blocks:
        show.line(f"lab: {file.name}: no quoted block: nothing to check", err=True)
        ctx.exit(ExitStatus.FINDINGS)
    ctx.exit(ExitStatus.FINDINGS if found else ExitStatus.FINE)
