"""lab adopt."""

from pathlib import Path

import click

from labreport.cli import show
from labreport.cli.project import evidence_folder, root, sets_folder
from labreport.contract.fields import RECORDS
from labreport.contract.remedies import import_report


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--as", "host", metavar="NAME", help="The host: adopt into evidence/hosts/NAME, not the report's own."
)
@click.option("--json", "json_", is_flag=True, help="Print the result as JSON on standard output.")
def adopt(file: Path, *, host: str | None, json_: bool) -> None:
    """Take over evidence that was captured on another host.

    FILE is a tar of that host's folder evidence/hosts/NAME, or of its folder evidence, or a crate that
    `lab export LAB --to crate.zip` wrote, of which the evidence is taken. It becomes the set of
    the host NAME here or, without --as, the report's own. Every file is checked against its record first: a
    lab with an altered or missing file is refused as a whole. Files that are the same are left untouched.
    """
    from labreport.capture import signals, staging
    from labreport.capture.adopt import check_incoming, unpack
    from labreport.capture.labs import lab_names
    from labreport.capture.store import StoreError
    from labreport.capture.unzip import is_zip, unzip

    project = root()
    folder = sets_folder(project, host)
    where = folder.relative_to(project).as_posix()
    with signals.interruptible(), staging.scratch(project / "evidence") as incoming:
        with file.open("rb") as stream:
            (unzip if is_zip(stream) else unpack)(stream, incoming)
        labs = sorted(path.name for path in incoming.iterdir())
        if not labs or set(labs) - {*lab_names(project), *_with_pages(project)}:
            contents = ", ".join(ascii(name) for name in labs) or "nothing"
            remedy = f"make it of the labs' folders below {where} there"
            if not any(incoming.glob(f"*/{RECORDS}/*.json")):
                contents = f"{contents}, without records"
                remedy = f"{remedy}; evidence of somebody's report comes in with {import_report('NAME')}"
            raise StoreError(f"holds {contents}", remedy, path=file.name)
        for lab in labs:
            check_incoming(evidence_folder(project, lab, host), incoming / lab)
        changed = {lab: _adopt(project, lab, host, incoming / lab) for lab in labs}
    if json_:
        show.as_json(changed)
        return
    for lab, names in changed.items():
        show.line(f"{where}/{lab}: {', '.join(names) or 'nothing new'}")


def _with_pages(project: Path) -> list[str]:
    """Return the labs that have pages: one that was imported has no collectors."""
    return [path.name for path in (project / "docs" / "labs").glob("*/") if path.is_dir()]


def _adopt(project: Path, lab: str, host: str | None, incoming: Path) -> list[str]:
    """Take over one lab's set while holding its lock; return the collectors whose evidence changed."""
    from labreport.capture import store
    from labreport.capture.adopt import adopt as adopting

    folder = evidence_folder(project, lab, host)
    with store.locked(folder):
        for text in store.recover(folder):
            show.line(text, err=True)
        return adopting(folder, incoming)
