"""Figures that others have published, as a lab's published.yml lists them: a table of their own, no facts."""

from pathlib import Path

import yaml
from pydantic import Field, RootModel, ValidationError

from collectors.records import Model, explain
from report.problems import FaultError
from report.tables import Cell, Table

PUBLISHED_FILE = "published.yml"
HEAD = ("what", "their figure", "source", "year", "versions", "host")


class Quoted(Model):
    """One figure as its source has it: no value of ours, and never in one ratio with one."""

    what: str = Field(min_length=1)
    figure: str = Field(min_length=1)
    source: str = Field(min_length=1)
    year: str = Field(min_length=4)
    versions: str = Field(min_length=1)
    host: str = Field(min_length=1)


class Published(RootModel[list[Quoted]]):
    """`docs/labs/<lab>/published.yml`."""


def published_table(folder: Path) -> Table:
    """Return the figures of the lab whose pages are in `folder`; raise FaultError."""
    path = folder / PUBLISHED_FILE
    where = f"docs/labs/{folder.name}/{PUBLISHED_FILE}"
    try:
        found = Published.model_validate(yaml.safe_load(path.read_text(encoding="utf-8"))).root
    except OSError as error:
        raise FaultError(f"{where}: cannot be read ({error.strerror})", "write it") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise FaultError(f"{where}: not YAML: {' '.join(str(error).split())}", "mend it") from error
    except ValidationError as error:
        remedy = "each has what, figure, source, year, versions and host, in quotes where it is a number"
        raise FaultError(f"{where}: {explain(error)}", remedy) from error
    if not found:
        raise FaultError(f"{where}: no figures", "list some, or leave the table out")
    return Table(
        HEAD, tuple(tuple(Cell(getattr(one, name)) for name in Quoted.model_fields) for one in found)
    )
