"""A folder that is held open by its descriptor, so that no name in it leads anywhere else.

Everything below `evidence/` may be a stranger's. Each step to a folder, and each step below it, is opened
without following symbolic links (openat(2) with O_NOFOLLOW), and only a regular file of bounded size is read.
"""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from labreport.contract.errors import LabError
from labreport.contract.fields import MAX_BYTES, evidence_path

MAX_DEPTH = 32
"""The deepest folder of a set, counted from the set."""

MAX_FILES = 50_000
"""The number of files and folders that a set may have."""

STEP = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
LAST = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""How a folder on the way, the folder itself, and a file are opened. A FIFO does not block."""


NO_FILE = "capture it, or restore it from git"


class EvidenceError(LabError):
    """An evidence file or folder that cannot be used."""


@dataclass(frozen=True)
class FolderEntry:
    """A file or folder below a folder: its path from there, and its `st_mode`."""

    path: str
    mode: int

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file."""
        return stat.S_ISREG(self.mode)

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder, and not a link to one."""
        return stat.S_ISDIR(self.mode)

    @property
    def is_hidden(self) -> bool:
        """Whether its name begins with a dot."""
        return self.path.rpartition("/")[2].startswith(".")

    @property
    def kind(self) -> str:
        """What it is, in words: `a symbolic link`, `a directory`."""
        return kind(self.mode)


class Folder:
    """An open folder. `path` is where it was when it was opened, for errors and for programs."""

    def __init__(self, descriptor: int, path: Path) -> None:
        self.descriptor = descriptor
        self.path = path

    def read(self, path: str, limit: int = MAX_BYTES) -> bytes:
        """Return the bytes of the file `path` below this folder.

        Raise EvidenceError for a path that leaves the folder, a symbolic link in any part of the path, a file
        that is not regular (a device or FIFO is never read), and a file of more than `limit` bytes.
        """
        try:
            evidence_path(path)
        except ValueError as error:
            raise EvidenceError(str(error), f"name a file below {self.path.name}/") from error
        return self._read(path, limit)

    def read_listed(self, path: str, limit: int = MAX_BYTES) -> bytes:
        """Return the bytes of a file that `entries` yielded, as `read` does.

        Its name may have characters that no path of ours has. A part `..` is refused all the same.
        """
        if not {"", ".", ".."}.isdisjoint(path.split("/")):
            raise EvidenceError("not a plain relative path", "name a file as it is listed", path=path)
        return self._read(path, limit)

    def _read(self, path: str, limit: int) -> bytes:
        descriptor = self._open(path)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise _no_file(status.st_mode, path)
            data = file.read(limit + 1) if status.st_size <= limit else b""
            if max(status.st_size, len(data)) > limit:
                what = f"{max(status.st_size, len(data))} bytes, at most {limit}"
                raise EvidenceError(what, "compress it, or cut with head or tail", path=path)
            return data

    def _open(self, path: str) -> int:
        """Open the file `path`, which was checked; return its descriptor. Raise EvidenceError."""
        *parts, name = path.split("/")
        try:
            parent = _walk(self.descriptor, parts)
        except FileNotFoundError as error:
            raise EvidenceError("no such file", NO_FILE, path=path) from error
        except EvidenceError as error:
            raise EvidenceError(error.what, error.remedy, path=path) from error
        try:
            if not stat.S_ISREG(mode := _mode(parent, name)):  # to open a device may act on it
                raise _no_file(mode, path)
            return os.open(name, FILE, dir_fd=parent)
        except OSError as error:
            raise EvidenceError(
                f"cannot be read ({error.strerror})", "check who owns it", path=path
            ) from error
        finally:
            os.close(parent)

    def replace(self, name: str, data: bytes, mode: int = 0o666) -> None:
        """Write a file of this folder, in place of a link too. At no moment is half of it there.

        `mode` is that of the new file, before the umask is taken off. Raise OSError.
        """
        partial = f".{name}.{os.urandom(8).hex()}.part"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            with os.fdopen(os.open(partial, flags, mode, dir_fd=self.descriptor), "wb") as file:
                file.write(data)
            os.rename(partial, name, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)
        except OSError:
            with suppress(OSError):
                os.unlink(partial, dir_fd=self.descriptor)
            raise

    @contextmanager
    def below(self, path: str) -> Iterator["Folder"]:
        """Open the folder `path` below this one; "" is this one. Raise EvidenceError, FileNotFoundError."""
        parts = path.split("/") if path else []
        with _closing(_walk(self.descriptor, parts), self.path.joinpath(*parts)) as folder:
            yield folder

    def mode(self, name: str) -> int:
        """Return the `st_mode` of an entry of this folder, or 0 if there is none. A link is not followed."""
        return _mode(self.descriptor, name)

    def names(self) -> list[str]:
        """Return the names in this folder, sorted."""
        return sorted(os.listdir(self.descriptor))  # noqa: PTH208 - pathlib knows no descriptors

    def entries(self, skip: Callable[[FolderEntry], bool] = lambda _entry: False) -> Iterator[FolderEntry]:
        """Yield everything below this folder, in order, a folder before its content. No link is followed.

        Entries that `skip` accepts are left out, with everything below them. Raise EvidenceError for more
        than MAX_DEPTH levels or MAX_FILES entries.
        """
        count = 0
        waiting = [""]
        while waiting:
            where = waiting.pop()
            with self.below(where) as folder:
                names = {name: f"{where}/{name}" if where else name for name in folder.names()}
                entries = [FolderEntry(path, folder.mode(name)) for name, path in names.items()]
            found = [entry for entry in entries if not skip(entry)]
            count += len(found)
            if count > MAX_FILES:
                raise EvidenceError(f"more than {MAX_FILES} files", "remove what is no evidence")
            yield from found
            folders = [entry.path for entry in found if entry.is_folder]
            if where.count("/") >= MAX_DEPTH and folders:
                raise EvidenceError(f"folders of more than {MAX_DEPTH} levels", "remove them", path=where)
            waiting += reversed(folders)


@contextmanager
def opened(path: Path) -> Iterator[Folder]:
    """Open a folder for the time of a `with`.

    No part of the path may be a symbolic link: the caller resolves what the user named, and what is below
    that may be a stranger's. Raise EvidenceError, which names the part, and FileNotFoundError.
    """
    absolute = os.path.abspath(path)  # noqa: PTH100 - resolve() would follow the links
    parts = [part for part in absolute.split("/") if part]
    root = os.open("/", LAST)
    try:
        descriptor = _walk(root, parts)
    finally:
        os.close(root)
    with _closing(descriptor, path) as folder:
        yield folder


@contextmanager
def _closing(descriptor: int, path: Path) -> Iterator[Folder]:
    """Yield an open folder, and close it."""
    try:
        yield Folder(descriptor, path)
    finally:
        os.close(descriptor)


def _walk(descriptor: int, parts: list[str]) -> int:
    """Open a folder part by part, starting in the open folder `descriptor`; return the last one's descriptor.

    Raise FileNotFoundError, and EvidenceError for a part that is a link or no folder.
    """
    step = os.dup(descriptor)
    for number, name in enumerate(parts, 1):
        try:
            below = os.open(name, LAST if number == len(parts) else STEP, dir_fd=step)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise _no_folder(_mode(step, name), name, error) from error
        finally:
            os.close(step)
        step = below
    return step


def _mode(descriptor: int, name: str) -> int:
    """Return the `st_mode` of an entry of an open folder, or 0 if there is none. A link is not followed."""
    try:
        return os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_mode
    except OSError:
        return 0


def _no_folder(mode: int, name: str, error: OSError) -> EvidenceError:
    """Return the error for a part of a path that could not be opened as a folder."""
    if mode and not stat.S_ISDIR(mode):
        what = f"{name}/ is {kind(mode)}" if stat.S_ISLNK(mode) else f"{name} is {kind(mode)}, not a folder"
        return EvidenceError(what, "put the folder itself there")
    return EvidenceError(f"{name}/ cannot be read ({error.strerror})", "check who owns it")


def _no_file(mode: int, path: str) -> EvidenceError:
    """Return the error for something that is no regular file, without any path of this machine."""
    if not mode:
        return EvidenceError("no such file", NO_FILE, path=path)
    return EvidenceError(f"{kind(mode)}, not a file", "put the file itself there", path=path)


def kind(mode: int) -> str:
    """Return the name of a file type, for an error; `mode` is an `st_mode`."""
    kinds = {
        stat.S_IFREG: "a file",
        stat.S_IFDIR: "a directory",
        stat.S_IFLNK: "a symbolic link",
        stat.S_IFIFO: "a FIFO",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
    }
    return kinds.get(stat.S_IFMT(mode), "something else")
