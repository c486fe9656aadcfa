"""lab diff."""

from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import TYPE_CHECKING

import click

from labreport.cli import show
from labreport.cli.project import is_utf8, root
from labreport.contract.errors import ExitStatus

if TYPE_CHECKING:
    from labreport.check.diff import Changes

NOT_HIDDEN = ":(exclude,glob)evidence/**/.*"
"""The files of a commit that are no evidence: the pathspec leaves hidden ones out."""


@click.command()
@click.argument("before", default="HEAD", metavar="[REV|DIR]")
@click.argument("after", default="", metavar="[REV|DIR]")
@click.option("--markdown", "form", flag_value="markdown", help="Print the body of a pull request.")
@click.option("--json", "form", flag_value="json", help="Print the result as JSON on standard output.")
@click.option("--raw/--no-raw", default=True, help="Show the lines that differ as well.", show_default=True)
@click.pass_context
def diff(ctx: click.Context, before: str, after: str, *, form: str | None, raw: bool) -> None:
    """Show what changed in the evidence from BEFORE to AFTER: claims and facts first, then lines.

    Each is a commit of this repository, the folder of a project, or a folder of evidence. BEFORE defaults to
    HEAD, AFTER to the current evidence. The pages and their claims are the current ones on both sides. The
    exit status is 1 if a claim turned, and 2 if two sets were measured on different host classes.
    """
    from labreport.check.diff import compare
    from labreport.site.pages import Site

    with TemporaryDirectory(prefix="lab-diff-") as scratch:
        temporary = Path(scratch).resolve()
        sides = _side(before, temporary / "before"), _side(after, temporary / "after")
        changes = compare(Site(root()).pages(), *sides)
    if form == "json":
        from labreport.check.diff.words import as_json

        show.as_json(as_json(changes))
    elif form == "markdown":
        from labreport.check.diff.words import markdown

        show.document(markdown(changes))
    else:
        _print(changes, raw=raw)
    if changes.refused:
        ctx.exit(ExitStatus.WRONG_USE)
    ctx.exit(ExitStatus.FINDINGS if changes.turned else ExitStatus.FINE)


def _side(name: str, scratch: Path) -> Path:
    """Return the folder with the evidence of a commit, a folder or this project; commits go to `scratch`."""
    if not name:
        return root() / "evidence"
    if Path(name).is_dir():
        folder = Path(name).resolve()
        return folder / "evidence" if (folder / "evidence").is_dir() else folder
    scratch.mkdir()
    _unpack(root(), name, scratch)
    return scratch / "evidence"


def _unpack(project: Path, rev: str, to: Path) -> None:
    """Unpack the evidence of a commit into the folder `to`; raise click.UsageError without such a commit."""
    from labreport.capture.adopt import unpack
    from labreport.capture.git import git
    from labreport.capture.recorder import output

    if not is_utf8(rev):
        raise click.UsageError(f"{rev} is neither a folder nor a commit of this repository: name one")
    question = [*git(project), "rev-parse", "--verify", "--end-of-options", f"{rev}^{{commit}}"]
    commit = output(question)
    if not commit:
        what = f"{rev} is neither a folder nor a commit of this repository ({_complaint(question)})"
        raise click.UsageError(f"{what}: name a commit, or the folder of another copy of the evidence")
    (to / "evidence").mkdir()
    if not output([*git(project), "ls-tree", commit, "evidence"]):
        return
    archive = to / "evidence.tar"
    output([*git(project), "archive", f"--output={archive}", commit, "evidence", NOT_HIDDEN], timeout=120)
    with archive.open("rb") as stream:
        unpack(stream, to)


def _complaint(argv: list[str]) -> str:
    """Return the last line that a command prints, such as why git has no answer."""
    from labreport.capture.command import CommandSpec
    from labreport.capture.recorder import CommandNotFoundError, environment, execute

    with TemporaryFile() as printed:
        try:
            execute(CommandSpec(argv), stdout=printed, stderr=printed, env=environment(""))
        except CommandNotFoundError as error:
            return str(error)
        printed.seek(0)
        return printed.read().decode(errors="replace").strip().rpartition("\n")[2]


def _print(changes: "Changes", *, raw: bool) -> None:
    """Print the changes as tables and lines."""
    from labreport.check.diff.words import headline, raw_text, tables

    for one in changes.sets:
        show.line(f"{one.name}: {one.refused or f'{len(one.files)} files changed'}")
        for title, table in tables(one):
            show.table(title, table, {})
        for file in one.files if raw else ():
            show.document(raw_text(file))
    show.line(headline(changes))
