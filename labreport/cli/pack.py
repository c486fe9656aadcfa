"""lab pack."""

from pathlib import Path

import click

from labreport.cli import show
from labreport.cli.project import root, sets_folder


@click.command()
@click.argument("to", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--as", "host", metavar="NAME", required=True, help="The host, whose last set is included.")
def pack(to: Path, *, host: str) -> None:
    """Pack what another host needs to collect evidence: this tool, the collectors, and the host's last set.

    FILE is a tar. On the host, unpack it into an empty folder and run `python3 labreport collect --as NAME`
    there. Of the project, only files that git tracks are taken, and no hidden ones. The host needs neither
    git nor pip. On Debian 13, these packages are enough: python3-click, python3-filelock, python3-pydantic,
    python3-rich, python3-sh, python3-tomlkit, python3-yaml.
    """
    from labreport.capture.pack import UNTRACKED
    from labreport.capture.pack import pack as packing

    project = root()
    untracked = packing(project, sets_folder(project, host).relative_to(project).as_posix(), to)
    for path in untracked:
        show.line(f"{path}: {UNTRACKED}", err=True)
    show.line(f"{to}: written", err=True)
