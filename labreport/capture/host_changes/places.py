"""The state of a path of the host in one word, and writing files that survive a crash."""

import hashlib
import os
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

NOTHING = "nothing"
FOLDER = "folder"

Members = Mapping[str, tuple[str, ...]]
"""The content of a tree: each path below it, with the states of what the tool put there."""


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


def states(root: Path, names: Iterable[str]) -> dict[str, str]:
    """Return the state of each of these paths below a folder, by path."""
    return {name: state(root / name) for name in names}


def digest(root: Path) -> str:
    """Return the SHA-256 of a folder: of the path, state and mode of everything below it."""
    inside = sorted(root.rglob("*"))
    lines = [f"{path.relative_to(root)}\0{state(path)}\0{path.lstat().st_mode:o}\0" for path in inside]
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def is_ours(root: Path, name: str, members: Members) -> bool:
    """Return whether what is at `name` below a folder is what the tool put there, by content.

    Nothing behind a link is: somebody has put the link there.
    """
    path, known = root / name, members.get(name, ())
    if any(parent.is_symlink() for parent in path.parents if parent.is_relative_to(root)):
        return False
    return state(path) in known or _sign(path) in known


def _sign(path: Path) -> str:
    """Return the sign of a file, its size and time, which version 0.1 noted in place of its state."""
    if path.is_symlink() or not path.is_file():
        return ""
    status = path.lstat()
    return f"{status.st_size} bytes of {status.st_mtime_ns}"


def durable(path: Path, data: bytes) -> None:
    """Write a file atomically and flush it to the disk. An OSError leaves the old content in place."""
    partial = path.with_name(f".{path.name}.part")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
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
    inside = (str(path.relative_to(root)) for path in root.rglob("*"))
    return sorted(name for name in inside if not is_ours(root, name, members))


def holds_ours(root: Path, members: Members) -> bool:
    """Return whether a tree holds a file or a link that the tool put there."""
    return any(state(root / name) != FOLDER and is_ours(root, name, members) for name in members)


def remove_members(root: Path, members: Members) -> None:
    """Remove what the tool put into a tree and nobody has changed, and the folders that are then empty."""
    for name in sorted(members, reverse=True):
        path = root / name
        with suppress(OSError):
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            elif is_ours(root, name, members):
                path.unlink()
    with suppress(OSError):
        root.rmdir()
