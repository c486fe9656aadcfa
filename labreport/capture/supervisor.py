"""The supervisor of a command: a process between this one and the command, and above all that it starts.

It is a child subreaper (prctl(2), PR_SET_CHILD_SUBREAPER): a process whose parent has ended becomes a child
of its nearest ancestor that is one, and not of init. So whatever a command starts descends from its
supervisor, whatever environment, name and session it has. The supervisor ends with its last descendant. If
the process that started it dies, it kills them all.
"""

import ctypes
import os
import signal
import stat
import struct
from collections.abc import Callable, Mapping
from contextlib import suppress

from labreport.capture import processes

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
PID = struct.Struct("i")
"""First message of a supervisor: the pid of the command."""

END = struct.Struct("i?")
"""Second message: the command's exit status, or minus the signal that ended it; whether it left others."""

WAKE = {signal.SIGCHLD, signal.SIGUSR1}
"""What a supervisor waits for: a child that ended, or the end of the process that started it."""

IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE)
PATIENCE = 10.0
"""Seconds in which what is killed has to end. A process that hangs in the kernel is left to init."""

_libc = ctypes.CDLL(None)


def supervise(report: int, parent: int, program: str, argv: list[str], env: Mapping[str, str]) -> None:
    """Start a command and supervise it; raise OSError if it cannot be started, and otherwise never return.

    Called after a fork, with the command's input, output, errors and working folder. `report` is a pipe for
    the messages, `parent` the process that reads them.
    """
    _close(_is_foreign)  # first of all, the locks
    _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, WAKE)
    # unlike a fork, it copies no page tables: 1 ms of 6
    command = os.posix_spawn(program, argv, env, setsid=True, setsigmask=before)
    try:
        _supervise(command, report, parent)
    finally:
        os._exit(0)


def _supervise(command: int, report: int, parent: int) -> None:
    """Report the command's pid and its end; return when nothing is left below this process."""
    os.write(report, PID.pack(command))
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGUSR1, 0, 0, 0)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    _close(lambda descriptor: descriptor != report)
    while True:
        ended, others = _reap()
        if command in ended:
            os.write(report, END.pack(ended[command], others))
        if not others:
            return
        if os.getppid() != parent:
            processes.kill_until_none(lambda: processes.descendants([os.getpid()]), PATIENCE)
            return
        signal.sigwait(WAKE)


def _reap() -> tuple[dict[int, int], bool]:
    """Return the exit statuses of the children that have ended, by pid, and whether there are others."""
    ended: dict[int, int] = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended, False
        if not pid:
            return ended, True
        ended[pid] = os.waitstatus_to_exitcode(status)


def _is_foreign(descriptor: int) -> bool:
    """Return whether it is neither the report nor a pipe of sh, which is closed when the command starts."""
    return os.get_inheritable(descriptor) or not stat.S_ISFIFO(os.fstat(descriptor).st_mode)


def _close(unwanted: Callable[[int], bool]) -> None:
    """Close the descriptors above 2 that are `unwanted`."""
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - after a fork, the less the better
        with suppress(OSError):  # the one that listed the folder is closed
            if int(name) > 2 and unwanted(int(name)):  # noqa: PLR2004 - stderr
                os.close(int(name))
