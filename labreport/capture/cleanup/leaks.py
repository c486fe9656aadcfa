"""What a run left behind on the host: looked for by the run's name, which all it starts carries.

Processes carry it in their environment, their cgroup or their arguments; mounts, network namespaces, links
and cgroups in their names.
"""

import os
import re
import signal
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from labreport.capture import recorder

NETNS = Path("/run/netns")
CGROUPS = Path("/sys/fs/cgroup")
LINKS = Path("/sys/class/net")
ESCAPED = re.compile(r"\\([0-7]{3})")
"""How the kernel writes a blank in a mount point."""

PATIENCE = 5.0
"""Seconds that killed processes and busy cgroups are given to go."""


@dataclass(frozen=True, order=True)
class Leak:
    """One thing that is still there: `kind` process, mount, netns, link or cgroup, and which.

    `label` is for people; what a process calls itself can change while it stays the same process.
    """

    kind: str
    what: str
    label: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.kind} {self.what} {self.label}".rstrip()


def find(name: str, *kinds: str) -> set[Leak]:
    """Return all that carries the run's name now, or what of these kinds does: nothing else is looked at."""
    return {leak for kind in kinds or _FINDERS for leak in _FINDERS[kind](name)}


_FINDERS: dict[str, Callable[[str], Iterator[Leak]]] = {
    "process": lambda name: (Leak("process", str(pid), _command(pid)) for pid in processes(name)),
    "mount": lambda name: (Leak("mount", path) for path in _mounts(name)),
    "netns": lambda name: (Leak("netns", path.name) for path in _named(NETNS, name)),
    "link": lambda name: (Leak("link", path.name) for path in _named(LINKS, name)),
    "cgroup": lambda name: (Leak("cgroup", str(path)) for path in _cgroups(name)),
}


def remove(left: Collection[Leak]) -> None:
    """Remove these leaks, in an order in which one frees the next, for a bounded time."""
    kinds: dict[str, Callable[[str], object]] = {
        "process": _kill,
        "mount": lambda path: recorder.output(["umount", "--lazy", path]),
        "netns": lambda space: recorder.output(["ip", "netns", "delete", space]),
        "link": lambda link: recorder.output(["ip", "link", "delete", link]),
        "cgroup": _remove_cgroup,
    }
    for kind, take_away in kinds.items():
        for leak in sorted((one for one in left if one.kind == kind), reverse=True):
            take_away(leak.what)
        _wait_for({leak.what for leak in left if leak.kind == kind == "process"})


def _kill(pid: str) -> None:
    """Kill a process; one that is gone, or is another user's by now, is left."""
    with suppress(ProcessLookupError, PermissionError):
        os.kill(int(pid), signal.SIGKILL)


def _wait_for(pids: set[str]) -> None:
    """Wait for killed processes to go, for a bounded time: what they hold is free only then."""
    deadline = time.monotonic() + PATIENCE
    while any(map(_runs, pids)) and time.monotonic() < deadline:
        time.sleep(0.01)


def _runs(pid: str) -> bool:
    """Return whether a process is there and no zombie."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False


def processes(name: str) -> Iterator[int]:
    """Yield the processes that carry the run's name, this one and zombies left out."""
    mark = f"{recorder.RUN_VARIABLE}={name}".encode()
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):  # noqa: PTH208 - see _read
        if pid != os.getpid() and _carries(f"/proc/{pid}", name.encode(), mark):
            yield pid


def _carries(entry: str, name: bytes, mark: bytes) -> bool:
    """Return whether the process in /proc carries the name; one that ended meanwhile does not."""
    try:
        arguments = _arguments(entry)
        groups = _read(f"{entry}/cgroup").replace(b"\n", b"/").split(b"/")
    except OSError:
        return False
    with suppress(OSError):  # another user's is not ours to read, its arguments are
        if mark in _read(f"{entry}/environ").split(b"\0"):
            return True
    words = arguments.replace(b"/", b"\0").split(b"\0")
    return any(part == name or part.startswith(name + b"-") for part in (*groups, *words))


def _read(path: str) -> bytes:
    """Return what the file holds; three of each process are read, which pathlib would make thrice as long."""
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123
        return file.read()


def _arguments(entry: str) -> bytes:
    """Return a process's arguments; raise OSError for a zombie or one of the kernel's: they have no program.

    One that is just being started has its program for an instant before its arguments and environment.
    """
    for _try in range(20):
        if arguments := _read(f"{entry}/cmdline"):
            return arguments
        os.readlink(f"{entry}/exe")  # noqa: PTH115
        time.sleep(0.001)
    return b""


def _command(pid: int) -> str:
    """Return the program's name of a process, for people."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return "?"


def _mounts(name: str) -> list[str]:
    """Return the mount points that have the run's name in their path."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    points = [ESCAPED.sub(lambda match: chr(int(match[1], 8)), line.split(" ")[4]) for line in lines]
    return [point for point in points if any(part.startswith(name) for part in point.split("/"))]


def _named(folder: Path, name: str) -> list[Path]:
    """Return the entries of a folder whose names begin with the run's."""
    try:
        return [folder / entry for entry in sorted(os.listdir(folder)) if entry.startswith(name)]  # noqa: PTH208
    except OSError:
        return []


def _cgroups(name: str) -> list[Path]:
    """Return the run's cgroups, in every hierarchy (version 1) or in the one there is (version 2)."""
    try:
        with os.scandir(CGROUPS) as entries:
            below = [Path(entry) for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    return [found for top in (CGROUPS, *below) for found in _named(top, name) if found.is_dir()]


def end(name: str) -> None:
    """Kill the run's processes until there are none, for a bounded time: some start others as they go."""
    deadline = time.monotonic() + PATIENCE
    while (found := list(processes(name))) and time.monotonic() < deadline:
        for pid in found:
            _kill(str(pid))
        time.sleep(0.05)


def _remove_cgroup(path: str) -> None:
    """Remove a cgroup from the bottom up; a busy one is tried again for a bounded time."""
    deadline = time.monotonic() + PATIENCE
    while Path(path).exists() and time.monotonic() < deadline:
        for where, _folders, _files in os.walk(path, topdown=False):
            with suppress(OSError):
                Path(where).rmdir()
        if Path(path).exists():
            time.sleep(0.05)
