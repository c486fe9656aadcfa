"""lab diff."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from labreport.cli.project import root
from labreport.contract.errors import ExitStatus

if TYPE_CHECKING:
    from labreport.check.diff.compare import Changes


@click.command()
@click.argument("before", default="HEAD", metavar="[REV|DIR]")
@click.argument("after", default="", metavar="[REV|DIR]")
@click.option("--markdown", "form", flag_value="markdown", help="Print it as the body of a pull request.")
@click.option("--json", "form", flag_value="json", help="Print it as JSON on standard output.")
@click.option("--raw/--no-raw", default=True, help="Show the lines that differ, too.", show_default=True)
@click.pass_context
def diff(ctx: click.Context, before: str, after: str, *, form: str | None, raw: bool) -> None:
    """Tell what changed in the evidence from BEFORE to AFTER: facts first, then lines.

    Each is a commit of this repository, or a folder: a project's, or one with the sets of labs in it. BEFORE
    is HEAD where it is not given, AFTER the evidence as it is here. The pages and their claims are those that
    are here. Exit status 1 if a claim turned, 2 if two sets are of different host classes.
    """
    from labreport.check.diff.compare import compare

    with TemporaryDirectory(prefix="lab-diff-") as scratch:
        changes = compare(_side(before, Path(scratch) / "before"), _side(after, Path(scratch) / "after"))
    if form == "json":
        from labreport.check.diff.words import as_json
        from labreport.cli import show

        show.as_json(as_json(changes))
    elif form == "markdown":
        from labreport.check.diff.words import markdown

        click.echo(markdown(changes), nl=False)
    else:
        _show(changes, raw=raw)
    ctx.exit(ExitStatus.WRONG_USE if changes.refused else ExitStatus.FINDINGS if changes.turned else 0)


def _side(named: str, scratch: Path) -> Path:
    """Make a project in `scratch` that has this one's pages and the evidence that is named; return it."""
    project = root()
    scratch.mkdir()
    (scratch / "docs").symlink_to(project / "docs")
    if not named:
        (scratch / "evidence").symlink_to(project / "evidence")
    elif Path(named).is_dir():
        folder = Path(named).resolve()
        (scratch / "evidence").symlink_to(folder / "evidence" if (folder / "evidence").is_dir() else folder)
    else:
        _unpack(project, named, scratch)
    return scratch


def _unpack(project: Path, rev: str, to: Path) -> None:
    """Put the evidence of a commit there; raise click.UsageError where there is no such commit."""
    from labreport.capture.recorder import output
    from labreport.capture.transfer.adopt import unpack

    git = ["git", "--no-optional-locks", "-C", str(project)]
    commit = output([*git, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{rev}^{{commit}}"])
    if not commit:
        raise click.UsageError(f"{rev}: no folder, and no commit of this repository: name one of either")
    (to / "evidence").mkdir()
    if not output([*git, "ls-tree", commit, "evidence"]):
        return
    packed = to / "evidence.tar"
    output([*git, "archive", f"--output={packed}", commit, "evidence"], timeout=120)
    with packed.open("rb") as stream:
        unpack(stream, to)


def _show(changes: "Changes", *, raw: bool) -> None:
    """Print the changes for people."""
    from rich.markup import escape

    from labreport.check.diff.words import headline, raw_text, tables
    from labreport.cli import show
    from labreport.report.problems import one_line

    for one in changes.sets:
        click.echo(f"{one.name}: {one.refused or f'{len(one.files)} files changed'}")
        for title, table in tables(one):
            rows = [[escape(one_line(cell.text)) for cell in row] for row in table.rows]
            show.table(title, table.head, rows)
        for file in one.files if raw else ():
            click.echo(raw_text(file))
    click.echo(headline(changes))
