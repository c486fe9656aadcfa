"""The folder of the cache: it belongs to this user alone, and has an entry for each archive.

An entry is a folder that is named by the SHA-256 of its archive:

    archive     the file, whose hash was checked before it got this name
    tree/       what was unpacked from it
    about.json  its name, and the address it came from
    part        what has come of a download that is not finished

A file whose hash nobody states is downloaded into an entry that is named by its address. Who uses an entry
has locked its folder for sharing, so that nobody removes it. Who makes something in it has locked its file
`making`.
"""

import fcntl
import json
import os
import secrets
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from labreport.contract.folder import EvidenceError, Folder, opened
from labreport.contract.user_cache import PRIVATE, open_private, user_cache

ARCHIVE, TREE, ABOUT, PART, MAKING = "archive", "tree", "about.json", "part", "making"
REMOVING = "removing-"
"""How an entry is called while it is removed, so that nobody takes what is left of it for an entry."""

SHA256_DIGITS = 64


def cache_folder() -> Path:
    """Return the path of the archives, which need not exist. Raise CacheError if this user has no home."""
    return user_cache() / "archives"


def open_cache() -> AbstractContextManager[Folder]:
    """Make the folder of the archives if it is not there, and open it. Raise CacheError."""
    return open_private(cache_folder())


@dataclass(frozen=True)
class CacheEntry:
    """An entry that is in use as long as its descriptor is open. The caller closes it."""

    name: str
    folder: Folder

    @property
    def path(self) -> Path:
        """Where it is, for programs."""
        return self.folder.path

    def has(self, name: str) -> bool:
        """Return whether it has a file or folder of this name, which is no link."""
        mode = self.folder.mode(name)
        return stat.S_ISREG(mode) or stat.S_ISDIR(mode)

    def about(self) -> dict[str, str]:
        """Return what is noted about it: `name`, `url` and others. Nothing if the note cannot be read."""
        try:
            noted = json.loads(self.folder.read(ABOUT))
        except (EvidenceError, ValueError):
            return {}
        texts = noted if isinstance(noted, dict) else {}
        return {key: value for key, value in texts.items() if isinstance(value, str)}

    def note(self, **texts: str) -> None:
        """Note texts about it, beside those that are noted already."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        partial = f".{secrets.token_hex(8)}.part"
        try:
            with os.fdopen(os.open(partial, flags, 0o600, dir_fd=self.folder.descriptor), "w") as file:
                json.dump(self.about() | texts, file)
            self.rename(partial, ABOUT)
        except OSError:
            self.remove(partial)
            raise

    def rename(self, name: str, to: str) -> None:
        """Rename a file or folder in it; a file at `to` is replaced."""
        os.rename(name, to, src_dir_fd=self.folder.descriptor, dst_dir_fd=self.folder.descriptor)

    def remove(self, name: str) -> None:
        """Remove a file or a folder with its content, if it is there."""
        if stat.S_ISDIR(self.folder.mode(name)):
            shutil.rmtree(name, dir_fd=self.folder.descriptor)
        else:
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=self.folder.descriptor)

    @contextmanager
    def making(self, on_wait: Callable[[], object]) -> Iterator[None]:
        """Lock what is made in it for this process alone; call `on_wait` if another one is making it."""
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(MAKING, flags, 0o600, dir_fd=self.folder.descriptor)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                on_wait()
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def is_free(self) -> bool:
        """Lock it for this process alone, if nobody else uses it; return whether that is so."""
        try:
            fcntl.flock(self.folder.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def discard(self) -> None:
        """Remove the entry, which is locked for this process alone. At no moment is half of it there."""
        removed = f"{REMOVING}{secrets.token_hex(8)}"
        with opened(self.path.parent) as cache:
            os.rename(self.name, removed, src_dir_fd=cache.descriptor, dst_dir_fd=cache.descriptor)
            shutil.rmtree(removed, dir_fd=cache.descriptor)

    def close(self) -> None:
        """Let others remove it."""
        os.close(self.folder.descriptor)


def use(name: str) -> CacheEntry:
    """Make the entry `name` if it is not there, and keep it from being removed until it is closed.

    Raise CacheError.
    """
    with open_cache() as cache:
        while True:
            with suppress(FileExistsError):
                os.mkdir(name, PRIVATE, dir_fd=cache.descriptor)
            entry = _open(cache, name)
            try:
                fcntl.flock(entry.folder.descriptor, fcntl.LOCK_SH)
                if _is_there(entry.folder):
                    return entry
            except BaseException:
                entry.close()
                raise
            entry.close()


def _open(cache: Folder, name: str) -> CacheEntry:
    with cache.below(name) as folder:
        return CacheEntry(name, Folder(os.dup(folder.descriptor), cache.path / name))


def _is_there(folder: Folder) -> bool:
    """Return whether an open folder is still the one at its path: nobody has removed it."""
    held = os.fstat(folder.descriptor)
    try:
        now = folder.path.lstat()
    except OSError:
        return False
    return (held.st_dev, held.st_ino) == (now.st_dev, now.st_ino)


@dataclass(frozen=True)
class CachedArchive:
    """One line of the list: its name in the cache, what is noted about it, and the bytes of its files."""

    sha256: str
    name: str
    url: str
    archive_bytes: int
    tree_bytes: int
    part_bytes: int
    in_use: bool

    @property
    def bytes(self) -> int:
        """The bytes of all its files."""
        return self.archive_bytes + self.tree_bytes + self.part_bytes


def listed() -> list[CachedArchive]:
    """Return the archives in the cache; none if there is no cache."""
    if not cache_folder().is_dir():
        return []
    with open_cache() as cache:
        rows = []
        for name in _entries(cache):
            if not name.startswith(REMOVING):
                with closing(_open(cache, name)) as entry:
                    rows.append(_row(entry))
        return rows


def _entries(cache: Folder) -> list[str]:
    """Return the names of the entries. A file or a link in the cache is none, and is left alone."""
    return [name for name in cache.names() if stat.S_ISDIR(cache.mode(name))]


def _row(entry: CacheEntry) -> CachedArchive:
    """Return the line of an entry. If nobody uses it, it is locked for this process alone afterwards."""
    about = entry.about()
    return CachedArchive(
        sha256=entry.name if len(entry.name) == SHA256_DIGITS else "",
        name=about.get("name", ""),
        url=about.get("url", ""),
        archive_bytes=_size(entry.path / ARCHIVE),
        tree_bytes=_size(entry.path / TREE),
        part_bytes=_size(entry.path / PART),
        in_use=not entry.is_free(),
    )


def _size(path: Path) -> int:
    """Return the bytes of a file, or of all files in a folder. No link is followed."""
    total = _bytes(path)
    for where, _folders, files in os.walk(path):
        total += sum(_bytes(Path(where, name)) for name in files)
    return total


def _bytes(path: Path) -> int:
    """Return the bytes of a regular file; 0 for anything else."""
    with suppress(OSError):
        if stat.S_ISREG((status := path.lstat()).st_mode):
            return status.st_size
    return 0


def clean() -> tuple[int, list[CachedArchive]]:
    """Remove every entry that nobody uses; return how many bytes that freed, and the entries that stay."""
    freed, kept = 0, []
    if not cache_folder().is_dir():
        return 0, []
    with open_cache() as cache:
        for name in _entries(cache):
            with closing(_open(cache, name)) as entry:
                row = _row(entry)
                if row.in_use:
                    kept.append(row)
                else:
                    freed += row.bytes
                    entry.discard()
    return freed, kept
