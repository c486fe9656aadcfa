"""Tables of what others have published: their figures, and the security advisories of the programs in use.

Both are lists that a lab keeps in its pages' folder, published.yml and advisories.yml.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from labreport.contract.records import Model
from labreport.report.source.evidence_set import EvidenceSet
from labreport.report.tables import Cell, Table
from labreport.report.tables.references import (
    REFERENCES_FILE,
    HttpsAddress,
    Reference,
    load_references,
    shown_path,
)
from labreport.report.yaml_file import YamlError, YamlRoot, read_yaml_list

PUBLISHED_FILE = "published.yml"
PUBLISHED_HEAD = ("what", "their figure", "source", "year", "versions", "host")
ADVISORIES_FILE = "advisories.yml"
ADVISORIES_HEAD = ("advisory", "what it breaks", "where", "fixed in", "measured", "by its version", "source")
_CVE = "https://www.cve.org/CVERecord?id="
_RELEASE = 10**6
"""The candidate number of a release, which is newer than all its candidates."""
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:-rc\.?(\d+))?")
_TOOL_VERSION = re.compile(rf"version:? v?(?P<version>{_VERSION.pattern})(?P<suffix>\S*)")

Version = tuple[int, int, int, int]
"""Major, minor, patch and release candidate, ordered."""


class PublishedFigure(Model):
    """One figure as its source gives it. It is not ours, and no ratio combines it with one of ours."""

    what: str = Field(min_length=1)
    figure: str = Field(min_length=1)
    source: str = Field(min_length=1)
    year: str = Field(min_length=4)
    versions: str = Field(min_length=1)
    host: str = Field(min_length=1)
    reference: str = ""
    """The id of the source in references.yml."""


class PublishedFigures(YamlRoot[list[PublishedFigure]]):
    """`docs/labs/LAB/published.yml`."""


def published_table(folder: Path) -> Table:
    """Return the published figures of the lab whose pages are in `folder`; raise FaultError."""
    remedy = "each entry has what, figure, source, year, versions and host; write numbers in quotes"
    file = shown_path(folder, PUBLISHED_FILE)
    figures = read_yaml_list(folder / PUBLISHED_FILE, file, PublishedFigures, remedy).value.root
    if not figures:
        raise YamlError("no figures", "list some, or remove the table from the page", path=file)
    references = load_references(folder) if any(figure.reference for figure in figures) else {}
    return Table.of(PUBLISHED_HEAD, (_published_row(figure, references, file) for figure in figures))


def _published_row(
    figure: PublishedFigure, references: Mapping[str, Reference], file: str
) -> Iterator[Cell | str]:
    """Yield the cells of a figure, its source with a link; raise YamlError for an unknown reference."""
    if figure.reference and figure.reference not in references:
        remedy = f"use one of: {', '.join(references)}"
        raise YamlError(f"{REFERENCES_FILE} has no {figure.reference}", remedy, path=file)
    source = references.get(figure.reference)
    yield figure.what
    yield figure.figure
    yield Cell(figure.source, address=source.address) if source else figure.source
    yield from (figure.year, figure.versions, figure.host)


def _check_version(text: str) -> str:
    parse_version(text)
    return text


VersionText = Annotated[str, AfterValidator(_check_version)]


class Advisory(Model):
    """One advisory. The records have the version of `program`; `where` is the condition, if there is one.

    `fixed_in` lists the first fixed release of each branch that was fixed, `since` is the first affected one.
    """

    id: str = Field(pattern=r"^(CVE|GHSA)-[A-Za-z0-9-]+$")
    component: str = Field(min_length=1)
    program: str = Field(min_length=1)
    breaks: str = Field(min_length=1)
    where: str = ""
    since: VersionText | None = None
    fixed_in: list[VersionText] = Field(min_length=1)
    source: HttpsAddress


class Advisories(YamlRoot[list[Advisory]]):
    """`docs/labs/LAB/advisories.yml`."""


def load_advisories(folder: Path) -> list[Advisory]:
    """Return the advisories of the lab whose pages are in `folder`; raise YamlError."""
    remedy = "manual/reference/advisories.md lists the keys of an entry"
    file = shown_path(folder, ADVISORIES_FILE)
    advisories = read_yaml_list(folder / ADVISORIES_FILE, file, Advisories, remedy).value.root
    if not advisories:
        raise YamlError("no advisories", "list some, or remove the table from the page", path=file)
    return advisories


def advisories_table(folder: Path, found: EvidenceSet) -> Table:
    """Return the advisories of a lab, each compared with the versions that `found` measured.

    Raise FaultError.
    """
    return Table.of(ADVISORIES_HEAD, (_advisory_row(advisory, found) for advisory in load_advisories(folder)))


def _advisory_row(advisory: Advisory, found: EvidenceSet) -> Iterator[Cell | str]:
    outputs = sorted({record.tools.get(advisory.program, "") for record in found.records.values()})
    matches = [match for text in outputs if (match := _TOOL_VERSION.search(text))]
    versions = [(match["version"], match["suffix"].rstrip(",")) for match in matches]
    is_cve = advisory.id.startswith("CVE-")
    yield Cell(f"{advisory.id} ({advisory.component})", address=f"{_CVE}{advisory.id}" if is_cve else "")
    yield advisory.breaks
    yield advisory.where or "everywhere"
    yield ", ".join(advisory.fixed_in)
    yield ", ".join(version + suffix for version, suffix in versions) or "not measured"
    yield _judgement(advisory, versions)
    yield Cell(advisory.source.rstrip("/").rpartition("/")[2], address=advisory.source)


def _judgement(advisory: Advisory, versions: list[tuple[str, str]]) -> str:
    """Return whether versions, each with the suffix of a distribution, are vulnerable by their number."""
    if not versions:
        return "not known"
    parsed = [parse_version(version) for version, _suffix in versions]
    if not any(is_vulnerable(version, advisory.since, advisory.fixed_in) for version in parsed):
        return "not open"
    if any(suffix for _version, suffix in versions):
        return "open, unless the distribution fixed it under its own version number"
    return "open where the condition holds" if advisory.where else "open"


def is_vulnerable(version: Version, since: str | None, fixed_in: list[str]) -> bool:
    """Return whether a version is older than the fix of its branch, or of a later branch if its own has none.

    >>> texts = ("1.1.9", "1.2.9", "1.3.0", "1.4.0")
    >>> [is_vulnerable(parse_version(text), None, ["1.2.8", "1.3.3"]) for text in texts]
    [True, False, True, False]
    """
    if since and version < parse_version(since):
        return False
    fixes = sorted(map(parse_version, fixed_in))
    own_branch = [fix for fix in fixes if fix[:2] == version[:2]]
    if own_branch:
        return version < own_branch[0]
    return any(fix[:2] > version[:2] for fix in fixes)


def parse_version(text: str) -> Version:
    """Return a version in a form that can be compared; raise ValueError for other texts.

    >>> parse_version("1.4.0-rc.3") < parse_version("1.4.0")
    True
    """
    found = _VERSION.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not a version such as 1.3.3 or 1.4.0-rc.3")
    major, minor, patch, candidate = found.groups()
    return (int(major), int(minor), int(patch), int(candidate) if candidate else _RELEASE)
