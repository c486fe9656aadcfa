"""The arms of a comparison: the host, and containers. Each runs all probes in one command."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from labreport.capture import recorder
from labreport.capture.command import Attempt, CommandFailedError, CommandResult, CommandSpec
from labreport.capture.run import CaptureError, Run
from labreport.containers import ctr
from labreport.containers.containerd.server import containerd
from labreport.containers.containerd.teardown import tear_down, tear_down_hung
from labreport.containers.images import images
from labreport.containers.kata.installation import note_configuration
from labreport.containers.probes.frames import FramesError, parse_outputs, script
from labreport.containers.probes.probe import Probe, ProbeOutput


@dataclass(frozen=True)
class Arm:
    """One side of the comparison: the host (without `runtime`), or a container under `runtime`.

    `options` are options of `ctr run`.
    """

    name: str
    runtime: str = ""
    options: tuple[str, ...] = ()


HOST = Arm("host")
HOST_AFTERWARDS = Arm("host, afterwards")
RUNC = Arm("runc", ctr.RUNC)
RUNC_SECCOMP = Arm("runc --seccomp", ctr.RUNC, ("--seccomp",))
KATA = Arm("kata", ctr.KATA)
KATA_SECCOMP = Arm("kata --seccomp", ctr.KATA, ("--seccomp",))

ARMS = (HOST, RUNC, RUNC_SECCOMP, KATA, KATA_SECCOMP)
"""Each runtime with and without `--seccomp`, because the defaults differ: ctr gives a container under runc no
seccomp profile, and Kata drops the profile of the guest."""

HOST_TWICE = (*ARMS, HOST_AFTERWARDS)
"""ARMS, and the host again at the end. A counter is the host's if it lies between the host's two values."""


@dataclass(frozen=True)
class ArmOutput:
    """The output of all probes in one arm, by the probe's id.

    `command` is the index in the record of the command that ran them. `specification` is the SHA-256 of the
    container's OCI specification without its names; it is empty for the host.
    """

    arm: Arm
    command: int
    outputs: Mapping[str, ProbeOutput]
    specification: str = ""


class CutOutputError(CommandFailedError):
    """The output of the probes in one arm does not come to its end."""


def ask(run: Run, probes: Sequence[Probe], arm: Arm, image: str) -> ArmOutput:
    """Run the probes in one arm, in one command; raise CommandFailedError if it does not reach its end.

    A container whose output does not reach it is asked once more. When a container ends, the shim of
    containerd 1.6 waits two seconds for its output (`Init.delete` in process/init.go): on a busy host, that
    can cut the output.
    """
    try:
        return _asked(run, probes, arm, image)
    except CutOutputError:
        if not arm.runtime:
            raise
        return _asked(run, probes, arm, image)


def _asked(run: Run, probes: Sequence[Probe], arm: Arm, image: str) -> ArmOutput:
    mark = f"probe-{secrets.token_hex(6)}"
    words = ["sh", "-c", script(probes, mark)]
    specification = ""
    if arm.runtime:
        result, specification = _in_container(run, arm, image, words, mark)
    else:
        result = run.record(CommandSpec(words))
    try:
        return ArmOutput(arm, result.number, parse_outputs(result.data, probes, mark), specification)
    except FramesError as error:
        raise CutOutputError(f"{arm.name}: {error.what}", printed=result.data) from error


def _in_container(
    run: Run, arm: Arm, image: str, words: Sequence[str], mark: str
) -> tuple[CommandResult, str]:
    """Run a command in a new container; return its result and the hash of the OCI specification.

    The container exists until its specification has been read.
    """
    server = run.resource(containerd)
    name = images.obtain(run, image).name
    idents: list[str] = []

    def attempt(run: Run) -> Attempt:
        ident = ctr.new_id(run)
        idents.append(ident)
        argv = ctr.run_argv(server, arm.runtime, name, ident, options=arm.options, argv=words)
        return Attempt(argv, lambda: tear_down_hung(server, ident))

    if arm.runtime == ctr.KATA:
        note_configuration(run)
    try:
        start = ctr.retry_on_hang(attempt) if arm.runtime == ctr.KATA else attempt(run).argv
        result = run.record(CommandSpec(start))
        info = recorder.output(server.ctr("containers", "info", "--spec", idents[-1]), timeout=60)
    finally:
        tear_down(server, idents[-1])
    return result, hash_specification(info, (idents[-1], run.name, mark))


def hash_specification(specification: str, names: Sequence[str]) -> str:
    """Return the SHA-256 of an OCI specification in JSON, in which `names` are replaced.

    These names differ from run to run. Raise CaptureError if it is not JSON.
    """
    try:
        text = json.dumps(json.loads(specification), sort_keys=True)
    except ValueError as error:
        raise CaptureError(f"{names[0]}: no specification: {specification[:80]!a}") from error
    for name in names:
        text = text.replace(name, "NAME")
    return sha256(text.encode()).hexdigest()
