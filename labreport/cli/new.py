"""lab new."""

import re
from datetime import UTC, datetime
from pathlib import Path
from string import Template

import click

from labreport.capture.declare import DeclarationError
from labreport.cli.project import root
from labreport.contract.records import HOSTS

TEMPLATE = Path(__file__).parents[1] / "templates" / "lab"


@click.command()
@click.argument("name")
@click.option("--title", help="The lab's title; NAME if not given.")
def new(name: str, *, title: str | None) -> None:
    """Make a lab: collectors/NAME, docs/labs/NAME, evidence/NAME.

    It collects and builds at once: lab collect NAME, mkdocs serve.
    """
    project = root()
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,40}", name) or name == HOSTS:
        raise DeclarationError(f"{name}: a lab is a Python name of small letters, such as lab13")
    places = {
        "collectors": project / "collectors" / name,
        "docs": project / "docs" / "labs" / name,
        "evidence": project / "evidence" / name,
    }
    for place in places.values():
        if place.exists():
            raise DeclarationError(f"{place.relative_to(project)}: there already: choose another name")
    words = {"name": name, "title": title or name, "year": str(datetime.now(UTC).year)}
    for kind in ("collectors", "docs"):
        for source in sorted((TEMPLATE / kind).iterdir()):
            target = places[kind] / source.name.removesuffix(".txt")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(
                Template(source.read_text(encoding="utf-8")).substitute(words), encoding="utf-8"
            )
    places["evidence"].mkdir(parents=True)
    for place in places.values():
        click.echo(f"made {place.relative_to(project)}/")
    click.echo(f"now: lab collect {name}, then mkdocs serve")
