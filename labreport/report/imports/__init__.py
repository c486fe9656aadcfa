"""Import somebody else's report: its pages, its evidence, and what a person has to decide.

Everything here is a stranger's. It is read, and none of it is run. Nothing is left out, renamed or changed
without a `Decision` that says so.
"""

from dataclasses import asdict, dataclass
from enum import StrEnum

from labreport.contract.errors import ExitStatus, LabError


class ImportFault(LabError):
    """A report or a folder that cannot be imported. Nothing was written."""

    exit_status = ExitStatus.WRONG_USE


class DecisionKind(StrEnum):
    """What a person has to decide about."""

    SECRET = "secret"  # noqa: S105 # the word
    PERSONAL = "name or address"
    NOT_FOUND = "block not found"
    LEFT_OUT = "file left out"
    RENAMED = "file renamed"
    NOT_TEXT = "not UTF-8"
    LINE_ENDS = "line ends"
    LINK = "link"
    HTML = "HTML"


@dataclass(frozen=True)
class Decision:
    """Something that a person has to look at: where it is, what it is, and what was done with it.

    `line` is 1-based, 0 for a file as a whole.
    """

    kind: DecisionKind
    path: str
    line: int
    what: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {self.kind}: {self.what}"

    def as_json(self) -> dict[str, object]:
        """Return the decision as `--json` prints it."""
        return asdict(self)
