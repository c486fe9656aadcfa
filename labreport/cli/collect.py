"""The command `lab collect`."""

import socket
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click

from labreport.capture import collect as collecting
from labreport.capture import recapture
from labreport.capture.capture import Target
from labreport.capture.declare import ESCAPE, MEASURE
from labreport.capture.plan import NOT_YET, CollectorStatus
from labreport.capture.session import Allowed
from labreport.cli import project, show
from labreport.cli.show import PlainProgress
from labreport.cli.summary import print_box_plan, print_plan, print_summary
from labreport.contract.errors import ExitStatus
from labreport.contract.records import Status
from labreport.contract.state import CollectorState

BOX = "box"
"""The name of the box for --allow-escape-tests."""


@click.command()
@click.argument("names", nargs=-1, metavar="[LAB[/COLLECTOR]]...", shell_complete=project.complete)
@click.option("--dry-run", is_flag=True, help="Show what would be captured and downloaded. Change nothing.")
@click.option("--as", "host", metavar="NAME", help="Capture into evidence/hosts/NAME, not the report's set.")
@click.option(
    "--replace",
    is_flag=True,
    help="Make this the set's host. What another host measured is captured again, or removed.",
)
@click.option(
    "--containerd",
    type=click.Choice(["private", "system"]),
    default="private",
    show_default=True,
    help="The containerd that runs the containers. `system` is this host's, which may be changed (lab undo).",
)
@click.option("--in-box", is_flag=True, help="Capture in the box (see lab box) and bring the evidence back.")
@click.option(
    "--allow-escape-tests",
    "escape_host",
    metavar="HOST",
    help="Also try to break out of containers on this host. HOST is its name, or `box` with --in-box.",
)
@click.option(
    "--repeat",
    is_flag=True,
    help="Capture again and list the differences. Change no set.",
)
@click.option(
    "--skip",
    multiple=True,
    metavar="LAB/COLLECTOR",
    shell_complete=project.complete,
    help="Do not run this collector, nor those that come after it. May be given again.",
)
@click.option("--refresh", is_flag=True, help="Capture everything again, and keep what did not change.")
@click.option("--json", "json_", is_flag=True, help="Print the result as JSON on standard output.")
@click.pass_context
def collect(ctx: click.Context, /, names: tuple[str, ...], *, json_: bool, **options: Any) -> None:
    """Capture the evidence that is not fresh, in the lab's order.

    Without names, collect every lab. A collector that is named is captured even if it is fresh. A collector
    that cannot run here is shown with what it needs. --refresh ignores volatile parts and noise of series.

    The exit status is 1 if a capture failed or, with --repeat, differs from the one before; 2 if a lab has a
    mistake, which does not stop the others; 3 if the collect was interrupted; 4 if a collector that was named
    cannot run here.
    """
    how = CollectOptions(**options)
    how.check()
    root = project.root()
    chosen = project.by_lab(root, names)
    how.check_skip(chosen)
    rows: list[tuple[str, CollectorState]] = []
    named: set[tuple[str, str]] = set()
    broken = project.BrokenLabs()
    with show.progress() as progress:
        for lab, collectors in chosen.items():
            with broken.aside():
                target = project.target(root, lab, how.host)
                named |= {(lab, collector) for collector in collectors}
                rows += [(lab, row) for row in how.rows(target, collectors, progress)]
    broken.end(ctx, nothing_else=not rows)
    if json_:
        show.as_json([show.row_json(*row) for row in rows])
    elif how.repeat or how.refresh:
        show.statuses("Compared with the capture before", rows)
    elif how.dry_run and how.in_box:
        print_box_plan(rows, root)
    elif how.dry_run:
        print_plan(rows, root)
    else:
        print_summary(rows)
    ctx.exit(broken.status or (0 if how.dry_run else how.exit_status(rows, named)))


@dataclass(frozen=True)
class CollectOptions:
    """The options of `lab collect`. `escape_host` is the host on which escapes may be tried."""

    dry_run: bool
    host: str | None
    replace: bool
    containerd: str
    in_box: bool
    escape_host: str | None
    repeat: bool
    refresh: bool
    skip: tuple[str, ...]

    def check(self) -> None:
        """Raise UsageError for options that exclude each other, or for the name of another host."""
        if self.host and self.replace:
            raise click.UsageError("--as keeps the report's set, and --replace replaces it: give one of them")
        if self.repeat and (self.dry_run or self.replace):
            raise click.UsageError("--repeat changes no set: give it without --replace and --dry-run")
        if self.refresh and (self.dry_run or self.repeat or self.in_box):
            raise click.UsageError(
                "--refresh captures here: give it without --repeat, --dry-run and --in-box"
            )
        if self.skip and (self.refresh or self.repeat or self.dry_run):
            raise click.UsageError("--skip goes without --refresh, --repeat and --dry-run")
        here = BOX if self.in_box else socket.gethostname()
        if self.escape_host not in {None, here}:
            raise click.UsageError(
                f"--allow-escape-tests {self.escape_host}: escapes would be tried on {here!r}: name it, "
                "if it may be harmed"
            )

    def check_skip(self, labs: Collection[str]) -> None:
        """Raise UsageError if a name to skip is not that of a collector of `labs`."""
        for name in self.skip:
            lab, _, collector = name.partition("/")
            if lab not in labs or not collector:
                raise click.UsageError(f"--skip {name}: not a collector of {' or '.join(labs)}")

    def skipped(self, target: Target) -> frozenset[str]:
        """Return the collectors of the lab that are skipped; raise DeclarationError if it has no such one."""
        prefix = f"{target.lab.name}/"
        names = [name.removeprefix(prefix) for name in self.skip if name.startswith(prefix)]
        return frozenset(collecting.known_names(target, names))

    def rows(self, target: Target, names: Sequence[str], progress: PlainProgress) -> list[CollectorState]:
        """Do what the options say; return the row of every collector."""
        if self.in_box and self.dry_run:
            return self._due_in_box(target, names)
        if self.in_box:
            return self._in_box(target, names, progress)
        allowed = Allowed(
            system=self.containerd == "system",
            escapes=self.escape_host is not None,
            skip=self.skipped(target),
        )
        if self.dry_run:
            statuses = target.statuses()
        elif self.repeat:
            statuses = recapture.repeat(target, names, progress, allowed)
        elif self.refresh:
            statuses = self._refresh(target, names, progress, allowed)
        else:
            statuses = collecting.collect(target, names, progress, replace=self.replace, allowed=allowed)
        return [status.row(target.lab.name) for status in statuses]

    def _refresh(
        self, target: Target, names: Sequence[str], progress: PlainProgress, allowed: Allowed
    ) -> list[CollectorStatus]:
        """Refresh a set. A series is the same if it changed by no more than the noise of the set's host."""
        from labreport.check.diff.measured import least_effect, same_but_for_noise, series_of
        from labreport.report.source.evidence import Evidence

        def judge(*folders: Path) -> recapture.SameSeries:
            before, after = (series_of(Evidence(folder.parent), folder.name) for folder in folders)
            return partial(same_but_for_noise, floor=least_effect(before, after))

        return recapture.refresh(target, names, progress, judge, replace=self.replace, allowed=allowed)

    def _due_in_box(self, target: Target, names: Sequence[str]) -> list[CollectorState]:
        """Return the rows of the collectors that the box would capture: it has what they need."""
        chosen = collecting.known_names(target, names)
        roles = {MEASURE, ESCAPE} if self.escape_host else {MEASURE}
        due = collecting.select(
            target.statuses(),
            chosen,
            lambda status: collecting.is_due(status) and status.collector.role in roles,
        )
        return [CollectorStatus(one, Status.MISSING, NOT_YET).row(target.lab.name) for one in due]

    def _in_box(self, target: Target, names: Sequence[str], progress: PlainProgress) -> list[CollectorState]:
        """Capture in the box; return the rows of the collect there, or raise Exit if it printed none."""
        from labreport.box.capture import collect_in_box
        from labreport.box.layout import default_box
        from labreport.box.transfer import BoxCollect

        options = ["--as", self.host] if self.host else []
        options += ["--replace"] if self.replace else []
        options += ["--repeat"] if self.repeat else []
        asked = BoxCollect(
            target.root,
            target.lab.name,
            target.folder.relative_to(target.root).as_posix(),
            names,
            options,
            escapes=self.escape_host is not None,
            skip=self.skipped(target),
        )
        status, rows = collect_in_box(asked, default_box().machine(), progress)
        if not rows:
            raise click.exceptions.Exit(status or ExitStatus.FINDINGS)
        return [CollectorState.model_validate({key: row[key] for key in row if key != "lab"}) for row in rows]

    def exit_status(self, rows: Sequence[tuple[str, CollectorState]], named: set[tuple[str, str]]) -> int:
        """Return the exit status; `named` are the lab and name of each collector that was asked for."""
        bad = {Status.FAILED, Status.STALE} if self.repeat else {Status.FAILED}
        if any(row.state in bad for _lab, row in rows):
            return ExitStatus.FINDINGS
        missing = {(lab, row.name) for lab, row in rows if row.state is Status.MISSING}
        return ExitStatus.CANNOT_RUN if missing & named else ExitStatus.FINE
