"""Which archive is used, what the record says about it, and who may write in the cache."""

import hashlib
import os
import shutil
from pathlib import Path

import pytest

from labreport.capture.cache import archives, folder
from labreport.capture.cache.archives import NoArchiveError, obtain
from labreport.capture.cache.download import DownloadError
from labreport.contract.lab_config import Archive
from labreport.contract.user_cache import CacheError
from tests.capture.cache.server import NAME, Server

NOBODY = 65534


def silent(_text: str) -> None:
    """Say nothing."""


def digest(data: bytes) -> str:
    """Return the SHA-256 of bytes."""
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def wanted(server: Server) -> Archive:
    """Return the archive of a lab.yml that pins what the server has."""
    return Archive(url=server.url, sha256=digest(server.behaviour.data), archive_env="TEST_ARCHIVE")


def test_a_local_file_is_used(wanted: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that the variable names is used as it is, and the record says whether it is the pinned one."""
    file = tmp_path / "1a2b-kata-static-x.tar.zst"
    file.write_bytes(b"mine")
    monkeypatch.setenv("TEST_ARCHIVE", str(file))
    held = obtain(wanted, silent)
    held.close()
    assert (held.file, held.name) == (file, "kata-static-x.tar.zst")
    assert held.used.sha256 == digest(b"mine")
    assert not held.used.is_pinned
    assert held.used.pinned == wanted.sha256
    assert held.used.source == "a local file (TEST_ARCHIVE)"
    assert str(tmp_path) not in held.used.model_dump_json()
    monkeypatch.setenv("TEST_ARCHIVE_SHA256", "0" * 64)
    with pytest.raises(NoArchiveError, match=f"its SHA-256 is {digest(b'mine')}, expected is 0000"):
        obtain(wanted, silent)


def test_a_checksum_beside_it_holds(wanted: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A .sha256 file beside a local file states its hash, as sha256sum writes it."""
    (tmp_path / "a.tar").write_bytes(b"mine")
    (tmp_path / "a.tar.sha256").write_text(f"{digest(b'other')}  a.tar\n")
    monkeypatch.setenv("TEST_ARCHIVE", str(tmp_path / "a.tar"))
    with pytest.raises(NoArchiveError, match=f"expected is {digest(b'other')}"):
        obtain(wanted, silent)


def test_a_mirror_has_to_send_the_pinned_file(
    server: Server, wanted: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mirror changes where the file comes from, and never which hash is expected."""
    elsewhere = wanted.model_copy(update={"url": "https://example.invalid/x.tar.zst"})
    monkeypatch.setenv("TEST_ARCHIVE", server.url)
    held = obtain(elsewhere, silent)
    held.close()
    assert held.used.source == "a mirror (TEST_ARCHIVE)"
    assert held.used.is_pinned
    folder.clean()
    server.behaviour.data = b"another release"
    with pytest.raises(NoArchiveError, match=f"expected is {wanted.sha256}"):
        obtain(elsewhere, silent)
    monkeypatch.setenv("TEST_ARCHIVE_SHA256", digest(b"another release"))
    held = obtain(elsewhere, silent)
    held.close()
    assert held.used.source == "an address (TEST_ARCHIVE)"
    assert not held.used.is_pinned


def test_what_cannot_be_had(server: Server, wanted: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason is true, and the remedy is the one command that helps."""
    assert archives.missing(wanted) == ""
    elsewhere = wanted.model_copy(update={"url": "https://example.invalid/x.tar.zst"})
    assert archives.missing(elsewhere) == (
        "its archive is not in the cache, and example.invalid: its name is not known here (no network?)"
    )
    assert archives.remedy(elsewhere) == "download it elsewhere, then TEST_ARCHIVE=FILE lab collect"
    unnamed = elsewhere.model_copy(update={"archive_env": ""})
    assert (
        archives.remedy(unnamed) == "when there is a network: lab cache add https://example.invalid/x.tar.zst"
    )
    obtain(wanted, silent).close()
    assert archives.missing(elsewhere) == "", "it is in the cache"
    monkeypatch.setenv("TEST_ARCHIVE", "/nowhere.tar")
    assert archives.missing(wanted) == "TEST_ARCHIVE names no file"
    monkeypatch.setenv("TEST_ARCHIVE", "")
    without = wanted.model_copy(update={"sha256": ""})
    assert archives.missing(without).startswith("no checksum is stated")
    del server


def test_unpacked_once(wanted: Archive) -> None:
    """What was unpacked gets its place when it is whole; what a killed or failed run left is made anew."""
    calls: list[Path] = []

    def unpack(file: Path, name: str, to: Path) -> None:
        """Make a tree with one file, and fail the first time."""
        assert (file.is_file(), name) == (True, NAME)
        calls.append(to)
        to.mkdir()
        if len(calls) == 1:
            raise NoArchiveError("cut")
        (to / "file").write_text("whole")

    with pytest.raises(NoArchiveError, match="cut"):
        obtain(wanted, silent, unpack)
    (folder.cache_folder() / wanted.sha256 / archives.UNPACKING).mkdir()  # as after a kill
    for _time in range(2):
        held = obtain(wanted, silent, unpack)
        held.close()
        assert (held.tree / "file").read_text() == "whole"
    assert len(calls) == 2
    assert not (held.entry.path / archives.UNPACKING).exists()


@pytest.mark.parametrize("what", ["mode", "owner", "link", "link above", "owner above"])
def test_a_cache_of_somebody_else_is_not_used(
    wanted: Archive, cache: Path, tmp_path: Path, what: str
) -> None:
    """The folder and the one above it are this user's alone, and no links: what is in it is run as root."""
    cache.mkdir(mode=0o700, parents=True)
    if what == "mode":
        cache.chmod(0o750)
    elif what.startswith("owner"):
        if os.geteuid() != 0:
            pytest.skip("not root: nothing can be given away")
        os.chown(cache if what == "owner" else cache.parent, NOBODY, NOBODY)
    else:
        place = cache if what == "link" else cache.parent
        shutil.rmtree(cache.parent)
        (tmp_path / "theirs/archives").mkdir(parents=True, mode=0o700)
        place.parent.mkdir(exist_ok=True)
        place.symlink_to(tmp_path / "theirs")
    with pytest.raises(CacheError, match="folder of this user"):
        obtain(wanted, silent)


def test_a_link_in_an_entry_is_not_followed(
    server: Server, wanted: Archive, cache: Path, tmp_path: Path
) -> None:
    """A link in the place of the archive or of the part leads nowhere."""
    (tmp_path / "precious").write_bytes(b"precious")
    for name in ("archive", "part"):
        shutil.rmtree(cache, ignore_errors=True)
        entry = cache / wanted.sha256
        entry.mkdir(parents=True)
        cache.chmod(0o700)
        (entry / name).symlink_to(tmp_path / "precious")
        try:
            held = obtain(wanted, silent)
        except OSError:
            pass
        else:
            held.close()
            assert not held.file.is_symlink()
            assert held.file.read_bytes() == server.behaviour.data
        assert (tmp_path / "precious").read_bytes() == b"precious"


def test_whose_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Root's is in /var/cache, through sudo whatever the caller's variables say; others' is in their home."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert folder.cache_folder() == tmp_path / "cache home/lab/archives"
    monkeypatch.setenv("SUDO_UID", "1000")
    assert folder.cache_folder() == Path("/var/cache/lab/archives")
    monkeypatch.delenv("SUDO_UID")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert folder.cache_folder() == Path("/var/cache/lab/archives")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert folder.cache_folder() == tmp_path / ".cache/lab/archives"


def test_a_file_of_unknown_hash(server: Server, cache: Path) -> None:
    """It goes on only if it is still the same version, and ends in the entry of its hash."""
    server.behaviour.cuts = [100_000, *[0] * 9]
    with pytest.raises(DownloadError, match="drops the connection"):
        archives.add(server.url, silent)
    (row,) = folder.listed()
    assert (row.sha256, row.name, row.url) == ("", NAME, server.url)
    assert row.part_bytes >= 100_000
    server.behaviour.cuts = []
    server.behaviour.version = '"two"'
    server.behaviour.data = bytes(200_000)
    assert archives.add(server.url, silent) == (digest(bytes(200_000)), 200_000)
    assert server.behaviour.requests[-1] == ("bytes=100000-", 0)
    assert archives.add(server.url, silent) == (digest(bytes(200_000)), 200_000)
    assert [path.name for path in cache.iterdir()] == [digest(bytes(200_000))]
    (row,) = folder.listed()
    assert (row.sha256, row.part_bytes, row.in_use) == (digest(bytes(200_000)), 0, False)
