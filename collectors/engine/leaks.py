"""What a run left behind on the host: looked for by the run's name, which all it starts carries.

Processes carry it in their environment, their cgroup or their arguments; mounts, network namespaces, links
and cgroups in their names. Changes that carry no name of their own (a firewall rule, say) are undone by the
command that was written down before they were made.
"""

import fcntl
import json
import os
import re
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from collectors.engine import recorder

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


def runs_folder() -> Path:
    """Return the folder that holds a folder for each run under way; nobody else can write there."""
    path = Path("/run/lab") if os.geteuid() == 0 else Path(tempfile.gettempdir()) / f"lab-{os.geteuid()}"
    path.mkdir(mode=0o700, exist_ok=True)
    status = path.lstat()
    if path.is_symlink() or status.st_uid != os.geteuid():
        raise PermissionError(f"{path}: belongs to somebody else: remove it, or ask who made it")
    return path


def find(name: str) -> set[Leak]:
    """Return all that carries the run's name now."""
    return {
        *(Leak("process", str(pid), _command(pid)) for pid in processes(name)),
        *(Leak("mount", path) for path in _mounts(name)),
        *(Leak("netns", path.name) for path in _named(NETNS, name)),
        *(Leak("link", path.name) for path in _named(LINKS, name)),
        *(Leak("cgroup", str(path)) for path in _cgroups(name)),
    }


def clear(name: str, folder: Path) -> None:
    """End and remove all that carries the run's name, then its folder. What resists is left for `find`."""
    end(name)
    remove({leak for leak in find(name) if leak.kind == "mount"})  # else what is below it cannot go
    for undo in sorted((folder / "undo").glob("*.json"), reverse=True):
        run_undo(undo)
    end(name)
    remove(find(name))
    shutil.rmtree(folder, ignore_errors=True)


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


def note_undo(folder: Path, argv: Sequence[str], env: dict[str, str], stdin: Path | None) -> Path:
    """Write down the command that undoes a change which is about to be made; return the note's path."""
    notes = folder / "undo"
    notes.mkdir(exist_ok=True)
    path = notes / f"{len(list(notes.iterdir())):04d}.json"
    note = {"argv": list(argv), "env": env, "stdin": str(stdin) if stdin else os.devnull}
    partial = path.with_suffix(".part")
    partial.write_text(json.dumps(note))
    partial.rename(path)
    return path


def run_undo(path: Path) -> None:
    """Run a noted command once; that there is nothing to undo any more is no error."""
    note = json.loads(path.read_text())
    with Path(os.devnull).open("wb") as sink, suppress(recorder.CommandNotFoundError, OSError):
        recorder.execute(
            note["argv"],
            stdout=sink,
            stderr=sink,
            env=recorder.environment("", note["env"]),
            stdin=Path(note["stdin"]),
            timeout=30,
        )
    path.rename(path.with_suffix(".done"))


def hold(folder: Path) -> BinaryIO:
    """Lock the run's folder for as long as this process lives; the returned file keeps the lock."""
    lock = (folder / "lock").open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise
    lock.truncate(0)
    lock.write(b"%d" % os.getpid())
    lock.flush()
    return lock


def _hold_dead(folder: Path) -> BinaryIO:
    """Lock the folder of a run that is dead; raise BlockingIOError if it is under way.

    A command that a killed run was just starting keeps its lock for an instant, between fork and exec.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with _folders_locked():
                return hold(folder)
        except BlockingIOError:
            owner = (folder / "lock").read_text()
            if not owner or Path("/proc", owner, "exe").exists() or time.monotonic() > deadline:
                raise
        time.sleep(0.02)


def begin(folder: Path) -> BinaryIO:
    """Make the run's folder and lock it: at no moment does it look like that of a dead run."""
    with _folders_locked():
        folder.mkdir(mode=0o700)
        return hold(folder)


@contextmanager
def _folders_locked() -> Iterator[None]:
    """Hold the folder of all runs while one of them is made or taken."""
    descriptor = os.open(runs_folder(), os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def clear_dead_runs() -> list[str]:
    """Clear what runs that were killed left behind; return their names. Runs under way are not touched."""
    cleared = []
    for folder in sorted(runs_folder().iterdir()):
        try:
            lock = _hold_dead(folder)
        except (BlockingIOError, NotADirectoryError, FileNotFoundError):
            continue
        with lock:
            clear(folder.name, folder)
        cleared.append(folder.name)
    return cleared


def processes(name: str) -> Iterator[int]:
    """Yield the processes that carry the run's name, this one and zombies left out."""
    mark = f"{recorder.RUN_VARIABLE}={name}".encode()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid() and _carries(entry, name.encode(), mark):
            yield int(entry.name)


def _carries(entry: Path, name: bytes, mark: bytes) -> bool:
    """Return whether the process in /proc carries the name; one that ended meanwhile does not."""
    try:
        if not (arguments := (entry / "cmdline").read_bytes()):
            return False
        groups = (entry / "cgroup").read_bytes().replace(b"\n", b"/").split(b"/")
    except OSError:
        return False
    with suppress(OSError):  # another user's is not ours to read, its arguments are
        if mark in (entry / "environ").read_bytes().split(b"\0"):
            return True
    words = arguments.replace(b"/", b"\0").split(b"\0")
    return any(part == name or part.startswith(name + b"-") for part in (*groups, *words))


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
        return sorted(path for path in folder.iterdir() if path.name.startswith(name))
    except OSError:
        return []


def _cgroups(name: str) -> list[Path]:
    """Return the run's cgroups, in every hierarchy (version 1) or in the one there is (version 2)."""
    below = [path for path in _named(CGROUPS, "") if path.is_dir() and not path.is_symlink()]
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
