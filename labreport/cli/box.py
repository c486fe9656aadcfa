"""lab box."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

import click

from labreport.box import image, machine, place
from labreport.box.place import Box
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

    It is a Debian 13 made from packages, in /var/lib/lab/box (not root: ~/.local/share/lab/box; LAB_BOX
    names another folder). Its only port is ssh on 127.0.0.1, with a key of its own.
    """


@contextmanager
def _alone(kept: Box) -> Iterator[PlainProgress]:
    """Hold the box while it is changed, show what happens, and let Ctrl-C end it in order."""
    with place.alone(kept), signals.interruptible(), showing() as watch:
        yield watch


@box.command()
def create() -> None:
    """Make the image, unless it is there, and try whether KVM can run it here. Takes minutes, once."""
    kept = place.box()
    with _alone(kept) as watch:
        found = image.create(kept, watch.working)
    click.echo(f"made: {kept.image} (runs with {found.name}{f': {found.why}' if found.why else ''})")


@box.command()
@MEMORY
def start(memory: int) -> None:
    """Start the box and wait until it is a KVM host. What it writes stays until it is removed."""
    kept = place.box()
    with _alone(kept) as watch:
        machine.clear_dead(kept)
        known = machine.start(kept.machine(), watch.working, memory)
    click.echo(
        f"started in {known.seconds:.0f} s: lab box ssh, port {known.port} of 127.0.0.1; "
        f"runs with {known.accelerator}{f': {known.why}' if known.why else ''}"
    )


@box.command()
@click.option("--json", "json_", is_flag=True, help="Print the result as JSON on standard output.")
@click.pass_context
def status(ctx: click.Context, *, json_: bool) -> None:
    """Say whether the box is made and started, what runs it and why. Exit status 1 if it is not started."""
    kept = place.box()
    known = machine.running(kept.machine())
    made = kept.image.exists()
    if json_:
        about = asdict(known) if known else None
        show.as_json({"folder": str(kept.folder), "made": made, "started": about})
    elif known:
        why = f" ({known.why})" if known.why else ""
        click.echo(
            f"started: port {known.port} of 127.0.0.1, {known.memory_mib} MiB, runs with {known.accelerator}"
            f"{why}; console: {kept.machine().console}"
        )
    else:
        click.echo("made, not started: lab box start" if made else "not made: lab box create")
    ctx.exit(0 if known else ExitStatus.FINDINGS)


@box.command(context_settings={"ignore_unknown_options": True})
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def ssh(command: tuple[str, ...]) -> None:
    """Log in to the started box as root, or run COMMAND there; the exit status is ssh's."""
    way = machine.door(place.box().machine())
    options = ["-t"] if sys.stdin.isatty() and not command else ["-T"]
    argv = way.argv(command, options=options)
    os.execvp(argv[0], argv)  # noqa: S606 - this process has nothing left to do


@box.command(context_settings={"ignore_unknown_options": True})
@MEMORY
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_context
def run(ctx: click.Context, memory: int, command: tuple[str, ...]) -> None:
    """Run COMMAND in a machine that starts from the clean image and is gone afterwards.

    The exit status is the command's, 4 if the machine could not be had.
    """
    kept = place.box()
    one = kept.machine(f"run-{os.getpid()}")
    with signals.interruptible(), showing() as watch:
        machine.clear_dead(kept)
        try:
            machine.start(one, watch.working, memory)
            watch.working("running the command")
            way = machine.door(one)
            ended = way.follow(command, one.folder / "said.txt", click.echo, timeout=RUN_SECONDS)
        finally:
            with signals.deferred():
                machine.end(one)
                shutil.rmtree(one.folder, ignore_errors=True)
    ctx.exit(ExitStatus.CANNOT_RUN if ended == LOST else ended)


@box.command()
def stop() -> None:
    """Shut the box down; its disk stays for the next start."""
    kept = place.box()
    with _alone(kept) as watch:
        watch.working("shutting down")
        ran = machine.stop(kept.machine())
    click.echo("stopped" if ran else "it was not started")


@box.command()
def remove() -> None:
    """End the box's machines and remove all that it has on this host."""
    kept = place.box()
    if not kept.folder.exists():
        click.echo("there is no box")
        return
    with _alone(kept):
        there = machine.remove(kept)
    click.echo("removed" if there else "there is no box")
