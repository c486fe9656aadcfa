"""The ledger of changes to the host: each is noted before it is made, so that it can be undone.

When a change is made, its entry is on disk, with what was there before. After a kill at any moment, `undo`
restores every byte, mode and owner.
"""

import fcntl
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from labreport.capture.host_changes import places
from labreport.capture.host_changes.places import FOLDER, NOTHING
from labreport.contract.errors import ExitStatus, LabError

PLACE = Path("/var/lib/lab/ledger")
"""Only root can write here. Anyone who could would be able to put files anywhere on the host."""


CHECK = "sha256"
"""Key of an entry's own hash in its file."""

RESTORE_ENTRY = "restore it from a backup of this host, or put back by hand what it is about and delete"


class LedgerError(LabError):
    """A change of the host that cannot be made or undone."""

    exit_status = ExitStatus.CANNOT_RUN


class Entry(BaseModel):
    """One change: the state of `path` before, and every state that the tool gave it (see places.state).

    The bytes of a file are kept in a file next to the entry. A tree that was at `path` is kept in the same
    folder, as `aside`, and its `digest` here; `members` are the paths that the tool put in its place, each
    with its states. `argv` is a command to run after everything is restored.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["path", "tree", "restart"]
    path: str = ""
    before: str = NOTHING
    mode: int = 0
    uid: int = 0
    gid: int = 0
    mtime_ns: int = 0
    ours: tuple[str, ...] = ()
    aside: str = ""
    digest: str = ""
    members: dict[str, tuple[str, ...]] = {}
    argv: tuple[str, ...] = ()


class Ledger:
    """The open ledger, which makes and notes every change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, path: Path, data: bytes) -> None:
        """Write a file at `path`. It keeps the mode and owner of the file that was there."""
        self._make_folders(path.parent)
        status = path.stat() if path.is_file() else None
        self._note(path, f"file:{hashlib.sha256(data).hexdigest()}")
        partial = places.part(path)
        try:
            with partial.open("wb") as file:
                os.fchown(file.fileno(), status.st_uid if status else 0, status.st_gid if status else 0)
                os.fchmod(file.fileno(), stat.S_IMODE(status.st_mode) if status else 0o644)
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            partial.rename(path)
        finally:
            partial.unlink(missing_ok=True)

    def link(self, path: Path, target: str) -> None:
        """Make a symbolic link at `path`."""
        self._make_folders(path.parent)
        self._note(path, f"link:{target}")
        partial = places.part(path)
        partial.symlink_to(target)
        partial.rename(path)

    def remove(self, path: Path) -> None:
        """Remove a file or a link, if there is one."""
        self._note(path, NOTHING)
        path.unlink(missing_ok=True)

    def place(self, path: Path, members: Sequence[str], fill: Callable[[Path], None]) -> None:
        """Put a tree at `path`. `fill` makes it in a temporary folder, with these members and no others.

        A tree that was there before is kept aside, in the same folder, until the undo. An earlier tree of the
        tool is replaced. Raise LedgerError if somebody else has changed it or added to it.
        """
        self._make_folders(path.parent)
        name, entry = self._find("tree", path) or (self._next(), self._new_tree(path))
        self._put(name, entry)
        made = places.new(path)
        try:
            fill(made)
            there = places.states(made, members)
            states = {name: (*entry.members.get(name, ()), state) for name, state in there.items()}
            entry = entry.model_copy(update={"members": {**entry.members, **states}})
            self._put(name, entry)
            _clear(path, entry)
            made.rename(path)
        finally:
            shutil.rmtree(made, ignore_errors=True)

    def restart(self, argv: Sequence[str]) -> None:
        """Note a command to run after an undo, such as a restart of a service that reads restored files."""
        if all(entry.argv != tuple(argv) for _name, entry in self.entries()):
            self._put(self._next(), Entry(kind="restart", argv=tuple(argv)))

    def names(self) -> list[str]:
        """Return the file names of all entries, in order."""
        return sorted(path.name for path in self.folder.glob("*.json"))

    def entries(self) -> Iterator[tuple[str, Entry]]:
        """Yield every entry with its file's name, in order. Raise LedgerError for one that is damaged."""
        return ((name, self.read(name)) for name in self.names())

    def read(self, name: str) -> Entry:
        """Return the entry in a file. Raise LedgerError if it cannot be read or is not what was written."""
        path = self.folder / name
        try:
            noted = json.loads(path.read_bytes())
            entry = Entry.model_validate({key: noted[key] for key in noted if key != CHECK})
        except (OSError, ValueError, TypeError, RecursionError) as error:
            what = f"cannot be read: {' '.join(str(error).split())[:200]}"
            raise LedgerError(what, f"{RESTORE_ENTRY} {path}", path=str(path)) from error
        if noted.get(CHECK, _check(noted)) != _check(noted):  # version 0.1 wrote none
            what = "was altered after it was written, so nothing is restored from it"
            raise LedgerError(what, f"{RESTORE_ENTRY} {path}", path=str(path))
        return entry

    def forget(self, name: str) -> None:
        """Delete an entry, after its change was undone."""
        kept = self.folder / f"{name}.bytes"
        (self.folder / name).unlink()
        if kept.is_dir() and not kept.is_symlink():
            shutil.rmtree(kept)
        kept.unlink(missing_ok=True)

    def _find(self, kind: str, path: Path) -> tuple[str, Entry] | None:
        """Return the last entry of this kind for a path, with its file's name; None if there is none."""
        named = [
            (name, entry) for name, entry in self.entries() if (entry.kind, entry.path) == (kind, str(path))
        ]
        return named[-1] if named else None

    def _next(self) -> str:
        """Return the file name of the next entry, which sorts after all others."""
        last = max((path.name for path in self.folder.glob("*.json")), default="")
        return f"{int(last.removesuffix('.json')) + 1 if last else 0:06d}.json"

    def _put(self, name: str, entry: Entry) -> None:
        noted = entry.model_dump(mode="json")
        places.durable(self.folder / name, json.dumps({**noted, CHECK: _check(noted)}, indent=1).encode())

    def _note(self, path: Path, becomes: str) -> None:
        """Note the state of `path`, unless an entry has it already, and the state that it will have.

        If somebody else has changed what the tool put there, this is a new entry, which is undone first.
        """
        before, known = places.state(path), self._find("path", path)
        if known and before in (known[1].before, *known[1].ours):
            if becomes not in known[1].ours:
                self._put(known[0], known[1].model_copy(update={"ours": (*known[1].ours, becomes)}))
            return
        if before == FOLDER and becomes != FOLDER:
            raise LedgerError("a folder, where a file has to be", "move it away", path=str(path))
        name, entry = self._next(), Entry(kind="path", path=str(path), before=before, ours=(becomes,))
        if before != NOTHING:
            status = path.lstat()
            kept = {"uid": status.st_uid, "gid": status.st_gid, "mtime_ns": status.st_mtime_ns}
            entry = entry.model_copy(update={"mode": stat.S_IMODE(status.st_mode), **kept})
        if before.startswith("file:"):
            places.durable(self.folder / f"{name}.bytes", path.read_bytes())
        self._put(name, entry)

    def _make_folders(self, folder: Path) -> None:
        """Make a folder and its missing parents, and note each."""
        if folder.is_dir():
            return
        self._make_folders(folder.parent)
        self._note(folder, FOLDER)
        folder.mkdir(mode=0o755, exist_ok=True)

    def _new_tree(self, path: Path) -> Entry:
        """Return the entry of a tree that is to be put at `path`. Raise LedgerError if a file is there."""
        before = places.state(path)
        if before not in {NOTHING, FOLDER}:
            raise LedgerError("not a folder", "move it away", path=str(path))
        aside = path.with_name(f".{path.name}.lab-before")
        if places.state(aside) != NOTHING:
            raise LedgerError(
                "exists, and is not in the ledger", "look at it, and move it away", path=str(aside)
            )
        digest = places.digest(path) if before == FOLDER else ""
        return Entry(kind="tree", path=str(path), before=before, aside=str(aside), digest=digest)


def _check(noted: Mapping[str, object]) -> str:
    """Return the SHA-256 of an entry, which is noted in its file, so that an altered one is found."""
    data = {key: noted[key] for key in noted if key != CHECK}
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def _clear(path: Path, entry: Entry) -> None:
    """Make room for a tree: move the original tree aside, or remove an earlier tree of the tool."""
    aside = Path(entry.aside)
    if entry.before == FOLDER and not aside.exists():
        try:
            path.rename(aside)
        except OSError as error:
            what = f"cannot be moved aside ({error.strerror})"
            raise LedgerError(what, "if it is a mount, unmount it", path=str(path)) from error
    elif path.exists():
        if foreign := places.foreign(path, entry.members):
            what = f"{foreign[0]} is not the tool's, or was changed"
            raise LedgerError(what, "look at it, and move it away", path=str(path))
        places.remove_members(path, entry.members)


@contextmanager
def opened(folder: Path = PLACE) -> Iterator[Ledger]:
    """Open the ledger, and make it if it is missing. Delete it afterwards if it is empty.

    Raise LedgerError if another process has it open, or if other users can write in it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        status = os.fstat(descriptor)
        if status.st_uid != os.geteuid() or status.st_mode & 0o077:
            what = "other users can write in it"
            raise LedgerError(what, "find out who made it, and remove it", path=str(folder))
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            what = "another lab changes this host at the moment"
            raise LedgerError(what, "wait for it", path=str(folder)) from None
        try:
            yield Ledger(folder)
        finally:
            if not any(folder.glob("*.json")):
                shutil.rmtree(folder, ignore_errors=True)
                with suppress(OSError):
                    folder.parent.rmdir()
    finally:
        os.close(descriptor)
