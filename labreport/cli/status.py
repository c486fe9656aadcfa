"""lab status."""

import click

from labreport.cli import show
from labreport.cli.project import by_lab, complete, root, target
from labreport.contract.errors import ExitStatus
from labreport.contract.records import Status


@click.command()
@click.argument("names", nargs=-1, metavar="[LAB]...", shell_complete=complete)
@click.option("--as", "host", metavar="NAME", help="Look at evidence/hosts/NAME.")
@click.option("--json", "json_", is_flag=True, help="Print the result as JSON on standard output.")
@click.pass_context
def status(ctx: click.Context, names: tuple[str, ...], *, host: str | None, json_: bool) -> None:
    """Show which evidence is fresh, stale or missing, and why.

    Stale: the collector, a module of its lab, a setting or an image is no longer what the record says; tool
    versions count only on the host that measured. Exit status 1 if something is stale, missing or failed.
    """
    project = root()
    found = [
        (lab, standing.row(lab))
        for lab in by_lab(project, names)
        for standing in target(project, lab, host).statuses()
    ]
    if json_:
        show.as_json([show.row_json(*one) for one in found])
    else:
        show.statuses("Evidence", found)
    fine = {Status.CAPTURED, Status.NOT_APPLICABLE}
    ctx.exit(ExitStatus.FINDINGS if any(row.state not in fine for _lab, row in found) else 0)
