"""lab collect."""

import click

from collectors.engine import runner
from collectors.engine.plan import Standing
from collectors.records import Status
from scripts.cli import show, targets
from scripts.cli.project import root
from scripts.cli.statuses import CANNOT, FINDINGS


@click.command()
@click.argument("names", nargs=-1, metavar="[LAB[/COLLECTOR]]...", shell_complete=targets.complete)
@click.option("--dry-run", is_flag=True, help="Say what would be captured, and why; change nothing.")
@click.option("--as", "host", metavar="NAME", help="Put it in evidence/hosts/NAME, beside the report's own.")
@click.option("--replace", is_flag=True, help="Make this host the report's; what another measured goes.")
@click.option("--json", "json_", is_flag=True, help="Print the result as JSON on standard output.")
@click.pass_context
def collect(  # noqa: PLR0913 - an option each
    ctx: click.Context,
    names: tuple[str, ...],
    *,
    dry_run: bool,
    host: str | None,
    replace: bool,
    json_: bool,
) -> None:
    """Capture what is not fresh, in the lab's order.

    Without names: every lab. A collector that is named is captured even if it is fresh. What cannot run
    here is shown with what it needs. Exit status 1 if a capture failed, 3 if interrupted, 4 if a collector
    that was named cannot run here.
    """
    if host and replace:
        raise click.UsageError(
            "--as keeps the report's evidence, --replace takes its place: give one of them"
        )
    project = root()
    ended: list[tuple[str, Standing]] = []
    named: set[tuple[str, str]] = set()
    with show.Watch() as watch:
        for lab, wanted in targets.by_lab(project, names).items():
            target = targets.target(project, lab, host)
            named |= {(lab, one) for one in wanted}
            standings = (
                target.standings() if dry_run else runner.collect(target, wanted, watch, replace=replace)
            )
            ended += [(lab, standing) for standing in standings]
    if json_:
        show.as_json([show.standing_json(*one) for one in ended])
    else:
        title = "What would be captured: all but what is captured" if dry_run else "Collected"
        show.standings(title, ended)
    if dry_run:
        return
    if any(standing.status is Status.FAILED for _lab, standing in ended):
        ctx.exit(FINDINGS)
    stuck = {(lab, one.collector.name) for lab, one in ended if one.status is Status.MISSING}
    ctx.exit(CANNOT if stuck & named else 0)
