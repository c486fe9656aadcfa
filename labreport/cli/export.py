"""lab export."""

import sys
from pathlib import Path

import click

from labreport.cli.project import complete, root
from labreport.contract.errors import ExitStatus


@click.command()
@click.argument("lab", shell_complete=complete)
@click.option("--to", type=click.Path(dir_okay=False, path_type=Path), help="The file; else standard output.")
@click.option("--prefix", default="labs/{lab}/", show_default=True, help="What stands before evidence paths.")
@click.pass_context
def export(ctx: click.Context, lab: str, *, to: Path | None, prefix: str) -> None:
    """Write the pages of LAB as one plain Markdown report, in the form in which reports are handed in.

    Every block is a fence whose info string is start:end:path; gaps are said in words. `lab check FILE`
    reads such a report back. Exit status 1 if a page has a problem that a build would fail on.
    """
    from labreport.check.project import lab_coverage
    from labreport.check.waivers import today
    from labreport.report.export import export as render
    from labreport.site.pages import Site

    site = Site(root()).pages()
    prefix = prefix.replace("{lab}", lab)
    exported = render(site, lab, prefix, lambda name: lab_coverage(site, name, today()))
    for problem in exported.problems:
        click.echo(f"lab: {problem}", err=True)
    if to is None:
        sys.stdout.buffer.write(exported.markdown.encode())  # click.echo would remove escape sequences
    else:
        to.write_bytes(exported.markdown.encode())
        click.echo(f"{to}: written", err=True)
    ctx.exit(ExitStatus.FINDINGS if exported.problems else ExitStatus.FINE)
