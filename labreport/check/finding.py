"""A finding of `lab check`: its place, what is wrong, what to do, an id that survives moved lines, a fix."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from labreport.contract.errors import LabError
from labreport.report.problems import one_line

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
