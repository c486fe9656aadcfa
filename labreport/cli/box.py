"""lab box."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

import click

from labreport.box import image, machine
from labreport.box.layout import Box, default_box, locked
from labreport.box.ssh import LOST
from labreport.capture import signals
from labreport.cli import show
from labreport.cli.show import PlainProgress
from labreport.cli.show import progress as showing
from labreport.contract.errors import ExitStatus

RUN_SECONDS = 4 * 3600.0
MEMORY = click.option(
    "--memory",
    type=click.IntRange(min=1024),
    default=machine.MEMORY_MIB,
    show_default=True,
    metavar="MIB",
    help="The machine's memory.",
)


@click.group()
def box() -> None:
    """Make, start and remove a virtual machine with KVM, for hosts that have none.

    It is a Debian 13 made from packages, in /var/lib/lab/box (without root: ~/.local/share/lab/box), or in
    the folder that LAB_BOX names. Its only port is ssh on 127.0.0.1, with a key of its own.
    """


@contextmanager
def _changing(box: Box) -> Iterator[PlainProgress]:
    """Lock the box, show progress, and clean up on Ctrl-C."""
    with locked(box), signals.interruptible(), showing() as shown:
        yield shown


@box.command()
def create() -> None:
    """Make the image, unless it exists, and test whether KVM can run it here. Takes minutes, once."""
    box = default_box()
    with _changing(box) as shown:
        chosen = image.create(box, shown.working)
    show.line(f"made: {box.image} (runs with {chosen.name}{f': {chosen.why}' if chosen.why else ''})")


@box.command()
@MEMORY
def start(memory: int) -> None:
    """Start the box and wait until it is a KVM host. Its disk keeps what it writes until it is removed."""
    box = default_box()
    with _changing(box) as shown:
        machine.clear_dead(box)
        state = machine.start(box.machine(), shown.working, memory)
    show.line(
        f"started in {state.seconds:.0f} s: lab box ssh, port {state.port} of 127.0.0.1; "
        f"runs with {state.accelerator}{f': {state.why}' if state.why else ''}"
    )


@box.command()
@click.option("--json", "json_", is_flag=True, help="Print the result as JSON on standard output.")
@click.pass_context
def status(ctx: click.Context, *, json_: bool) -> None:
    """Show whether the box is made and started, and what runs it. Exit status 1 if it is not started."""
    box = default_box()
    state = machine.running(box.machine())
    made = box.image.exists()
    if json_:
        show.as_json({"folder": str(box.folder), "made": made, "started": asdict(state) if state else None})
    elif state:
        why = f" ({state.why})" if state.why else ""
        show.line(
            f"started: port {state.port} of 127.0.0.1, {state.memory_mib} MiB, runs with {state.accelerator}"
            f"{why}; console: {box.machine().console}"
        )
    else:
        show.line("made, not started: lab box start" if made else "not made: lab box create")
    ctx.exit(0 if state else ExitStatus.FINDINGS)


@box.command(context_settings={"ignore_unknown_options": True})
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def ssh(command: tuple[str, ...]) -> None:
    """Log in to the started box as root, or run COMMAND there. The exit status is ssh's."""
    connection = machine.connect(default_box().machine())
    options = ["-t"] if sys.stdin.isatty() and not command else ["-T"]
    argv = connection.argv(command, options=options)
    os.execvp(argv[0], argv)  # noqa: S606 - this process has nothing left to do


@box.command(context_settings={"ignore_unknown_options": True})
@MEMORY
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_context
def run(ctx: click.Context, memory: int, command: tuple[str, ...]) -> None:
    """Run COMMAND in a machine that starts from the clean image and is removed afterwards.

    The exit status is the command's, or 4 if the machine cannot be started.
    """
    box = default_box()
    one_off = box.machine(f"run-{os.getpid()}")
    with signals.interruptible(), showing() as shown:
        machine.clear_dead(box)
        try:
            machine.start(one_off, shown.working, memory)
            shown.working("running the command")
            connection = machine.connect(one_off)
            ended = connection.follow(command, one_off.folder / "output.txt", show.line, timeout=RUN_SECONDS)
        finally:
            with signals.deferred():
                machine.end(one_off)
                shutil.rmtree(one_off.folder, ignore_errors=True)
    ctx.exit(ExitStatus.CANNOT_RUN if ended == LOST else ended)


@box.command()
def stop() -> None:
    """Shut the box down. Its disk stays for the next start."""
    box = default_box()
    with _changing(box) as shown:
        shown.working("shutting down")
        was_running = machine.stop(box.machine())
    show.line("stopped" if was_running else "it was not started")


@box.command()
def remove() -> None:
    """End the box's machines and remove all its files."""
    box = default_box()
    if not box.folder.exists():
        show.line("there is no box")
        return
    with _changing(box):
        removed = machine.remove(box)
    show.line("removed" if removed else "there is no box")
