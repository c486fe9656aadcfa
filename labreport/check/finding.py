"""A finding of `lab check` (place, cause, remedy, an id that survives moved lines, a fix), and its waiver."""

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import Field, RootModel

from labreport.check.lab import LabPages, usable
from labreport.contract.errors import LabError
from labreport.contract.records import Model
from labreport.report.problems import one_line
from labreport.report.source.cite import LABS
from labreport.report.yaml_file import YamlFile, read_yaml

PROBLEM, WAIVER, NOTHING = "problem", "waiver", "nothing"
"""The kinds of findings that cannot be waived: a build fails on them, or they are about the waivers."""


@dataclass(frozen=True, order=True)
class Edit:
    """Replace the characters from `start` to `end` (0-based, `end` excluded) by `text`."""

    start: int
    end: int
    text: str


class OverlapError(LabError):
    """An edit overlaps another edit, or reaches outside the text."""


@dataclass(frozen=True)
class Finding:
    """A finding in `file`, a path relative to the project; `line` and `column` are 1-based.

    `kind` is one word, or several joined by `-`; the id begins with it. `identity` distinguishes the finding
    from others in the same file and must not depend on the line. `number` distinguishes findings with equal
    identities; `in_order` sets it. `edit` fixes the finding where `--fix` can.
    """

    kind: str
    file: str
    line: int
    column: int
    message: str
    remedy: str
    identity: str
    edit: Edit | None = None
    number: int = 1

    @property
    def id(self) -> str:
        """The kind and eight hexadecimal digits; stable while the text around the finding is."""
        text = f"{self.file}\n{self.identity}\n{self.number}"
        return f"{self.kind}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"

    @property
    def place(self) -> str:
        """The place as `file:line:column`, on one line."""
        return f"{one_line(self.file)}:{self.line}:{self.column}"

    @property
    def text(self) -> str:
        """The message and the remedy, on one line."""
        return f"{one_line(self.message)}: {one_line(self.remedy)}"

    def as_json(self) -> dict[str, object]:
        """Return the finding as `--json` prints it."""
        place = {"file": self.file, "line": self.line, "column": self.column}
        return {"id": self.id, "kind": self.kind, **place, "message": self.message, "remedy": self.remedy}

    def __str__(self) -> str:
        return f"{self.place}: {self.text} [{self.id}]"


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings sorted by file, line and column; findings with equal identities are numbered."""
    seen: Counter[tuple[str, str, str]] = Counter()
    numbered = []
    for finding in sorted(findings, key=lambda one: (one.file, one.line, one.column, one.kind, one.message)):
        key = (finding.kind, finding.file, finding.identity)
        seen[key] += 1
        numbered.append(replace(finding, number=seen[key]))
    return numbered


def edited(text: str, edits: Iterable[Edit]) -> str:
    """Return `text` with all edits applied; equal edits count once. Raise OverlapError.

    Edits are applied from the end of the text to its start, so offsets stay valid.
    """
    last = len(text)
    for edit in sorted(set(edits), reverse=True):
        if not 0 <= edit.start <= edit.end <= last:
            raise OverlapError(
                f"the edit {edit} overlaps another edit or is outside the text", "apply one at a time"
            )
        text = text[: edit.start] + edit.text + text[edit.end :]
        last = edit.start
    return text


WAIVERS_FILE = "waivers.yml"
_REMEDY = "write ID: {reason: …, expires: 2026-12-31}, ID as `lab check` prints it"


class Waiver(Model):
    """Why a finding is accepted, and the last day of the waiver."""

    reason: Annotated[str, Field(min_length=1)]
    expires: date


class WaiversFile(RootModel[dict[Annotated[str, Field(pattern=r"^[a-z-]+-[0-9a-f]{8}$")], Waiver]]):
    """`docs/labs/<lab>/waivers.yml`: waivers by the id of the finding."""


@dataclass(frozen=True)
class Waived:
    """Findings after waivers: those to report (`left`), and those that are `waived`."""

    left: list[Finding]
    waived: list[Finding]


def today() -> date:
    """Return the day that decides which waivers have expired.

    It is the day of SOURCE_DATE_EPOCH if that is set, so that builds are reproducible.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    return (datetime.fromtimestamp(int(epoch), UTC) if epoch.isdecimal() else datetime.now(UTC)).date()


def read_waivers(docs: Path, lab: str) -> YamlFile[WaiversFile] | None:
    """Return the waivers of a lab, None if it has no waivers.yml; raise YamlError."""
    path = docs / LABS / lab / WAIVERS_FILE
    if not path.exists():
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
        case ("docs", "labs", lab, _, *_) | ("evidence" | "collectors", lab, _, *_):
            return lab
    return ""
