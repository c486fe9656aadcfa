"""The state of a path of the host in one word, and writing files that survive a crash."""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

NOTHING = "nothing"
FOLDER = "folder"

Members = Mapping[str, tuple[str, ...]]
"""The content of a tree: each path below it, with the signs of what the tool put there."""


def state(path: Path) -> str:
    """Return what is at a path: "nothing", "folder", "link:TARGET", "file:SHA256" or "something else"."""
    if path.is_symlink():
        return f"link:{path.readlink()}"
    if path.is_dir():
        return FOLDER
    if path.is_file():
        with path.open("rb") as file:
            return f"file:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    return "something else" if path.exists() else NOTHING


def sign(path: Path) -> str:
    """Return a sign of what is at a path. Unlike a state, it has a file's size and time, not its hash."""
    if path.is_symlink() or not path.is_file():
        return state(path)
    status = path.lstat()
    return f"{status.st_size} bytes of {status.st_mtime_ns}"


def signs(root: Path, names: Iterable[str]) -> dict[str, str]:
    """Return the sign of each of these paths below a folder, by path."""
    return {name: sign(root / name) for name in names}


def durable(path: Path, data: bytes, finish: Callable[[Path], object] = lambda _path: None) -> None:
    """Write a file atomically. It is on disk when this returns; an OSError leaves the old content in place.

    `finish` is called with the new file's path before it is renamed to `path`.
    """
    partial = path.with_name(f".{path.name}.part")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        finish(partial)
        partial.rename(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
    sync(path.parent)


def sync(path: Path) -> None:
    """Flush a file, or the entries of a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def part(path: Path) -> Path:
    """Return the temporary path of a file or link that will be renamed to `path`. Delete leftovers there."""
    partial = path.with_name(f".{path.name}.lab-part")
    partial.unlink(missing_ok=True)
    return partial


def new(path: Path) -> Path:
    """Return the temporary path of a tree that will be renamed to `path`. Delete leftovers there."""
    folder = path.with_name(f".{path.name}.lab-new")
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def foreign(root: Path, members: Members) -> list[str]:
    """Return the paths in a tree that the tool did not put there, or that somebody has changed, sorted."""
    inside = {str(path.relative_to(root)): path for path in root.rglob("*")}
    return sorted(name for name, path in inside.items() if sign(path) not in members.get(name, ()))


def remove_members(root: Path, members: Members) -> None:
    """Remove what the tool put into a tree and nobody has changed, and the folders that are then empty."""
    for name in sorted(members, reverse=True):
        path = root / name
        with suppress(OSError):
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            elif sign(path) in members[name]:
                path.unlink()
    with suppress(OSError):
        root.rmdir()
