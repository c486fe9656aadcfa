"""Where the project is."""

from pathlib import Path

import click


def root() -> Path:
    """Return the nearest folder with a mkdocs.yml, here or above; raise click.UsageError if there is none."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "mkdocs.yml").is_file():
            return folder
    raise click.UsageError(
        "no mkdocs.yml here or above: change to the project's folder, or create a project with lab init"
    )
