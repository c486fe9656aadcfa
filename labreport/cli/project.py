"""Where the project is."""

from pathlib import Path

import click

MARKS = ("mkdocs.yml", "collectors")


def root() -> Path:
    """Return the folder at or above this one with mkdocs.yml and collectors/; raise click.UsageError."""
    start = Path.cwd()
    for folder in (start, *start.parents):
        if all((folder / mark).exists() for mark in MARKS):
            return folder
    raise click.UsageError("no mkdocs.yml with collectors/ here or above: change to the project's folder")
