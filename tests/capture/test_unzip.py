"""A crate from a stranger: its evidence is unpacked, or nothing is."""

import io
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from labreport.capture.store import StoreError
from labreport.capture.unzip import is_zip, unzip
from labreport.contract.fields import MAX_BYTES
from labreport.report.export.archive import zip_of


def unpacked(data: bytes, to: Path) -> dict[str, bytes]:
    """Unpack a zip into a new folder; return the files that are there, by their paths."""
    to.mkdir()
    unzip(io.BytesIO(data), to)
    return {path.relative_to(to).as_posix(): path.read_bytes() for path in to.rglob("*") if path.is_file()}


def test_only_evidence_is_unpacked(tmp_path: Path) -> None:
    """Files of a crate that are no evidence stay in it; names may have blanks and any letter."""
    files = {"evidence/lab/a b/ü.txt": b"x", "evidence/lab/records/r.json": b"{}", "report.md": b"#"}
    assert unpacked(zip_of(files), tmp_path / "x") == {"lab/a b/ü.txt": b"x", "lab/records/r.json": b"{}"}
    assert is_zip(io.BytesIO(zip_of(files)))
    assert not is_zip(io.BytesIO(b"tar"))


def member(name: str, data: bytes = b"x", **given: int) -> bytes:
    """Return a zip with one member that has these fields."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        info = zipfile.ZipInfo(name)
        for field, value in given.items():
            setattr(info, field, value)
        archive.writestr(info, data)
    return written.getvalue()


def twice(name: str, other: str) -> bytes:
    """Return a zip with two members."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive, pytest.warns() if name == other else io.BytesIO():
        archive.writestr(name, b"1")
        archive.writestr(other, b"2")
    return written.getvalue()


def lying(data: bytes, at: int, size: int) -> bytes:
    """Return a zip whose one member says another size, in the list and before its bytes."""
    start = data.index(b"PK\x01\x02")
    listed = data[: start + at] + struct.pack("<L", size) + data[start + at + 4 :]
    return listed[: at - 2] + struct.pack("<L", size) + listed[at + 2 :]


LINK, FIFO = (stat.S_IFLNK | 0o777) << 16, (stat.S_IFIFO | 0o644) << 16
GOOD = member("evidence/lab/a.txt", b"a" * 100)


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda: member("../evil"), "not a plain path of a crate"),
        (lambda: member("evidence/../../evil"), "not a plain path of a crate"),
        (lambda: member("/etc/evil"), "not a plain path of a crate"),
        (lambda: member("evidence\\evil"), "not a plain path of a crate"),
        (lambda: member("evidence/lab/.hidden"), "not a plain path of a crate"),
        (lambda: member("evidence/a\nb"), "not a plain path of a crate"),
        (lambda: member("evidence/" + "d/" * 40 + "x"), "folders of more than 32 levels"),
        (lambda: member("evidence/link", external_attr=LINK), "not a plain file of a crate"),
        (lambda: member("evidence/fifo", external_attr=FIFO), "not a plain file of a crate"),
        (lambda: twice("evidence/a", "evidence/a"), "it is there twice"),
        (lambda: twice("evidence/a", "evidence/a/b"), "has a path twice"),
        (lambda: member("evidence/big", bytes(MAX_BYTES + 1)), f"at most {MAX_BYTES}"),
        (lambda: lying(GOOD, 24, 5), "not a crate"),
        (lambda: lying(GOOD, 24, MAX_BYTES), "and it says"),
        (lambda: GOOD[:-5], "is cut"),
        (lambda: GOOD + b"more", "is cut"),
        (lambda: GOOD[:35] + b"\xff\xff\xff" + GOOD[38:], "not a crate"),
        (lambda: GOOD[:-12] + struct.pack("<H", 60_000) + GOOD[-10:], "more than 10000 files"),
        (lambda: b"PK\x03\x04", "is cut"),
    ],
)  # fmt: skip
def test_what_no_crate_has_is_refused(make: Callable[[], bytes], what: str, tmp_path: Path) -> None:
    """Ways out, links, devices, doubles, bombs, sizes that are not true, cuts. Nothing is written outside."""
    with pytest.raises(StoreError, match=what):
        unpacked(make(), tmp_path / "inside")
    assert [path.name for path in tmp_path.iterdir()] == ["inside"]


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    """It is named, and no password is asked for."""
    start = GOOD.index(b"PK\x01\x02")
    locked = GOOD[:6] + b"\x01\x00" + GOOD[8 : start + 8] + b"\x01\x00" + GOOD[start + 10 :]
    with pytest.raises(StoreError, match="it is encrypted"):
        unpacked(locked, tmp_path / "x")


@pytest.mark.slow
def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    """Many members that are small in the zip have too many bytes together."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(33):
            archive.writestr(f"evidence/{number}", bytes(MAX_BYTES))
    with pytest.raises(StoreError, match="bytes together"):
        unpacked(written.getvalue(), tmp_path / "x")
    assert not list((tmp_path / "x").iterdir())
