"""Write, move and delete below `evidence/`. No step follows a symbolic link, because a clone may contain any.

Each function opens the folder in which it acts as `labreport.contract.folder` does, and names the file there
by the descriptor of that folder. What root writes through sudo belongs to the person who called sudo.
"""

import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

from labreport.contract.folder import EvidenceError, Folder, opened
from labreport.contract.unfinished import PART


def make(path: Path) -> None:
    """Make a folder and its missing parents. Raise EvidenceError if a link or a file is in the way."""
    try:
        with opened(path):
            return
    except FileNotFoundError:
        make(path.parent)
    with opened(path.parent) as parent:
        with suppress(FileExistsError):
            os.mkdir(path.name, dir_fd=parent.descriptor)
        own(parent, path.name)


def write(path: Path, data: bytes) -> None:
    """Write `data` to `path` atomically, and flush it. An OSError leaves the old content in place."""
    make(path.parent)
    with opened(path.parent) as parent:
        partial = f".{path.name}.{secrets.token_hex(8)}.part"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            with os.fdopen(os.open(partial, flags, 0o666, dir_fd=parent.descriptor), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            own(parent, partial)
            _rename(parent, partial, parent, path.name)
        except OSError:
            with suppress(OSError):
                os.unlink(partial, dir_fd=parent.descriptor)
            raise
        os.fsync(parent.descriptor)


def rename(path: Path, to: Path) -> None:
    """Rename a file or a folder; what is at `to` is replaced, a link there too."""
    with opened(path.parent) as source, opened(to.parent) as target:
        _rename(source, path.name, target, to.name)


def _rename(source: Folder, name: str, target: Folder, to: str) -> None:
    os.rename(name, to, src_dir_fd=source.descriptor, dst_dir_fd=target.descriptor)


def remove(path: Path) -> None:
    """Delete a file or a link, if it is there and the way to it has no link."""
    with suppress(FileNotFoundError, EvidenceError), opened(path.parent) as parent:
        os.unlink(path.name, dir_fd=parent.descriptor)


def remove_tree(path: Path) -> None:
    """Delete a folder with its content, if it is there. Raise OSError, and EvidenceError for a link."""
    try:
        with opened(path), opened(path.parent) as parent:
            shutil.rmtree(path.name, dir_fd=parent.descriptor)
    except FileNotFoundError:
        return
    except RecursionError as error:
        raise EvidenceError("folders of too many levels", "remove it", path=path.name) from error


def remove_parts(path: Path) -> None:
    """Delete the files in a folder that a killed process was writing."""
    with suppress(FileNotFoundError, EvidenceError), opened(path) as folder:
        for name in filter(PART.fullmatch, folder.names()):
            os.unlink(name, dir_fd=folder.descriptor)


def sync(path: Path) -> None:
    """Flush the entries of a folder to the disk."""
    with opened(path) as folder:
        os.fsync(folder.descriptor)


def own(folder: Folder, name: str) -> None:
    """Give an entry of a folder that root made through sudo to the person who called sudo."""
    caller, group = os.environ.get("SUDO_UID", ""), os.environ.get("SUDO_GID", "")
    if os.geteuid() == 0 and caller.isdigit():
        owner = int(caller), int(group) if group.isdigit() else -1
        os.chown(name, *owner, dir_fd=folder.descriptor, follow_symlinks=False)
