"""A command whose start may hang through no fault of its own: it has one more try, and both are recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labreport.capture.outcome import CommandFailedError
from labreport.contract.records import Command

if TYPE_CHECKING:
    from labreport.capture.run import Run


@dataclass(frozen=True)
class Attempt:
    """One attempt: its arguments, and what ends and removes all that it leaves behind if it hangs."""

    argv: Sequence[str]
    clear: Callable[[], None]


@dataclass(frozen=True)
class OneMoreTry:
    """A command that is tried once more if it hangs, and only then: a failure is a failure.

    `attempt` makes each attempt anew: names that serve once are new ones. An attempt hangs if it has no end
    after `timeout` seconds (a limit given by the caller comes first), or if it fails and says one of `signs`:
    what it started gave up waiting by itself. `remedy` is what to do where both attempts hang.
    """

    attempt: Callable[[Run], Attempt]
    timeout: float
    signs: Sequence[str] = ()
    remedy: str = ""

    def __call__(self, run: Run) -> Sequence[str]:
        """Return the arguments of one attempt, for whoever wants the words alone."""
        return self.attempt(run).argv

    def hung(self, command: Command, error: CommandFailedError) -> bool:
        """Return whether a failed attempt hung: only then is another one worth its time."""
        said = command.stderr + error.printed.decode("utf-8", "replace")
        return command.timed_out or any(sign in said for sign in self.signs)
