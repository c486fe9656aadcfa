"""Probes: one question for host and containers. Answers, refusals and failures are told apart."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from labreport.capture.command import CommandFailedError, CommandResult
from labreport.capture.run import CaptureError, Run
from labreport.capture.session import session
from labreport.containers.probes import (
    HOST,
    KATA,
    RUNC,
    RUNC_SECCOMP,
    Arm,
    Probe,
    ProbeOutput,
    ask_all,
)
from labreport.containers.probes import (
    arms as arms_module,
)
from labreport.containers.probes.frames import FramesError, parse_outputs, script
from labreport.contract.records import Outcome
from tests.containers.fake_kata import write_shim

ANSWERS = {"the host's": "one kernel", "its own": "another"}


def probe(ask: str, **given: object) -> Probe:
    """Return a probe that runs `ask`."""
    return Probe(**{"id": "x", "question": "Q?", "why": "W", "ask": ask, "answers": ANSWERS, **given})  # type: ignore[arg-type]


def written(run: Run, *probes: Probe, arms: tuple[Arm, ...] = (HOST, RUNC)) -> list[str]:
    """Return the lines that the probes write, without those about the containers."""
    ask_all(run, "x.txt", probes, "alpine", arms)
    text = (run._staging / "x.txt").read_text()
    return text[text.index("=== x:") :].splitlines()


@pytest.mark.usefixtures("host")
def test_answers_stand_side_by_side(run: Run) -> None:
    """The answers to a question stand side by side, each with its verdict, as spans of their commands."""
    lines = written(run, probe("cat /proc/sys/kernel/random/boot_id"))
    assert lines[:5] == [
        "=== x: Q? ===",
        "why: W",
        "asked: cat /proc/sys/kernel/random/boot_id",
        "if the host's: one kernel",
        "if its own: another",
    ]
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert lines[5:] == ["--- host", boot, "--- runc", boot, "=> the host's"]
    printed = [span for span in run.spans["x.txt"] if span.command is not None]
    assert [span.cut for span in printed] == ["lines 2 to 2", "lines 2 to 2"]
    assert [run.commands[span.command or 0].argv[0] for span in printed] == ["sh", "ctr"]


@pytest.mark.slow
@pytest.mark.usefixtures("host")
def test_with_and_without_seccomp(run: Run) -> None:
    """The option is in the command, the filter in the answer. The specifications have different digests."""
    lines = written(run, probe("grep ^Seccomp: /proc/1/status"), arms=(HOST, RUNC, RUNC_SECCOMP))
    assert lines[lines.index("--- runc") + 1] == "Seccomp:\t0"
    assert lines[lines.index("--- runc --seccomp") + 1 :] == ["Seccomp:\t2", "=> its own"]
    assert "--seccomp" in run.commands[-1].argv
    digests = {name: run.digests[f"OCI specification, {name}"] for name in ("runc", "runc --seccomp")}
    assert len(set(digests.values())) == 2
    assert [
        line for line in (run._staging / "x.txt").read_text().splitlines() if "specification" in line
    ] == [f"{name}: OCI specification {digest}" for name, digest in digests.items()]
    before = dict(run.digests)
    written(run, probe("grep ^Seccomp: /proc/1/status"), arms=(HOST, RUNC, RUNC_SECCOMP))
    assert run.digests == before, "what differs from run to run is not in them"


@pytest.mark.usefixtures("host")
def test_a_refusal_and_an_absence_are_results(run: Run) -> None:
    """Neither a refusal nor a question that does not apply fails the probe. The output is kept."""
    refused = probe("cat /proc/cmdline; echo 'x: Operation not permitted' >&2; exit 1")
    absent = probe("cat /proc/no-such-thing", id="y")
    lines = written(run, refused, absent)
    assert lines[-3:] == [
        "--- runc",
        "cat: can't open '/proc/no-such-thing': No such file or directory",
        "=> not applicable here",
    ]
    at = lines.index("--- runc")
    assert lines[at + 2 : at + 4] == ["x: Operation not permitted", "=> refused, exit status 1"]


@pytest.mark.slow
@pytest.mark.usefixtures("host")
def test_an_output_that_is_cut_is_asked_for_again(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once: the second cut fails the collector."""
    uncut, sizes = arms_module._in_container, [20, None, 20, 20]

    def cut(*arguments: Any) -> tuple[CommandResult, str]:
        result, specification = uncut(*arguments)
        return replace(result, data=result.data[: sizes.pop(0)]), specification

    monkeypatch.setattr(arms_module, "_in_container", cut)
    assert "whole" in written(run, probe("echo whole"), arms=(RUNC,))
    assert len([one for one in run.commands if one.argv[0] == "ctr" and "run" in one.argv]) == 2
    with pytest.raises(CommandFailedError, match="did not come to its end"):
        written(run, probe("echo whole"), arms=(RUNC,))


@pytest.mark.usefixtures("host")
def test_an_unknown_failure_fails_the_collector(run: Run) -> None:
    """A failure that the probe does not foresee fails the collector. All answers are kept."""
    with pytest.raises(CommandFailedError, match="x: runc: failed, exit status 3: out of luck"):
        written(run, probe("test -d /home && echo fine || { echo out of luck; exit 3; }"))
    text = (run._staging / "x.txt").read_text()
    assert text.endswith("--- host\nfine\n--- runc\nout of luck\n=> failed, exit status 3\n")


@pytest.mark.usefixtures("host")
def test_an_answer_that_nobody_foresaw(run: Run) -> None:
    """A verdict that the probe does not explain is a mistake of the lab."""
    with pytest.raises(CaptureError, match="x: runc: 'odd': an answer that the probe does not foresee"):
        written(run, probe("true", judge=lambda _host, _answer: "odd"))


@pytest.mark.usefixtures("host")
def test_kata_is_asked_in_the_same_words(
    make_run: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the runtime differs. The record has the digest of Kata's configuration. The shim is runc's."""
    write_shim(tmp_path, shutil.which("containerd-shim-runc-v2") or "")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("KATA_CONF_FILE", str(tmp_path / "configuration.toml"))
    (tmp_path / "configuration.toml").write_text("[runtime]\n")
    with session(lambda _text: None) as own:
        run = make_run(own, alpine={"made_from": "busybox"})
        written(run, probe("echo 1"), arms=(HOST, RUNC, KATA))
        own.look_for_leaks()
    assert run.digests["configuration.toml"] == sha256(b"[runtime]\n").hexdigest()
    runc, kata = (command.argv for command in run.commands[-2:])
    differ = [(one, other) for one, other in zip(runc, kata, strict=True) if one != other]
    assert differ[0] == ("io.containerd.runc.v2", "io.containerd.kata.v2")
    assert len(differ) == 3, "besides the runtime the container's name, and the frames' mark"


def test_frames_are_told_from_answers() -> None:
    """An answer may look like a frame, be empty, or have no last line end. Its bytes are kept."""
    probes = [probe("a"), probe("b", id="y"), probe("c", id="z")]
    assert "x" in script(probes, "mark")
    output = (
        b"mark begin x\nmark begun y\nother end x 0\n\nmark end x 0\n"
        b"mark begin y\n\nmark end y 1\nmark begin z\n\xff\n\n\nmark end z 0\n"
    )
    found = parse_outputs(output, probes, "mark")
    assert [one.data for one in found.values()] == [b"mark begun y\nother end x 0\n", b"", b"\xff\n\n"]
    assert [(one.first, one.last) for one in found.values()] == [(2, 3), (7, 6), (10, 11)]
    with pytest.raises(FramesError, match="z: the answer did not come to its end"):
        parse_outputs(output.replace(b"mark end z 0\n", b""), probes, "mark")


@pytest.mark.parametrize(
    ("status", "text", "outcome"),
    [
        (0, "Permission denied", Outcome.ANSWERED),
        (1, "cat: x: Permission denied", Outcome.REFUSED),
        (2, "ls: x: No such file or directory", None),
        (1, "Input/output error", Outcome.FAILED),
        (137, "", Outcome.FAILED),
    ],
)
def test_outcomes(status: int, text: str, outcome: Outcome | None) -> None:
    """The output decides what a failure means. A success is an answer, whatever it prints."""
    assert ProbeOutput(text.encode(), status, 1, 1).outcome(probe("x")) is outcome
