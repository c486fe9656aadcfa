"""Figures that others have published, as a lab's published.yml lists them: a table of their own, no facts."""

from pathlib import Path

from pydantic import Field, RootModel

from labreport.contract.records import Model
from labreport.report.tables.table import Cell, Table
from labreport.report.yaml_file import read_list

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
    remedy = "each has what, figure, source, year, versions and host, in quotes where it is a number"
    found = read_list(folder / PUBLISHED_FILE, Published, remedy, empty="no figures")
    return Table(
        HEAD, tuple(tuple(Cell(getattr(one, name)) for name in Quoted.model_fields) for one in found)
    )
