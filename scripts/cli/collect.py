"""lab collect."""

from collections.abc import Sequence

import click

from collectors.engine import runner
from collectors.engine.capture import Target
from collectors.records import CollectorState, Status
from scripts.cli import show, targets
from scripts.cli.project import root
from scripts.cli.statuses import CANNOT, FINDINGS


@click.command()
@click.argument("names", nargs=-1, metavar="[LAB[/COLLECTOR]]...", shell_complete=targets.complete)
@click.option("--dry-run", is_flag=True, help="Say what would be captured, and why; change nothing.")
@click.option("--as", "host", metavar="NAME", help="Put it in evidence/hosts/NAME, beside the report's own.")
@click.option("--replace", is_flag=True, help="Make this host the report's; what another measured goes.")
@click.option(
    "--containerd",
    type=click.Choice(["private", "system"]),
    default="private",
    show_default=True,
    help="Whose containerd runs the containers. `system`: this host's, and it may be set up (see lab undo).",
)
@click.option("--in-box", is_flag=True, help="Capture in the box (see lab box) and bring the evidence back.")
@click.option("--json", "json_", is_flag=True, help="Print the result as JSON on standard output.")
@click.pass_context
def collect(  # noqa: PLR0913 - an option each
    ctx: click.Context,
    names: tuple[str, ...],
    *,
    dry_run: bool,
    host: str | None,
    replace: bool,
    containerd: str,
    in_box: bool,
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
    if in_box and dry_run:
        raise click.UsageError("--dry-run looks at this host: give it without --in-box")
    project = root()
    ended: list[tuple[str, CollectorState]] = []
    named: set[tuple[str, str]] = set()
    with show.Watch() as watch:
        for lab, wanted in targets.by_lab(project, names).items():
            target = targets.target(project, lab, host)
            named |= {(lab, one) for one in wanted}
            if in_box:
                rows = _in_box(target, wanted, watch, host=host, replace=replace)
            else:
                system = containerd == "system"
                found = (
                    target.standings()
                    if dry_run
                    else runner.collect(target, wanted, watch, replace=replace, system=system)
                )
                rows = [standing.row(lab) for standing in found]
            ended += [(lab, row) for row in rows]
    if json_:
        show.as_json([show.row_json(*one) for one in ended])
    else:
        title = "What would be captured: all but what is captured" if dry_run else "Collected"
        show.standings(title, ended)
    if dry_run:
        return
    if any(row.state is Status.FAILED for _lab, row in ended):
        ctx.exit(FINDINGS)
    stuck = {(lab, row.name) for lab, row in ended if row.state is Status.MISSING}
    ctx.exit(CANNOT if stuck & named else 0)


def _in_box(
    target: Target, wanted: Sequence[str], watch: show.Watch, *, host: str | None, replace: bool
) -> list[CollectorState]:
    """Capture in the box and return the rows of the collect there; raise Exit where it printed none."""
    from collectors.box import capture, place

    lab = target.lab.name
    words = [f"{lab}/{one}" for one in wanted] or [lab]
    words += ["--as", host] if host else []
    words += ["--replace"] if replace else []
    asked = capture.Asked(target.root, lab, target.folder.relative_to(target.root).as_posix(), words)
    status, rows = capture.collect(asked, place.box().machine(), watch)
    if not rows:
        raise click.exceptions.Exit(status or FINDINGS)
    return [CollectorState.model_validate({key: row[key] for key in row if key != "lab"}) for row in rows]
