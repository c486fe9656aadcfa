"""lab status."""

from collections import Counter

import click

from labreport.cli import show
from labreport.cli.project import BrokenLabs, by_lab, complete, root, target
from labreport.contract.errors import ExitStatus
from labreport.contract.records import Status

NOT_COMPARED = "changes of their source cannot be found; collect them by name to capture them again"


@click.command()
@click.argument("names", nargs=-1, metavar="[LAB]...", shell_complete=complete)
@click.option("--as", "host", metavar="NAME", help="Show the set in evidence/hosts/NAME.")
@click.option("--json", "json_", is_flag=True, help="Print the result as JSON on standard output.")
@click.pass_context
def status(ctx: click.Context, names: tuple[str, ...], *, host: str | None, json_: bool) -> None:
    """Show which evidence is captured, stale or missing, and why.

    Evidence is stale if the collector, a module of its lab, a setting or an image changed since its record
    was made. Tool versions are compared only on the host that measured. Comments, docstrings and imports make
    nothing stale. Exit status 1 if something is stale, missing or failed, and 2 if a lab has a mistake; the
    others are shown.
    """
    project = root()
    statuses, broken = [], BrokenLabs()
    for lab in by_lab(project, names):
        with broken.aside():
            found = target(project, lab, host).statuses()
            statuses += [(lab, collector_status) for collector_status in found]
    broken.end(ctx, nothing_else=not statuses)
    rows = [(lab, collector_status.row(lab)) for lab, collector_status in statuses]
    captured_by = [collector_status.captured_by for _lab, collector_status in statuses]
    if json_:
        pairs = zip(rows, captured_by, strict=True)
        show.as_json([show.row_json(*row) | {"captured_by": version} for row, version in pairs])
    else:
        show.statuses("Evidence", rows)
        for version, count in Counter(filter(None, captured_by)).items():
            show.line(f"{count} of {len(rows)} collectors were captured by {version}: {NOT_COMPARED}")
    fine = {Status.CAPTURED, Status.NOT_APPLICABLE}
    findings = ExitStatus.FINDINGS if any(row.state not in fine for _lab, row in rows) else 0
    ctx.exit(broken.status or findings)
