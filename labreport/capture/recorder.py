"""Runs commands: with limits of time and output, in an environment that makes outputs comparable.

A process gets no terminal, but a session of its own, files for its output, and a file or /dev/null as its
input. Its whole process group is killed when the process ends, at its time limit, or when it prints without
bounds. What a command of a run starts in other groups and sessions is found by descent (spawn.descendants).
"""

import hashlib
import os
import shutil
import signal
import stat
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from labreport.capture import processes, signals, spawn
from labreport.capture.command import Argv, CommandSpec, Ended
from labreport.capture.program import search_path, why_not_started
from labreport.contract.errors import ExitStatus, LabError
from labreport.contract.records import Executable

OUTPUT_LIMIT = 256 * 1024 * 1024
"""Bytes a command may print before it is killed, by the file's size and by its blocks. Far less is kept."""

SPARE_BLOCKS = 1 << 20
"""Bytes by which the blocks of a file may exceed its size. File systems allocate some beyond its end."""

HOLD_SECONDS = 2.0
"""Seconds for which a process may hold the output of a command that has ended, before it is killed."""

GRACE = 2.0
"""Seconds between SIGTERM and SIGKILL."""

ENVIRONMENT = {"LC_ALL": "C.UTF-8", "TZ": "UTC", "TERM": "dumb", "NO_COLOR": "1"}
"""The environment of every command, besides `search_path` and HOME. It makes outputs comparable."""

RUN_VARIABLE = "LAB_RUN"
"""The environment variable that carries the run's name into every process of the run."""

ANSWER_LIMIT = 1 << 20
"""Bytes that `output` returns at most."""

POLL = 0.25
"""Seconds between two checks of how much a command has printed."""


class CommandNotFoundError(LabError):
    """A program is not on PATH, or is no program of this machine."""

    exit_status = ExitStatus.CANNOT_RUN


def find(program: str, path: str | None = None) -> str:
    """Return the absolute path of a program on `path`; raise CommandNotFoundError.

    By default, it is looked for as in `program.which`.

    Symbolic links are not followed: a busybox applet is known by the name of its link.
    """
    found = shutil.which(program, path=search_path() if path is None else path)
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
    home = {"HOME": os.environ["HOME"]} if "HOME" in os.environ else {}
    return {"PATH": search_path(), **home, **ENVIRONMENT, RUN_VARIABLE: name, **(extra or {})}


def execute(  # noqa: PLR0913 - what a process gets, by name
    spec: CommandSpec,
    *,
    stdout: BinaryIO,
    stderr: BinaryIO,
    env: Mapping[str, str],
    cwd: Path = Path("/"),
    files: Iterable[Path] = (),
) -> Ended:
    """Run a command in the folder `cwd` until it ends, and kill its process group; return how it ended.

    The output goes to two open files. `files` are others that must not grow without bounds. Of `spec`, argv,
    stdin and the time limit are used; argv must be a list of texts. Raise CommandNotFoundError, and TypeError
    or ValueError for arguments that no command can have. KeyboardInterrupt kills the process group first.

    If `env` names a run, what the command leaves behind is known to spawn.descendants. A process that still
    holds the output after HOLD_SECONDS is killed: nothing writes to it any more when this returns.
    """
    exceeded = partial(_too_large, (stdout, stderr), list(files))
    with spec.stdin.open("rb") as stdin:
        began = time.monotonic()
        process = _spawn(checked(spec.argv), (stdin, stdout, stderr), env, cwd)
        timed_out, too_large = _wait(process, exceeded, spec.limit)
        status = process.status()
        seconds = time.monotonic() - began
        processes.wait_for_group(process.pid, GRACE)
    _release(process, (stdout, stderr), exceeded)
    too_large = too_large or exceeded()
    for file in (stdout, stderr):
        if too_large and os.fstat(file.fileno()).st_size > OUTPUT_LIMIT:
            os.ftruncate(file.fileno(), OUTPUT_LIMIT)  # reading the rest of a sparse file would take hours
    return Ended(status, seconds, timed_out, too_large)


def start(argv: Sequence[str], *, log: Path, env: Mapping[str, str], supervised: bool = False) -> "Daemon":
    """Start a server that prints to the file `log`; raise CommandNotFoundError.

    If it is `supervised`, what it starts is known to spawn.descendants, and does not outlive this process.
    """
    with log.open("ab") as output, Path(os.devnull).open("rb") as stdin:
        streams = (stdin, output, output)
        return Daemon(_spawn(checked(argv), streams, env, supervised=supervised), log)


class Daemon:
    """A server that was started. It runs until it ends or is stopped."""

    def __init__(self, process: spawn.Process, log: Path) -> None:
        self._process = process
        self.pid: int = process.pid
        self.log = log

    def alive(self) -> bool:
        """Return whether it is running."""
        return not self._process.ended(0)

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
                    return self._process.status()
                if time.monotonic() > deadline:
                    raise TimeoutError(f"still running after {timeout:g} s")
                self._process.ended(POLL)

    def stop(self, grace: float = 10.0) -> None:
        """Stop it and its process group: send SIGTERM, wait up to `grace` seconds, send SIGKILL."""
        processes.signal_group(self.pid, signal.SIGTERM)
        patience = signals.Patience(grace)
        while not self._process.ended(min(patience.left(), POLL)) and not patience.over():
            pass
        processes.signal_group(self.pid, signal.SIGKILL)
        self._process.status()


def output(argv: Sequence[str], *, timeout: float = 20.0, lenient: bool = False) -> str:
    """Return what a command prints on standard output, stripped; if `lenient`, errors of a failure, too.

    The text is empty if the command fails, is not there, or prints more than ANSWER_LIMIT bytes. Use it for a
    question about the host (a version, a commit). The command is not recorded and makes no evidence.
    """
    spec = CommandSpec(argv, timeout=timeout)
    with TemporaryFile() as stdout, Path(os.devnull).open("wb") as stderr:
        try:
            ended = execute(spec, stdout=stdout, stderr=stdout if lenient else stderr, env=environment(""))
        except (CommandNotFoundError, OSError):
            return ""
        stdout.seek(0)
        answer = stdout.read(ANSWER_LIMIT + 1)
    refused = ended.exit_status and not lenient
    return "" if refused or len(answer) > ANSWER_LIMIT else answer.decode(errors="replace").strip()


def _spawn(
    argv: Sequence[str],
    streams: tuple[BinaryIO, BinaryIO, BinaryIO],
    env: Mapping[str, str],
    cwd: Path = Path("/"),
    *,
    supervised: bool = True,
) -> spawn.Process:
    """Start a process; `streams` are input, output and errors. One outside a run has no supervisor."""
    run = env.get(RUN_VARIABLE, "") if supervised else ""
    spec = spawn.ProcessSpec(find(argv[0], env.get("PATH")), argv, *streams, env, cwd, run)
    started: list[spawn.Process] = []
    try:
        with signals.deferred():  # Python would ignore a KeyboardInterrupt at the fork
            started.append(spawn.spawn(spec))
    except KeyboardInterrupt:
        for process in started:
            processes.signal_group(process.pid, signal.SIGKILL)
        raise
    except OSError as error:
        what, remedy = why_not_started(spec.program)
        raise CommandNotFoundError(f"{argv[0]}: {what}", remedy) from error
    return started[0]


def _wait(process: spawn.Process, exceeded: Callable[[], bool], seconds: float) -> tuple[bool, bool]:
    """Wait for a process; kill its group when it has ended or passed a limit.

    Return whether it passed the time limit, and whether it passed OUTPUT_LIMIT.
    """
    try:
        passed = _watch(process, exceeded, signals.Patience(seconds))
        if any(passed):
            processes.signal_group(process.pid, signal.SIGTERM)
            process.ended(GRACE)
        return passed
    finally:
        processes.signal_group(process.pid, signal.SIGKILL)


def _watch(
    process: spawn.Process, exceeded: Callable[[], bool], patience: signals.Patience
) -> tuple[bool, bool]:
    """Wait until a process ends or passes a limit: the time limit, or the limit of its output."""
    signals.check()
    while not process.ended(min(patience.left(), POLL)):
        signals.check()
        if patience.over():
            return True, False
        if exceeded():
            return False, True
    return False, False


def _too_large(outputs: Sequence[BinaryIO], files: Sequence[Path]) -> bool:
    """Return whether an output exceeds OUTPUT_LIMIT: by its size, as a sparse file does, or by its blocks."""
    found = [os.fstat(file.fileno()) for file in outputs]
    for path in files:
        with suppress(OSError):
            found.append(path.lstat())
    return any(size(status) > OUTPUT_LIMIT for status in found)


def size(status: os.stat_result) -> int:
    """Return how large a file is: its size, as for a sparse file, or its blocks, if it has many more."""
    return max(status.st_size, status.st_blocks * 512 - SPARE_BLOCKS)


_killed: dict[str, dict[int, str]] = {}
"""The name of each process that was killed because it held the output of a command, by run and pid."""


def take_killed(run: str) -> dict[int, str]:
    """Return, once, the names by pid of the processes that were killed because they held an output."""
    return _killed.pop(run, {})


def _release(process: spawn.Process, outputs: Sequence[BinaryIO], exceeded: Callable[[], bool]) -> None:
    """Wait until nothing that a command started holds its output; after HOLD_SECONDS, kill what does."""
    if not process.has_descendants():
        return
    found = [os.fstat(file.fileno()) for file in outputs]
    files = {(status.st_dev, status.st_ino) for status in found if stat.S_ISREG(status.st_mode)}

    def held() -> dict[int, processes.ProcessState]:
        below = processes.descendants([process.supervisor]) if process.has_descendants() else {}
        return {pid: below[pid] for pid in processes.holders(below, files)}

    patience = signals.Patience(HOLD_SECONDS)
    while (holding := held()) and not patience.over() and not exceeded():
        time.sleep(0.02)
    if holding:
        _killed.setdefault(process.run, {}).update({pid: processes.command(pid) for pid in holding})
        processes.kill_until_none(held, GRACE)
