"""Probes asked of host and containers, and their answers written side by side."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from labreport.capture import recorder
from labreport.capture.command import Attempt, CommandFailedError, CommandResult, CommandSpec
from labreport.capture.run import CaptureError, Out, Run
from labreport.containers.containerd import ctr
from labreport.containers.containerd.private import containerd
from labreport.containers.containerd.teardown import put_away, put_away_hung
from labreport.containers.images import images
from labreport.containers.kata import configuration as kata_configuration
from labreport.containers.probes.probe import FramesError, Probe, Said, said, script
from labreport.contract.records import Outcome


@dataclass(frozen=True)
class Arm:
    """Who is asked: the host (no runtime), or a container under `runtime` with these options of ctr run."""

    name: str
    runtime: str = ""
    options: tuple[str, ...] = ()


HOST = Arm("host")
AGAIN = Arm("host, afterwards")
RUNC = Arm("runc", ctr.RUNC)
RUNC_SECCOMP = Arm("runc --seccomp", ctr.RUNC, ("--seccomp",))
KATA = Arm("kata", ctr.KATA)
KATA_SECCOMP = Arm("kata --seccomp", ctr.KATA, ("--seccomp",))

ARMS = (HOST, RUNC, RUNC_SECCOMP, KATA, KATA_SECCOMP)
"""ctr gives runc no seccomp profile unless it is asked to, and Kata drops the guest's by default: a pair is
fair only where both are asked in both ways."""

BETWEEN = (*ARMS, AGAIN)
"""With the host asked once more: what only grows is the host's if it lies between its two answers."""


@dataclass(frozen=True)
class Heard:
    """What an arm said to every probe, by the probe's id; `command` is the number of the one that asked.

    `specification` is the SHA-256 of the container's OCI specification without its names; empty for the host.
    """

    arm: Arm
    command: int
    said: Mapping[str, Said]
    specification: str = ""


def ask_all(run: Run, path: str, probes: Sequence[Probe], image: str, arms: Sequence[Arm] = ARMS) -> None:
    """Ask the probes of every arm and write what was said to the evidence file `path`.

    Raise CommandFailedError for a probe that failed in a way that it does not foresee, with all that was said
    in the file.
    """
    heard = [ask(run, probes, arm, image) for arm in arms]
    for one in heard:
        if one.specification:
            run.digests[f"OCI specification, {one.arm.name}"] = one.specification
    with run.file(path) as out:
        write(out, probes, heard)


def ask(run: Run, probes: Sequence[Probe], arm: Arm, image: str) -> Heard:
    """Ask the probes of one arm, all in one command; raise CommandFailedError where it does not end well."""
    mark = f"probe-{secrets.token_hex(6)}"
    words = ["sh", "-c", script(probes, mark)]
    specification = ""
    if arm.runtime:
        result, specification = _in_container(run, arm, image, words, mark)
    else:
        result = run.record(CommandSpec(words))
    try:
        return Heard(arm, result.number, said(result.data, probes, mark), specification)
    except FramesError as error:
        raise CommandFailedError(f"{arm.name}: {error}", printed=result.data) from error


def _in_container(
    run: Run, arm: Arm, image: str, words: Sequence[str], mark: str
) -> tuple[CommandResult, str]:
    """Run `words` in a container of its own; return its result and the specification.

    The container is kept until its specification has been read.
    """
    server = run.resource(containerd)
    name = images.have(run, image).name
    idents: list[str] = []

    def attempt(run: Run) -> Attempt:
        ident = ctr.new_id(run)
        idents.append(ident)
        argv = ctr.run_argv(server, arm.runtime, name, ident, options=arm.options, argv=words)
        return Attempt(argv, lambda: put_away_hung(server, ident))

    if arm.runtime == ctr.KATA:
        kata_configuration.note(run)
    try:
        start = ctr.one_more_try(attempt) if arm.runtime == ctr.KATA else attempt(run).argv
        result = run.record(CommandSpec(start))
        info = recorder.output(server.ctr("containers", "info", "--spec", idents[-1]), timeout=60)
    finally:
        put_away(server, idents[-1])
    return result, specification(info, (idents[-1], run.name, mark))


def specification(info: str, names: Sequence[str]) -> str:
    """Return the SHA-256 of an OCI specification in JSON, without the `names` that differ from run to run."""
    try:
        text = json.dumps(json.loads(info), sort_keys=True)
    except ValueError as error:
        raise CaptureError(f"containerd gives no specification of {names[0]}: {info[:100]!r}") from error
    for name in names:
        text = text.replace(name, "NAME")
    return sha256(text.encode()).hexdigest()


def write(out: Out, probes: Sequence[Probe], heard: Sequence[Heard]) -> None:
    """Write the answers side by side: manual/reference/probes.md says in which form."""
    out.line("=== containers ===")
    for one in heard:
        if one.specification:
            out.line(f"{one.arm.name}: OCI specification {one.specification}")
    failed = [line for probe in probes for line in _write_probe(out, probe, heard)]
    if failed:
        raise CommandFailedError("\n".join(failed))


def _write_probe(out: Out, probe: Probe, heard: Sequence[Heard]) -> list[str]:
    """Write one probe with all its answers; return a line for each that failed."""
    out.line(f"=== {probe.id}: {probe.question} ===")
    out.line(f"why: {probe.why}")
    out.line(f"asked: {probe.ask}")
    for name, meaning in probe.answers.items():
        out.line(f"if {name}: {meaning}")
    failed = []
    for one in heard:
        answer = one.said[probe.id]
        out.line(f"--- {one.arm.name}")
        out.quote(answer.data, one.command, f"lines {answer.first} to {answer.last}", probe.volatile)
        how = judged(probe, one, heard)
        if how:
            out.line(f"=> {how}")
        if answer.outcome(probe) is Outcome.FAILED:
            last = (answer.text.strip().splitlines() or ["it said nothing"])[-1]
            failed.append(f"{probe.id}: {one.arm.name}: {how}: {last[:200]}")
    return failed


def judged(probe: Probe, one: Heard, heard: Sequence[Heard]) -> str:
    """Return in words what an arm's answer to a probe is; empty for an answer of the host's."""
    answer = one.said[probe.id]
    match answer.outcome(probe):
        case Outcome.REFUSED:
            return f"refused, exit status {answer.exit_status}"
        case Outcome.FAILED:
            return f"failed, exit status {answer.exit_status}"
        case None:
            return "not applicable here"
    if not one.arm.runtime:
        return ""
    host = [
        other.said[probe.id].text
        for other in heard
        if not other.arm.runtime and other.said[probe.id].outcome(probe) is Outcome.ANSWERED
    ]
    if not host:
        return "answered; the host gives none to compare"
    name = probe.judge(host, answer.text)
    if name not in probe.answers:
        raise CaptureError(f"{probe.id}: {one.arm.name}: {name!r}: an answer that the probe does not foresee")
    return name
