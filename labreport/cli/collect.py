"""lab collect."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from labreport.capture import repeat, runner
from labreport.capture.capture import Target
from labreport.capture.plan import CollectorStatus
from labreport.capture.session import Allowed
from labreport.cli import show, targets
from labreport.cli.project import root
from labreport.cli.watch import Watch, watching
from labreport.contract.errors import ExitStatus
from labreport.contract.records import CollectorState, Status

BOX = "box"
"""How the box is named where the host that may be harmed is asked for."""


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
@click.option(
    "--allow-escape-tests",
    "harmed",
    metavar="HOST",
    help="Try to break out of containers on this host, too; its name is asked for, or `box` with --in-box.",
)
@click.option(
    "--repeat", is_flag=True, help="Capture again beside the set, and say what differs; keep the set."
)
@click.option(
    "--refresh",
    is_flag=True,
    help="Capture all anew, and keep what is the same but for noise and volatile fields.",
)
@click.option("--json", "json_", is_flag=True, help="Print the result as JSON on standard output.")
@click.pass_context
def collect(ctx: click.Context, /, names: tuple[str, ...], *, json_: bool, **given: Any) -> None:
    """Capture what is not fresh, in the lab's order.

    Without names: every lab. A collector that is named is captured even if it is fresh. What cannot run
    here is shown with what it needs. Exit status 1 if a capture failed or differs from the one before, 3 if
    interrupted, 4 if a collector that was named cannot run here.
    """
    how = How(**given)
    how.check()
    project = root()
    ended: list[tuple[str, CollectorState]] = []
    named: set[tuple[str, str]] = set()
    with watching() as watch:
        for lab, wanted in targets.by_lab(project, names).items():
            target = targets.target(project, lab, how.host)
            named |= {(lab, one) for one in wanted}
            ended += [(lab, row) for row in how.rows(target, wanted, watch)]
    if json_:
        show.as_json([show.row_json(*one) for one in ended])
    else:
        title = "What would be captured: all but what is captured" if how.dry_run else "Collected"
        show.standings(title, ended)
    if not how.dry_run:
        ctx.exit(how.exit_status(ended, named))


@dataclass(frozen=True)
class How:
    """The options of a collect, as the command line names them; `harmed` is the host that may be harmed."""

    dry_run: bool
    host: str | None
    replace: bool
    containerd: str
    in_box: bool
    harmed: str | None
    repeat: bool
    refresh: bool

    def check(self) -> None:
        """Raise UsageError for options that exclude each other, or the wrong name of a host."""
        if self.host and self.replace:
            raise click.UsageError(
                "--as keeps the report's evidence, --replace takes its place: give one of them"
            )
        if self.in_box and self.dry_run:
            raise click.UsageError("--dry-run looks at this host: give it without --in-box")
        if self.repeat and (self.dry_run or self.replace):
            raise click.UsageError("--repeat changes no set: give it without --replace and --dry-run")
        if self.refresh and (self.dry_run or self.repeat or self.in_box):
            raise click.UsageError(
                "--refresh captures here: give it without --repeat, --dry-run and --in-box"
            )
        meant = BOX if self.in_box else socket.gethostname()
        if self.harmed is not None and self.harmed != meant:
            raise click.UsageError(
                f"--allow-escape-tests {self.harmed}: escapes would be tried on {meant!r}: name that one, "
                "if it may be harmed"
            )

    def rows(self, target: Target, wanted: Sequence[str], watch: Watch) -> list[CollectorState]:
        """Capture, or look, as it was asked; return where each collector stands then."""
        if self.in_box:
            return self._in_box(target, wanted, watch)
        allowed = Allowed(system=self.containerd == "system", escapes=self.harmed is not None)
        if self.dry_run:
            found = target.statuses()
        elif self.repeat:
            found = repeat.repeat(target, wanted, watch, allowed)
        elif self.refresh:
            found = _refresh(target, wanted, watch, allowed, replace=self.replace)
        else:
            found = runner.collect(target, wanted, watch, replace=self.replace, allowed=allowed)
        return [standing.row(target.lab.name) for standing in found]

    def _in_box(self, target: Target, wanted: Sequence[str], watch: Watch) -> list[CollectorState]:
        """Capture in the box and return the rows of the collect there; raise Exit where it printed none."""
        from labreport.box import capture, carry, place

        options = ["--as", self.host] if self.host else []
        options += ["--replace"] if self.replace else []
        options += ["--repeat"] if self.repeat else []
        evidence = target.folder.relative_to(target.root).as_posix()
        asked = carry.Asked(
            target.root, target.lab.name, evidence, wanted, options, escapes=self.harmed is not None
        )
        status, rows = capture.collect(asked, place.box().machine(), watch)
        if not rows:
            raise click.exceptions.Exit(status or ExitStatus.FINDINGS)
        return [CollectorState.model_validate({key: row[key] for key in row if key != "lab"}) for row in rows]

    def exit_status(self, ended: Sequence[tuple[str, CollectorState]], named: set[tuple[str, str]]) -> int:
        """Return the exit status for how the collectors ended; `named` are those that were asked for."""
        bad = {Status.FAILED, *((Status.STALE,) if self.repeat else ())}
        if any(row.state in bad for _lab, row in ended):
            return ExitStatus.FINDINGS
        stuck = {(lab, row.name) for lab, row in ended if row.state is Status.MISSING}
        return ExitStatus.CANNOT_RUN if stuck & named else 0


def _refresh(
    target: Target, wanted: Sequence[str], watch: Watch, allowed: Allowed, *, replace: bool
) -> list[CollectorStatus]:
    """Capture anew; a series is the same where nothing of it changed beyond the noise of the set's host."""
    from functools import partial

    from labreport.capture import refresh
    from labreport.check.diff.measured import least_effect, same_but_for_noise, series_of
    from labreport.report.source.evidence import Evidence

    def judging(*folders: Path) -> refresh.Same:
        before, after = (series_of(Evidence(one.parent), one.name) for one in folders)
        return partial(same_but_for_noise, floor=least_effect(before, after))

    return refresh.refresh(target, wanted, watch, judging, replace=replace, allowed=allowed)
