"""A problem of a report, and the error behind it."""

from dataclasses import dataclass
from typing import Self

from labreport.contract.errors import ExitStatus, LabError


@dataclass(frozen=True)
class Problem:
    """Something in a report that has to be fixed; the fields are those of `LabError`.

    `reference` is the macro call or file that the problem is about. `path` is that of the page below docs/,
    empty if the problem belongs to no page; `line` is 1-based, 0 if unknown.
    """

    reference: str
    what: str
    remedy: str
    path: str = ""
    line: int = 0

    @classmethod
    def of(cls, error: LabError, reference: str) -> Self:
        """Return the problem of a macro call that raised `error`; `what` includes the error's own place."""
        what = f"{error.place}: {error.what}" if error.place else error.what
        return cls(reference, what, error.remedy)

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        return ": ".join(one_line(part) for part in (place, self.reference, self.what, self.remedy) if part)


class FaultError(LabError):
    """A page, or one of the report's files, asks for something that it cannot have."""

    exit_status = ExitStatus.WRONG_USE


def one_line(text: str) -> str:
    """Return `text` with line ends and control characters escaped, so that it cannot forge a log line."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text
    )
