"""Probes: questions that are put to the host and to containers with the same shell command.

The answers are written side by side. Format: manual/reference/probes.md.
"""

import json
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from labreport.capture import recorder
from labreport.capture.command import Attempt, CommandFailedError, CommandResult, CommandSpec
from labreport.capture.out import Out
from labreport.capture.run import CaptureError, Run
from labreport.containers import ctr
from labreport.containers.containerd.server import containerd
from labreport.containers.containerd.teardown import tear_down, tear_down_hung
from labreport.containers.images import images
from labreport.containers.kata.installation import note_configuration
from labreport.contract.errors import LabError
from labreport.contract.records import Outcome
from labreport.contract.text import line_count

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


class FramesError(LabError):
    """An output in which the frame of a probe is missing: the script did not reach its end."""


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


def ask(run: Run, probes: Sequence[Probe], arm: Arm, image: str) -> ArmOutput:
    """Run the probes in one arm, in one command; raise CommandFailedError if it does not reach its end."""
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
        raise CommandFailedError(f"{arm.name}: {error.what}", printed=result.data) from error


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
