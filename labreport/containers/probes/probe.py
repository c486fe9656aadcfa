"""A probe: a question, and what one answer to it is."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from labreport.contract.records import Outcome

HOSTS = "the host's"
OWN = "its own"

Judge = Callable[[Sequence[str], str], str]
"""A function that names a container's answer. Its arguments are the host's answers (one, or one from before
and one from after) and the container's answer."""


def same_or_own(host: Sequence[str], answer: str) -> str:
    """Return HOSTS if the answer is the same text as the host's, otherwise OWN."""
    return HOSTS if answer in host else OWN


@dataclass(frozen=True)
class Probe:
    """One question.

    `id` is a word, `why` says why the question matters. `ask` is one line of shell that works on the host and
    in the containers. `answers` maps each name that `judge` can return to its meaning. If `ask` fails, its
    output tells what that means: `refused` is the pattern for a refusal, `absent` the one for a question that
    does not apply. Any other failure fails the collector. `volatile` is a pattern for what differs from run
    to run.
    """

    id: str
    question: str
    why: str
    ask: str
    answers: Mapping[str, str]
    judge: Judge = same_or_own
    refused: str = r"Operation not permitted|Permission denied"
    absent: str = r"No such file or directory|nonexistent directory"
    volatile: str = ""


@dataclass(frozen=True)
class ProbeOutput:
    """What a probe printed, with standard error, and its exit status.

    `first` and `last` are its lines in the output of the command that ran the probes, 1-based. `first` >
    `last` if it printed nothing.
    """

    data: bytes
    exit_status: int
    first: int
    last: int

    @property
    def text(self) -> str:
        """The output as text. Bytes that are not UTF-8 are replaced."""
        return self.data.decode("utf-8", "replace")

    def outcome(self, probe: Probe) -> Outcome | None:
        """Return ANSWERED, REFUSED or FAILED, or None if the question does not apply."""
        if self.exit_status == 0:
            return Outcome.ANSWERED
        if re.search(probe.refused, self.text):
            return Outcome.REFUSED
        return None if re.search(probe.absent, self.text) else Outcome.FAILED
