"""A finding of `lab check`: where it is, what is wrong, what to do, and an id that outlives moved lines."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from labreport.report.problems import one_line


class Kind(StrEnum):
    """What a finding is about; its id begins with it."""

    PROBLEM = "problem"
    NUMBER = "number"
    QUOTE = "quote"
    UNUSED_FACT = "unused-fact"
    UNSHOWN = "unshown"
    MOVED = "moved"
    UNPINNED = "unpinned"
    LINK = "link"
    RUBRIC = "rubric"
    WAIVER = "waiver"
    NOTHING = "nothing"


FINAL = frozenset({Kind.PROBLEM, Kind.WAIVER, Kind.NOTHING})
"""What no waiver helps against: a build fails on it, or it is about the waivers themselves."""


@dataclass(frozen=True)
class Finding:
    """A finding: `file` is a path from the project's root, `line` and `column` are 1-based.

    `identity` is what makes it this one, whatever line it stands on; `number` tells alike ones apart.
    """

    kind: Kind
    file: str
    line: int
    column: int
    message: str
    remedy: str
    identity: str
    number: int = 1

    @property
    def id(self) -> str:
        """The kind and eight digits that stay while the text around it does."""
        text = f"{self.file}\n{self.identity}\n{self.number}"
        return f"{self.kind}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"

    def as_json(self) -> dict[str, object]:
        """Return the finding as `--json` prints it."""
        place = {"file": self.file, "line": self.line, "column": self.column}
        return {"id": self.id, "kind": self.kind, **place, "message": self.message, "remedy": self.remedy}

    def __str__(self) -> str:
        place = f"{one_line(self.file)}:{self.line}:{self.column}"
        return f"{place}: {one_line(self.message)}: {one_line(self.remedy)} [{self.id}]"


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings by file, line and column; those that are alike are numbered in that order."""
    seen: Counter[tuple[Kind, str, str]] = Counter()
    numbered = []
    for one in sorted(findings, key=lambda one: (one.file, one.line, one.column, one.kind, one.message)):
        alike = (one.kind, one.file, one.identity)
        seen[alike] += 1
        numbered.append(replace(one, number=seen[alike]))
    return numbered
