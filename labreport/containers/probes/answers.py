"""The answers of all arms to each probe, side by side, with a verdict on each."""

from collections.abc import Sequence

from labreport.capture.command import CommandFailedError
from labreport.capture.out import Out
from labreport.capture.run import CaptureError
from labreport.containers.probes.arms import ArmOutput
from labreport.containers.probes.probe import Probe
from labreport.contract.records import Outcome


def write(out: Out, probes: Sequence[Probe], results: Sequence[ArmOutput]) -> None:
    """Write the answers side by side; raise CommandFailedError if a probe failed in an unknown way."""
    out.line("=== containers ===")
    for result in results:
        if result.specification:
            out.line(f"{result.arm.name}: OCI specification {result.specification}")
    failed = [line for probe in probes for line in _write_probe(out, probe, results)]
    if failed:
        raise CommandFailedError("a probe failed in a way that it does not foresee", said=failed)


def _write_probe(out: Out, probe: Probe, results: Sequence[ArmOutput]) -> list[str]:
    """Write one probe with the answers of all arms; return a line for each that failed."""
    out.line(f"=== {probe.id}: {probe.question} ===")
    out.line(f"why: {probe.why}")
    out.line(f"asked: {probe.ask}")
    for name, meaning in probe.answers.items():
        out.line(f"if {name}: {meaning}")
    failed = []
    for result in results:
        output = result.outputs[probe.id]
        out.line(f"--- {result.arm.name}")
        out.quote(output.data, result.command, f"lines {output.first} to {output.last}", probe.volatile)
        verdict = judged(probe, result, results)
        if verdict:
            out.line(f"=> {verdict}")
        if output.outcome(probe) is Outcome.FAILED:
            last = (output.text.strip().splitlines() or ["it printed nothing"])[-1]
            failed.append(f"{probe.id}: {result.arm.name}: {verdict}: {last[:200]}")
    return failed


def judged(probe: Probe, result: ArmOutput, results: Sequence[ArmOutput]) -> str:
    """Return the verdict on an arm's answer to a probe, in words; it is empty for an answer of the host.

    Raise CaptureError if `judge` returns a name that the probe does not explain.
    """
    output = result.outputs[probe.id]
    match output.outcome(probe):
        case Outcome.REFUSED:
            return f"refused, exit status {output.exit_status}"
        case Outcome.FAILED:
            return f"failed, exit status {output.exit_status}"
        case None:
            return "not applicable here"
    if not result.arm.runtime:
        return ""
    host = [
        other.outputs[probe.id].text
        for other in results
        if not other.arm.runtime and other.outputs[probe.id].outcome(probe) is Outcome.ANSWERED
    ]
    if not host:
        return "answered; the host gives none to compare"
    name = probe.judge(host, output.text)
    if name not in probe.answers:
        raise CaptureError(
            f"{probe.id}: {result.arm.name}: {name!r}: an answer that the probe does not foresee",
            "add it to the probe's answers",
        )
    return name
