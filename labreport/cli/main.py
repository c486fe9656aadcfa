"""The command line: `lab`."""

import importlib
import keyword
import sys

import click

from labreport import __version__
from labreport.cli import output
from labreport.contract.errors import ExitStatus

COMMANDS = {
    "doctor": "Show what this host has of what the labs need, and how to get the rest.",
    "collect": "Capture the evidence that is not fresh.",
    "record": "Capture the output of one command as evidence.",
    "status": "Show which evidence is fresh, stale or missing, and why.",
    "verify": "Check every evidence file against its record.",
    "check": "Check the pages, or a report that was handed in, against the evidence.",
    "audit": "Check a report that somebody handed in, or a class of them, against the evidence.",
    "facts": "Show the values that the pages use, and where each comes from.",
    "diff": "Show what changed in the evidence: facts, series, claims, then lines.",
    "export": "Write a lab as one file: Markdown, a page for the browser, or a PDF.",
    "pack": "Pack what another host needs to collect into one tar.",
    "import": "Make somebody else's report and its evidence a lab.",
    "adopt": "Take over a set that was captured on another host.",
    "cache": "List the archives that were downloaded; add one, or remove them.",
    "box": "Manage a virtual machine with KVM, for a host that has none.",
    "undo": "Undo what collecting changed on this host.",
    "init": "Create a repository for labs, without the tool in it.",
    "new": "Create a lab that works as it is.",
}
"""Every command with its summary. Each is a click command called `<name>` in labreport/cli/<name>.py.

A name that is a keyword of Python has a `_` behind it there.
"""

EPILOG = (
    "Exit status: 0 fine, 1 findings, 2 wrong use, 3 interrupted, 4 cannot run here, 5 a fault of the tool."
)
READER_GONE = 141
"""The exit status if the reader of standard output closes it: that of a process that SIGPIPE ends."""


class LazyGroup(click.Group):
    """A group that imports a command when it is called, so that `lab --help` and completion are quick."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the names, in the order in which people use them."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command and return it."""
        if cmd_name not in COMMANDS:
            return None
        name = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name
        module = importlib.import_module(f"labreport.cli.{name}")
        command: click.Command = getattr(module, name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command; for a name that is none, say which one may be meant."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from labreport.report.problems import similar

            close = similar(args[0], COMMANDS)
            ctx.fail(f"there is no command {args[0]!r}" + (f": is {close} meant?" if close else ""))
        return super().resolve_command(ctx, args)

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the summaries without importing any command."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="lab")
def lab() -> None:
    """Capture the evidence of a lab, record how it was made, and check reports against it."""


def main() -> None:
    """Run the command line. Every error is printed in one line, without a traceback."""
    output.keep_streams()
    try:
        status = _run()
    except KeyboardInterrupt:
        status = ExitStatus.INTERRUPTED
    output.finish()
    sys.exit(status if isinstance(status, int) else 0)


def _run() -> int:  # one a kind of end
    """Run a command; return its exit status."""
    try:
        status: int = lab(prog_name="lab", standalone_mode=False)
    except output.ReaderGoneError:
        return READER_GONE
    except click.ClickException as error:
        return _wrong_use(error)
    except (click.Abort, KeyboardInterrupt) as error:
        what = str(error.__cause__ or error)
        output.line(f"lab: interrupted: {what}" if what else "lab: interrupted", err=True)
        return ExitStatus.INTERRUPTED
    except ModuleNotFoundError as error:
        return _missing(error)
    except Exception as error:  # noqa: BLE001 # the last handler: no traceback reaches a user
        return _failed(error)
    return status


def _wrong_use(error: click.ClickException) -> int:
    """Print what is wrong with the words on the command line, and where to read about them."""
    context = getattr(error, "ctx", None)
    if not error.message.strip() or type(error).__name__ == "NoArgsIsHelpError":  # click 8.2: it is the help
        error.show()
        return error.exit_code
    path = context.command_path if context else "lab"
    output.line(
        f"{path}: {error.format_message().rstrip('.')}: `{path} --help` shows how to call it", err=True
    )
    return error.exit_code


def _missing(error: ModuleNotFoundError) -> int:
    """Print which package is not installed, and how to install it; for a module of ours, see `_failed`."""
    from labreport.site.defaults import is_ours, not_installed

    if is_ours(error):
        return _failed(error)
    output.line(not_installed(error), err=True)
    return ExitStatus.CANNOT_RUN


def _failed(error: Exception) -> int:
    """Print an error in one line; return its exit status."""
    from labreport.report.crash import as_error

    known = as_error(error)
    output.line(f"lab: {known}", err=True)
    return known.exit_status
