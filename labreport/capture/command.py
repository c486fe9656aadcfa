"""How a command is described, how it ended, and what its end means."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from labreport.contract.errors import LabError
from labreport.contract.records import Command, Outcome

TIMEOUT = 600.0
"""The default time limit of a command, in seconds."""

EVERYTHING = "(?s).+"
"""A `volatile` pattern for a command whose whole output differs from run to run."""

Argv = Sequence[str] | Callable[[Any], Sequence[str]]
"""A command's arguments, the program first, or a function that takes the Run and returns them.

`in_runc` returns such a function: the arguments name a container that is new in every run.
"""

P = ParamSpec("P")
S = TypeVar("S")
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class CommandSpec:
    """A command, and how it is run.

    `run.command` and `out.run` take the same arguments: `out.run(["seq", "10"], head=3)`.
    """

    argv: Argv

    _: KW_ONLY

    timeout: float | None = None
    """Seconds until the command is killed. The default is 600, or the timeout of a RetryOnHang."""

    answered: Sequence[int] = ()
    """Exit statuses that are an answer, besides 0. `diff`, for example, exits with 1 if the files differ."""

    refused: Sequence[int] = ()
    """Exit statuses that are a refusal, which is a result too. They imply `stderr`."""

    env: Mapping[str, str] = field(default_factory=dict)
    """Environment variables to add."""

    stdin: Path = Path(os.devnull)
    """The file that the command reads as its standard input."""

    head: int | None = None
    """Keep only this many lines from the start of the output."""

    tail: int | None = None
    """Keep only this many lines from the end of the output."""

    stderr: bool = False
    """Write standard error into the output, at the place where it was printed."""

    expect: str = ""
    """A regular expression (flag m). An output without a match is a failure."""

    volatile: str = ""
    """A regular expression (flag m) for the parts of the output that differ from run to run (see Span)."""

    @property
    def limit(self) -> float:
        """Seconds until the command is killed."""
        return self.timeout or TIMEOUT

    @property
    def merges_stderr(self) -> bool:
        """Whether standard error is written into the output."""
        return self.stderr or bool(self.refused)


def takes(
    spec: Callable[P, T],
) -> Callable[[Callable[[S, T], R]], Callable[Concatenate[S, P], R]]:
    """Let callers of a method pass the arguments of an object instead of the object.

    `@takes(CommandSpec)` above `def run(self, command)` makes `run(["ls"], head=3)` call the method with
    `CommandSpec(["ls"], head=3)`. mypy checks the arguments against the class.
    """

    def decorate(method: Callable[[S, T], R]) -> Callable[Concatenate[S, P], R]:
        @wraps(method)
        def call(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
            return method(self, spec(*args, **kwargs))

        return call

    return decorate


@dataclass(frozen=True)
class Ended:
    """How a process ended.

    A negative `exit_status` is the number of the signal that ended it. It was killed if it `timed_out`, or if
    its output exceeded the limit (recorder.OUTPUT_LIMIT).
    """

    exit_status: int
    seconds: float
    timed_out: bool = False
    output_exceeded: bool = False


class CommandFailedError(LabError):
    """A command did not end with an answer or a refusal.

    `how` says in a few words how it ended. `printed` is the part of its output that is kept, redacted. `said`
    are its last lines, for the error message.
    """

    def __init__(
        self, what: str, remedy: str = "", *, how: str = "", printed: bytes = b"", said: Sequence[str] = ()
    ) -> None:
        super().__init__(what, remedy)
        self.how = how
        self.printed = printed
        self.said = tuple(said)

    def __str__(self) -> str:
        return "\n".join([super().__str__(), *(f"  {line}" for line in self.said)])


@dataclass(frozen=True)
class CommandResult:
    """What a command printed (redacted, shortened by `head` or `tail`) and how it ended.

    `number` is the command's index in the record. `cut` says how the output was shortened (see Span).
    """

    number: int
    outcome: Outcome
    exit_status: int
    data: bytes
    cut: str = ""

    @property
    def text(self) -> str:
        """The output as text. Bytes that are not UTF-8 are replaced."""
        return self.data.decode("utf-8", "replace")


@dataclass(frozen=True)
class Attempt:
    """One attempt at a command: its arguments, and a function that removes its leftovers if it hangs."""

    argv: Sequence[str]
    clear: Callable[[], None]


@dataclass(frozen=True)
class RetryOnHang:
    """A command that is run once more if it hangs. Any other failure is final.

    `attempt` takes the Run and returns one attempt, with its own names. An attempt hangs if it takes longer
    than `timeout` seconds (the caller's timeout takes precedence), or if it fails and prints one of `signs`:
    then a program that it started gave up waiting. `remedy` says what to do if both attempts hang.
    """

    attempt: Callable[[Any], Attempt]
    timeout: float
    signs: Sequence[str] = ()
    remedy: str = ""

    def __call__(self, run: Any) -> Sequence[str]:
        """Return the arguments of one attempt."""
        return self.attempt(run).argv

    def hung(self, command: Command, error: CommandFailedError) -> bool:
        """Return whether a failed attempt hung."""
        said = command.stderr + error.printed.decode("utf-8", "replace")
        return command.timed_out or any(sign in said for sign in self.signs)
