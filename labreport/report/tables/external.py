"""Tables of what others have published."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, RootModel

from labreport.contract.records import Model
from labreport.report.source.evidence import EvidenceSet
from labreport.report.tables.table import Cell, Table
from labreport.report.yaml_file import read_list

PUBLISHED_FILE = "published.yml"
PUBLISHED_HEAD = ("what", "their figure", "source", "year", "versions", "host")


class PublishedFigure(Model):
    """One figure as its source has it: no value of ours, and never in one ratio with one."""

    what: str = Field(min_length=1)
    figure: str = Field(min_length=1)
    source: str = Field(min_length=1)
    year: str = Field(min_length=4)
    versions: str = Field(min_length=1)
    host: str = Field(min_length=1)


class PublishedFigures(RootModel[list[PublishedFigure]]):
    """`docs/labs/<lab>/published.yml`."""


def published_table(folder: Path) -> Table:
    """Return the figures of the lab whose pages are in `folder`; raise FaultError."""
    remedy = "each has what, figure, source, year, versions and host, in quotes where it is a number"
    found = read_list(folder / PUBLISHED_FILE, PublishedFigures, remedy, empty="no figures")
    return Table(
        PUBLISHED_HEAD,
        tuple(tuple(Cell(getattr(one, name)) for name in PublishedFigure.model_fields) for one in found),
    )


ADVISORIES_FILE = "advisories.yml"
ADVISORIES_HEAD = ("advisory", "what it breaks", "where", "fixed in", "measured", "by its version", "source")
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:-rc\.?(\d+))?")
_SAID = re.compile(rf"version:? v?({_VERSION.pattern})(\S*)")
RELEASED = 10**6
"""A release comes after all its candidates."""

Version = tuple[int, int, int, int]


def _version(text: str) -> str:
    if not _VERSION.fullmatch(text):
        raise ValueError(f"{text!r} is no version such as 1.3.3 or 1.4.0-rc.3")
    return text


Named = Annotated[str, AfterValidator(_version)]


class Advisory(Model):
    """One advisory. `program` is the tool whose version the records have; `where` the condition, if any.

    `fixed_in` has the first release with the fix of each branch that got it; `since` the first with the hole.
    """

    id: str = Field(pattern=r"^(CVE|GHSA)-[A-Za-z0-9-]+$")
    component: str = Field(min_length=1)
    program: str = Field(min_length=1)
    breaks: str = Field(min_length=1)
    where: str = ""
    since: Named | None = None
    fixed_in: list[Named] = Field(min_length=1)
    source: str = Field(pattern=r"^https://\S+$")


class Advisories(RootModel[list[Advisory]]):
    """`docs/labs/<lab>/advisories.yml`."""


def number(text: str) -> Version:
    """Return a version as numbers that can be compared.

    >>> number("1.4.0-rc.3") < number("1.4.0")
    True
    """
    found = _VERSION.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no version")
    major, minor, patch, candidate = found.groups()
    return (int(major), int(minor), int(patch), int(candidate) if candidate else RELEASED)


def has_hole(measured: Version, since: str | None, fixed_in: list[str]) -> bool:
    """Return whether a version has the hole: before the fix of its own branch, or of the next that has one.

    >>> [has_hole(number(one), None, ["1.2.8", "1.3.3"]) for one in ("1.1.9", "1.2.9", "1.3.0", "1.4.0")]
    [True, False, True, False]
    """
    if since and measured < number(since):
        return False
    fixes = sorted(map(number, fixed_in))
    own = [fix for fix in fixes if fix[:2] == measured[:2]]
    later = [fix for fix in fixes if fix[:2] > measured[:2]]
    if own:
        return measured < own[0]
    return bool(later)


def advisories_table(folder: Path, found: EvidenceSet) -> Table:
    """Return the advisories of the lab whose pages are in `folder`, with what `found` measured.

    Raise FaultError.
    """
    listed = load_advisories(folder)
    return Table(ADVISORIES_HEAD, tuple(_advisory_row(one, found) for one in listed))


def load_advisories(folder: Path) -> list[Advisory]:
    """Return what advisories.yml lists; raise FaultError that names the file and the mistake."""
    remedy = "each has id, component, program, breaks, fixed_in and source: manual/reference/probes.md"
    return read_list(folder / ADVISORIES_FILE, Advisories, remedy, empty="no advisories")


def _advisory_row(one: Advisory, found: EvidenceSet) -> tuple[Cell, ...]:
    said = sorted({record.tools.get(one.program, "") for record in found.records.values()})
    measured = [(match[1], match[6].rstrip(",")) for text in said if (match := _SAID.search(text))]
    return (
        Cell(f"{one.id} ({one.component})"),
        Cell(one.breaks),
        Cell(one.where or "everywhere"),
        Cell(", ".join(one.fixed_in)),
        Cell(", ".join("".join(version) for version in measured) or "not measured"),
        Cell(
            _verdict(one, [bare for bare, _rest in measured], distribution=any(rest for _, rest in measured))
        ),
        Cell(one.source, code=True),
    )


def _verdict(one: Advisory, versions: list[str], *, distribution: bool) -> str:
    """Return what a measured version says: its maker's fix is in it, or not, or nothing is known."""
    if not versions:
        return "not known"
    if not any(has_hole(number(version), one.since, one.fixed_in) for version in versions):
        return "not open"
    if distribution:
        return "open, unless the distribution has mended it under its own version"
    return "open where the condition holds" if one.where else "open"
