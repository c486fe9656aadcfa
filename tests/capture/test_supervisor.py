"""What a command starts is found by descent, whatever its name, and is gone before a file is hashed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from labreport.capture import processes, recorder, spawn
from labreport.capture.command import CommandSpec
from labreport.contract.records import Status
from tests.capture.process import start, wait_for
from tests.capture.throwaway import Throwaway

DAEMON = """
import ctypes, os, sys
mark, *then = sys.argv[1:]
if os.fork():
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
ctypes.CDLL(None).prctl(15, b"kworker/0:1", 0, 0, 0)
with open(mark, "w") as file:
    file.write(str(os.getpid()))
os.execve("/bin/sh", ["[kworker/0:1]", "-c", *then], {})
"""
"""A program that makes a daemon of itself, as unlike its command as can be: mark, the file for its pid, and a
script for it."""


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    """Return the path of the file that gets the daemon's pid."""
    return tmp_path / "mark"


def daemon(mark: Path, script: str, *, waits: bool = True) -> list[str]:
    """Return a command that starts a daemon and ends, once the daemon runs."""
    program = mark.with_name("daemon.py")
    program.write_text(DAEMON)
    wait = f"while [ ! -s {mark} ]; do :; done; echo started" if waits else "sleep 300"
    return ["sh", "-c", f'{sys.executable} {program} {mark} "$0" & {wait}', script]


def writer(path: str) -> str:
    """Return a script that writes to a file on and on, with its output closed."""
    return f"exec >/dev/null 2>&1; while :; do echo more >> {path}; done"


def body(*argv: str) -> str:
    """Return a collector's body that writes what a command prints."""
    return f'with run.file("x.txt") as out:\n    out.run({list(argv)!r})'


@pytest.mark.slow
def test_a_daemon_without_any_mark_is_ended(project: Throwaway, mark: Path) -> None:
    """A daemon with no environment, another name and a session of its own is named and killed."""
    status = project.probe(body(*daemon(mark, "exec >/dev/null 2>&1; sleep 300; :")))
    pid = mark.read_text()
    assert status.status is Status.FAILED
    assert status.reason.startswith("left behind, and cleared: process")
    assert f"process {pid} " in status.reason
    assert not processes.runs(pid)
    assert spawn.descendants(project.name) == {}


def test_a_daemon_that_ends_by_itself_is_no_leak(project: Throwaway, mark: Path) -> None:
    """One that ends within END_SECONDS is waited for, and the capture succeeds."""
    status = project.probe(body(*daemon(mark, "exec >/dev/null 2>&1; sleep 1")))
    assert (status.status, status.reason) == (Status.CAPTURED, "")


def test_a_daemon_that_its_collector_ends_is_no_leak(project: Throwaway, mark: Path) -> None:
    """A collector may start a daemon with one command, use it with the next, and end it."""
    argv = daemon(mark, "exec >/dev/null 2>&1; exec sleep 300")
    status = project.probe(f"{body(*argv)}\n    run.command(['sh', '-c', 'kill -9 $(cat {mark})'])")
    assert (status.status, status.reason) == (Status.CAPTURED, "")


@pytest.mark.slow
@pytest.mark.parametrize("how", ["by name", "by descriptor"])
def test_nothing_is_written_after_a_file_is_hashed(project: Throwaway, mark: Path, how: str) -> None:
    """A daemon that writes to the evidence file on and on is gone before the capture ends, in good time."""
    script = writer("x.txt")
    if how == "by descriptor":
        script = "exec 3>>x.txt >/dev/null 2>&1; while :; do echo more >&3; done"
    began = time.monotonic()
    status = project.probe(body(*daemon(mark, script)))
    assert time.monotonic() - began < 15
    assert f"left behind, and cleared: process {mark.read_text()} " in status.reason
    assert not processes.runs(mark.read_text())
    kept = project.folder / "failed/probe/x.txt"
    before = kept.read_bytes() if kept.exists() else b""
    time.sleep(0.2)
    assert (kept.read_bytes() if kept.exists() else b"") == before
    assert not (project.folder / "x.txt").exists()


@pytest.mark.slow
def test_a_daemon_that_prints_on_does_not_fill_the_disk(mark: Path) -> None:
    """One that holds the output of a command that has ended is killed after HOLD_SECONDS, and known."""
    with TemporaryFile() as out:
        spec = CommandSpec(daemon(mark, "while :; do echo more; sleep 0.1; done"))
        recorder.execute(spec, stdout=out, stderr=out, env=recorder.environment("labtest"))
        before = os.fstat(out.fileno()).st_size
        time.sleep(0.3)
        assert os.fstat(out.fileno()).st_size == before
    pid = int(mark.read_text())
    assert not processes.runs(pid)
    assert pid in recorder.take_killed("labtest")


@pytest.mark.slow
def test_a_swarm_is_ended(project: Throwaway, mark: Path) -> None:
    """Processes that start each other all the time are killed with their groups."""
    hop = "exec >/dev/null 2>&1; hop() { sleep 0.01; hop & exit; }; hop"
    status = project.probe(body(*daemon(mark, hop)))
    assert status.status is Status.FAILED
    assert spawn.descendants(project.name) == {}


@pytest.mark.slow
def test_a_server_is_supervised(project: Throwaway, mark: Path) -> None:
    """What a server of a run starts is found by descent, too."""
    argv = daemon(mark, "exec >/dev/null 2>&1; sleep 300; :")
    started = f"""
        server = run.start({argv!r}, "log")
        run.wait_until(lambda: not server.alive(), "the daemon", 10)
        server.stop()
        with run.file("x.txt") as out:
            out.line("x")
    """
    status = project.probe(started)
    assert status.status is Status.FAILED
    assert not processes.runs(mark.read_text())


def test_a_killed_collect_takes_its_daemons_along(project: Throwaway, mark: Path) -> None:
    """After kill -9 of a collect, the supervisor kills all that a command has started, marked or not."""
    project.collector(body(*daemon(mark, "exec >/dev/null 2>&1; sleep 300; :", waits=False)))
    process = start(project)
    pid = wait_for(mark)
    process.kill()
    process.wait()
    deadline = time.monotonic() + 5
    while processes.runs(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not processes.runs(pid)


def test_a_supervisor_that_is_killed_is_a_failure() -> None:
    """A command that kills its supervisor is killed as well, and has not answered."""
    with TemporaryFile() as out:
        spec = CommandSpec(["sh", "-c", "sleep 0.3; kill -9 $PPID; sleep 60"])
        ended = recorder.execute(spec, stdout=out, stderr=out, env=recorder.environment("labtest"))
    assert ended.exit_status == -signal.SIGKILL
    assert ended.seconds < 5


def test_a_supervisor_that_is_killed_at_once_is_an_error() -> None:
    """Nothing waits for its report."""
    with TemporaryFile() as out:
        for _again in range(5):
            spec = CommandSpec(["/bin/sh", "-c", "kill -9 $PPID"])
            try:
                ended = recorder.execute(spec, stdout=out, stderr=out, env=recorder.environment("labtest"))
            except recorder.CommandNotFoundError as error:
                assert "cannot be started" in str(error)  # noqa: PT017 - it depends on who is first
            else:
                assert ended.exit_status == -signal.SIGKILL


def test_a_supervisor_holds_nothing_open(tmp_path: Path) -> None:
    """It has no file of the command or of the run open: no lock outlives its owner."""
    script = "ls -l /proc/$PPID/fd | sed -n 's/.*-> //p'; grep SigIgn /proc/$PPID/status"
    with (tmp_path / "lock").open("w") as lock, TemporaryFile() as out:
        os.set_inheritable(lock.fileno(), True)  # noqa: FBT003 - its only form
        spec = CommandSpec(["sh", "-c", f"sleep 0.2; {script}"])
        recorder.execute(spec, stdout=out, stderr=out, env=recorder.environment("labtest"))
        out.seek(0)
        *names, _ignored = out.read().decode().splitlines()
    assert {name.partition(":")[0] for name in names} == {"/dev/null", "pipe"}


def test_a_descendant_of_somebody_else_is_left_alone() -> None:
    """A process that this one started itself, and that no command did, is no descendant of a run."""
    with subprocess.Popen(["sleep", "60"]) as process:
        assert process.pid not in spawn.descendants("labtest")
        assert process.pid in processes.descendants([os.getpid()])
        process.kill()
