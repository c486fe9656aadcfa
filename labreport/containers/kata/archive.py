"""A kata-static archive: what it may contain, and how it is unpacked.

An archive is hostile until `contents` has accepted it.
"""

import lzma
import posixpath
import shutil
import stat
import tarfile
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import dropwhile
from pathlib import Path, PurePosixPath

from labreport.contract.errors import LabError

ROOT = PurePosixPath("/opt/kata")
"""Where Kata's own configuration expects its files."""

SHIMS = ("runtime-rs/bin/containerd-shim-kata-v2", "bin/containerd-shim-kata-v2")
"""Paths of the runtime-rs shim below ROOT. Before 4.0, `bin` holds the Go shim, and since then the Rust
one."""

CONFIGURATION = "share/defaults/kata-containers/runtime-rs/configuration-dragonball.toml"
"""Path of the stock configuration for Dragonball, below ROOT."""

END = bytes(512)
"""A tar ends with two blocks of zeros. Python accepts one that is cut at the edge of a member."""

MAX_MEMBERS = 100_000
MAX_BYTES = 16 << 30
"""Bytes that the files of an archive may have together."""

EXECUTABLE = 0o111

NEW_COPY = "get a new copy"
OTHER_ARCHIVE = "get the archive from its publisher"


class ArchiveError(LabError):
    """An archive that is refused. The error names the member and what is wrong with it."""


@dataclass(frozen=True)
class Contents:
    """What an archive holds: the paths below /opt/kata, with folders, and the total size of its files."""

    members: tuple[str, ...]
    bytes: int


def contents(archive: Path) -> Contents:
    """Return what is in a tar, which may be compressed with gzip, bzip2 or xz; raise ArchiveError.

    Every member must be below ./opt/kata: a file, a folder, or a link that stays there. Refused are a device,
    a set-user-id bit, an absolute name, a `..`, a link that leads out, and a member behind a link.
    """
    names: dict[str, tarfile.TarInfo] = {}
    above: set[str] = set()
    size = 0
    for member in _members(archive):
        name = _name(member.name, folder=member.isdir())
        _check(member, name)
        if not name:
            continue
        _check_order(member, name, names, above)
        names[name] = member
        above.update(str(parent) for parent in PurePosixPath(name).parents)
        if len(names) > MAX_MEMBERS:
            raise ArchiveError(f"more than {MAX_MEMBERS} members", OTHER_ARCHIVE)
        if (size := size + member.size) > MAX_BYTES:
            raise ArchiveError(f"more than {MAX_BYTES >> 30} GiB of files", OTHER_ARCHIVE)
    if not names:
        raise ArchiveError("nothing in it is below ./opt/kata: not a kata-static archive", OTHER_ARCHIVE)
    return Contents(
        tuple(sorted({*names, *above} - {"."})),
        sum(member.size for member in names.values() if member.isreg()),
    )


def _members(archive: Path) -> Iterator[tarfile.TarInfo]:
    """Yield the members of a tar; raise ArchiveError if it is not a tar or is cut short."""
    try:
        with tarfile.open(archive) as tar:
            yield from tar
            if tar.fileobj and tar.fileobj.read(len(END)) != END:
                raise ArchiveError("not a whole tar archive (it has no end)", NEW_COPY)
            while tar.fileobj and tar.fileobj.read(1 << 20):
                pass  # only the end of a compressed file shows whether it is cut
    except (tarfile.TarError, EOFError, OSError, ValueError, lzma.LZMAError, zlib.error) as error:
        raise ArchiveError(f"not a whole tar archive ({error})", NEW_COPY) from error


def _name(text: str, *, folder: bool) -> str:
    """Return a member's path below /opt/kata. It is empty for /opt/kata itself and the folders above it."""
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts:
        raise _refused(text, "an absolute path, or one with `..`")
    parts = path.parts
    if parts[:2] == ROOT.parts[1:]:
        return "/".join(parts[2:])
    if folder and parts == ROOT.parts[1 : len(parts) + 1]:
        return ""
    raise _refused(text, "not below ./opt/kata")


def _refused(name: str, why: str) -> ArchiveError:
    """Return the error for the member `name`, which is refused because of `why`."""
    return ArchiveError(f"{name!a}: {why}", OTHER_ARCHIVE)


def _check(member: tarfile.TarInfo, name: str) -> None:
    """Raise ArchiveError for a member that can do harm by itself."""
    if member.mode & (stat.S_ISUID | stat.S_ISGID):
        raise _refused(member.name, "has a set-user-id or set-group-id bit")
    if member.issym():
        target = posixpath.normpath(posixpath.join(ROOT, posixpath.dirname(name), member.linkname))
        if not name or not _is_below_root(target) or _goes_up_late(member.linkname):
            raise _refused(member.name, f"a link to {member.linkname!a}, out of /opt/kata")
    elif member.islnk():
        target = posixpath.normpath(posixpath.join("/", member.linkname))
        if not name or ".." in PurePosixPath(member.linkname).parts or not _is_below_root(target):
            raise _refused(member.name, f"a hard link to {member.linkname!a}, out of /opt/kata")
    elif not (member.isreg() or member.isdir()) or (not name and not member.isdir()):
        raise _refused(member.name, "neither file, folder nor link")


def _check_order(
    member: tarfile.TarInfo, name: str, names: Mapping[str, tarfile.TarInfo], above: Collection[str]
) -> None:
    """Raise ArchiveError for a member that can do harm because of an earlier one.

    A name may be a link or a file only once, and nothing may be below it: a later member would be written to
    wherever the link leads. `above` are the folders that contain a member of `names`.
    """
    if not member.isdir() and (name in names or name in above):
        raise _refused(member.name, "is in it twice")
    for path in (name, *map(str, PurePosixPath(name).parents)):
        if path in names and not names[path].isdir():
            why = "is in it twice" if path == name else f"lies behind {path!a}, which is no folder"
            raise _refused(member.name, why)
    if member.islnk():
        target = names.get(_name(member.linkname.lstrip("/"), folder=False))
        if target is None or not target.isreg():
            raise _refused(member.name, f"a hard link to {member.linkname!a}, which is no file before it")


def _goes_up_late(target: str) -> bool:
    """Return whether a link's target has a `..` after a name, which may be a link itself."""
    return ".." in dropwhile("..".__eq__, PurePosixPath(target).parts)


def _is_below_root(path: str) -> bool:
    """Return whether a normalized path is below /opt/kata."""
    return path.startswith(f"{ROOT}/")


def unpack(archive: Path, to: Path) -> None:
    """Unpack an archive that `contents` has accepted into the new folder `to`; raise ArchiveError.

    The files belong to the caller. Folders get mode 0755, files 0755 or 0644. A link to a path in /opt/kata
    gets a relative target, so that it holds wherever the folder is.
    """
    to.mkdir(mode=0o755)
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                name = _name(member.name, folder=member.isdir())
                _check(member, name)
                if name:
                    _create(tar, member, to / name, to)
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise ArchiveError(f"not a whole tar archive ({error})", NEW_COPY) from error


def _create(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path, root: Path) -> None:
    """Create the file, folder or link of one member at `path`, below the folder `root`."""
    if member.isdir():
        path.mkdir(mode=0o755, parents=True, exist_ok=True)
        return
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    if member.issym():
        path.symlink_to(_relative(member.linkname, path.relative_to(root)))
    elif member.islnk():
        path.hardlink_to(root / _name(member.linkname.lstrip("/"), folder=False))
    elif source := tar.extractfile(member):
        with path.open("xb") as file:
            shutil.copyfileobj(source, file)
        path.chmod(0o755 if member.mode & EXECUTABLE else 0o644)


def _relative(target: str, link: Path) -> str:
    """Return the target of a link as a path from its folder; `link` is its path below /opt/kata."""
    return posixpath.relpath(target, ROOT / link.parent) if target.startswith("/") else target


def find_shim(members: Sequence[str]) -> str:
    """Return the path of the shim below /opt/kata, given the members; raise ArchiveError if there is none."""
    for path in SHIMS:
        if path in members:
            return path
    raise ArchiveError(f"no shim in it: neither {' nor '.join(SHIMS)}", "name a kata-static archive")
