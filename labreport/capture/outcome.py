"""How a command ended, and what that means."""

from collections.abc import Sequence
from dataclasses import dataclass

from labreport.capture import recorder
from labreport.contract.errors import LabError
from labreport.contract.records import Command, Outcome


class CommandFailedError(LabError):
    """A command whose end is no answer; the text says how it ended and what it said.

    `printed` is the beginning of what it printed, masked; `how` is how it ended, in a few words.
    """

    def __init__(self, text: str, printed: bytes = b"", how: str = "") -> None:
        super().__init__(text)
        self.printed = printed
        self.how = how


@dataclass(frozen=True)
class Result:
    """What a command printed on standard output (masked, cut) and how it ended."""

    outcome: Outcome
    exit_status: int
    data: bytes

    @property
    def text(self) -> str:
        """The output as text; what is no UTF-8 is replaced."""
        return self.data.decode("utf-8", "replace")


def outcome_of(ended: recorder.Ended, answered: Sequence[int], refused: Sequence[int]) -> Outcome:
    """Return what a command's end means; a limit that was passed is a failure, whatever the status."""
    if ended.timed_out or ended.too_much:
        return Outcome.FAILED
    if ended.exit_status in refused:
        return Outcome.REFUSED
    return Outcome.ANSWERED if ended.exit_status in {0, *answered} else Outcome.FAILED


def how_it_ended(ended: recorder.Ended, timeout: float) -> str:
    """Return how a command ended that is no answer by itself; empty for exit status 0."""
    if ended.timed_out:
        return f"no end after {timeout:g} s"
    if ended.too_much:
        return f"printed over {recorder.OUTPUT_LIMIT >> 20} MiB: cut it at its source"
    if ended.exit_status < 0:
        return f"ended by signal {-ended.exit_status}"
    return f"exit status {ended.exit_status}" if ended.exit_status else ""


def failure(command: Command, how: str, data: bytes) -> str:
    """Return in a few lines how a command failed: which, how, what it said."""
    said = (command.stderr.strip() or data.decode("utf-8", "replace").strip()).splitlines()[-3:]
    return "\n".join([f"{' '.join(command.argv)[:200]}: {how}", *(f"  {line[:300]}" for line in said)])
