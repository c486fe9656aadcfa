"""A problem of a report, and the error behind it."""

from dataclasses import dataclass, field
from typing import Self

from labreport.contract.errors import ExitStatus, LabError


@dataclass(frozen=True)
class Problem:
    """Something in a report that has to be fixed; `what` and `remedy` are those of a `LabError`.

    `path` is the page below docs/, and `reference` the macro call on it. A problem of another file has no
    `path`, and that file as its `reference`. `line` is 1-based, 0 if unknown. `error` is the cause, if there
    is one.
    """

    reference: str
    what: str
    remedy: str
    path: str = ""
    line: int = 0
    error: LabError | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, error: LabError, reference: str) -> Self:
        """Return the problem of a macro call that raised `error`; `what` includes the error's own place."""
        what = f"{error.place}: {error.what}" if error.place else error.what
        return cls(reference, what, error.remedy, error=error)

    def __str__(self) -> str:
        place, *references = (self.path, self.reference) if self.path else (self.reference,)
        place = f"{place}:{self.line}" if self.line else place
        return ": ".join(one_line(part) for part in (place, *references, self.what, self.remedy) if part)


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
