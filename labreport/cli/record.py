"""The command `lab record`."""

import click

from labreport.capture.collect import record_by_hand
from labreport.capture.declare import DeclarationError
from labreport.cli import project, show
from labreport.contract.errors import ExitStatus
from labreport.contract.fields import evidence_path
from labreport.contract.records import Status


@click.command(context_settings={"allow_interspersed_args": False})
@click.argument("path", metavar="[LAB/]PATH")
@click.argument("argv", nargs=-1, required=True, metavar="-- COMMAND...")
@click.option("--as", "host", metavar="NAME", help="Capture into evidence/hosts/NAME, not the report's set.")
@click.pass_context
def record(ctx: click.Context, path: str, argv: tuple[str, ...], *, host: str | None) -> None:
    """Capture the output of one command into an evidence file, with its record.

    lab record lab12/notes/address.txt -- ip addr

    The lab can be left out if there is only one. Addresses are masked; a collector with keep= keeps them.
    """
    argv = argv[1:] if argv[0] == "--" else argv
    if not argv:
        raise click.UsageError("no command: write it after --")
    for number, word in enumerate(argv, 1):
        if not project.is_utf8(word):
            raise click.UsageError(
                f"word {number} of the command is not UTF-8, which a record could not hold"
            )
    root = project.root()
    lab, file = _lab_and_file(path, list(project.by_lab(root, ())))
    with show.progress() as progress:
        status = record_by_hand(project.target(root, lab, host), file, argv, progress)
    if status.status is Status.FAILED:
        show.line(f"lab: {file}: {status.reason}", err=True)
        show.line(status.remedy, err=True)
        ctx.exit(ExitStatus.FINDINGS)
    show.line(f"{lab}/{file}: captured, with its record")


def _lab_and_file(path: str, labs: list[str]) -> tuple[str, str]:
    """Return the lab that `path` begins with, or the only one, and the file; raise DeclarationError."""
    lab, _, file = path.partition("/")
    if lab not in labs and len(labs) == 1:
        lab, file = labs[0], path
    if lab not in labs or not file:
        raise DeclarationError(f"{path}: no lab", f"begin it with the name of one: {', '.join(labs)}")
    try:
        return lab, evidence_path(file)
    except ValueError as error:
        raise DeclarationError(str(error), f"name a file below evidence/{lab}/") from error
