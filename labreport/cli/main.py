"""The command line: `lab`."""

import importlib
import sys

import click

from labreport import __version__
from labreport.contract.errors import ExitStatus, LabError

COMMANDS = {
    "doctor": "Show what this host has of what the labs need, and how to get the rest.",
    "collect": "Capture the evidence that is not fresh.",
    "record": "Capture the output of one command as evidence.",
    "status": "Show which evidence is fresh, stale or missing, and why.",
    "verify": "Check every evidence file against its record.",
    "check": "Check the pages, or a report that was handed in, against the evidence.",
    "facts": "Show the values that the pages use, and where each comes from.",
    "diff": "Show what changed in the evidence: facts, series, claims, then lines.",
    "export": "Write the pages of a lab as one plain Markdown report.",
    "pack": "Pack what another host needs to collect into one tar.",
    "adopt": "Take over a set that was captured on another host.",
    "box": "Manage a virtual machine with KVM, for a host that has none.",
    "undo": "Undo what collecting changed on this host.",
    "init": "Create a repository for labs, without the tool in it.",
    "new": "Create a lab that works as it is.",
}
"""Every command with its summary. Each is a click command called `<name>` in labreport/cli/<name>.py."""

EPILOG = "Exit status: 0 fine, 1 findings, 2 wrong use, 3 interrupted, 4 cannot run here."


class LazyGroup(click.Group):
    """A group that imports a command when it is called, so that `lab --help` and completion are quick."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the names, in the order in which people use them."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command and return it."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"labreport.cli.{cmd_name}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the summaries without importing any command."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="lab")
def lab() -> None:
    """Capture the evidence of a lab, record how it was made, and check reports against it."""


def main() -> None:
    """Run the command line. A LabError is printed in one or two lines, without a traceback."""
    try:
        status = lab(prog_name="lab", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted: nothing was left behind; the next collect goes on", err=True)
        status = ExitStatus.INTERRUPTED
    except LabError as error:
        click.echo(f"lab: {error}", err=True)
        status = error.exit_status
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "labreport":
            raise
        from labreport.site.defaults import how_to_install

        extra = "collect" if error.name in {"filelock", "rich", "sh", "tomlkit"} else "publish"
        click.echo(f"lab: {error.name} is not installed: {how_to_install(extra)}", err=True)
        status = ExitStatus.CANNOT_RUN
    except PermissionError as error:
        click.echo(f"lab: {error}", err=True)
        status = ExitStatus.CANNOT_RUN
    sys.exit(status if isinstance(status, int) else 0)
