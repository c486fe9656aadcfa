"""lab record."""

import click

from labreport.capture import runner
from labreport.capture.declare import DeclarationError
from labreport.capture.labs import lab_names
from labreport.cli import targets
from labreport.cli.project import root
from labreport.cli.watch import watching
from labreport.contract.errors import ExitStatus
from labreport.contract.records import Status, evidence_path


@click.command(context_settings={"allow_interspersed_args": False})
@click.argument("path", metavar="[LAB/]PATH")
@click.argument("argv", nargs=-1, required=True, metavar="-- COMMAND...")
@click.option("--as", "host", metavar="NAME", help="Put it in evidence/hosts/NAME, beside the report's own.")
@click.pass_context
def record(ctx: click.Context, path: str, argv: tuple[str, ...], *, host: str | None) -> None:
    """Capture what one command prints into an evidence file, with its record.

    lab record lab12/notes/address.txt -- ip addr

    The lab may be left out where there is one only. Addresses are masked: a collector with keep= keeps them.
    """
    argv = argv[1:] if argv[0] == "--" else argv
    if not argv:
        raise click.UsageError("no command: write it after --")
    project = root()
    names = lab_names(project)
    lab, _, rest = path.partition("/")
    if lab not in names and len(names) == 1:
        lab, rest = names[0], path
    if lab not in names or not rest:
        raise DeclarationError(f"{path}: begin it with the lab's name, one of: {', '.join(names) or 'none'}")
    try:
        evidence_path(rest)
    except ValueError as error:
        raise DeclarationError(f"{error}: name a file below evidence/{lab}/") from error
    with watching() as watch:
        ended = runner.record_by_hand(targets.target(project, lab, host), rest, argv, watch)
    if ended.status is Status.FAILED:
        click.echo(f"lab: {rest}: {ended.reason}\n{ended.remedy}", err=True)
        ctx.exit(ExitStatus.FINDINGS)
    click.echo(f"{lab}/{rest}: captured, with its record")
