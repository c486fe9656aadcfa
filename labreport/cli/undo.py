"""lab undo."""

import os

import click

from labreport.capture import signals
from labreport.capture.host_changes import ledger
from labreport.capture.host_changes import undo as undoing
from labreport.capture.host_changes.ledger import LedgerError
from labreport.capture.host_changes.places import NOTHING
from labreport.cli import show
from labreport.contract.errors import ExitStatus


@click.command()
@click.option("--dry-run", is_flag=True, help="Print what would be restored; change nothing.")
@click.option("--json", "json_", is_flag=True, help="Print the result as JSON on standard output.")
@click.pass_context
def undo(ctx: click.Context, *, dry_run: bool, json_: bool) -> None:
    """Restore what `lab collect --containerd system` changed on this host: every byte, mode and owner.

    It can be interrupted and called again. Exit status 1 if something could not be restored: somebody else
    has changed it, or what was kept of it is gone or was altered.
    """
    if os.geteuid() != 0:
        raise LedgerError("only root can read the ledger", "run it with sudo, or as root")
    with ledger.opened() as noted:
        if dry_run:
            entries, left = undoing.readable(noted)
            done = [what(entry) for _name, entry in entries]
        else:
            with signals.interruptible():
                done, left = undo_all(noted)
    if json_:
        show.as_json({"done": done, "left": left})
    else:
        for text in [*done, *(f"left: {one}" for one in left)] or ["nothing to undo"]:
            show.line(text)
    ctx.exit(ExitStatus.FINDINGS if left else 0)


def undo_all(noted: ledger.Ledger) -> tuple[list[str], list[str]]:
    """Undo everything; say what to do if that is interrupted."""
    try:
        return undoing.undo(noted)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("not everything is undone: run lab undo again") from None


def what(entry: ledger.Entry) -> str:
    """Return in one line what undoing this entry would do."""
    if entry.kind == "restart":
        return f"{' '.join(entry.argv)}: would be run"
    return f"{entry.path}: would be {'removed' if entry.before == NOTHING else 'restored'}"
