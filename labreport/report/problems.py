"""What is wrong with a report: where it is said, what was asked for, what is wrong, what to do."""

from dataclasses import asdict, dataclass

from labreport.contract.errors import ExitStatus, LabError


@dataclass(frozen=True)
class Problem:
    """One problem. `page` is a path below docs/, empty where no page is to blame; `line` 0 if not known."""

    page: str
    line: int
    reference: str
    what: str
    remedy: str

    def as_json(self) -> dict[str, object]:
        """Return the problem as `--json` prints it."""
        return asdict(self)

    def __str__(self) -> str:
        where = f"{self.page}:{self.line}" if self.line else self.page
        return ": ".join(one_line(part) for part in (where, self.reference, self.what, self.remedy) if part)


class FaultError(LabError):
    """Something that a page asks for and cannot have: `what` is wrong, and the `remedy`."""

    exit_status = ExitStatus.WRONG_USE


def one_line(text: str) -> str:
    """Return `text` with line ends and control characters escaped: it cannot forge a line of a log."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text
    )
