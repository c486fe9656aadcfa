"""Waivers: findings that a lab's author lets stand, each with a reason and the day until which."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import Field, RootModel

from labreport.check.finding import FINAL, Finding, Kind
from labreport.contract.records import Model
from labreport.report.source.cite import LABS
from labreport.report.yaml_file import YamlFile, read_yaml

WAIVERS_FILE = "waivers.yml"
_REMEDY = "write ID: {reason: …, expires: 2026-12-31}, ID as `lab check` prints it"


class Waiver(Model):
    """Why a finding stands, and the last day on which it may."""

    reason: Annotated[str, Field(min_length=1)]
    expires: date


class WaiversFile(RootModel[dict[Annotated[str, Field(pattern=r"^[a-z-]+-[0-9a-f]{8}$")], Waiver]]):
    """`docs/labs/<lab>/waivers.yml`: waivers by the finding's id."""


@dataclass(frozen=True)
class Waived:
    """What is left of findings once waivers are taken into account, and what was waived."""

    left: list[Finding]
    waived: list[Finding]


def today() -> date:
    """Return the day that waivers are held against: SOURCE_DATE_EPOCH's if set, so that builds repeat."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    return (datetime.fromtimestamp(int(epoch), UTC) if epoch.isdecimal() else datetime.now(UTC)).date()


def read_waivers(docs: Path, lab: str) -> YamlFile[WaiversFile] | None:
    """Return the waivers of a lab, None if it has none; raise YamlError."""
    path = docs / LABS / lab / WAIVERS_FILE
    if not path.exists():
        return None
    return read_yaml(path, f"docs/{LABS}/{lab}/{WAIVERS_FILE}", WaiversFile, _REMEDY)


def waive(findings: Iterable[Finding], file: YamlFile[WaiversFile], lab: str, day: date) -> Waived:
    """Return the findings without those of `lab` that are waived on `day`.

    A waiver that has expired, matches nothing, or is of a finding that none can help, is a finding itself.
    """
    by_id = {one.id: one for one in findings}
    waived, own = [], []
    for name, waiver in file.value.root.items():
        found = by_id.get(name)
        if found is None or lab_of_file(found.file) != lab:
            own.append(_about(file, name, f"{name}: no finding of this lab has this id", "take it out"))
        elif found.kind in FINAL:
            what = f"{name}: a {found.kind} cannot be waived"
            own.append(_about(file, name, what, f"mend it: {found.remedy}"))
        elif waiver.expires < day:
            what = f"{name}: expired on {waiver.expires}: {waiver.reason}"
            own.append(_about(file, name, what, "mend the finding, or say until when it may stand, and why"))
        else:
            waived.append(found)
    return Waived([*(one for one in by_id.values() if one not in waived), *own], waived)


def _about(file: YamlFile[WaiversFile], name: str, what: str, remedy: str) -> Finding:
    return Finding(Kind.WAIVER, file.file, file.line(name), 1, what, remedy, name)


def lab_of_file(file: str) -> str:
    """Return the lab that a file of the project belongs to, by its folder; empty if to none."""
    match PurePosixPath(file).parts:
        case ("docs", "labs", lab, _, *_) | ("evidence" | "collectors", lab, _, *_):
            return lab
    return ""
