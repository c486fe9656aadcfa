"""lab pack."""

from pathlib import Path

import click

from labreport.cli.project import root, sets_folder


@click.command()
@click.argument("to", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--as", "host", metavar="NAME", required=True, help="The host's name: its set goes along.")
def pack(to: Path, *, host: str) -> None:
    """Write what another host needs to collect as NAME to FILE: collectors, command line, its last set.

    FILE is a tar. There: unpack it into a folder of its own, and run python3 labreport collect --as
    NAME. No git, no pip: Debian 13's python3-click, -filelock, -pydantic, -rich, -sh, -tomlkit, -yaml do.
    """
    from labreport.capture.transfer import pack as packing

    project = root()
    packing.pack(project, sets_folder(project, host).relative_to(project).as_posix(), to)
    click.echo(f"{to}: written", err=True)
