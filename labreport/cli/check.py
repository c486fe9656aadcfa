"""lab check."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from labreport.cli import show
from labreport.cli.project import root
from labreport.contract.errors import ExitStatus
from labreport.report.printed import printed_line

if TYPE_CHECKING:
    from labreport.check.finding import Finding
    from labreport.check.project import CheckReport


@click.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
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
    file: Path | None,
    *,
    evidence: Path | None,
    prefix: str,
    fix: bool,
    secrets: bool,
    annotations: bool,
    json_: bool,
) -> None:
    """Check the pages, or the Markdown report FILE, against the evidence.

    Without FILE, report what fails a build, numbers that are bound to no evidence, facts and evidence that no
    page uses, lines of evidence that moved or have no hash, unmet requirements of rubric.yml, broken links,
    and what looks like a secret. With FILE, compare each fence whose info string is start:end:path with these
    lines, and report the first line that differs. The exit status is 1 if there is a finding, or nothing to
    check.
    """
    if annotations and json_:
        raise click.UsageError("--annotations and --json exclude each other: give one of them")
    if fix and secrets:
        raise click.UsageError("--fix and --secrets exclude each other: give one of them")
    if file is None:
        _check_project(ctx, fix=fix, secrets=secrets, annotations=annotations, json_=json_)
    elif fix or secrets or annotations:
        raise click.UsageError("--fix, --secrets and --annotations are for the project: leave out FILE")
    elif evidence is None:
        raise click.UsageError("FILE is compared with an evidence folder: give --evidence FOLDER")
    else:
        _check_file(ctx, file, evidence, prefix, json_=json_)


def _check_project(ctx: click.Context, *, fix: bool, secrets: bool, annotations: bool, json_: bool) -> None:
    """Check the project's pages and evidence, or only whether they contain secrets."""
    from labreport.check import project
    from labreport.report.today import today
    from labreport.site.links import broken_links
    from labreport.site.pages import Site

    def run() -> "CheckReport":
        site = Site(root())
        if secrets:
            return project.check_secrets(site.pages(), today())
        return project.check_project(site.pages(), today(), [partial(broken_links, site)])

    report = run()
    if fix and report.edits:
        count = project.fix(root(), report)
        show.line(f"{count} ranges written" if count != 1 else "1 range written", err=True)
        report = run()
    if json_:
        coverage = {} if secrets else report.coverage.as_json()
        show.as_json({"findings": [one.as_json() for one in report.findings], **coverage})
    elif annotations:
        show.document("".join(f"{annotation(finding)}\n" for finding in report.findings))
    else:
        _print(report, with_coverage=not secrets)
    ctx.exit(ExitStatus.FINDINGS if report.findings else ExitStatus.FINE)


def annotation(finding: "Finding") -> str:
    """Return a finding as a workflow command of GitHub Actions: one line, as GitHub's toolkit writes it."""
    place = f"file={_property(finding.file)},line={finding.line},col={finding.column}"
    return f"::warning {place},title={_property(finding.id)}::{_data(f'{finding.message}: {finding.remedy}')}"


def _data(text: str) -> str:
    return printed_line(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _print(report: "CheckReport", *, with_coverage: bool) -> None:
    """Print the findings, one a line, and below them the evidence coverage and how many they are."""
    from rich.text import Text

    for one in report.findings:
        parts = ((printed_line(one.place), "bold"), ": ", one.text, " ", (f"[{one.id}]", "dim"))
        show.rich_text(Text.assemble(*parts), soft_wrap=True)
    for line in _coverage(report) if with_coverage else []:
        show.line(line)
    count = len(report.findings)
    show.line("no findings" if not count else "1 finding" if count == 1 else f"{count} findings")


def _coverage(report: "CheckReport") -> list[str]:
    """Return the evidence coverage in lines: numbers, claims, requirements."""
    coverage = report.coverage
    exempt = "".join(f", {count} exempt ({reason})" for reason, count in sorted(coverage.exempt.items()))
    lines = [f"numbers: {coverage.bound} bound, {coverage.naked} naked{exempt}"]
    claims = ", ".join(f"{count} {state}" for state, count in coverage.claims.items() if count)
    emulated = f" ({coverage.emulated} on an emulated processor)" if coverage.emulated else ""
    lines.append(f"claims: {claims or 'none'}{emulated}")
    for edition, states in sorted(coverage.rubric.items()):
        counts = ", ".join(f"{count} {state}" for state, count in states.items())
        lines.append(f"requirements of {edition}: {counts}")
    return lines


def _check_file(ctx: click.Context, file: Path, evidence: Path, prefix: str, *, json_: bool) -> None:
    """Check one report that was handed in."""
    from labreport.check.submission import check_submission

    results = check_submission(file, evidence.resolve(), prefix)
    if json_:
        show.as_json({"findings": [result.as_json() for result in results]})
    else:
        for result in results:
            show.line(str(result))
        whole = sum(result.whole for result in results)
        show.line(f"{whole} of {len(results)} blocks equal their lines")
    if not results:
        show.line(f"lab: {file.name}: no fence with start:end:path: nothing to check", err=True)
    ctx.exit(ExitStatus.FINE if results and all(one.whole for one in results) else ExitStatus.FINDINGS)
