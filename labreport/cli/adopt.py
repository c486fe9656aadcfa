"""lab adopt."""

from pathlib import Path
from tempfile import TemporaryDirectory

import click

from labreport.cli import show
from labreport.cli.project import evidence_folder, root, sets_folder


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--as", "host", metavar="NAME", help="The host: it goes to evidence/hosts/NAME, not to the report's own."
)
@click.option("--json", "json_", is_flag=True, help="Print the result as JSON on standard output.")
def adopt(file: Path, *, host: str | None, json_: bool) -> None:
    """Make what another host captured the set of that host here, or, without --as, the report's own.

    FILE is a tar of its folder evidence/hosts/NAME, or of evidence. Each file is held against its record
    first, and nothing of a lab is taken over unless all of it is whole. What is the same already stays
    untouched.
    """
    from labreport.capture.labs import lab_names
    from labreport.capture.store import StoreError
    from labreport.capture.transfer.adopt import unpack

    project = root()
    folder = sets_folder(project, host)
    where = folder.relative_to(project).as_posix()
    with TemporaryDirectory(prefix="lab-adopt-") as scratch:
        incoming = Path(scratch)
        with file.open("rb") as stream:
            unpack(stream, incoming)
        found = sorted(path.name for path in incoming.iterdir())
        if not found or set(found) - set(lab_names(project)):
            strange = ", ".join(ascii(name) for name in found) or "nothing"
            raise StoreError(f"{file.name}: holds {strange}: pack what is below {where} there")
        changed = {lab: _adopt(project, lab, host, incoming / lab) for lab in found}
    if json_:
        show.as_json(changed)
        return
    for lab, names in changed.items():
        click.echo(f"{where}/{lab}: {', '.join(names) or 'nothing new'}")


def _adopt(project: Path, lab: str, host: str | None, incoming: Path) -> list[str]:
    """Take over one lab's set under its lock; return the collectors whose evidence is another now."""
    from labreport.capture import signals, store
    from labreport.capture.transfer import adopt as adopting

    folder = evidence_folder(project, lab, host)
    with signals.interruptible(), store.locked(folder):
        for text in store.recover(folder):
            click.echo(text, err=True)
        return adopting.adopt(folder, incoming)
