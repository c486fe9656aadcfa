"""Lab 12's probes on this host and under runc: each answer is foreseen, and the same twice."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from collectors.lab12 import views_kernel, views_machine
from collectors.lab12.views_kernel import KERNEL, PRIVILEGES, whose_namespaces
from collectors.lab12.views_machine import LEAKS, MACHINE
from labreport.capture import recorder
from labreport.capture.command import EVERYTHING
from labreport.capture.record_lines import lines
from labreport.capture.redact import Redactor, identity
from labreport.capture.run import Run
from labreport.capture.session import Session, session
from labreport.containers.needs import CONTAINERS
from labreport.containers.probes import (
    HOST,
    HOST_AFTERWARDS,
    HOSTS,
    RUNC,
    RUNC_SECCOMP,
    Probe,
    ask_all,
)
from labreport.contract.lab_config import Lab
from labreport.contract.records import File

ROOT = Path(__file__).parents[2]
GROUPS = {"kernel": KERNEL, "privileges": PRIVILEGES, "machine": MACHINE, "leaks": LEAKS}
LAB = Lab.model_validate(
    {
        "title": "x",
        "editions": {},
        "images": {"alpine": {"reference": "x/y:1", "digest": f"sha256:{0:064}", "made_from": "busybox"}},
    }
)


@pytest.fixture(scope="module")
def shared() -> Iterator[Session]:
    """Return one session, and so one containerd, for all probes."""
    if reason := CONTAINERS.reason(LAB):
        pytest.skip(f"containers: {reason}")
    with session(lambda _text: None) as made:
        yield made


def asked(shared: Session, folder: Path, probes: Sequence[Probe]) -> tuple[File, bytes]:
    """Run a group of probes; return its file with spans, and its content."""
    folder.mkdir()
    run = Run(shared, LAB, "lab.yml", folder, Redactor(identity(ROOT)))
    ask_all(run, "x.txt", probes, "alpine", (HOST, RUNC, RUNC_SECCOMP, HOST_AFTERWARDS))
    data = (folder / "x.txt").read_bytes()
    count = data.count(b"\n")
    return File(path="x.txt", bytes=len(data), lines=count, sha256="0" * 64, spans=run.spans["x.txt"]), data


def repeatable(probes: Sequence[Probe]) -> list[Probe]:
    """Return the probes with `kernel-log` volatile, if the host's log no longer begins with its boot.

    Then new messages, such as those of other tests, have pushed out the first lines that this probe prints.
    """
    if " Linux version " in recorder.output(["dmesg"]).partition("\n")[0]:
        return list(probes)
    return [replace(probe, volatile=EVERYTHING) if probe.id == "kernel-log" else probe for probe in probes]


@pytest.mark.slow
@pytest.mark.parametrize("name", GROUPS)
def test_every_question_is_answered_and_twice_the_same(shared: Session, tmp_path: Path, name: str) -> None:
    """Every answer is foreseen. What differs between two runs is declared volatile."""
    (one, first), (other, second) = (
        asked(shared, tmp_path / part, repeatable(GROUPS[name])) for part in ("one", "other")
    )
    before, after = ([line.compared for line in lines(*pair)] for pair in ((one, first), (other, second)))
    assert before == after
    text = first.decode()
    for probe in GROUPS[name]:
        assert f"=== {probe.id}: {probe.question} ===" in text


def test_runc_is_on_the_host_s_kernel(shared: Session, tmp_path: Path) -> None:
    """Under runc, kernel and counters are the host's, and processes are the container's own."""
    found = {}
    for name, probes in GROUPS.items():
        text = asked(shared, tmp_path / name, probes)[1].decode()
        for part in text.split("\n=== ")[1:]:
            answer = part.partition("\n--- runc\n")[2].partition("\n--- ")[0]
            found[part.partition(":")[0]] = answer.rpartition("=> ")[2].strip()
    for probe in (
        "release",
        "build",
        "boot-id",
        "command-line",
        "uptime",
        "interrupts",
        "boot-time",
        "memory",
    ):
        assert found[probe] == HOSTS, probe
    assert found["processes"] == "its own"
    assert found["capabilities"] == "fewer"
    assert found["namespaces"] in {"some the host's", "all its own"}


@pytest.mark.parametrize(
    ("judge", "host", "answer", "name"),
    [
        (views_machine.in_between, ["100.0 1", "110.0 2"], "105.5 0", "the host's"),
        (views_machine.in_between, ["100.0 1", "110.0 2"], "5.5 0", "its own"),
        (views_machine.in_between, ["intr 100", "intr 110"], "intr 111", "its own"),
        (views_machine.within_a_tenth, ["MemFree: 1000 kB"], "MemFree: 1090 kB", "the host's"),
        (views_machine.within_a_tenth, ["MemFree: 1000 kB"], "MemFree: 100 kB", "its own"),
        (views_machine.same_load, ["1 1 0.80 1/2 3", "9 9 0.90 1/2 3"], "5 5 0.85 1/9 9", "the host's"),
        (views_machine.same_load, ["1 1 0.80 1/2 3", "9 9 0.90 1/2 3"], "0 0 0.01 1/9 9", "its own"),
        (views_machine.same_moment, ["btime 1000"], "btime 1001", "the host's"),
        (views_machine.same_moment, ["btime 1000"], "btime 1002", "its own"),
        (views_machine.in_step, ["1000", "1010"], "1011", "in step"),
        (views_machine.in_step, ["1000", "1010"], "990", "off"),
        (views_kernel.is_filtered, [""], "NoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1", "filtered"),
        (views_kernel.is_filtered, [""], "Seccomp:\t0\nSeccomp_filters:\t0", "not filtered"),
        (views_kernel.has_fewer, ["CapEff:\tff"], "CapEff:\tff", "the host root's"),
        (views_kernel.has_fewer, ["CapEff:\tff"], "CapEff:\t0f", "fewer"),
        (views_kernel.has_fewer, ["CapEff:\t0f"], "CapEff:\tf0", "others"),
        (
            whose_namespaces,
            ["boot-1\nmnt:[1]\npid:[2]"],
            "boot-1\nmnt:[9]\npid:[2]",
            "some the host's",
        ),
        (
            whose_namespaces,
            ["boot-1\nmnt:[1]\npid:[2]"],
            "boot-1\nmnt:[8]\npid:[9]",
            "all its own",
        ),
        (
            whose_namespaces,
            ["boot-1\nmnt:[1]\npid:[2]"],
            "boot-2\nmnt:[1]\npid:[2]",
            "another kernel's",
        ),
        (views_machine.any_opened, [""], "kmsg: opened\nmem: Operation not permitted", "some"),
        (views_machine.any_opened, [""], "kmsg: Operation not permitted", "none"),
    ],
)
def test_judges(judge: object, host: list[str], answer: str, name: str) -> None:
    """Each verdict that a judge can give, from real output."""
    assert callable(judge)
    assert judge(host, answer) == name


def test_every_judge_s_names_are_explained() -> None:
    """Every answer of a probe is explained, and every id is unique."""
    every = [probe for group in GROUPS.values() for probe in group]
    assert len({probe.id for probe in every}) == len(every)
    assert all(probe.answers and all(probe.answers.values()) for probe in every)
    assert all("\n" not in probe.ask and "\n" not in probe.question for probe in every)
