"""The user's cache folder, and small files in it that are made again if they are lost.

The folder is `lab` in XDG_CACHE_HOME or ~/.cache. Each kind of content has a folder of its own in it, which
belongs to this user alone.
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from labreport.contract.errors import ExitStatus, LabError
from labreport.contract.folder import EvidenceError, Folder, opened

OFF = "LAB_NO_CACHE"
"""The environment variable that switches off what can be made again: pictures and templates."""

PICTURES, TEMPLATES = "pictures", "templates"
"""The kinds of files that can be made again."""

PRIVATE, PRIVATE_FILE = 0o700, 0o600
ROOTS_CACHE = Path("/var/cache")
MAX_BYTES = 8 * 1024 * 1024
DIGEST_BYTES = 32


class CacheError(LabError):
    """The cache cannot be used: its folder is not this user's alone, or its disk is full."""

    exit_status = ExitStatus.CANNOT_RUN


def user_cache() -> Path:
    """Return the path of the cache, which need not exist. Raise CacheError if this user has no home.

    It is `lab` in XDG_CACHE_HOME, if that is an absolute path, or in ~/.cache. For root it is in /var/cache,
    also through sudo, where HOME and XDG_CACHE_HOME may be those of the caller: what root runs must not be in
    a folder that others can write to.
    """
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    is_root = os.geteuid() == 0
    try:
        if not named.is_absolute() or (is_root and os.environ.get("SUDO_UID")):
            named = ROOTS_CACHE if is_root else Path.home() / ".cache"
        return named.resolve() / "lab"
    except (OSError, RuntimeError) as error:
        raise CacheError("this user has no home for a cache", "name one: XDG_CACHE_HOME=FOLDER") from error


@contextmanager
def open_private(path: Path) -> Iterator[Folder]:
    """Make a folder of the cache if it is not there, and open it.

    Raise CacheError if it is a link, another user's, or open to others. A link on the way to it is followed
    only above `lab`: that is the user's own choice.
    """
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        path.mkdir(mode=PRIVATE)
    try:
        with opened(path.parent) as parent, opened(path) as folder:
            require_own(parent, 0o022)
            require_own(folder, 0o077)
            yield folder
    except EvidenceError as error:
        raise CacheError(error.what, "put a folder of this user there", path=str(path)) from error


def require_own(folder: Folder, forbidden: int) -> None:
    """Raise CacheError unless an open folder is this user's, with none of the `forbidden` mode bits."""
    status = os.fstat(folder.descriptor)
    if status.st_uid != os.geteuid() or status.st_mode & forbidden:
        remedy = f"remove it, or make it your own: chmod go-rwx {folder.path}"
        raise CacheError("is not a folder of this user alone", remedy, path=str(folder.path))


@dataclass(frozen=True)
class MadeFiles:
    """The files of one kind that can be made again, such as pictures: each is named by a hash of its origin.

    A file begins with the hash of the rest, so that one which was cut short or altered is not used. Nothing
    here raises an error for a cache that cannot be read or written. A project that has the cache in its own
    folder does not use it: the files could have come with the project.
    """

    kind: str
    project: Path

    def read(self, name: str) -> bytes | None:
        """Return the content of a file; None if there is none that can be used."""
        with suppress(LabError, OSError):
            if folder := self._folder():
                with open_private(folder) as opened_folder:
                    data = opened_folder.read(name, MAX_BYTES)
                digest, content = data[:DIGEST_BYTES], data[DIGEST_BYTES:]
                return content if hashlib.sha256(content).digest() == digest else None
        return None

    def write(self, name: str, content: bytes) -> None:
        """Write a file. At no moment is half of it there."""
        with suppress(LabError, OSError):
            if folder := self._folder():
                with open_private(folder) as opened_folder:
                    opened_folder.replace(name, hashlib.sha256(content).digest() + content, PRIVATE_FILE)

    def _folder(self) -> Path | None:
        """Return the folder of these files, or None if the cache is not to be used."""
        folder = user_cache() / self.kind
        is_inside = folder.is_relative_to(self.project.resolve())
        return None if is_inside or os.environ.get(OFF) else folder


def remove_made() -> int:
    """Remove all files that can be made again; return how many bytes that freed. Raise CacheError."""
    freed = 0
    for path in (user_cache() / PICTURES, user_cache() / TEMPLATES):
        if path.is_dir():
            with open_private(path) as folder:
                for name in folder.names():
                    if not stat.S_ISREG(folder.mode(name)):
                        continue  # not ours
                    freed += os.stat(name, dir_fd=folder.descriptor, follow_symlinks=False).st_size
                    os.unlink(name, dir_fd=folder.descriptor)
    return freed
