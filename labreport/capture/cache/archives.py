"""The archives of lab.yml: each is a file that the environment names, or is downloaded once."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from urllib.parse import urlsplit

from labreport.capture import reach
from labreport.capture.cache.download import Download, OnStep
from labreport.capture.cache.folder import ARCHIVE, PART, TREE, CacheEntry, cache_folder, use
from labreport.contract.errors import ExitStatus, LabError
from labreport.contract.lab_config import Archive, http_address
from labreport.contract.records import InstalledArchive
from labreport.contract.user_cache import PRIVATE

UNPACKING = "unpacking"
"""A folder in an entry for the tree until it is whole, and for what it takes to unpack it."""

DIGEST = re.compile(r"[0-9a-f]{64}")
OTHER_RUN = "waiting for another run, which downloads or unpacks the same archive"


class NoArchiveError(LabError):
    """An archive cannot be had: nothing names it, or its hash is not the one that is expected."""

    exit_status = ExitStatus.CANNOT_RUN


@dataclass(frozen=True)
class ArchiveSource:
    """Where an archive comes from: `named` is a path or an address, and `label` says which in records.

    `sha256` is the hash that is expected, and empty if nobody states one. `is_stated` is False for a file
    that the user named without a hash: then lab.yml's is a comparison, not a condition.
    """

    named: str
    label: str
    sha256: str
    is_stated: bool

    @property
    def is_address(self) -> bool:
        """Whether it has to be downloaded."""
        return "://" in self.named

    @property
    def name(self) -> str:
        """The name of the file."""
        return file_name(self.named)


@dataclass(frozen=True)
class HeldArchive:
    """An archive that is there, and stays until it is closed: the file, and the tree if it is unpacked.

    `stated` is the hash that it is held against.
    """

    file: Path
    name: str
    stated: str
    used: InstalledArchive
    entry: CacheEntry

    @property
    def tree(self) -> Path:
        """The folder that it was unpacked into."""
        return self.entry.path / TREE

    def close(self) -> None:
        """Let `lab cache clean` remove it from now on."""
        self.entry.close()


def file_name(named: str) -> str:
    """Return the name of the file that a path or an address ends in.

    The box puts a prefix of hexadecimal digits before the name of what it is sent.

    >>> file_name("https://example.org/x/kata-static-3.23.0-amd64.tar.zst?raw=1")
    'kata-static-3.23.0-amd64.tar.zst'
    """
    last = (urlsplit(named).path if "://" in named else named).rstrip("/").rpartition("/")[2]
    return re.sub(r"^[0-9a-f]+-(?=kata-static)", "", last) or "archive"


def source(wanted: Archive) -> ArchiveSource:
    """Return where an archive comes from; raise NoArchiveError.

    The variable that lab.yml names as archive_env may name a file, or the address of a mirror. A hash that is
    stated for it, in the variable with `_SHA256` or in a .sha256 file beside it, is the one that is expected;
    otherwise it is lab.yml's, for a mirror, too.
    """
    variable = wanted.archive_env
    named = os.environ.get(variable, "") if variable else ""
    is_file = bool(named) and "://" not in named
    if named and not is_file:
        try:
            http_address(named)
        except ValueError as error:
            what = f"{variable}: {error}"
            raise NoArchiveError(what, "name a file by its path, or an address of http or https") from error
    if not named and not wanted.url:
        raise NoArchiveError(f"{variable or 'its address'} is not set", f"name an archive in {variable}")
    if is_file and not Path(named).is_file():
        raise NoArchiveError(f"{variable} names no file", f"name an archive in {variable}, or unset it")
    stated = _stated(variable, named if is_file else "")
    expected = stated or wanted.sha256
    if not DIGEST.fullmatch(expected):
        how = f"name its SHA-256 in {variable}_SHA256, put a .sha256 file beside it, or add it to lab.yml"
        raise NoArchiveError("no checksum is stated for the archive", how)
    if is_file:
        label = f"a local file ({variable})"
    elif named:
        label = f"a mirror ({variable})" if expected == wanted.sha256 else f"an address ({variable})"
    else:
        label = "the address in lab.yml"
    return ArchiveSource(named or wanted.url, label, expected, bool(stated) or "://" in (named or wanted.url))


def _stated(variable: str, file: str) -> str:
    """Return the hash that the user states, in a variable or beside the file; empty if there is none."""
    stated = os.environ.get(f"{variable}_SHA256", "") if variable else ""
    beside = Path(f"{file}.sha256")
    if file and not stated and beside.is_file():
        stated = beside.read_text(errors="replace")
    return (stated.split() or [""])[0].lower()


def missing(wanted: Archive) -> str:
    """Return why an archive cannot be had, or an empty text if it probably can. Nothing is downloaded."""
    try:
        found = source(wanted)
    except NoArchiveError as error:
        return error.what
    if not found.is_address or cached_file(found.sha256):
        return ""
    if why := reach.unreachable_address(found.named):
        return f"its archive is not in the cache, and {why}"
    return ""


def to_download(wanted: Archive) -> ArchiveSource | None:
    """Return where an archive would be downloaded from, or None if it would not be."""
    try:
        found = source(wanted)
    except NoArchiveError:
        return None
    return found if found.is_address and not cached_file(found.sha256) else None


def remedy(wanted: Archive) -> str:
    """Return how an archive is brought to a host that cannot download it."""
    if wanted.archive_env:
        return f"download it elsewhere, then {wanted.archive_env}=FILE lab collect"
    return f"when there is a network: lab cache add {wanted.url}"


def cached_file(digest: str) -> Path | None:
    """Return the path of the archive with this hash in the cache, or None if it is not there whole."""
    file = cache_folder() / digest / ARCHIVE
    return file if digest and file.is_file() and not file.is_symlink() else None


def obtain(
    wanted: Archive, on_step: OnStep, unpack: Callable[[Path, str, Path], None] | None = None
) -> HeldArchive:
    """Return an archive, downloaded if it is not in the cache, and unpacked by `unpack` if that is given.

    `unpack` takes the file, its name, and the folder to make, which gets its place when it is whole. Raise
    NoArchiveError, DownloadError, CacheError, and the errors of `unpack`.
    """
    found = source(wanted)
    digest = found.sha256 if found.is_address else _checked(found)
    entry = use(digest)
    try:
        with entry.making(lambda: on_step(OTHER_RUN)):
            file = _file(found, entry, on_step)
            if unpack and not entry.has(TREE):
                on_step(f"unpacking {found.name}")
                _unpack(entry, lambda to: unpack(file, found.name, to))
    except BaseException:
        entry.close()
        raise
    used = InstalledArchive(
        url=wanted.url,
        pinned=wanted.sha256,
        sha256=digest,
        is_pinned=digest == wanted.sha256,
        source=found.label,
    )
    return HeldArchive(file, found.name, found.sha256, used, entry)


def _checked(found: ArchiveSource) -> str:
    """Return the hash of a local file; raise NoArchiveError if another one is stated."""
    with Path(found.named).open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
    if found.is_stated and digest != found.sha256:
        raise _other_hash(found.name, digest, found.sha256)
    return digest


def _other_hash(name: str, found: str, expected: str, what: str = "") -> NoArchiveError:
    remedy = "get it again, and compare the hash with its publisher's"
    return NoArchiveError(f"{name}: its SHA-256 is {found}, expected is {expected}{what}", remedy)


def _file(found: ArchiveSource, entry: CacheEntry, on_step: OnStep) -> Path:
    """Return the file, downloaded if it is not in the locked entry."""
    if not found.is_address:
        entry.note(name=found.name)
        return Path(found.named).absolute()
    if not entry.has(ARCHIVE):
        entry.note(name=found.name, url=found.named)
        digest = Download(found.named, found.name, entry, is_pinned=True).run(on_step)
        if digest != found.sha256:
            entry.remove(PART)
            raise _other_hash(found.name, digest, found.sha256, "; it is deleted")
        entry.rename(PART, ARCHIVE)
    return entry.path / ARCHIVE


def _unpack(entry: CacheEntry, unpack: Callable[[Path], None]) -> None:
    """Unpack into the locked entry. What a killed run has left of it is removed before."""
    entry.remove(UNPACKING)
    os.mkdir(UNPACKING, PRIVATE, dir_fd=entry.folder.descriptor)
    try:
        unpack(entry.path / UNPACKING / TREE)
        entry.rename(f"{UNPACKING}/{TREE}", TREE)
        os.fsync(entry.folder.descriptor)
    finally:
        entry.remove(UNPACKING)


def add(url: str, on_step: OnStep) -> tuple[str, int]:
    """Download a file of unknown hash into the cache; return its SHA-256 and its size in bytes."""
    name = file_name(url)
    entry = use(f"address-{sha256(url.encode()).hexdigest()}")
    try:
        with entry.making(lambda: on_step(OTHER_RUN)):
            entry.note(name=name, url=url)
            digest = Download(url, name, entry, is_pinned=False).run(on_step)
            size = (entry.path / PART).stat().st_size
            _take_over(entry, digest, name, url)
        if entry.is_free():
            entry.discard()
    finally:
        entry.close()
    return digest, size


def _take_over(entry: CacheEntry, digest: str, name: str, url: str) -> None:
    """Make what was downloaded the archive of the entry that its hash names, unless that has it already."""
    target = use(digest)
    try:
        with target.making(lambda: None):
            if not target.has(ARCHIVE):
                target.note(name=name, url=url)
                here, there = entry.folder.descriptor, target.folder.descriptor
                os.rename(PART, ARCHIVE, src_dir_fd=here, dst_dir_fd=there)
            else:
                entry.remove(PART)
    finally:
        target.close()
