"""Probes: questions that are put to the host and to containers with the same shell command.

The answers are written side by side. Format: manual/reference/probes.md.
"""

from collections.abc import Sequence

from labreport.capture.run import Run
from labreport.containers.probes.answers import write
from labreport.containers.probes.arms import (
    ARMS,
    HOST,
    HOST_AFTERWARDS,
    HOST_TWICE,
    KATA,
    KATA_SECCOMP,
    RUNC,
    RUNC_SECCOMP,
    Arm,
    ArmOutput,
    ask,
)
from labreport.containers.probes.probe import HOSTS, OWN, Probe, ProbeOutput, same_or_own

__all__ = [
    "ARMS",
    "HOST",
    "HOSTS",
    "HOST_AFTERWARDS",
    "HOST_TWICE",
    "KATA",
    "KATA_SECCOMP",
    "OWN",
    "RUNC",
    "RUNC_SECCOMP",
    "Arm",
    "ArmOutput",
    "Probe",
    "ProbeOutput",
    "ask",
    "ask_all",
    "same_or_own",
]


def ask_all(run: Run, path: str, probes: Sequence[Probe], image: str, arms: Sequence[Arm] = ARMS) -> None:
    """Run the probes in every arm and write their answers to the evidence file `path`.

    `image` is a name under `images` in lab.yml. Raise CommandFailedError if a probe fails in an unknown way;
    the file then has all answers nevertheless.
    """
    results = [ask(run, probes, arm, image) for arm in arms]
    for result in results:
        if result.specification:
            run.digests[f"OCI specification, {result.arm.name}"] = result.specification
    with run.file(path) as out:
        write(out, probes, results)
