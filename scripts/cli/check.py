"""lab check."""

from pathlib import Path

import click

from scripts.cli.project import root
from scripts.cli.statuses import FINDINGS


@click.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--evidence", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="The lab's evidence folder that FILE is held against.")  # fmt: skip
@click.option("--prefix", default="", help="What stands before the paths in FILE, such as labs/lab12/.")
@click.option("--json", "json_", is_flag=True, help="Print the result as JSON on standard output.")
@click.pass_context
def check(ctx: click.Context, file: Path | None, *, evidence: Path | None, prefix: str, json_: bool) -> None:
    """Hold the pages, or the handed-in Markdown report FILE, against the evidence.

    Without FILE: every page of docs/, as a build would. With FILE: each fence whose info string is
    start:end:path equals its lines, or the first line that differs is named. Exit status 1 if anything
    differs; a report with no such fence is an error, too.
    """
    if file is None:
        _pages(ctx, json_=json_)
    elif evidence is None:
        raise click.UsageError("a FILE is held against a folder: give --evidence FOLDER")
    else:
        _submission(ctx, file, evidence, prefix, json_=json_)


def _pages(ctx: click.Context, *, json_: bool) -> None:
    """Check every page of the project."""
    from report.check import check_pages

    problems = check_pages(root())
    if json_:
        _as_json([problem.as_json() for problem in problems])
    else:
        for problem in problems:
            click.echo(str(problem))
        click.echo(f"{len(problems)} findings" if problems else "every page equals its evidence")
    ctx.exit(FINDINGS if problems else 0)


def _submission(ctx: click.Context, file: Path, evidence: Path, prefix: str, *, json_: bool) -> None:
    """Check one handed-in report."""
    from report.check import check_submission

    results = check_submission(file, evidence, prefix)
    if json_:
        _as_json([result.as_json() for result in results])
    else:
        for result in results:
            click.echo(str(result))
        whole = sum(result.whole for result in results)
        click.echo(f"{whole} of {len(results)} blocks equal their lines")
    if not results:
        click.echo(f"lab: {file.name}: no fence with start:end:path: nothing to check", err=True)
    ctx.exit(0 if results and all(result.whole for result in results) else FINDINGS)


def _as_json(findings: list[dict[str, object]]) -> None:
    from scripts.cli.show import as_json

    as_json({"findings": findings})
