"""The command `lab record`."""

import shlex

import click

from labreport.capture.collect import record_by_hand
from labreport.capture.declare import DeclarationError
from labreport.capture.program import which
from labreport.cli import project, show
from labreport.contract.errors import ExitStatus
from labreport.contract.fields import evidence_path
from labreport.contract.images import is_image_path
from labreport.contract.records import Status

SHELL = frozenset(" |&;<>()$`*?~\n\t")
"""Characters that mean something to a shell, and are in hardly any program's name."""


@click.command(context_settings={"allow_interspersed_args": False})
@click.argument("path", metavar="[LAB/]PATH")
@click.argument("argv", nargs=-1, required=True, metavar="-- COMMAND...")
@click.option("--stderr", is_flag=True, help="Capture standard error, too, where it was printed.")
@click.option("--as", "host", metavar="NAME", help="Capture into evidence/hosts/NAME, not the report's set.")
@click.pass_context
def record(ctx: click.Context, path: str, argv: tuple[str, ...], *, stderr: bool, host: str | None) -> None:
    """Capture the output of one command into an evidence file, with its record.

    lab record lab12/notes/address.txt -- ip addr

    For an image (.png, .jpg, .jpeg, .webp) the command writes the file that it names as {}:

    lab record lab12/shots/front.png -- chromium --headless --screenshot={} http://127.0.0.1/

    The lab can be left out if there is only one. The command runs in a new folder, without a shell: name
    files by their whole path, and write sh -c 'a | b' for a pipe. Addresses are masked; a collector with
    keep= keeps them.
    """
    argv = argv[1:] if argv[0] == "--" else argv
    if not argv:
        raise click.UsageError("no command: write it after --")
    for number, word in enumerate(argv, 1):
        if not project.is_utf8(word):
            raise click.UsageError(
                f"word {number} of the command is not UTF-8, which a record could not hold"
            )
    if stderr and is_image_path(path):
        raise click.UsageError("--stderr is for text, and an image is a file that the command writes")
    _refuse_command_line(argv, path)
    root = project.root()
    lab, file = _lab_and_file(path, list(project.by_lab(root, ())))
    target = project.target(root, lab, host)
    place = f"{target.folder.relative_to(root)}/{file}"
    show.line(f"{place}: runs {shlex.join(argv)} in a new folder", err=True)
    with show.progress() as progress:
        status = record_by_hand(target, file, argv, progress, stderr=stderr)
    if status.status is Status.FAILED:
        show.line(f"lab: {file}: {status.reason}", err=True)
        show.line(status.remedy, err=True)
        ctx.exit(ExitStatus.FINDINGS)
    show.line(f"{place}: captured, with its record")
    if (
        status.record
        and status.record.commands[-1].stderr
        and not any(written.bytes for written in status.record.files)
    ):
        show.line(
            f"{place}: it is empty: the command printed on standard error only: --stderr takes both", err=True
        )


def _refuse_command_line(argv: tuple[str, ...], path: str) -> None:
    """Raise UsageError for a command line in one word, which no program is called."""
    word = argv[0]
    if len(argv) > 1 or not set(word) & SHELL or which(word):
        return
    right = f"sh -c {shlex.quote(word)}" if set(word) & (SHELL - {" "}) else word
    raise click.UsageError(
        f"{shlex.quote(word)} is one word, and no program: write lab record {shlex.quote(path)} -- {right}"
    )


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
