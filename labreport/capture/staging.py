"""The staging folders of captures: made at run time under a random name, and noted in this user's own state.

A clone can contain a folder of any name. So a folder is ours only if this user's state names it, and its
owner and mode are those that we gave it. The state is a folder of notes, one for each staging folder: the
note's name is the random part of the folder's name, and its content is the path of the set.
"""

import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from labreport.capture import writing
from labreport.capture.cleanup import runs
from labreport.contract.errors import ExitStatus, LabError
from labreport.contract.folder import EvidenceError, opened
from labreport.contract.unfinished import STAGING

ROOTS_STATE = Path("/var/lib/lab/staging")
PRIVATE = 0o700


class StateError(LabError):
    """The folder of this user's state cannot be used."""

    exit_status = ExitStatus.CANNOT_RUN


def notes() -> Path:
    """Return the folder of this user's notes; raise StateError if another user can write in it.

    It is /var/lib/lab/staging for root, otherwise labreport/staging in XDG_STATE_HOME or ~/.local/state. If
    there is no such home, notes are kept with the runs, and last until the next boot.
    """
    if os.geteuid() == 0:
        return _private(ROOTS_STATE)
    try:
        home = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state")
        return _private(home.absolute() / "labreport/staging")
    except (OSError, RuntimeError):
        return _private(runs.runs_folder().with_name(f"lab-{os.geteuid()}-staging"))


def _private(path: Path) -> Path:
    """Make a folder of this user's own; return it. Raise StateError if it is not private, and OSError."""
    path.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
        remedy = f"remove it, or make it your own: chmod 700 {path}"
        raise StateError("is not a folder of this user alone", remedy, path=str(path))
    return path


def begin(folder: Path) -> Path:
    """Make a staging folder in the set `folder`, with mode 0700; return its path.

    It is noted first, so that the next collect finds it, whenever this one is killed.
    """
    name = secrets.token_hex(16)
    writing.make(folder)
    _note(name, folder)
    _forget_lost()
    with opened(folder) as top:
        os.mkdir(f"{STAGING}{name}", PRIVATE, dir_fd=top.descriptor)
    return folder / f"{STAGING}{name}"


def end(area: Path) -> None:
    """Delete a staging folder if it is empty, and its note."""
    with suppress(FileNotFoundError, EvidenceError), opened(area.parent) as top:
        os.rmdir(area.name, dir_fd=top.descriptor)
    place = notes()
    (place / area.name.removeprefix(STAGING)).unlink(missing_ok=True)
    _remove_empty(place)


def found(folder: Path) -> tuple[list[Path], list[str]]:
    """Return the staging folders in a set: those that are ours, and the names of the others.

    Notes of folders that are not there are deleted, so the caller holds the lock of the set.
    """
    ours, others = [], []
    noted = _noted()
    try:
        with opened(folder) as top:
            for name in filter(lambda name: name.startswith(STAGING.rstrip("-")), top.names()):
                is_noted = name.startswith(STAGING) and name.removeprefix(STAGING) in noted
                if is_noted and _is_ours(os.stat(name, dir_fd=top.descriptor, follow_symlinks=False)):
                    ours.append(folder / name)
                else:
                    others.append(name)
    except FileNotFoundError:
        pass
    there = {name.removeprefix(STAGING) for name in [*others, *(area.name for area in ours)]}
    for name in noted.keys() - there:
        with suppress(FileNotFoundError):  # another collect has just deleted its own
            if noted[name].read_text() == str(folder):  # killed before the folder was made
                noted[name].unlink()
    return ours, others


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """Make a staging folder in `folder` for the time of a `with`. First delete those that killed runs left.

    A run holds the lock of its folder, so that one that is alive keeps it.
    """
    writing.make(folder)
    with ExitStack() as stack:
        with opened(folder) as top:
            fcntl.flock(top.descriptor, fcntl.LOCK_EX)
            for area in found(folder)[0]:
                _delete_unlocked(area)
            area = begin(folder)
            held = stack.enter_context(opened(area))
            fcntl.flock(held.descriptor, fcntl.LOCK_EX)
        try:
            yield area
        finally:
            writing.remove_tree(area)
            end(area)


def _delete_unlocked(area: Path) -> None:
    """Delete a staging folder with its content, unless the run that made it is alive."""
    with opened(area) as held:
        try:
            fcntl.flock(held.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        writing.remove_tree(area)
    end(area)


def _is_ours(status: os.stat_result) -> bool:
    is_private = stat.S_IMODE(status.st_mode) == PRIVATE
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and is_private


def _note(name: str, folder: Path) -> None:
    """Note that the staging folder `name` is in the set `folder`, on the disk."""
    while True:
        place = notes()
        with suppress(FileNotFoundError):  # another process has just removed the empty folder
            (place / name).write_text(str(folder))
            writing.sync(place)
            return


def _forget_lost() -> None:
    """Delete the notes of sets that are no longer there."""
    for note in _noted().values():
        with suppress(FileNotFoundError):
            if not os.path.lexists(note.read_text()):
                note.unlink()


def _noted() -> dict[str, Path]:
    """Return the notes by name."""
    try:
        found_notes = {path.name: path for path in notes().iterdir()}
    except FileNotFoundError:
        return {}
    if not found_notes:
        _remove_empty(notes())
    return found_notes


def _remove_empty(place: Path) -> None:
    """Delete the folder of notes and its parent if there are no notes."""
    with suppress(OSError):
        place.rmdir()
        place.parent.rmdir()
