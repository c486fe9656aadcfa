"""The script that runs probes, each of which prints its output in a frame, and the reading of its output."""

import re
from collections.abc import Sequence

from labreport.containers.probes.probe import Probe, ProbeOutput
from labreport.contract.errors import LabError
from labreport.contract.text import line_count


class FramesError(LabError):
    """An output in which the frame of a probe is missing: the script did not reach its end."""


def script(probes: Sequence[Probe], mark: str) -> str:
    """Return a shell script that runs each probe in a new shell and prints its output in a frame.

    Each line of a frame begins with `mark`, a word that no probe can print by accident.
    """
    frames = []
    for probe in probes:
        ask = "'" + probe.ask.replace("'", "'\\''") + "'"
        frames.append(
            f"printf '%s begin %s\\n' {mark} {probe.id}; sh -c {ask} 2>&1 </dev/null; "
            f"printf '\\n%s end %s %s\\n' {mark} {probe.id} $?"
        )
    return "\n".join(frames)


def parse_outputs(output: bytes, probes: Sequence[Probe], mark: str) -> dict[str, ProbeOutput]:
    r"""Return the output of each probe, given that of the script; raise FramesError if a frame is missing.

    >>> kernel = Probe("kernel", "Which?", "", "uname -r", {})
    >>> parse_outputs(b"m begin kernel\n6.12\n\nm end kernel 0\n", [kernel], "m")["kernel"]
    ProbeOutput(data=b'6.12\n', exit_status=0, first=2, last=2)
    """
    outputs, place = {}, 0
    for probe in probes:
        frame = rf"{mark} begin {probe.id}\n(.*?)\n{mark} end {probe.id} (\d+)\n".encode()
        match = re.compile(frame, re.DOTALL).match(output, place)
        if match is None:
            raise FramesError(f"{probe.id}: the answer did not come to its end")
        lines_before = output.count(b"\n", 0, match.start(1))
        data = match[1]
        last = lines_before + line_count(data)
        outputs[probe.id] = ProbeOutput(data, int(match[2]), lines_before + 1, last)
        place = match.end()
    return outputs
