"""The command line: `lab`. Commands are imported when they run, so that help and completion are quick."""

import gc
import importlib
import os
import sys

import click

os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # a search for them costs 30 ms

from labreport import __version__
from labreport.contract.errors import ExitStatus, LabError

COMMANDS = {
    "doctor": "What this host has of what the labs need, and how to get the rest.",
    "collect": "Capture what is not fresh.",
    "record": "Capture one command into an evidence file.",
    "status": "Which evidence is fresh, stale or missing, and why.",
    "verify": "Is every evidence file what its record says?",
    "check": "Do the pages, or a handed-in report, equal the evidence?",
    "facts": "The values that pages stand on, and where each is from.",
    "diff": "What changed in the evidence: facts, series, claims, then lines.",
    "export": "The pages of a lab as one plain Markdown report.",
    "pack": "What another host needs to collect, in one tar.",
    "adopt": "Take over a set that was captured on another host.",
    "box": "A virtual machine with KVM, for hosts that have none.",
    "undo": "Put back what collecting changed on this host.",
    "init": "Create a repository for labs, without the tool in it.",
    "new": "Create a lab: three folders that work as they are.",
}
"""Every command with its summary; each is labreport/cli/<name>.py, with a click command `<name>`."""

EPILOG = "Exit status: 0 fine, 1 findings, 2 wrong use, 3 interrupted, 4 cannot run here."


class Lazy(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the names, in the order in which they are used."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"labreport.cli.{cmd_name}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the summaries without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Lazy, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="lab")
def lab() -> None:
    """Capture the evidence of a lab, record how it was made, and check reports against it."""


def main() -> None:
    """Run the command line; errors that are ours are one or two lines, without a traceback."""
    gc.set_threshold(50_000)  # at Python's 700 a tenth of a command's start goes into looking for garbage
    if os.environ.get("_LAB_COMPLETE"):
        lab(prog_name="lab")
    try:
        status = lab(prog_name="lab", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted: nothing was left behind; the next collect goes on", err=True)
        status = ExitStatus.INTERRUPTED
    except (LabError, PermissionError) as error:
        click.echo(f"lab: {error}", err=True)
        status = error.exit_status if isinstance(error, LabError) else ExitStatus.CANNOT_RUN
    gc.freeze()  # what is there at the end goes with the process
    sys.exit(status if isinstance(status, int) else 0)
