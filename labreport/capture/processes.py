"""Processes of this host: who descends from whom, and how they are waited for and ended (proc(5))."""

import os
import select
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True)
class ProcessState:
    """One line of the process table: the state's letter, the parent and the process group."""

    state: str
    parent: int
    group: int

    @property
    def ended(self) -> bool:
        """Whether it has ended, and only waits to be reaped."""
        return self.state in "ZX"


def table() -> dict[int, ProcessState]:
    """Return the state of every process of this host by its pid."""
    states = {}
    for entry in PROC.glob("[0-9]*"):
        with suppress(OSError, ValueError):
            state, parent, group = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[:3]
            states[int(entry.name)] = ProcessState(state, int(parent), int(group))
    return states


def descendants(roots: Iterable[int]) -> dict[int, ProcessState]:
    """Return the processes below `roots` that have not ended, by pid; the roots are left out."""
    states = table()
    children = defaultdict(list)
    for pid, state in states.items():
        children[state.parent].append(pid)
    found: dict[int, ProcessState] = {}
    due = list(roots)
    while due:
        below = [pid for pid in children[due.pop()] if pid not in found]
        found |= {pid: states[pid] for pid in below}
        due += below
    return {pid: state for pid, state in found.items() if not state.ended}


def command(pid: int) -> str:
    """Return the name of a process, for people."""
    try:
        return (PROC / str(pid) / "comm").read_text(errors="replace").strip()
    except OSError:
        return "?"


def runs(pid: int | str) -> bool:
    """Return whether a process exists and has not ended."""
    try:
        return (PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()[
            0
        ] not in "ZX"
    except (OSError, IndexError):
        return False


def holders(pids: Iterable[int], files: Collection[tuple[int, int]]) -> list[int]:
    """Return those of `pids` that have one of `files` open, each given by device and inode."""
    found = []
    for pid in pids:
        with suppress(OSError):  # it has ended, or belongs to another user
            for descriptor in (PROC / str(pid) / "fd").iterdir():
                status = descriptor.stat()
                if (status.st_dev, status.st_ino) in files:
                    found.append(pid)
                    break
    return found


def kill(pid: int) -> None:
    """Kill a process, unless it is gone or belongs to another user.

    Do nothing for 0: so the kernel names a process of another pid namespace, and so kill(2) this one's group.
    """
    if pid <= 0:
        return
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def kill_until_none(
    find: Callable[[], dict[int, ProcessState]], seconds: float, spared: Collection[int] = ()
) -> None:
    """Kill what `find` returns, with their process groups, until it returns nothing or `seconds` are over.

    A process that forks faster than it can be found is caught by its group. The groups of the processes
    `spared` are not killed. Otherwise, `find` must not return a process that shares its group with others.
    """
    deadline = time.monotonic() + seconds
    while (states := find()) and time.monotonic() < deadline:
        now = table()
        groups = {state.group for state in states.values()}
        for group in groups - {now[pid].group for pid in spared if pid in now}:
            signal_group(group, signal.SIGKILL)
        for pid in states:
            kill(pid)
        time.sleep(0.005)


def wait(pid: int, seconds: float) -> None:
    """Wait until a process has ended, at most `seconds`."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        select.select([descriptor], [], [], seconds)
    finally:
        os.close(descriptor)


def wait_for_group(group: int, seconds: float) -> None:
    """Wait until a killed process group has ended, at most `seconds`.

    A process that is still dying would be taken for a leak.
    """
    deadline = time.monotonic() + seconds
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, 0)
        while _group_runs(group) and time.monotonic() < deadline:
            time.sleep(0.005)


def _group_runs(group: int) -> bool:
    """Return whether a process of the group is running."""
    return any(state.group == group and not state.ended for state in table().values())


def signal_group(group: int, number: signal.Signals) -> None:
    """Send a signal to a process group, if it still exists; to its leader alone if that is all we may."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        pass
    except PermissionError:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(group, number)
