"""Starts a process through sh, with a supervisor between or without. This is the only module that imports sh.

A process gets no terminal, but a session of its own, and files for its input and output. sh does neither by
default.
"""

import os
import select
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

import sh

from labreport.capture import processes, supervisor

SETTLE_SECONDS = 1.0
"""Seconds for which processes are looked for while a supervisor runs: those that are just being born are
missed, and after the last one has ended, its supervisor takes a moment to end."""

_supervised: dict[str, list["Process"]] = {}
"""The commands whose supervisor still runs, by the name of the run."""


@dataclass(frozen=True)
class ProcessSpec:
    """A process to start: the program's path and all words, three open files, the environment and the folder.

    `run` names the run whose `descendants` it and what it starts become. Without it there is no supervisor.
    """

    program: str
    argv: Sequence[str]
    stdin: BinaryIO
    stdout: BinaryIO
    stderr: BinaryIO
    env: Mapping[str, str]
    cwd: Path = Path("/")
    run: str = ""


def descendants(run: str) -> dict[int, processes.ProcessState]:
    """Return what commands of a run started and what still runs, by pid: whatever it calls itself."""
    deadline = time.monotonic() + SETTLE_SECONDS
    found: dict[int, processes.ProcessState] = {}
    while live := [process.supervisor for process in _live(run) if process.has_descendants()]:
        found = processes.descendants(live)
        if found or time.monotonic() > deadline:
            break
        time.sleep(0.001)
    return found


def _live(run: str) -> list["Process"]:
    """Return the commands of a run whose supervisor runs; reap the supervisors that have ended."""
    live = [process for process in _supervised.pop(run, []) if process.supervisor_runs()]
    if live:
        _supervised[run] = live
    return live


class Process:
    """A process that was started; `supervisor` is the pid of its supervisor, or 0."""

    def __init__(self, started: "sh.RunningCommand", run: str, report: int | None) -> None:
        self._started = started
        self._status: int | None = None
        self._left_others = False
        self.run = run
        if report is None:
            self.pid, self.supervisor = int(started.pid), 0
            self._descriptor = _pidfd(self.pid)
        else:
            self.supervisor = int(started.pid)
            self.pid = _reported_pid(report)
            self._descriptor = report
            _supervised.setdefault(run, []).append(self)

    def ended(self, seconds: float) -> bool:
        """Wait up to `seconds` for its end; return whether it has ended."""
        if self._status is not None or self._descriptor < 0:
            return True
        return bool(select.select([self._descriptor], [], [], seconds)[0])

    def status(self) -> int:
        """Wait for its end; return its exit status, or minus the number of the signal that ended it."""
        if self._status is None:
            self._status = self._reported() if self.supervisor else self._waited()
            if self._descriptor >= 0:
                os.close(self._descriptor)
            self._descriptor = -1
        return self._status

    def has_descendants(self) -> bool:
        """Return whether its supervisor runs because the process does, or something that it started."""
        return (self._status is None or self._left_others) and self.supervisor_runs()

    def supervisor_runs(self) -> bool:
        """Return whether its supervisor runs; reap one that has ended."""
        return self.supervisor > 0 and bool(self._started.is_alive())

    def _reported(self) -> int:
        """Return the status that the supervisor reports. A supervisor that reports none was killed."""
        message = os.read(self._descriptor, supervisor.END.size)
        if len(message) < supervisor.END.size:
            processes.signal_group(self.pid, signal.SIGKILL)
            return -signal.SIGKILL
        status, self._left_others = supervisor.END.unpack(message)
        return int(status)

    def _waited(self) -> int:
        """Wait for the process that sh started; return its exit status."""
        with suppress(sh.ErrorReturnCode):  # sh 2.2 raises for signals, even if _ok_code allows them
            self._started.wait()
        return int(self._started.process.exit_code)


def _reported_pid(report: int) -> int:
    """Return the pid that a supervisor reports; raise OSError if it was killed before."""
    message = os.read(report, supervisor.PID.size)
    if len(message) < supervisor.PID.size:
        raise OSError("the supervisor of the command was killed")
    return int(supervisor.PID.unpack(message)[0])


def _pidfd(pid: int) -> int:
    """Return a descriptor that can be read once a process has ended; -1 if it has ended already."""
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return -1


def spawn(spec: ProcessSpec) -> Process:
    """Start a process. If it is part of a run, it has a supervisor. Raise OSError if it cannot be started."""
    if not spec.run:
        return Process(_call(spec), "", None)
    _live(spec.run)
    report, write = os.pipe()
    try:
        supervise = partial(
            supervisor.supervise, write, os.getpid(), spec.program, list(spec.argv), dict(spec.env)
        )
        try:
            started = _call(spec, supervise)
        finally:
            os.close(write)  # a supervisor that is killed then ends the pipe
        return Process(started, spec.run, report)
    except BaseException:
        os.close(report)
        raise


def _call(spec: ProcessSpec, before: Callable[[], None] | None = None) -> "sh.RunningCommand":
    """Start a process through sh; `before` is called in it, before the program replaces it, if it returns."""
    try:
        started: sh.RunningCommand = sh.Command(spec.program)(
            *spec.argv[1:],
            _bg=1,  # `True` would make the child ignore SIGHUP
            _bg_exc=False,
            _new_session=True,
            _ok_code=range(-64, 256),
            _in=spec.stdin,
            _out=spec.stdout,
            _err=spec.stderr,
            _env=dict(spec.env),
            _cwd=str(spec.cwd),
            _return_cmd=True,
            _tty_out=False,
            _preexec_fn=before,
        )
    except sh.ForkException as error:  # its text is a traceback
        raise OSError(f"{spec.program} cannot be started") from error
    return started
