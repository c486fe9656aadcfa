"""Waivers: findings that a lab's author accepts, each with a reason and an expiry date."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import Field

from labreport.check.finding import NOTHING, PROBLEM, WAIVER, Finding
from labreport.check.lab import LabPages, usable
from labreport.contract.records import Model
from labreport.report.source.cite import LABS
from labreport.report.yaml_file import YamlFile, YamlRoot, read_yaml

WAIVERS_FILE = "waivers.yml"
_REMEDY = "write ID: {reason: …, expires: 2026-12-31}, ID as `lab check` prints it"


class Waiver(Model):
    """Why a finding is accepted, and the last day of the waiver."""

    reason: Annotated[str, Field(min_length=1)]
    expires: date


class WaiversFile(YamlRoot[dict[Annotated[str, Field(pattern=r"^[a-z-]+-[0-9a-f]{8}$")], Waiver]]):
    """`docs/labs/<lab>/waivers.yml`: waivers by the id of the finding."""


@dataclass(frozen=True)
class Waived:
    """Findings after waivers: those to report (`left`), and those that are `waived`."""

    left: list[Finding]
    waived: list[Finding]


def read_waivers(docs: Path, lab: str) -> YamlFile[WaiversFile] | None:
    """Return the waivers of a lab, None if it has no waivers.yml; raise YamlError."""
    path = docs / LABS / lab / WAIVERS_FILE
    if not os.path.lexists(path):
        return None
    return read_yaml(path, f"docs/{LABS}/{lab}/{WAIVERS_FILE}", WaiversFile, _REMEDY)


def waive(lab: LabPages, findings: Sequence[Finding], day: date) -> Waived:
    """Split the findings of a lab into those to report and those that its waivers accept on `day`.

    A waiver is itself reported if it has expired, matches no finding, or names one that cannot be waived. An
    invalid waivers.yml waives nothing.
    """
    file = usable(lambda: read_waivers(lab.docs, lab.lab))
    if file is None:
        return Waived(list(findings), [])
    by_id = {finding.id: finding for finding in findings}
    waived, bad_waivers = [], []
    for name, waiver in file.value.root.items():
        finding = by_id.get(name)
        if finding is None:
            what, remedy = f"{name}: no finding of this lab has this id", "remove the waiver"
        elif finding.kind in {PROBLEM, WAIVER, NOTHING}:
            what, remedy = f"{name}: a {finding.kind} cannot be waived", f"fix it: {finding.remedy}"
        elif waiver.expires < day:
            what = f"{name}: expired on {waiver.expires}: {waiver.reason}"
            remedy = "fix the finding, or give a new date and a reason"
        else:
            waived.append(finding)
            continue
        bad_waivers.append(Finding(WAIVER, file.file, file.line(name), 1, what, remedy, name))
    return Waived([*(one for one in findings if one not in waived), *bad_waivers], waived)


def lab_of_file(file: str) -> str:
    """Return the lab that a file of the project belongs to; empty if it belongs to none."""
    match PurePosixPath(file).parts:
        case ("evidence", "hosts", _, lab, _, *_):
            return lab
        case ("docs", "labs", lab, _, *_) | ("evidence" | "collectors", lab, _, *_):
            return lab
    return ""
