"""A probe: one question, asked in the same words of the host and of containers, and what its answers mean."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from labreport.capture.recording import line_count
from labreport.contract.errors import LabError
from labreport.contract.records import Outcome

HOSTS = "the host's"
OWN = "its own"

Judge = Callable[[Sequence[str], str], str]
"""Names a container's answer: given the host's answers (one, or those from before and after) and its own."""


def same_or_own(host: Sequence[str], answer: str) -> str:
    """Return whether an answer is the host's to the letter."""
    return HOSTS if answer in host else OWN


@dataclass(frozen=True)
class Probe:
    """One question.

    `id` is a word; `why` says why it matters; `ask` is a line of shell that host and container understand
    alike. `answers` says what would count as which answer: for each name that `judge` gives, what it means.
    Where `ask` fails, `refused` and `absent` are the patterns by which a refusal, and a question that makes
    no sense here, are told from a mishap. `volatile` is a pattern of what differs from run to run.
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
class Said:
    """What was said to a probe: the output, standard error included, and the exit status.

    `first` and `last` are its lines in the output of the command that asked, 1-based; `first` > `last` where
    nothing was printed.
    """

    data: bytes
    exit_status: int
    first: int
    last: int

    @property
    def text(self) -> str:
        """The output as text."""
        return self.data.decode("utf-8", "replace")

    def outcome(self, probe: Probe) -> Outcome | None:
        """Return ANSWERED, REFUSED, FAILED, or None for a question that makes no sense here."""
        if self.exit_status == 0:
            return Outcome.ANSWERED
        if re.search(probe.refused, self.text):
            return Outcome.REFUSED
        return None if re.search(probe.absent, self.text) else Outcome.FAILED


class FramesError(LabError):
    """An output without the frames that the script puts around each answer: it did not come to its end."""


def script(probes: Sequence[Probe], mark: str) -> str:
    """Return one shell script that asks all the probes, each in a shell of its own, each answer in a frame.

    `mark` is a word that nothing can print by accident; it stands at the beginning of each frame's lines.
    """
    return "\n".join(_framed(probe, mark) for probe in probes)


def _framed(probe: Probe, mark: str) -> str:
    quoted = "'" + probe.ask.replace("'", "'\\''") + "'"
    return (
        f"printf '%s begin %s\\n' {mark} {probe.id}; sh -c {quoted} 2>&1 </dev/null; "
        f"printf '\\n%s end %s %s\\n' {mark} {probe.id} $?"
    )


def said(output: bytes, probes: Sequence[Probe], mark: str) -> dict[str, Said]:
    r"""Return what was said to each probe; raise FramesError if the script did not come to its end.

    >>> kernel = Probe("kernel", "Which?", "", "uname -r", {})
    >>> said(b"m begin kernel\n6.12\n\nm end kernel 0\n", [kernel], "m")["kernel"]
    Said(data=b'6.12\n', exit_status=0, first=2, last=2)
    """
    found, place = {}, 0
    for probe in probes:
        frame = rf"{mark} begin {probe.id}\n(.*?)\n{mark} end {probe.id} (\d+)\n".encode()
        match = re.compile(frame, re.DOTALL).match(output, place)
        if match is None:
            raise FramesError(f"{probe.id}: asked, and the answer did not come to its end")
        before = output.count(b"\n", 0, match.start(1))
        data = match[1]
        found[probe.id] = Said(data, int(match[2]), before + 1, before + line_count(data))
        place = match.end()
    return found
