"""Find what a run left behind on the host, by the run's name, and remove it.

Everything that a run starts carries its name: a process in its environment, its cgroup or its arguments; a
mount, a network namespace, a link or a cgroup in its own name.
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
"""Seconds to wait for killed processes to end, and for busy cgroups to become free."""


@dataclass(frozen=True, order=True)
class Leak:
    """Something that a run left behind: its `kind`, and `what` identifies it.

    The kind is process, mount, netns, link or cgroup. `label` is for people, and does not count in a
    comparison, because a process can change its name.
    """

    kind: str
    what: str
    label: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.kind} {self.what} {self.label}".rstrip()


def find(name: str, *kinds: str) -> set[Leak]:
    """Return everything that carries the run's name now, or only what is of one of `kinds`."""
    return {leak for kind in kinds or _FINDERS for leak in _FINDERS[kind](name)}


_FINDERS: dict[str, Callable[[str], Iterator[Leak]]] = {
    "process": lambda name: (Leak("process", str(pid), _command(pid)) for pid in processes(name)),
    "mount": lambda name: (Leak("mount", path) for path in _mounts(name)),
    "netns": lambda name: (Leak("netns", path.name) for path in NETNS.glob(f"{name}*")),
    "link": lambda name: (Leak("link", path.name) for path in LINKS.glob(f"{name}*")),
    "cgroup": lambda name: (Leak("cgroup", str(path)) for path in _cgroups(name)),
}


def remove(leaks: Collection[Leak]) -> None:
    """Remove leaks within a bounded time, in an order in which each kind frees the next."""
    removers: dict[str, Callable[[str], object]] = {
        "process": _kill,
        "mount": lambda path: recorder.output(["umount", "--lazy", path]),
        "netns": lambda space: recorder.output(["ip", "netns", "delete", space]),
        "link": lambda link: recorder.output(["ip", "link", "delete", link]),
        "cgroup": _remove_cgroup,
    }
    for kind, remover in removers.items():
        for leak in sorted((leak for leak in leaks if leak.kind == kind), reverse=True):
            remover(leak.what)
        if kind == "process":
            _wait_for_end({leak.what for leak in leaks if leak.kind == kind})


def _kill(pid: str) -> None:
    """Kill a process, unless it is gone or its number belongs to another user by now."""
    with suppress(ProcessLookupError, PermissionError):
        os.kill(int(pid), signal.SIGKILL)


def _wait_for_end(pids: set[str]) -> None:
    """Wait a bounded time for killed processes to end: until then they hold mounts and namespaces."""
    deadline = time.monotonic() + PATIENCE
    while any(map(_runs, pids)) and time.monotonic() < deadline:
        time.sleep(0.01)


def _runs(pid: str) -> bool:
    """Return whether a process exists and is not a zombie."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False


def processes(name: str) -> Iterator[int]:
    """Yield the processes that carry the run's name, except this one and zombies."""
    for entry in Path("/proc").glob("[0-9]*"):
        if int(entry.name) != os.getpid() and _carries(entry, name.encode()):
            yield int(entry.name)


def _carries(entry: Path, name: bytes) -> bool:
    """Return whether the process in /proc carries the name; one that has just ended does not."""
    try:
        arguments = _arguments(entry)
        groups = (entry / "cgroup").read_bytes()
    except OSError:
        return False
    with suppress(OSError):  # the environment of another user's process cannot be read
        if f"{recorder.RUN_VARIABLE}=".encode() + name in (entry / "environ").read_bytes().split(b"\0"):
            return True
    words = re.split(rb"[/\0\n]", groups + b"\n" + arguments)
    return any(word == name or word.startswith(name + b"-") for word in words)


def _arguments(entry: Path) -> bytes:
    """Return the arguments of a process; raise OSError for a zombie or a kernel thread.

    Zombies and kernel threads have no program. A process that is just starting has its program an instant
    before its arguments and its environment: wait for them.
    """
    for _try in range(20):
        if arguments := (entry / "cmdline").read_bytes():
            return arguments
        (entry / "exe").readlink()
        time.sleep(0.001)
    return b""


def _command(pid: int) -> str:
    """Return the name of a process, for people."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return "?"


def _mounts(name: str) -> list[str]:
    """Return the mount points with the run's name in their path."""
    return [point for point in mount_points() if any(part.startswith(name) for part in point.split("/"))]


def mount_points() -> list[str]:
    """Return the mount points that this process sees, in the order in which they were mounted."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return [ESCAPED.sub(lambda match: chr(int(match[1], 8)), line.split(" ")[4]) for line in lines]


def _cgroups(name: str) -> Iterator[Path]:
    """Yield the run's cgroups, in every hierarchy (version 1) or in the only one (version 2)."""
    for pattern in (f"{name}*", f"*/{name}*"):
        yield from (path for path in CGROUPS.glob(pattern) if path.is_dir())


def kill_processes(name: str) -> None:
    """Kill the run's processes until none is left, within a bounded time: some start others as they end."""
    deadline = time.monotonic() + PATIENCE
    while (pids := list(processes(name))) and time.monotonic() < deadline:
        for pid in pids:
            _kill(str(pid))
        time.sleep(0.05)


def _remove_cgroup(path: str) -> None:
    """Remove a cgroup and those below it; retry a busy one within a bounded time."""
    deadline = time.monotonic() + PATIENCE
    while Path(path).exists() and time.monotonic() < deadline:
        for where, _folders, _files in os.walk(path, topdown=False):
            with suppress(OSError):
                Path(where).rmdir()
        if Path(path).exists():
            time.sleep(0.05)
