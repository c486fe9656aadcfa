"""Find what a run left behind on the host, by descent and by the run's name, and remove it.

What a command of this process started is found by descent. Everything else that a run starts carries its
name: a process in its environment, its cgroup or its arguments; a mount, a network namespace, a link or a
cgroup in its own name.
"""

import os
import re
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from labreport.capture import processes as process_table
from labreport.capture import recorder, signals, spawn

NETNS = Path("/run/netns")
CGROUPS = Path("/sys/fs/cgroup")
LINKS = Path("/sys/class/net")
ESCAPED = re.compile(r"\\([0-7]{3})")
"""How the kernel writes a blank in a mount point."""

TEMPORARY_MOUNT = "containerd-mount"
"""How containerd and ctr name the folder of a mount that lasts a moment (containerd: mount/temp.go)."""

PATIENCE = 5.0
"""Seconds to wait for killed processes to end, and for all busy cgroups to become free."""


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
    """Return everything that a run started or that carries its name now; with `kinds` only what is of one."""
    return {leak for kind in kinds or _FINDERS for leak in _FINDERS[kind](name)}


def take_killed(name: str) -> set[Leak]:
    """Return, once, the processes of a run that were killed because they held the output of a command."""
    return {Leak("process", str(pid), command) for pid, command in recorder.take_killed(name).items()}


def _processes(name: str) -> Iterator[Leak]:
    """Yield the processes that commands of a run started, or that carry its name."""
    for pid in {*spawn.descendants(name), *processes(name)}:
        yield Leak("process", str(pid), process_table.command(pid))


_FINDERS: dict[str, Callable[[str], Iterator[Leak]]] = {
    "process": _processes,
    "mount": lambda name: (Leak("mount", path) for path in _mounts(name)),
    "netns": lambda name: (Leak("netns", path.name) for path in NETNS.glob(f"{name}*")),
    "link": lambda name: (Leak("link", path.name) for path in LINKS.glob(f"{name}*")),
    "cgroup": lambda name: (Leak("cgroup", str(path)) for path in _cgroups(name)),
}


def remove(leaks: Collection[Leak]) -> None:
    """Remove leaks within a bounded time, in an order in which each kind frees the next."""
    removers: dict[str, Callable[[str], object]] = {
        "process": lambda pid: process_table.kill(int(pid)),
        "mount": _unmount,
        "netns": lambda space: recorder.output(["ip", "netns", "delete", space]),
        "link": lambda link: recorder.output(["ip", "link", "delete", link]),
        "cgroup": partial(_remove_cgroup, signals.Patience(PATIENCE)),
    }
    for kind, remover in removers.items():
        for leak in sorted((leak for leak in leaks if leak.kind == kind), reverse=True):
            remover(leak.what)
        if kind == "process":
            _wait_for_end({leak.what for leak in leaks if leak.kind == kind})


def _wait_for_end(pids: set[str]) -> None:
    """Wait a bounded time for killed processes to end: until then they hold mounts and namespaces."""
    patience = signals.Patience(PATIENCE)
    while any(map(process_table.runs, pids)) and not patience.over():
        time.sleep(0.01)


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


def _mounts(name: str) -> list[str]:
    """Return the mount points with the run's name in their path, or in the paths of an overlay's folders.

    `ctr run` mounts a snapshot below /tmp for a moment. If it is killed, only the overlay has the name.
    """
    return [
        point
        for point, options in _mount_table()
        if any(part.startswith(name) for part in re.split("[/=,:]", f"{point},{options}"))
    ]


def mount_points() -> list[str]:
    """Return the mount points that this process sees, in the order in which they were mounted."""
    return [point for point, _options in _mount_table()]


def _mount_table() -> Iterator[tuple[str, str]]:
    """Yield each mount point with the options of its file system (proc(5): /proc/PID/mountinfo)."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        words = ESCAPED.sub(lambda match: chr(int(match[1], 8)), line.split(" ")[4])
        yield words, line.rpartition(" ")[2]


def _unmount(point: str) -> None:
    """Unmount a file system; remove the folder of a temporary mount of containerd."""
    recorder.output(["umount", "--lazy", point])
    if Path(point).name.startswith(TEMPORARY_MOUNT):
        with suppress(OSError):
            Path(point).rmdir()


def _cgroups(name: str) -> Iterator[Path]:
    """Yield the run's cgroups, in every hierarchy (version 1) or in the only one (version 2)."""
    for pattern in (f"{name}*", f"*/{name}*"):
        yield from (path for path in CGROUPS.glob(pattern) if path.is_dir())


def kill_descendants(name: str, owned: Collection[Leak] = ()) -> None:
    """Kill what commands of a run started, with their process groups, but for those that are `owned`."""
    spared = {int(leak.what) for leak in owned if leak.kind == "process"}

    def find() -> dict[int, process_table.ProcessState]:
        found = spawn.descendants(name)
        return {pid: found[pid] for pid in found.keys() - spared}

    process_table.kill_until_none(find, signals.Patience(PATIENCE).left(), spared)


def kill_processes(name: str) -> None:
    """Kill the run's processes until none is left, within a bounded time: some start others as they end."""
    patience = signals.Patience(PATIENCE)
    while not patience.over():
        kill_descendants(name)
        pids = list(processes(name))
        if not pids:
            return
        for pid in pids:
            process_table.kill(pid)
        time.sleep(0.05)


def _remove_cgroup(patience: signals.Patience, path: str) -> None:
    """Kill what is in a cgroup, and remove it with those below it; retry a busy one while there is patience.

    A cgroup cannot be removed while a process is in it, such as a shim that is still starting a container.
    """
    while Path(path).exists():
        for where, _folders, _files in os.walk(path, topdown=False):
            with suppress(OSError):
                for pid in (Path(where) / "cgroup.procs").read_text().split():
                    process_table.kill(int(pid))
            with suppress(OSError):
                Path(where).rmdir()
        if patience.over():
            return
        if Path(path).exists():
            time.sleep(0.02)
