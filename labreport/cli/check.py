"""lab check."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from labreport.cli.project import root
from labreport.contract.errors import ExitStatus

if TYPE_CHECKING:
    from labreport.check.finding import Finding
    from labreport.check.project import Checked


@click.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--evidence", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="The lab's evidence folder that FILE is held against.")  # fmt: skip
@click.option("--prefix", default="", help="What stands before the paths in FILE, such as labs/lab12/.")
@click.option("--fix", is_flag=True, help="Write the ranges of lines that moved into the pages.")
@click.option(
    "--annotations", is_flag=True, help="Print findings as GitHub Actions shows them beside the code."
)
@click.option("--json", "json_", is_flag=True, help="Print the result as JSON on standard output.")
@click.pass_context
def check(  # noqa: PLR0913 # its options
    ctx: click.Context,
    file: Path | None,
    *,
    evidence: Path | None,
    prefix: str,
    fix: bool,
    annotations: bool,
    json_: bool,
) -> None:
    """Hold the report, or the handed-in Markdown report FILE, against the evidence.

    Without FILE: what a build would find, and numbers that are bound to no evidence, facts and evidence that
    no page uses, slices that moved or that nothing pins, requirements of rubric.yml that are not met, links
    that lead nowhere. With FILE: each fence whose info string is start:end:path equals its lines, or the
    first line that differs is named. Exit status 1 if there is a finding; nothing to check is one, too.
    """
    if annotations and json_:
        raise click.UsageError("--annotations and --json are two forms of the result: give one of them")
    if file is None:
        _report(ctx, fix=fix, annotations=annotations, json_=json_)
    elif fix or annotations:
        raise click.UsageError("--fix and --annotations are for the project's own pages: leave out FILE")
    elif evidence is None:
        raise click.UsageError("a FILE is held against a folder: give --evidence FOLDER")
    else:
        _submission(ctx, file, evidence, prefix, json_=json_)


def _report(ctx: click.Context, *, fix: bool, annotations: bool, json_: bool) -> None:
    """Check the project's report."""
    from labreport.check import project
    from labreport.check.waivers import today

    checked = project.check_project(root(), today())
    if fix and checked.edits:
        count = project.fix(root(), checked)
        click.echo(f"{count} ranges written" if count != 1 else "1 range written", err=True)
        checked = project.check_project(root(), today())
    if json_:
        from labreport.cli.show import as_json

        as_json({"findings": [one.as_json() for one in checked.findings], **checked.coverage.as_json()})
    elif annotations:
        for one in checked.findings:
            click.echo(annotation(one))
    else:
        _print(checked)
    ctx.exit(ExitStatus.FINDINGS if checked.findings else 0)


def annotation(finding: "Finding") -> str:
    """Return a finding as a workflow command of GitHub Actions, escaped as its toolkit does."""
    place = f"file={_property(finding.file)},line={finding.line},col={finding.column}"
    title = f"title={_property(finding.id)}"
    return f"::warning {place},{title}::{_data(f'{finding.message}: {finding.remedy}')}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _print(checked: "Checked") -> None:
    """Print the findings, one a line, and below them how much of the report is held by evidence."""
    from rich.console import Console
    from rich.markup import escape

    console = Console(soft_wrap=True, highlight=False)
    for one in checked.findings:
        place, _, rest = str(one).partition(": ")
        text = rest.removesuffix(f" [{one.id}]")
        console.print(f"[bold]{escape(place)}[/]: {escape(text)} [dim]{escape(f'[{one.id}]')}[/]")
    for line in _summary(checked):
        console.print(escape(line))


def _summary(checked: "Checked") -> list[str]:
    """Return the last lines: numbers, claims, requirements, findings."""
    coverage = checked.coverage
    exempt = "".join(f", {count} exempt ({reason})" for reason, count in sorted(coverage.exempt.items()))
    lines = [f"numbers: {coverage.bound} bound, {coverage.naked} naked{exempt}"]
    claims = ", ".join(f"{count} {state}" for state, count in coverage.claims.items() if count)
    emulated = f" ({coverage.emulated} on an emulated processor)" if coverage.emulated else ""
    lines.append(f"claims: {claims or 'none'}{emulated}")
    for edition, several in sorted(coverage.rubric.items()):
        standings = ", ".join(f"{count} {standing}" for standing, count in several.items())
        lines.append(f"requirements of {edition}: {standings}")
    count = len(checked.findings)
    return [*lines, "no findings" if not count else "1 finding" if count == 1 else f"{count} findings"]


def _submission(ctx: click.Context, file: Path, evidence: Path, prefix: str, *, json_: bool) -> None:
    """Check one handed-in report."""
    from labreport.check.submission import check_submission

    results = check_submission(file, evidence, prefix)
    if json_:
        from labreport.cli.show import as_json

        as_json({"findings": [result.as_json() for result in results]})
    else:
        for result in results:
            click.echo(str(result))
        whole = sum(result.whole for result in results)
        click.echo(f"{whole} of {len(results)} blocks equal their lines")
    if not results:
        click.echo(f"lab: {file.name}: no fence with start:end:path: nothing to check", err=True)
    ctx.exit(0 if results and all(result.whole for result in results) else ExitStatus.FINDINGS)
