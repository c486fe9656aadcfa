"""A folder is opened step by step, and nothing in it leads out of it."""

import os
import shutil
import socket
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from labreport.contract.folder import MAX_DEPTH, EvidenceError, opened
from labreport.contract.reader import read_evidence


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """Return a folder of the machine with a file that must not be read."""
    folder = tmp_path / "machine"
    folder.mkdir()
    (folder / "x").write_text("secret")
    return folder


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """Return a lab folder with one file."""
    folder = tmp_path / "project/evidence/hosts/pc/lab"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub/x").write_text("evidence")
    return folder


def make_socket(folder: Path, name: str) -> None:
    """Make a socket in a folder whose path may be longer than a socket's address can be."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        socket.socket(socket.AF_UNIX).bind(f"/proc/self/fd/{descriptor}/{name}")
    finally:
        os.close(descriptor)


def test_a_file_is_read(lab: Path) -> None:
    """A regular file below the folder is read."""
    assert read_evidence(lab, "sub/x") == b"evidence"


@pytest.mark.parametrize("level", ["project/evidence", "project/evidence/hosts", "project/evidence/hosts/pc",
                                   "project/evidence/hosts/pc/lab"])  # fmt: skip
def test_a_link_at_any_level_is_refused(lab: Path, secret: Path, tmp_path: Path, level: str) -> None:
    """No part of the way to a set may be a link, and the error names the part."""
    place = tmp_path / level
    below = lab.relative_to(place)
    place.rename(tmp_path / "away")
    (secret / below).mkdir(parents=True, exist_ok=True)
    (secret / below / "x").write_text("secret")
    place.symlink_to(secret)
    with pytest.raises(EvidenceError, match=f"{place.name}/ is a symbolic link"):
        read_evidence(lab, "x")


@pytest.mark.parametrize(
    ("make", "path", "what"),
    [
        (lambda lab, secret: (lab / "s").symlink_to(secret), "s/x", "s/ is a symbolic link"),
        (lambda lab, secret: (lab / "s").symlink_to(secret / "x"), "s", "a symbolic link, not a file"),
        (lambda lab, _secret: os.mkfifo(lab / "s"), "s", "a FIFO, not a file"),
        (lambda lab, _secret: make_socket(lab, "s"), "s",
         "a socket, not a file"),
        (lambda lab, _secret: (lab / "s").write_text("x"), "s/x", "s is a file, not a folder"),
        (lambda lab, _secret: os.mkfifo(lab / "s"), "s/x", "s is a FIFO, not a folder"),
        (lambda _lab, _secret: None, "../lab/sub/x", "leaves the evidence folder"),
        (lambda _lab, _secret: None, "/sub/x", "is not a plain relative path"),
        (lambda _lab, _secret: None, "sub//x", "is not a plain relative path"),
        (lambda _lab, _secret: None, "gone/x", "no such file"),
        (lambda _lab, _secret: None, "sub", "a directory, not a file"),
        (lambda _lab, _secret: None, "a" * 300, "is longer than a path may be"),
        (lambda _lab, _secret: None, "a/" * 600 + "x", "is longer than a path may be"),
    ],
)  # fmt: skip
def test_only_a_regular_file_is_read(
    lab: Path, secret: Path, make: Callable[[Path, Path], object], path: str, what: str
) -> None:
    """Links, FIFOs, sockets and paths that leave the folder are refused, and nothing blocks."""
    make(lab, secret)
    with pytest.raises(EvidenceError) as raised:
        read_evidence(lab, path)
    assert what in str(raised.value)


@pytest.mark.skipif(os.geteuid() != 0, reason="not root: no devices")
def test_a_device_is_not_opened(lab: Path) -> None:
    """A device is refused before it is opened, because that may act on it: this one makes a terminal."""
    os.mknod(lab / "ptmx", 0o20666, os.makedev(5, 2))
    before = set(Path("/dev/pts").iterdir())
    real = os.open
    made: list[Path] = []

    def opening(*words: Any, **options: Any) -> int:
        descriptor = real(*words, **options)
        made.extend(set(Path("/dev/pts").iterdir()) - before)
        return descriptor

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "open", opening)
        with pytest.raises(EvidenceError, match="a device, not a file"):
            read_evidence(lab, "ptmx")
    assert made == []


def test_size_is_bounded(lab: Path) -> None:
    """A file over the limit is refused, also a sparse one, without reading it."""
    os.truncate(lab / "sub/x", 1 << 40)
    with opened(lab) as folder, pytest.raises(EvidenceError, match="1099511627776 bytes, at most 8388608"):
        folder.read("sub/x")
    os.truncate(lab / "sub/x", 9)
    with opened(lab) as folder:
        assert folder.read("sub/x", limit=9) == b"evidence\0"
        with pytest.raises(EvidenceError, match="9 bytes, at most 8"):
            folder.read("sub/x", limit=8)


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda place, secret: place.symlink_to(secret / "x"), r"cannot be read \(Too many levels"),
        (lambda place, _secret: os.mkfifo(place), "a FIFO, not a file"),
        (lambda _place, _secret: None, r"cannot be read \(No such file"),
    ],
)
def test_a_file_that_is_replaced_before_it_is_opened(
    lab: Path, secret: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path, Path], object], what: str
) -> None:
    """What was a file when it was looked at, and is none when it is opened, is refused as well."""
    make(lab / "s", secret)
    monkeypatch.setattr("labreport.contract.folder._mode", lambda *_entry: stat.S_IFREG)
    with pytest.raises(EvidenceError, match=what):
        read_evidence(lab, "s")


def test_a_set_that_is_not_there(tmp_path: Path) -> None:
    """Its files are missing, too."""
    with pytest.raises(EvidenceError, match="x: no such file"):
        read_evidence(tmp_path / "gone", "x")


def test_depth_and_number_are_bounded(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with too many levels or files is refused."""
    monkeypatch.setattr("labreport.contract.folder.MAX_FILES", 100)
    with opened(lab) as folder:
        assert [entry.path for entry in folder.entries()] == ["sub", "sub/x"]
    deep = lab / "/".join(["d"] * (MAX_DEPTH + 1))
    deep.mkdir(parents=True)
    with opened(lab) as folder:
        assert len(list(folder.entries())) == MAX_DEPTH + 3
    (deep / "d").mkdir()
    with opened(lab) as folder, pytest.raises(EvidenceError, match="more than 32 levels"):
        list(folder.entries())
    shutil.rmtree(lab / "d")
    for number in range(98):
        (lab / f"n{number}").write_text("")
    with opened(lab) as folder:
        assert len(list(folder.entries())) == 100
    (lab / "last").write_text("")
    with opened(lab) as folder, pytest.raises(EvidenceError, match="more than 100 files"):
        list(folder.entries())


def test_hidden_entries(lab: Path) -> None:
    """An entry is hidden if its own name begins with a dot, and can be left out with what is below it."""
    (lab / ".away/x").mkdir(parents=True)
    (lab / "sub/.hidden").write_text("")
    with opened(lab) as folder:
        hidden = {entry.path: entry.is_hidden for entry in folder.entries()}
        shown = [entry.path for entry in folder.entries(lambda entry: entry.is_hidden)]
    assert hidden == {".away": True, ".away/x": False, "sub": False, "sub/.hidden": True, "sub/x": False}
    assert shown == ["sub", "sub/x"]


def test_a_link_is_listed_and_not_followed(lab: Path, secret: Path) -> None:
    """A walk names links, and does not enter the folders that they lead to."""
    (lab / "s").symlink_to(secret)
    with opened(lab) as folder:
        found = {entry.path: entry.kind for entry in folder.entries()}
    assert found == {"s": "a symbolic link", "sub": "a directory", "sub/x": "a file"}


def test_a_race_never_leads_out(lab: Path, secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that becomes a link before any step of a read never leads to what the link names."""
    really_open, found = os.open, []
    for step in range(20):
        opens = 0

        def opened_late(*words: Any, last: int = step, **options: Any) -> int:
            nonlocal opens
            if opens == last:
                (lab / "sub").rename(lab / "away")
                (lab / "sub").symlink_to(secret)
            opens += 1
            return really_open(*words, **options)

        monkeypatch.setattr(os, "open", opened_late)
        try:
            found.append(read_evidence(lab, "sub/x"))
        except EvidenceError as error:
            found.append(error.what.encode())
        monkeypatch.setattr(os, "open", really_open)
        if opens <= step:
            break
        (lab / "sub").unlink()
        (lab / "away").rename(lab / "sub")
    refused = [text for text in found if text.endswith(b"a symbolic link")]
    assert refused
    assert {*found} - {*refused} == {b"evidence"}


def test_no_descriptor_is_left_open(lab: Path, secret: Path) -> None:
    """Reading, failing and walking close what they opened."""
    (lab / "s").symlink_to(secret)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for path in ("sub/x", "s/x", "gone", "s", "../x"):
        with suppress(EvidenceError):
            read_evidence(lab, path)
    with opened(lab) as folder:
        list(folder.entries())
    assert len(list(Path("/proc/self/fd").iterdir())) == before
