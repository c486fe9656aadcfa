"""The runs under way on this host: each has a folder, locked while its process lives.

What a killed run left behind is cleared by the next one: by its name, and by the commands that were written
down before a change was made that carries no name, such as a firewall rule.
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

UNDO_SECONDS = 120.0
"""How long a noted command may take: clearing a containerd's namespace takes a while on a slow host."""


def runs_folder() -> Path:
    """Return the folder that holds a folder for each run under way; nobody else can write there."""
    path = Path("/run/lab") if os.geteuid() == 0 else Path(tempfile.gettempdir()) / f"lab-{os.geteuid()}"
    path.mkdir(mode=0o700, exist_ok=True)
    status = path.lstat()
    if path.is_symlink() or status.st_uid != os.geteuid():
        raise PermissionError(f"{path}: belongs to somebody else: remove it, or ask who made it")
    return path


def begin(folder: Path) -> BinaryIO:
    """Make the run's folder and lock it: at no moment does it look like that of a dead run."""
    with _folders_locked():
        folder.mkdir(mode=0o700)
        return hold(folder)


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


def clear(name: str, folder: Path) -> None:
    """End and remove all that carries the run's name, then its folder. What resists is left for `find`."""
    leaks.end(name)
    leaks.remove(leaks.find(name, "mount"))  # else what is below it cannot go
    for undo in sorted((folder / "undo").glob("*.json"), reverse=True):
        run_undo(undo)
    leaks.end(name)
    leaks.remove(leaks.find(name))
    shutil.rmtree(folder, ignore_errors=True)


def note_undo(folder: Path, argv: Sequence[str], env: dict[str, str], stdin: Path | None) -> Path:
    """Write down the command that undoes a change which is about to be made; return the note's path."""
    notes = folder / "undo"
    notes.mkdir(exist_ok=True)
    path = notes / f"{len(os.listdir(notes)):04d}.json"  # noqa: PTH208 - a series has a note for each sample
    note = {"argv": list(argv), "env": env, "stdin": str(stdin) if stdin else os.devnull}
    partial = path.with_suffix(".part")
    partial.write_text(json.dumps(note))
    partial.rename(path)
    return path


def run_undo(path: Path) -> None:
    """Run a noted command once; that there is nothing to undo any more is no error."""
    note = json.loads(path.read_text())
    with Path(os.devnull).open("wb") as sink, suppress(recorder.CommandNotFoundError, OSError):
        command = CommandSpec(note["argv"], stdin=Path(note["stdin"]), timeout=UNDO_SECONDS)
        recorder.execute(command, stdout=sink, stderr=sink, env=recorder.environment("", note["env"]))
    cross_off(path)


def cross_off(path: Path) -> None:
    """Have a note done with: no later collect undoes its change; the number of its name stays taken."""
    path.rename(path.with_suffix(".done"))
