"""The base of all errors: what is wrong, where, and what to do about it; and the exit statuses."""

from enum import IntEnum
from typing import ClassVar


class ExitStatus(IntEnum):
    """How a command of `lab` ended."""

    FINE = 0
    FINDINGS = 1
    WRONG_USE = 2
    INTERRUPTED = 3
    CANNOT_RUN = 4
    FAULT = 5


class LabError(Exception):
    """An error that the user can fix. The command line prints it without a traceback.

    `what` is wrong, and `remedy` says what to do. `path` is relative to the project or the evidence folder,
    and `line` is 1-based, or 0 if it is unknown. A subclass names a cause and its exit status. Code reads the
    fields; nothing parses the text.
    """

    exit_status: ClassVar[ExitStatus] = ExitStatus.FINDINGS

    def __init__(self, what: str, remedy: str = "", *, path: str = "", line: int = 0) -> None:
        self.what = what
        self.remedy = remedy
        self.path = path
        self.line = line
        super().__init__(what, remedy)

    @property
    def place(self) -> str:
        """`path:line`, or the path alone; empty if there is none."""
        return f"{self.path}:{self.line}" if self.path and self.line else self.path

    def __str__(self) -> str:
        return ": ".join(part for part in (self.place, self.what, self.remedy) if part)
