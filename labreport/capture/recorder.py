"""Starts processes. This is the only module that imports sh.

A process gets no terminal, but a session of its own, files for its output, and a file or /dev/null as its
input. Its whole process group is killed when the process ends, at its time limit, or when it prints without
bounds. sh does none of this by default: it polls for its time limit, and kills only the first process.
"""

import hashlib
import os
import select
import shutil
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

import sh

from labreport.capture.command import Argv, CommandSpec, Ended
from labreport.capture.program import why_not_started
from labreport.contract.errors import ExitStatus, LabError
from labreport.contract.records import Executable

OUTPUT_LIMIT = 256 * 1024 * 1024
"""Bytes a command may print before it is killed. Far less than that is kept."""

GRACE = 2.0
"""Seconds between SIGTERM and SIGKILL."""

ENVIRONMENT = {"LC_ALL": "C.UTF-8", "TZ": "UTC", "TERM": "dumb", "NO_COLOR": "1"}
"""The environment of every command, besides the caller's PATH and HOME. It makes outputs comparable."""

RUN_VARIABLE = "LAB_RUN"
"""The environment variable that carries the run's name into every process of the run."""

ANSWER_LIMIT = 1 << 20
"""Bytes that `output` returns at most."""

POLL = 0.25
"""Seconds between two checks of how much a command has printed."""


class CommandNotFoundError(LabError):
    """A program is not on PATH."""

    exit_status = ExitStatus.CANNOT_RUN


def find(program: str, path: str | None = None) -> str:
    """Return the absolute path of a program on PATH; raise CommandNotFoundError.

    Symbolic links are not followed: a busybox applet is known by the name of its link.
    """
    found = shutil.which(program, path=path)
    if found is None:
        raise CommandNotFoundError(f"{program}: not on PATH", "install it, or add its folder to PATH")
    return str(Path(found).absolute())


def executable(program: str, path: str | None = None) -> Executable:
    """Return path and SHA-256 of a program on PATH; raise CommandNotFoundError."""
    found = find(program, path)
    status = Path(found).stat()
    return Executable(path=found, sha256=_sha256(found, status.st_mtime_ns, status.st_size, status.st_ino))


@lru_cache(maxsize=256)  # ctr's 23 MB take 18 ms, and under emulation a second
def _sha256(path: str, _mtime_ns: int, _size: int, _inode: int) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def checked(argv: Argv) -> Sequence[str]:
    """Return the arguments of a command; raise TypeError or ValueError if no command can have them."""
    if not isinstance(argv, Sequence) or isinstance(argv, str) or not argv or not _are_texts(argv):
        raise TypeError(f"a command is a list of texts, the program first: {argv!r}")
    if any("\0" in word for word in argv):
        raise ValueError(f"an argument cannot contain NUL: {argv!r}")
    return argv


def _are_texts(words: Sequence[object]) -> bool:
    return all(isinstance(word, str) for word in words)


def environment(name: str, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the whole environment of a command of the run `name`."""
    inherited = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    return {**inherited, **ENVIRONMENT, RUN_VARIABLE: name, **(extra or {})}


def execute(
    spec: CommandSpec,
    *,
    stdout: BinaryIO,
    stderr: BinaryIO,
    env: Mapping[str, str],
    cwd: Path = Path("/"),
) -> Ended:
    """Run a command in the folder `cwd` until it ends, and kill its process group; return how it ended.

    The output goes to two open files. Of `spec`, argv, stdin and the time limit are used; argv must be a list
    of texts. Raise CommandNotFoundError, and TypeError or ValueError for arguments that no command can have.
    KeyboardInterrupt kills the process group first.
    """
    with spec.stdin.open("rb") as stdin:
        began = time.monotonic()
        process = _spawn(checked(spec.argv), (stdin, stdout, stderr), env, cwd)
        timed_out, output_exceeded = _wait(process.pid, (stdout, stderr), began + spec.limit)
        status = _status(process)
        ended = Ended(status, time.monotonic() - began, timed_out, output_exceeded)
        _wait_for_group(process.pid)
    return ended


def start(argv: Sequence[str], *, log: Path, env: Mapping[str, str]) -> "Daemon":
    """Start a server that prints to the file `log`; raise CommandNotFoundError."""
    with log.open("ab") as output, Path(os.devnull).open("rb") as stdin:
        return Daemon(_spawn(checked(argv), (stdin, output, output), env, Path("/")), log)


class Daemon:
    """A server that was started. It runs until it ends or is stopped."""

    def __init__(self, process: "sh.RunningCommand", log: Path) -> None:
        self._process = process
        self.pid: int = process.pid
        self.log = log

    def alive(self) -> bool:
        """Return whether it is running."""
        return bool(self._process.is_alive())

    def follow(self, on_line: Callable[[str], None], timeout: float) -> int:
        """Call `on_line` with each line of its log until it ends, and return its exit status.

        The status of a process that a signal killed is the negative number of the signal. Raise TimeoutError
        after `timeout` seconds; the process keeps running.
        """
        deadline = time.monotonic() + timeout
        with self.log.open(errors="replace") as log:
            rest = ""
            while True:
                alive = self.alive()
                *lines, rest = (rest + log.read()).split("\n")
                for line in lines:
                    on_line(line)
                if not alive:
                    return _status(self._process)
                if time.monotonic() > deadline:
                    raise TimeoutError(f"still running after {timeout:g} s")
                _wait_for_process(self.pid, POLL)

    def stop(self, grace: float = 10.0) -> None:
        """Stop it and its process group: send SIGTERM, wait up to `grace` seconds, send SIGKILL."""
        _signal_group(self.pid, signal.SIGTERM)
        _wait_for_process(self.pid, grace)
        _signal_group(self.pid, signal.SIGKILL)
        _status(self._process)


def output(argv: Sequence[str], *, timeout: float = 20.0) -> str:
    """Return what a command prints on standard output, stripped.

    The text is empty if the command fails, is not there, or prints more than ANSWER_LIMIT bytes. Use it for a
    question about the host (a version, a commit). The command is not recorded and makes no evidence.
    """
    spec = CommandSpec(argv, timeout=timeout)
    with TemporaryFile() as stdout, Path(os.devnull).open("wb") as stderr:
        try:
            ended = execute(spec, stdout=stdout, stderr=stderr, env=environment(""))
        except (CommandNotFoundError, OSError):
            return ""
        stdout.seek(0)
        answer = stdout.read(ANSWER_LIMIT + 1)
    return "" if ended.exit_status or len(answer) > ANSWER_LIMIT else answer.decode(errors="replace").strip()


def _spawn(
    argv: Sequence[str], streams: tuple[BinaryIO, BinaryIO, BinaryIO], env: Mapping[str, str], cwd: Path
) -> "sh.RunningCommand":
    """Start a process through sh, as this module's docstring says; `streams` are input, output and errors."""
    stdin, stdout, stderr = streams
    program = find(argv[0], env.get("PATH"))
    try:
        command: sh.RunningCommand = sh.Command(program)(
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
    except sh.ForkException as error:
        what, remedy = why_not_started(program)
        raise CommandNotFoundError(f"{argv[0]}: {what}", remedy) from error
    return command


def _status(process: "sh.RunningCommand") -> int:
    """Return the exit status of a process that has ended."""
    with suppress(sh.ErrorReturnCode):  # sh 2.2 raises for signals, even if _ok_code allows them
        process.wait()
    return int(process.process.exit_code)


def _wait(pid: int, outputs: Sequence[BinaryIO], deadline: float) -> tuple[bool, bool]:
    """Wait for a process; kill its group when it has ended or passed a limit.

    Return whether it passed the time limit, and whether it passed OUTPUT_LIMIT.
    """
    try:
        passed = _watch(pid, outputs, deadline)
        if any(passed):
            _signal_group(pid, signal.SIGTERM)
            _wait_for_process(pid, GRACE)
        return passed
    finally:
        _signal_group(pid, signal.SIGKILL)


def _watch(pid: int, outputs: Sequence[BinaryIO], deadline: float) -> tuple[bool, bool]:
    """Wait until a process ends or passes a limit: the time limit, or the limit of its output."""
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
            if any(os.fstat(file.fileno()).st_size > OUTPUT_LIMIT for file in outputs):
                return False, True
    finally:
        os.close(descriptor)


def _wait_for_process(pid: int, seconds: float) -> None:
    """Wait until a process has ended, at most `seconds`."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        select.select([descriptor], [], [], seconds)
    finally:
        os.close(descriptor)


def _wait_for_group(pid: int) -> None:
    """Wait until a killed process group has ended, for a bounded time.

    A process that is still dying would be taken for a leak.
    """
    deadline = time.monotonic() + GRACE
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, 0)
        while _group_runs(pid) and time.monotonic() < deadline:
            time.sleep(0.005)


def _group_runs(pid: int) -> bool:
    """Return whether a process of the group is running, zombies left out (proc(5): /proc/PID/stat)."""
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _parent, group = entry.read_text().rpartition(")")[2].split()[:3]
            if group == str(pid) and state not in "ZX":
                return True
    return False


def _signal_group(pid: int, number: signal.Signals) -> None:
    """Send a signal to the process group that `pid` leads, if it still exists."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        pass
    except PermissionError:
        os.kill(pid, number)
