"""Leaks of a run are found by its name, reported and removed."""

import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from labreport.capture import processes
from labreport.capture.cleanup import leaks
from labreport.capture.session import LeakError, session
from labreport.contract.records import Status
from tests.capture.throwaway import Throwaway

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="not root: no mounts, namespaces, links")


@pytest.fixture
def name() -> Iterator[str]:
    """Give the name of a run; remove its leaks afterwards."""
    name = f"lab{secrets.token_hex(4)}"
    yield name
    leaks.remove(leaks.find(name))


@pytest.mark.slow
def test_a_daemon_that_holds_its_output_open(project: Throwaway, tmp_path: Path) -> None:
    """A daemon in a session of its own is reported and killed; the capture fails, and the next succeeds."""
    mark = tmp_path / "mark"
    script = f"setsid sh -c 'echo $$ > {mark}; exec sleep 300' & while [ ! -s {mark} ]; do :; done; echo x"
    began = time.monotonic()
    standing = project.probe(f'with run.file("x.txt") as out:\n    out.run(["sh", "-c", {script!r}])')
    assert time.monotonic() - began < 10
    pid = mark.read_text().strip()
    assert (standing.status, standing.reason) == (
        Status.FAILED,
        f"left behind, and cleared: process {pid} sleep",
    )
    assert not processes.runs(pid)
    assert project.probe('with run.file("x.txt") as out: out.line("x")').status is Status.CAPTURED


def test_a_process_that_is_just_ending_is_no_leak(project: Throwaway, tmp_path: Path) -> None:
    """A server's child may outlive its request for a moment; it is waited for, and nothing is killed."""
    mark = tmp_path / "mark"
    inside = f"echo > {mark}; exec sleep 1 > /dev/null 2>&1"
    script = f"setsid sh -c '{inside}' & while [ ! -s {mark} ]; do :; done; echo x"
    standing = project.probe(f'with run.file("x.txt") as out:\n    out.run(["sh", "-c", {script!r}])')
    assert standing.status is Status.CAPTURED


@pytest.mark.slow
def test_a_leak_after_an_interruption_is_an_interruption(project: Throwaway) -> None:
    """A leak does not turn a KeyboardInterrupt into a failed capture."""
    project.collector('run.command(["sh", "-c", "setsid sleep 300 & sleep 0.1"])\nraise KeyboardInterrupt')
    with pytest.raises(KeyboardInterrupt):
        project.collect()
    assert project.verify().verdict == "intact"


@ROOT
@pytest.mark.parametrize("how", ["argument", "environment", "another user's argument"])
def test_processes(name: str, how: str) -> None:
    """A process is found by its environment or by a word of its arguments, whoever owns it."""
    user = ["setpriv", "--reuid", "12345", "--clear-groups"] if how.startswith("another") else []
    word = "sleep" if how == "environment" else f"/some/{name}-1/x"
    script = ["sh", "-c", "sleep 300; :", word]
    env = {**os.environ, "LAB_RUN": name} if how == "environment" else None
    with subprocess.Popen([*user, *script], env=env, start_new_session=True) as process:
        try:
            deadline = time.monotonic() + 5
            while process.pid not in leaks.processes(name) and time.monotonic() < deadline:
                time.sleep(0.02)
            assert process.pid in leaks.processes(name)
            assert leaks.find(name + "0") == set()
            leaks.kill_processes(name)
            assert not list(leaks.processes(name))
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, 9)  # its sleep carries no name


@ROOT
def test_mounts_namespaces_and_links(name: str, tmp_path: Path) -> None:
    """Mounts, namespaces and links are found by their names, and removed."""
    if shutil.which("ip") is None:
        pytest.skip("ip (iproute2) is not on PATH")
    point = tmp_path / f"{name} with blank" / "m"
    point.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", point], check=True)
    subprocess.run(["ip", "netns", "add", f"{name}-1"], check=True)
    made = subprocess.run(["ip", "link", "add", f"{name}b", "type", "bridge"], check=False).returncode == 0
    kinds = {leak.kind for leak in leaks.find(name)}
    assert kinds == {"mount", "netns", "link"} - (set() if made else {"link"})
    leaks.remove(leaks.find(name))
    assert leaks.find(name) == set()


@ROOT
def test_a_mount_with_the_name_in_its_options(name: str, tmp_path: Path) -> None:
    """An overlay of the run's folders is found wherever it is mounted; containerd's own folder goes, too."""
    point = tmp_path / "containerd-mount123"
    folders = [tmp_path / name / part for part in ("lower", "upper", "work")]
    for folder in (point, *folders):
        folder.mkdir(parents=True)
    lower, upper, work = folders
    options = f"lowerdir={lower},upperdir={upper},workdir={work}"
    argv = ["mount", "-t", "overlay", "-o", options, "overlay", str(point)]
    if subprocess.run(argv, check=False, capture_output=True).returncode:
        pytest.skip("this file system carries no overlay")
    assert leaks.find(name) == {leaks.Leak("mount", str(point))}
    leaks.remove(leaks.find(name))
    assert leaks.find(name) == set()
    assert not point.exists()


@ROOT
def test_cgroups(name: str) -> None:
    """A cgroup with the run's name is found, and removed with those below it."""
    place = next((one for one in (leaks.CGROUPS / "pids", leaks.CGROUPS / "memory", leaks.CGROUPS)
                  if os.access(one / "cgroup.procs", os.W_OK)), None)  # fmt: skip
    if place is None:
        pytest.skip("no cgroup file system that can be written")
    (place / name / "below").mkdir(parents=True)
    assert leaks.Leak("cgroup", str(place / name)) in leaks.find(name)
    leaks.remove(leaks.find(name))
    assert not (place / name).exists()


@ROOT
def test_a_busy_cgroup(name: str) -> None:
    """What is in a cgroup of the run is killed, and all cgroups together take a bounded time."""
    places = [
        path
        for path in [leaks.CGROUPS, *leaks.CGROUPS.iterdir()]
        if os.access(path / "cgroup.procs", os.W_OK)
    ]
    if not places:
        pytest.skip("no cgroup file system that can be written")
    with subprocess.Popen(["sleep", "300"], start_new_session=True) as process:
        for place in places[:3]:
            (place / name / "below").mkdir(parents=True)
            (place / name / "below/cgroup.procs").write_text(str(process.pid))
        began = time.monotonic()
        leaks.remove(leaks.find(name, "cgroup"))
        took, ended = time.monotonic() - began, process.poll()
        process.kill()
        assert took < leaks.PATIENCE + 1
        assert ended == -signal.SIGKILL
    assert leaks.find(name) == set()


def test_a_session_puts_away_what_it_shares() -> None:
    """At the end of a session its resources are closed and its folder is deleted."""
    closed: list[int] = []
    with session(lambda _text: None) as shared:
        shared.stack.callback(closed.append, 1)
        folder = shared.folder
        assert folder.exists()
    assert (closed, folder.exists()) == ([1], False)


def test_what_outlives_its_session_is_an_error() -> None:
    """A process that is alive at the end of a session is reported and killed."""
    made: list[subprocess.Popen[bytes]] = []
    with (
        pytest.raises(LeakError, match="left behind, and cleared: process"),
        session(lambda _text: None) as shared,
    ):
        made.append(subprocess.Popen(["sleep", "300"], env={**os.environ, "LAB_RUN": shared.name}))
    assert made[0].wait(5) == -9
