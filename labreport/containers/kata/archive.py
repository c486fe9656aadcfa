"""A kata-static archive: what may be in it, and what it becomes below /opt/kata."""

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
"""Where releases have the shim of runtime-rs: beside the Go one until 4.0, in its place since."""

CONFIGURATION = "share/defaults/kata-containers/runtime-rs/configuration-dragonball.toml"

END = bytes(512)
"""A tar ends with two blocks of zeros: Python takes one that is cut at a member's edge for whole."""

MAX_MEMBERS = 100_000
EXECUTABLE = 0o111


class ArchiveError(LabError):
    """An archive that is refused; the text names the member and what is wrong with it."""


@dataclass(frozen=True)
class Contents:
    """What an archive holds: all paths below /opt/kata, folders included, and the bytes of its files."""

    members: tuple[str, ...]
    bytes: int


def contents(archive: Path) -> Contents:
    """Return what is in a tar, compressed in a way that Python reads or not; raise ArchiveError.

    Everything has to be below ./opt/kata: files, folders, and links that stay there. A device, a set-user-id
    bit, an absolute name, a `..`, a link that leads out, or a member behind a link is refused.
    """
    names: dict[str, tarfile.TarInfo] = {}
    above: set[str] = set()
    for member in _members(archive):
        name = _name(member.name, folder=member.isdir())
        _check(member, name)
        if not name:
            continue
        _check_order(member, name, names, above)
        names[name] = member
        above.update(str(parent) for parent in PurePosixPath(name).parents)
        if len(names) > MAX_MEMBERS:
            raise ArchiveError(f"more than {MAX_MEMBERS} members")
    if not names:
        raise ArchiveError("nothing in it is below ./opt/kata: not a kata-static archive")
    return Contents(
        tuple(sorted({*names, *above} - {"."})),
        sum(member.size for member in names.values() if member.isreg()),
    )


def _members(archive: Path) -> Iterator[tarfile.TarInfo]:
    """Yield the members of a tar; raise ArchiveError where it is none or is cut short."""
    try:
        with tarfile.open(archive) as tar:
            yield from tar
            if tar.fileobj and tar.fileobj.read(len(END)) != END:
                raise ArchiveError("not a whole tar archive (it has no end): get it anew")
            while tar.fileobj and tar.fileobj.read(1 << 20):
                pass  # a compressed file that is cut says so at its own end only
    except (tarfile.TarError, EOFError, OSError, ValueError, lzma.LZMAError, zlib.error) as error:
        raise ArchiveError(f"not a whole tar archive ({error}): get it anew") from error


def _name(text: str, *, folder: bool) -> str:
    """Return a member's path below /opt/kata, empty for that folder and those above it."""
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts:
        raise ArchiveError(f"{text!a}: an absolute path, or one with `..`")
    parts = path.parts
    if parts[:2] == ROOT.parts[1:]:
        return "/".join(parts[2:])
    if folder and parts == ROOT.parts[1 : len(parts) + 1]:
        return ""
    raise ArchiveError(f"{text!a}: not below ./opt/kata")


def _check(member: tarfile.TarInfo, name: str) -> None:
    """Raise ArchiveError for a member that could do harm by itself."""
    if member.mode & (stat.S_ISUID | stat.S_ISGID):
        raise ArchiveError(f"{member.name!a}: has a set-user-id or set-group-id bit")
    if member.issym():
        target = posixpath.normpath(posixpath.join(ROOT, posixpath.dirname(name), member.linkname))
        if not name or not _below(target) or _goes_up_late(member.linkname):
            raise ArchiveError(f"{member.name!a}: a link to {member.linkname!a}, out of /opt/kata")
    elif member.islnk():
        target = posixpath.normpath(posixpath.join("/", member.linkname))
        if not name or ".." in PurePosixPath(member.linkname).parts or not _below(target):
            raise ArchiveError(f"{member.name!a}: a hard link to {member.linkname!a}, out of /opt/kata")
    elif not (member.isreg() or member.isdir()) or (not name and not member.isdir()):
        raise ArchiveError(f"{member.name!a}: neither file, folder nor link")


def _check_order(
    member: tarfile.TarInfo, name: str, names: Mapping[str, tarfile.TarInfo], above: Collection[str]
) -> None:
    """Raise ArchiveError for a member that could do harm through one before it.

    A link or a file stays one to the end and has nothing below it: what is written at a name goes there.
    `above` are the folders that something in `names` is in.
    """
    if not member.isdir() and (name in names or name in above):
        raise ArchiveError(f"{member.name!a}: is in it twice")
    for path in (name, *map(str, PurePosixPath(name).parents)):
        if path in names and not names[path].isdir():
            what = "is in it twice" if path == name else f"lies behind {path!a}, which is no folder"
            raise ArchiveError(f"{member.name!a}: {what}")
    if member.islnk():
        target = names.get(_name(member.linkname.lstrip("/"), folder=False))
        if target is None or not target.isreg():
            raise ArchiveError(
                f"{member.name!a}: a hard link to {member.linkname!a}, which is no file before it"
            )


def _goes_up_late(target: str) -> bool:
    """Return whether a link's target has a `..` behind a name: where that leads, another link may decide."""
    return ".." in dropwhile("..".__eq__, PurePosixPath(target).parts)


def _below(path: str) -> bool:
    return path.startswith(f"{ROOT}/")


def unpack(archive: Path, to: Path) -> None:
    """Unpack an archive whose contents were looked at into the folder `to`, as root's; raise ArchiveError."""
    to.mkdir(mode=0o755)
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                name = _name(member.name, folder=member.isdir())
                _check(member, name)
                if name:
                    _make(tar, member, to / name, to)
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise ArchiveError(f"not a whole tar archive ({error}): get it anew") from error


def _make(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path, root: Path) -> None:
    """Make one member."""
    if member.isdir():
        path.mkdir(mode=0o755, parents=True, exist_ok=True)
        return
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    if member.issym():
        path.symlink_to(member.linkname)
    elif member.islnk():
        path.hardlink_to(root / _name(member.linkname.lstrip("/"), folder=False))
    elif source := tar.extractfile(member):
        with path.open("xb") as file:
            shutil.copyfileobj(source, file)
        path.chmod(0o755 if member.mode & EXECUTABLE else 0o644)


def shim(members: Sequence[str]) -> str:
    """Return the shim's path below /opt/kata; raise ArchiveError if there is none."""
    for path in SHIMS:
        if path in members:
            return path
    raise ArchiveError(f"no shim in it: neither {' nor '.join(SHIMS)}")
