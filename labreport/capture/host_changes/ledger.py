"""What is changed on the host itself is written down before it is changed, so that it can be put back.

Every entry is on disk, with what was there before, when the change is made: killed at any moment, `undo` puts
back every byte, mode and owner.
"""

import fcntl
import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from labreport.capture.host_changes import places
from labreport.capture.host_changes.places import FOLDER, NOTHING
from labreport.contract.errors import ExitStatus, LabError

PLACE = Path("/var/lib/lab/ledger")
"""Root's own: whoever could write here could have files put anywhere."""


class LedgerError(LabError):
    """A change of the host that cannot be made or put back; the text says which, why and what to do."""

    exit_status = ExitStatus.CANNOT_RUN


class Entry(BaseModel):
    """One change: what was at `path` before, and every state that we put there (see places.state).

    The bytes of a file are kept beside the entry. A tree that was in the way is kept beside its place, as
    `aside`; `members` are what we put in its place, each with its signs. `argv` is a command to be run once
    all is put back.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["path", "tree", "restart"] = "path"
    path: str = ""
    before: str = NOTHING
    mode: int = 0
    uid: int = 0
    gid: int = 0
    mtime_ns: int = 0
    ours: tuple[str, ...] = ()
    aside: str = ""
    members: dict[str, tuple[str, ...]] = {}
    argv: tuple[str, ...] = ()


class Ledger:
    """The open ledger: every change goes through it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, path: Path, data: bytes) -> None:
        """Put a file at `path`; one that was there keeps its mode and owner. Folders are made if need be."""
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
        """Put a symbolic link at `path`."""
        self._make_folders(path.parent)
        self._note(path, f"link:{target}")
        partial = places.part(path)
        partial.symlink_to(target)
        partial.rename(path)

    def remove(self, path: Path) -> None:
        """Remove a file or a link, if it is there."""
        self._note(path, NOTHING)
        path.unlink(missing_ok=True)

    def place(self, path: Path, members: Sequence[str], fill: Callable[[Path], None]) -> None:
        """Put a tree at `path`: `fill` makes it in a folder beside, with these members and no others.

        What was there is kept aside, in the same folder, until it is put back. A tree of ours goes, but for
        what somebody else changed in it or added to it: that is an error.
        """
        self._make_folders(path.parent)
        name, entry = self._find("tree", path) or (self._next(), self._new_tree(path))
        self._put(name, entry)
        made = places.new(path)
        try:
            fill(made)
            there = places.signs(made, members)
            signs = {one: (*entry.members.get(one, ()), mark) for one, mark in there.items()}
            entry = entry.model_copy(update={"members": {**entry.members, **signs}})
            self._put(name, entry)
            _clear(path, entry)
            made.rename(path)
        finally:
            shutil.rmtree(made, ignore_errors=True)

    def restart(self, argv: Sequence[str]) -> None:
        """Note a command that is to be run once all is put back: it makes a service read its files again."""
        if all(entry.argv != tuple(argv) for _name, entry in self.entries()):
            self._put(self._next(), Entry(kind="restart", argv=tuple(argv)))

    def entries(self) -> Iterator[tuple[str, Entry]]:
        """Yield every entry by its file's name, the first change first; raise LedgerError for a bad one."""
        for path in sorted(self.folder.glob("*.json")):
            try:
                yield path.name, Entry.model_validate_json(path.read_bytes())
            except ValueError as error:
                raise LedgerError(f"{path}: cannot be read: {error}") from error

    def forget(self, name: str) -> None:
        """Take an entry out: what it noted is as it was."""
        (self.folder / name).unlink()
        (self.folder / f"{name}.bytes").unlink(missing_ok=True)

    def _find(self, kind: str, path: Path) -> tuple[str, Entry] | None:
        """Return the last entry for a path."""
        found = [one for one in self.entries() if (one[1].kind, one[1].path) == (kind, str(path))]
        return found[-1] if found else None

    def _next(self) -> str:
        """Return the name of the next entry: behind all that are there, whatever was taken out."""
        last = max((path.name for path in self.folder.glob("*.json")), default="")
        return f"{int(last.removesuffix('.json')) + 1 if last else 0:06d}.json"

    def _put(self, name: str, entry: Entry) -> None:
        places.durable(self.folder / name, entry.model_dump_json(indent=1).encode())

    def _note(self, path: Path, becomes: str) -> None:
        """Write down what is at `path`, unless that is known, and what will be there.

        What somebody else made of our change is noted as a change of its own: it is put back first.
        """
        before, known = places.state(path), self._find("path", path)
        if known and before in (known[1].before, *known[1].ours):
            if becomes not in known[1].ours:
                self._put(known[0], known[1].model_copy(update={"ours": (*known[1].ours, becomes)}))
            return
        if before == FOLDER and becomes != FOLDER:
            raise LedgerError(f"{path}: a folder, where a file has to be: move it away")
        name, entry = self._next(), Entry(path=str(path), before=before, ours=(becomes,))
        if before != NOTHING:
            status = path.lstat()
            kept = {"uid": status.st_uid, "gid": status.st_gid, "mtime_ns": status.st_mtime_ns}
            entry = entry.model_copy(update={"mode": stat.S_IMODE(status.st_mode), **kept})
        if before.startswith("file:"):
            places.durable(self.folder / f"{name}.bytes", path.read_bytes())
        self._put(name, entry)

    def _make_folders(self, folder: Path) -> None:
        """Make a folder with those above it, each noted."""
        if folder.is_dir():
            return
        self._make_folders(folder.parent)
        self._note(folder, FOLDER)
        folder.mkdir(mode=0o755, exist_ok=True)

    def _new_tree(self, path: Path) -> Entry:
        before = places.state(path)
        if before not in {NOTHING, FOLDER}:
            raise LedgerError(f"{path}: not a folder: move it away")
        aside = path.with_name(f".{path.name}.lab-before")
        if places.state(aside) != NOTHING:
            raise LedgerError(f"{aside}: is there, and no ledger knows it: look at it, and move it away")
        return Entry(kind="tree", path=str(path), before=before, aside=str(aside))


def _clear(path: Path, entry: Entry) -> None:
    """Make room for a tree: what was there first goes aside, a tree of ours goes."""
    aside = Path(entry.aside)
    if entry.before == FOLDER and not aside.exists():
        try:
            path.rename(aside)
        except OSError as error:
            raise LedgerError(f"{path}: cannot be moved aside ({error.strerror}): is it a mount?") from error
    elif path.exists():
        if found := places.foreign(path, entry.members):
            raise LedgerError(f"{path}: {found[0]} is none of ours: look at it, and move it away")
        places.remove_members(path, entry.members)


@contextmanager
def opened(folder: Path = PLACE) -> Iterator[Ledger]:
    """Open the ledger, made if need be; it is gone afterwards if nothing is noted in it.

    Raise LedgerError if another lab changes this host at the moment, or if others can write in it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        status = os.fstat(descriptor)
        if status.st_uid != os.geteuid() or status.st_mode & 0o077:
            raise LedgerError(f"{folder}: others can write in it: look at who made it, and remove it")
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LedgerError(f"{folder}: another lab changes this host at the moment: wait for it") from None
        try:
            yield Ledger(folder)
        finally:
            if not any(folder.glob("*.json")):
                shutil.rmtree(folder, ignore_errors=True)
                with suppress(OSError):
                    folder.parent.rmdir()
    finally:
        os.close(descriptor)
