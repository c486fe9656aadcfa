"""Unpack the evidence of a crate: a zip from a stranger, of which nothing else is written."""

import stat
import struct
import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import BinaryIO

from labreport.capture.adopt import MAX_MEMBERS, NOTHING_TAKEN, SHOWN, unpacked
from labreport.capture.store import StoreError
from labreport.contract.fields import MAX_BYTES, is_evidence_path

BELOW = "evidence/"
"""The folder of a crate that has the evidence of its labs."""

ZIP = b"PK\x03\x04"
END = struct.Struct("<4s4H2LH")
"""The record at the end of a zip: the size of the list of its members is the sixth value."""
MAX_LIST = MAX_MEMBERS * 1100
"""Bytes that the list of members may have: Python reads all of it."""


def is_zip(stream: BinaryIO) -> bool:
    """Return whether a file begins as a zip does; it is read from its start again."""
    start = stream.read(len(ZIP))
    stream.seek(0)
    return start == ZIP


def unzip(stream: BinaryIO, to: Path) -> None:
    """Unpack what is below evidence/ of a crate into the folder `to`: regular files of at most MAX_BYTES.

    Raise StoreError for anything else, because a crate from another machine is not trusted: for links, paths
    that are not plain, names that are there twice, encryption, unusual compression, a zip with a comment or
    of more than 4 GiB, more than MAX_MEMBERS members or MAX_TOTAL bytes.
    """
    errors = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
    with unpacked(to, "crate", errors) as members:
        _check_list(stream)
        with zipfile.ZipFile(stream) as archive:
            names: set[str] = set()
            for member in archive.infolist():
                name = member.filename.removesuffix("/")
                members.check(member.filename, name, member.file_size, _rules(member, name, names))
                names.add(name)
            for member in archive.infolist():
                if member.filename.startswith(BELOW) and not member.is_dir():
                    members.write(member.filename.removeprefix(BELOW), _read(archive, member))


def _check_list(stream: BinaryIO) -> None:
    """Raise StoreError unless the zip ends with the record of a list of members that is small."""
    size = stream.seek(0, 2)
    stream.seek(max(size - END.size, 0))
    end = stream.read(END.size)
    stream.seek(0)
    if len(end) < END.size or not end.startswith(b"PK\x05\x06"):
        raise StoreError("the archive is cut, or has something behind its end", NOTHING_TAKEN)
    fields = END.unpack(end)
    if fields[5] > MAX_LIST or fields[4] > MAX_MEMBERS:
        raise StoreError(f"the archive has more than {MAX_MEMBERS} files", NOTHING_TAKEN)


def _rules(member: zipfile.ZipInfo, name: str, names: Collection[str]) -> dict[str, bool]:
    """Return what no member of a crate may be, beside the limits of all archives; `names` came before it."""
    kind = stat.S_IFMT(member.external_attr >> 16)
    plain_kind = {0, stat.S_IFDIR if member.is_dir() else stat.S_IFREG}
    plain_compression = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
    return {
        "it is there twice": name in names,
        "not a plain path of a crate": not is_evidence_path(name) or member.orig_filename != member.filename,
        "not a plain file of a crate": kind not in plain_kind,
        "it is encrypted": bool(member.flag_bits & 0x1),
        "its compression is not deflate": member.compress_type not in plain_compression,
    }


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """Return the bytes of a member; raise StoreError if they are more or fewer than it says."""
    with archive.open(member) as source:
        data = source.read(MAX_BYTES + 1)
    if len(data) != member.file_size:
        what = f"{len(data)} bytes, and it says {member.file_size}"
        raise StoreError(what, NOTHING_TAKEN, path=ascii(member.filename[:SHOWN]))
    return data
