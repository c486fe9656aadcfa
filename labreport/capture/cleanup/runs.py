"""The active runs of this host: each has a folder, which is locked while its process lives.

The next run clears what a killed run left behind. It finds that by the run's name, and by the undo commands
that were noted before each change that carries no name, such as a firewall rule.
"""

import fcntl
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from labreport.capture import recorder
from labreport.capture.cleanup import leaks
from labreport.capture.command import CommandSpec
from labreport.contract.errors import ExitStatus, LabError

UNDO_SECONDS = 120.0
"""The time limit of an undo command: clearing a containerd namespace takes a while on a slow host."""


class RunsError(LabError):
    """The folder of all runs cannot be used."""

    exit_status = ExitStatus.CANNOT_RUN


def runs_folder() -> Path:
    """Return the folder of all active runs. Raise RunsError if another user can write in it.

    What is noted in it is carried out: undo commands are run.
    """
    path = Path("/run/lab") if os.geteuid() == 0 else Path(tempfile.gettempdir()) / f"lab-{os.geteuid()}"
    path.mkdir(mode=0o700, exist_ok=True)
    status = path.lstat()
    if path.is_symlink() or status.st_uid != os.geteuid():
        raise RunsError("belongs to somebody else", "remove it, or ask who made it", path=str(path))
    if status.st_mode & 0o022:
        raise RunsError("other users can write in it", "find out who made it, and remove it", path=str(path))
    return path


def removes_shared(name: str, *, existed: bool) -> bool:
    """Return whether the run `name` removes at its end something that all runs on a host share.

    It does if the thing did not exist before, or if another run is under way: that run may have created it,
    and cannot remove it while this one uses it.
    """
    return not existed or any(folder.name != name for folder in runs_folder().iterdir())


def begin(folder: Path) -> BinaryIO:
    """Make the run's folder and lock it. At no moment does it look like the folder of a dead run."""
    with _folders_locked():
        folder.mkdir(mode=0o700)
        return hold(folder)


def hold(folder: Path) -> BinaryIO:
    """Lock the run's folder while the returned file is open. Raise BlockingIOError if it is locked."""
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
    """Lock the folder of a dead run. Raise BlockingIOError if the run is alive.

    A command that a killed run was just starting holds the lock for an instant, between fork and exec.
    """
    deadline = time.monotonic() + leaks.PATIENCE
    while True:
        try:
            with _folders_locked():
                return hold(folder)
        except BlockingIOError:
            owner = (folder / "lock").read_text()
            if not owner or Path("/proc", owner, "exe").exists() or time.monotonic() > deadline:
                raise
        time.sleep(0.02)


@contextmanager
def _folders_locked() -> Iterator[None]:
    """Lock the folder of all runs, while the folder of one is made or locked."""
    descriptor = os.open(runs_folder(), os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def clear_dead_runs() -> list[str]:
    """Clear what killed runs left behind; return their names. Runs that are alive are not touched."""
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


def clear(name: str, folder: Path) -> None:
    """Remove everything that carries the run's name, then its folder. `leaks.find` finds what remains.

    The folder is kept if an undo command was cut short by a second signal: the next run repeats it.
    """
    leaks.kill_processes(name)
    leaks.remove(leaks.find(name, "mount"))  # what is below a mount cannot be removed before it
    for undo in sorted((folder / "undo").glob("*.json"), reverse=True):
        run_undo(undo, last=True)
    leaks.kill_processes(name)
    leaks.remove(leaks.find(name))
    if not any((folder / "undo").glob("*.json")):
        shutil.rmtree(folder, ignore_errors=True)


def note_undo(folder: Path, argv: Sequence[str], env: dict[str, str], stdin: Path | None) -> Path:
    """Note the command that undoes a change, before the change is made; return the note's path."""
    notes = folder / "undo"
    notes.mkdir(exist_ok=True)
    path = notes / f"{len(list(notes.iterdir())):04d}.json"
    note = {"argv": list(argv), "env": env, "stdin": str(stdin) if stdin else os.devnull}
    partial = path.with_suffix(".part")
    partial.write_text(json.dumps(note))
    partial.rename(path)
    return path


def run_undo(path: Path, *, last: bool = False) -> None:
    """Run a noted command. If it succeeds, or this is the last time, it is not run again.

    One that fails, as what it removes is still in use, is run again when the run is cleared: then all its
    processes have ended. One that a signal cuts short is always run again.
    """
    note = json.loads(path.read_text())
    done = cut_short = False
    with Path(os.devnull).open("wb") as sink, suppress(recorder.CommandNotFoundError, OSError):
        command = CommandSpec(note["argv"], stdin=Path(note["stdin"]), timeout=UNDO_SECONDS)
        ended = recorder.execute(command, stdout=sink, stderr=sink, env=recorder.environment("", note["env"]))
        done = ended.exit_status == 0
        cut_short = ended.timed_out and ended.seconds < UNDO_SECONDS
    if done or (last and not cut_short):
        cross_off(path)


def cross_off(path: Path) -> None:
    """Mark a note as done, so that no later run undoes its change. The note keeps its number."""
    path.rename(path.with_suffix(".done"))
