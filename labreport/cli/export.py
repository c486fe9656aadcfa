"""lab export."""

import sys
from pathlib import Path

import click

from labreport.cli import show
from labreport.cli.project import complete, is_utf8, root
from labreport.contract.errors import ExitStatus


@click.command()
@click.argument("lab", shell_complete=complete)
@click.option("--to", type=click.Path(dir_okay=False, path_type=Path), help="The file; else standard output.")
@click.option("--prefix", default="labs/{lab}/", show_default=True, help="What stands before evidence paths.")
@click.option("--full", is_flag=True, help="Everything that the pages say and show.")
@click.pass_context
def export(ctx: click.Context, lab: str, *, to: Path | None, prefix: str, full: bool) -> None:
    """Write the task pages of LAB as one plain Markdown report, in the form in which reports are handed in.

    The report has what the course sheet asks for: the files that lab.yml names, at most 15 lines of each,
    with the sentence before them, and the sections that rubric.yml names. --full gives the whole pages.

    Every block is a fence whose info string is start:end:path; gaps are said in words. `lab check FILE`
    reads such a report back. Exit status 1 if a page has a problem that a build would fail on.
    """
    from labreport.check.project import late_table_of
    from labreport.check.rubric import asked_of
    from labreport.report.export import export as render
    from labreport.report.today import today
    from labreport.site.pages import Site

    if not is_utf8(lab):
        raise click.UsageError(f"there is no lab {lab}: name one of docs/labs/")
    site = Site(root()).pages()
    prefix = prefix.replace("{lab}", lab)
    asked = None if full else asked_of(site, lab)
    exported = render(site, lab, prefix, lambda shown: late_table_of(site, shown, today()), asked)
    for problem in exported.problems:
        show.line(f"lab: {problem}", err=True)
    if to is None:
        _print(exported.markdown)
    else:
        show.save(to, exported.markdown.encode())
        show.line(f"{to}: written", err=True)
    ctx.exit(ExitStatus.FINDINGS if exported.problems else ExitStatus.FINE)


def _print(report: str) -> None:
    """Print a report: byte for byte to a file or a pipe, escaped on a terminal, on which it could act."""
    if not sys.stdout.isatty():
        show.write(report.encode())
        return
    for line in report.removesuffix("\n").split("\n"):
        show.line(line)
