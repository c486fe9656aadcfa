"""What is changed on the host itself is written down before it is changed, so that it can be put back.

Every entry is on disk, with what was there before, when the change is made: killed at any moment, `undo` puts
back every byte, mode and owner. It can be killed and called again, too.
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

from collectors.engine import recorder

PLACE = Path("/var/lib/lab/ledger")
"""Root's own: whoever could write here could have files put anywhere."""

NOTHING = "nothing"
FOLDER = "folder"
RESTART_SECONDS = 120.0


class LedgerError(Exception):
    """A change of the host that cannot be made or put back; the text says which, why and what to do."""


class Entry(BaseModel):
    """One change: what was at `path` before, and every state that we put there.

    A state is `nothing`, `folder`, `link:TARGET` or `file:SHA256`. The bytes of a file are kept beside the
    entry; a tree that was in the way is kept beside its place, as `aside`.
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
    members: tuple[str, ...] = ()
    argv: tuple[str, ...] = ()


class Ledger:
    """The open ledger: every change goes through it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, path: Path, data: bytes) -> None:
        """Put a file at `path`; one that was there keeps its mode and owner. Its folders are made."""
        self._make_folders(path.parent)
        status = path.stat() if path.is_file() else None
        self._note(path, f"file:{hashlib.sha256(data).hexdigest()}")
        partial = path.with_name(f".{path.name}.lab-part")
        try:
            with partial.open("wb") as file:
                os.fchmod(file.fileno(), stat.S_IMODE(status.st_mode) if status else 0o644)
                os.fchown(file.fileno(), status.st_uid if status else 0, status.st_gid if status else 0)
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
        partial = path.with_name(f".{path.name}.lab-part")
        partial.unlink(missing_ok=True)
        partial.symlink_to(target)
        partial.rename(path)

    def place(self, path: Path, members: Sequence[str], fill: Callable[[Path], None]) -> None:
        """Put a tree at `path`: `fill` makes it in a folder beside, with these members and no others.

        What was there is kept aside, in the same folder, until it is put back. A tree of ours goes.
        """
        new, aside = path.with_name(f".{path.name}.lab-new"), path.with_name(f".{path.name}.lab-before")
        self._make_folders(path.parent)
        known = self._find("tree", path)
        before = _state(path)
        if known is None and before not in {NOTHING, FOLDER}:
            raise LedgerError(f"{path}: not a folder: move it away")
        names = tuple(sorted({*(known[1].members if known else ()), *members}))
        entry = known[1] if known else Entry(kind="tree", path=str(path), before=before, aside=str(aside))
        self._put(known[0] if known else self._next(), entry.model_copy(update={"members": names}))
        shutil.rmtree(new, ignore_errors=True)
        try:
            fill(new)
            if entry.before == FOLDER and not aside.exists():
                path.rename(aside)
            elif path.exists():
                _remove_members(path, names)
            if path.exists():
                raise LedgerError(f"{path}: something else is in it: move it away")
            new.rename(path)
        finally:
            shutil.rmtree(new, ignore_errors=True)

    def restart(self, argv: Sequence[str]) -> None:
        """Note a command that is to be run once all is put back: it makes a service read its files again."""
        if all(entry.argv != tuple(argv) for _name, entry in self.entries()):
            self._put(self._next(), Entry(kind="restart", argv=tuple(argv)))

    def entries(self) -> Iterator[tuple[str, Entry]]:
        """Yield every entry by its file's name, oldest first; raise LedgerError if one is broken."""
        for path in sorted(self.folder.glob("*.json")):
            try:
                yield path.name, Entry.model_validate_json(path.read_bytes())
            except ValueError as error:
                raise LedgerError(f"{path}: cannot be read: {error}") from error

    def _find(self, kind: str, path: Path) -> tuple[str, Entry] | None:
        found = (one for one in self.entries() if (one[1].kind, one[1].path) == (kind, str(path)))
        return next(found, None)

    def _next(self) -> str:
        return f"{len(list(self.folder.glob('*.json'))):06d}.json"

    def _note(self, path: Path, becomes: str) -> None:
        """Write down what is at `path`, unless that is known, and what will be there."""
        if known := self._find("path", path):
            if becomes not in known[1].ours:
                self._put(known[0], known[1].model_copy(update={"ours": (*known[1].ours, becomes)}))
            return
        before, name = _state(path), self._next()
        if before == FOLDER and becomes != FOLDER:
            raise LedgerError(f"{path}: a folder, where a file has to be: move it away")
        entry = Entry(path=str(path), before=before, ours=(becomes,))
        if before != NOTHING:
            status = path.lstat()
            entry = entry.model_copy(
                update={
                    "mode": stat.S_IMODE(status.st_mode),
                    "uid": status.st_uid,
                    "gid": status.st_gid,
                    "mtime_ns": status.st_mtime_ns,
                }
            )
        if before.startswith("file:"):
            _durable(self.folder / f"{name}.bytes", path.read_bytes())
        self._put(name, entry)

    def _put(self, name: str, entry: Entry) -> None:
        _durable(self.folder / name, entry.model_dump_json(indent=1).encode())

    def _make_folders(self, folder: Path) -> None:
        """Make a folder with those above it, each noted."""
        if folder.is_dir():
            return
        self._make_folders(folder.parent)
        self._note(folder, FOLDER)
        folder.mkdir(mode=0o755, exist_ok=True)


def _state(path: Path) -> str:
    """Return what is at a path: nothing, a folder, a link with its target, a file with its hash."""
    if path.is_symlink():
        return f"link:{path.readlink()}"
    if path.is_dir():
        return FOLDER
    if path.is_file():
        return f"file:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    return "something else" if path.exists() else NOTHING


def _durable(path: Path, data: bytes) -> None:
    """Put a file of the ledger on disk, whole, before going on."""
    partial = path.with_name(f".{path.name}.part")
    with partial.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    partial.rename(path)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def opened(folder: Path = PLACE) -> Iterator[Ledger]:
    """Open the ledger, made if need be; it is gone afterwards if nothing is noted in it.

    Raise LedgerError if another lab changes this host at the moment.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LedgerError(f"{folder}: another lab changes this host at the moment: wait for it") from None
        yield Ledger(folder)
    finally:
        if not any(folder.glob("*.json")):
            shutil.rmtree(folder, ignore_errors=True)
            with suppress(OSError):
                folder.parent.rmdir()
        os.close(descriptor)


def undo(ledger: Ledger) -> tuple[list[str], list[str]]:
    """Put everything back, the last change first; return what was put back, and what could not be.

    What somebody else changed since stays as it is, and its entry with it.
    """
    done, left = [], []
    restarts = []
    for name, entry in reversed(list(ledger.entries())):
        if entry.kind == "restart":
            restarts.append((name, entry.argv))
            continue
        why = _restore_tree(entry) if entry.kind == "tree" else _restore(ledger.folder, name, entry)
        if why:
            left.append(f"{entry.path}: {why}")
            continue
        done.append(f"{entry.path}: {'removed' if entry.before == NOTHING else 'put back'}")
        _forget(ledger.folder, name)
    for name, argv in restarts:
        if not _succeeds(argv):
            left.append(f"{' '.join(argv)}: failed: run it by hand")
        else:
            _forget(ledger.folder, name)
    return done, left


def _forget(folder: Path, name: str) -> None:
    (folder / name).unlink()
    (folder / f"{name}.bytes").unlink(missing_ok=True)


def _restore(folder: Path, name: str, entry: Entry) -> str:
    """Put one path back; return why it cannot be, or an empty text."""
    path = Path(entry.path)
    now = _state(path)
    path.with_name(f".{path.name}.lab-part").unlink(missing_ok=True)
    if now == entry.before:
        if now.startswith("file:"):
            _attributes(path, entry)
        return ""
    if now not in (*entry.ours, NOTHING):
        return f"somebody else changed it since: look at it, and at {folder / name} for what was there"
    if now == FOLDER:
        with suppress(OSError):
            path.rmdir()
            return ""
        return "something else is in it by now: look at it, and remove it yourself"
    if entry.before == NOTHING:
        path.unlink(missing_ok=True)
        return ""
    _rewrite(path, folder / f"{name}.bytes", entry)
    return ""


def _rewrite(path: Path, kept: Path, entry: Entry) -> None:
    """Put a file or a link back as it was."""
    partial = path.with_name(f".{path.name}.lab-part")
    if entry.before.startswith("link:"):
        partial.symlink_to(entry.before.removeprefix("link:"))
        os.chown(partial, entry.uid, entry.gid, follow_symlinks=False)
    else:
        _durable(partial, kept.read_bytes())
        _attributes(partial, entry)
    partial.rename(path)


def _attributes(path: Path, entry: Entry) -> None:
    os.chown(path, entry.uid, entry.gid)
    path.chmod(entry.mode)
    os.utime(path, ns=(entry.mtime_ns, entry.mtime_ns))


def _restore_tree(entry: Entry) -> str:
    """Take our tree away and put back what was kept aside; return why that cannot be, or an empty text."""
    path, aside = Path(entry.path), Path(entry.aside)
    shutil.rmtree(path.with_name(f".{path.name}.lab-new"), ignore_errors=True)
    if entry.before == FOLDER and not aside.exists():
        return ""  # it never went, or is back already
    if path.is_dir() and not path.is_symlink():
        _remove_members(path, entry.members)
    if path.exists():
        return "something else is in it by now: look at it, and remove it yourself"
    if aside.exists():
        aside.rename(path)
    return ""


def _remove_members(root: Path, members: Sequence[str]) -> None:
    """Remove the members of a tree, and the folders that are empty then."""
    for member in sorted(members, reverse=True):
        path = root / member
        with suppress(OSError):
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            else:
                path.unlink()
    with suppress(OSError):
        root.rmdir()


def _succeeds(argv: Sequence[str]) -> bool:
    """Run a noted command; return whether it ended well."""
    with Path(os.devnull).open("wb") as sink:
        try:
            ended = recorder.execute(
                argv, stdout=sink, stderr=sink, env=recorder.environment(""), timeout=RESTART_SECONDS
            )
        except recorder.CommandNotFoundError:
            return False
    return ended.exit_status == 0
