"""Runs commands: the only module that imports sh, or subprocess for short questions.

Every command gets no terminal, a session of its own, real files for its output and /dev/null for input (or a
file), and its whole process group is ended: at the time limit, when it prints beyond all bounds, and when its
leader is done. sh's own defaults do none of this: its time limit polls and ends the leader alone.
"""

import hashlib
import os
import select
import shutil
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from subprocess import DEVNULL, Popen
from tempfile import TemporaryFile
from threading import Lock
from typing import BinaryIO

import sh

from labreport.contract.errors import ExitStatus, LabError
from labreport.contract.records import Executable

TIMEOUT = 600.0
"""Seconds a command may take unless it is given another limit."""

OUTPUT_LIMIT = 256 * 1024 * 1024
"""Bytes a command may print before it is ended; what is kept is bounded much lower."""

GRACE = 2.0
"""Seconds between SIGTERM and SIGKILL."""

ENVIRONMENT = {"LC_ALL": "C.UTF-8", "TZ": "UTC", "TERM": "dumb", "NO_COLOR": "1"}
"""What every command is given, besides PATH and HOME of the caller, so that output is comparable."""

RUN_VARIABLE = "LAB_RUN"
"""Carries the run's name in the environment of everything it started."""

ANSWER_LIMIT = 1 << 20
"""Bytes of the answer to a short question."""

POLL = 0.25

_HASHING = Lock()
"""One file at a time: whoever asks for a hash that is under way waits for it, and makes no second one."""


class CommandNotFoundError(LabError):
    """A command that is not on PATH; the text says which and what to do."""

    exit_status = ExitStatus.CANNOT_RUN


@dataclass(frozen=True)
class Ended:
    """How a command ended: exit status (negative: the signal), seconds, and why it was ended, if it was."""

    exit_status: int
    seconds: float
    timed_out: bool = False
    too_much: bool = False


def find(program: str, path: str | None = None) -> str:
    """Return the executable that `program` names on PATH; raise CommandNotFoundError."""
    found = shutil.which(program, path=path)
    if found is None:
        raise CommandNotFoundError(f"{program}: not on PATH: install it, or name its folder in PATH")
    return os.path.abspath(found)  # noqa: PTH100 - resolve() would follow links: busybox goes by its name


def executable(program: str, path: str | None = None) -> Executable:
    """Return path and sha256 of the file that `program` names on PATH; raise CommandNotFoundError."""
    path = find(program, path)
    status = Path(path).stat()
    with _HASHING:
        sha256 = _sha256(path, status.st_mtime_ns, status.st_size, status.st_ino)
    return Executable(path=path, sha256=sha256)


@lru_cache(maxsize=256)
def _sha256(path: str, _mtime_ns: int, _size: int, _inode: int) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check(argv: Sequence[str]) -> None:
    """Raise TypeError or ValueError for arguments that no command can have."""
    if isinstance(argv, str) or not argv or not all(isinstance(part, str) for part in argv):
        raise TypeError(f"a command is a list of texts, the program first: {argv!r}")
    if any("\0" in part for part in argv):
        raise ValueError(f"an argument cannot hold NUL: {argv!r}")


def environment(name: str, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the whole environment of a command of the run `name`."""
    inherited = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    return {**inherited, **ENVIRONMENT, RUN_VARIABLE: name, **(extra or {})}


def execute(  # noqa: PLR0913 - one place runs commands; each is a fact of the run, by name
    argv: Sequence[str],
    *,
    stdout: BinaryIO,
    stderr: BinaryIO,
    env: Mapping[str, str],
    stdin: Path = Path(os.devnull),
    cwd: Path = Path("/"),
    timeout: float = TIMEOUT,
    limit: int = OUTPUT_LIMIT,
) -> Ended:
    """Run `argv` to its end in the folder `cwd` and return how it ended; its process group is gone then.

    Output goes to the two open files as it comes. Raise CommandNotFoundError, TypeError or ValueError for
    arguments that no command can have; KeyboardInterrupt ends the group first.
    """
    with stdin.open("rb") as given:
        began = time.monotonic()
        process = _spawn(argv, (given, stdout, stderr), env, cwd)
        timed_out, too_much = _to_its_end(process.pid, (stdout, stderr), began + timeout, limit)
        status = _status(process)
        ended = Ended(status, time.monotonic() - began, timed_out, too_much)
        _group_gone(process.pid)
    return ended


def start(argv: Sequence[str], *, log: Path, env: Mapping[str, str]) -> "Daemon":
    """Start a server whose output goes to `log`; raise CommandNotFoundError."""
    with log.open("ab") as output, Path(os.devnull).open("rb") as given:
        return Daemon(_spawn(argv, (given, output, output), env, Path("/")), log)


class Daemon:
    """A server that was started: alive until it ends by itself or is stopped."""

    def __init__(self, process: "sh.RunningCommand", log: Path) -> None:
        self._process = process
        self.pid: int = process.pid
        self.log = log

    def alive(self) -> bool:
        """Return whether it still runs."""
        return bool(self._process.is_alive())

    def follow(self, told: Callable[[str], None], timeout: float) -> int:
        """Tell each line of its log until it ends; return its exit status, negative for a signal.

        Raise TimeoutError where it runs longer than `timeout` seconds; it is still there then.
        """
        deadline = time.monotonic() + timeout
        with self.log.open(errors="replace") as log:
            rest = ""
            while True:
                alive = self.alive()
                *lines, rest = (rest + log.read()).split("\n")
                for line in lines:
                    told(line)
                if not alive:
                    return _status(self._process)
                if time.monotonic() > deadline:
                    raise TimeoutError(f"still runs after {timeout:g} s")
                _gone(self.pid, POLL)

    def stop(self, grace: float = 10.0) -> None:
        """End it and its group: SIGTERM, `grace` seconds, SIGKILL."""
        _signal_group(self.pid, signal.SIGTERM)
        _gone(self.pid, grace)
        _signal_group(self.pid, signal.SIGKILL)
        _status(self._process)


def output(argv: Sequence[str], *, timeout: float = 20.0) -> str:
    """Return what a short question prints on standard output, stripped; empty if it fails or is not there.

    For facts about the host (a version, a commit), never for evidence: so without sh, which costs 3 ms each,
    twenty times in a collect.
    """
    check(argv)
    words = [*argv]
    try:
        words[0] = find(argv[0])
        with TemporaryFile() as stdout:
            with Popen(  # noqa: S603 - an argv list, as all are
                words, stdin=DEVNULL, stdout=stdout, stderr=DEVNULL,
                env=environment(""), cwd="/", start_new_session=True,
            ) as process:  # fmt: skip
                _to_its_end(process.pid, (stdout,), time.monotonic() + timeout, ANSWER_LIMIT)
            _group_gone(process.pid)
            stdout.seek(0)
            text = stdout.read(ANSWER_LIMIT).decode(errors="replace")
    except (CommandNotFoundError, OSError):
        return ""
    return "" if process.returncode else text.strip()


def _spawn(
    argv: Sequence[str], streams: tuple[BinaryIO, BinaryIO, BinaryIO], env: Mapping[str, str], cwd: Path
) -> "sh.RunningCommand":
    """Start `argv` through sh with the contract this module promises; `streams` are input, output, errors."""
    stdin, stdout, stderr = streams
    check(argv)
    command: sh.RunningCommand = sh.Command(find(argv[0], env.get("PATH")))(
        *argv[1:],
        _bg=1,  # `True` would make the child ignore SIGHUP
        _bg_exc=False,
        _new_session=True,
        _ok_code=range(-64, 256),
        _in=stdin,
        _out=stdout,
        _err=stderr,
        _env=dict(env),
        _cwd=str(cwd),
        _return_cmd=True,
        _tty_out=False,
    )
    return command


def _status(process: "sh.RunningCommand") -> int:
    """Wait for a process that has ended and return its status; sh 2.2 raises for signals, allowed or not."""
    with suppress(sh.ErrorReturnCode):
        process.wait()
    return int(process.process.exit_code)


def _to_its_end(pid: int, outputs: Sequence[BinaryIO], deadline: float, limit: int) -> tuple[bool, bool]:
    """Wait for the leader as `_watch` does, and end it where it passed a limit; its group is killed then."""
    try:
        passed = _watch(pid, outputs, deadline, limit)
        if any(passed):
            _signal_group(pid, signal.SIGTERM)
            _gone(pid, GRACE)
        return passed
    finally:
        _signal_group(pid, signal.SIGKILL)


def _watch(pid: int, outputs: Sequence[BinaryIO], deadline: float, limit: int) -> tuple[bool, bool]:
    """Wait for the leader; return whether the time limit, or the limit on output, was passed first."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return False, False
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        while True:
            left = deadline - time.monotonic()
            if poll.poll(max(0.0, min(left, POLL)) * 1000):
                return False, False
            if left <= 0:
                return True, False
            if any(os.fstat(one.fileno()).st_size > limit for one in outputs):
                return False, True
    finally:
        os.close(descriptor)


def _gone(pid: int, seconds: float) -> None:
    """Wait until the process has ended, at most `seconds`."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        select.select([descriptor], [], [], seconds)
    finally:
        os.close(descriptor)


def _group_gone(pid: int) -> None:
    """Wait until a killed group has ended, for a bounded time: who is still dying would pass for a leak."""
    deadline = time.monotonic() + GRACE
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, 0)
        while _group_runs(pid) and time.monotonic() < deadline:
            time.sleep(0.005)


def _group_runs(pid: int) -> bool:
    """Return whether a process of the group runs; a zombie does not (proc(5): state and group in stat)."""
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _parent, group = entry.read_text().rpartition(")")[2].split()[:3]
            if group == str(pid) and state not in "ZX":
                return True
    return False


def _signal_group(pid: int, number: signal.Signals) -> None:
    """Signal the process group that `pid` leads, if there is one left."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        pass
    except PermissionError:
        os.kill(pid, number)
