"""What `lab doctor` finds out about the host itself, beside what the labs need."""

from dataclasses import dataclass
from enum import StrEnum


class Fit(StrEnum):
    """Whether a host is fit in one respect. What was not tried is neither."""

    YES = "yes"
    NO = "no"
    NOT_TRIED = "not tried"


@dataclass(frozen=True)
class Check:
    """What was found out about one thing: `detail` says what was seen, `remedy` what to do where it is unfit.

    If it is not `required`, containers run without it, and the detail says what is done instead.
    """

    name: str
    fit: Fit
    detail: str
    remedy: str = ""
    required: bool = True

    @property
    def is_finding(self) -> bool:
        """Whether containers cannot run here because of it."""
        return self.required and self.fit is Fit.NO
