"""Downloads: what drops is resumed, what is wrong is deleted, and the next run goes on."""

import hashlib
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from labreport.capture.cache import archives, download, folder
from labreport.capture.cache.archives import NoArchiveError, obtain
from labreport.capture.cache.download import DownloadError
from labreport.contract.lab_config import Archive
from tests.capture.cache.server import NAME, Server

ROOT = Path(__file__).parents[3]


def digest(data: bytes) -> str:
    """Return the SHA-256 of bytes."""
    return hashlib.sha256(data).hexdigest()


def pinned(server: Server) -> Archive:
    """Return the archive of a lab.yml that pins what a server has."""
    return Archive(url=server.url, sha256=digest(server.behaviour.data), archive_env="TEST_ARCHIVE")


def fetch(server: Server) -> bytes:
    """Obtain the archive; return its bytes."""
    held = obtain(pinned(server), lambda _text: None)
    held.close()
    return held.file.read_bytes()


def names(cache: Path) -> list[str]:
    """Return the files in the only entry of the cache."""
    (entry,) = cache.iterdir()
    return sorted(path.name for path in entry.iterdir())


def test_downloaded_once(server: Server, cache: Path) -> None:
    """It is downloaded once, into a folder of this user alone, and named by its hash."""
    texts: list[str] = []
    held = obtain(pinned(server), texts.append)
    held.close()
    assert held.name == NAME
    assert held.file == cache / digest(server.behaviour.data) / "archive"
    assert cache.stat().st_mode & 0o777 == 0o700
    assert any("0.3 MiB of 0.3 MiB (100 %)" in text for text in texts)
    assert held.used.is_pinned
    assert held.used.source == "the address in lab.yml"
    assert fetch(server) == server.behaviour.data
    assert len(server.behaviour.requests) == 1


def test_a_dropped_connection_goes_on(server: Server, cache: Path) -> None:
    """What has come before a drop is not asked for again, as long as something new comes."""
    server.behaviour.cuts = [100_000, 50_000, 1, 0, 0, 10_000]
    assert fetch(server) == server.behaviour.data
    asked = [start for _range, start in server.behaviour.requests]
    assert asked == [0, 100_000, 150_000, 150_001, 150_001, 150_001, 160_001]
    assert names(cache) == ["about.json", "archive", "making"]


def test_it_gives_up_in_one_line_and_the_next_run_goes_on(server: Server) -> None:
    """After a few drops in a row it ends, with the host and what has come. Nothing is lost."""
    server.behaviour.cuts = [1000, *[0] * 9]
    with pytest.raises(DownloadError) as error:
        fetch(server)
    assert str(error.value) == (
        f"{NAME}: 127.0.0.1 drops the connection, after 0.0 MiB: run it again: it goes on"
    )
    server.behaviour.cuts = []
    assert fetch(server) == server.behaviour.data
    assert server.behaviour.requests[-1] == ("bytes=1000-", 1000)


def test_a_server_that_knows_no_ranges(server: Server) -> None:
    """It sends all of it again, and what had come is not put before it."""
    server.behaviour.knows_ranges = False
    server.behaviour.cuts = [200_000]
    assert fetch(server) == server.behaviour.data


def test_a_wrong_checksum_is_deleted(server: Server, cache: Path) -> None:
    """The line has both hashes, nothing of it stays, and the next run downloads all of it."""
    wanted = pinned(server)
    good, server.behaviour.data = server.behaviour.data, b"somebody else's"
    with pytest.raises(NoArchiveError) as error:
        obtain(wanted, lambda _text: None)
    hashes = f"its SHA-256 is {digest(server.behaviour.data)}, expected is {digest(good)}"
    assert str(error.value).startswith(f"{NAME}: {hashes}; it is deleted: ")
    assert names(cache) == ["about.json", "making"]
    server.behaviour.data = good
    assert fetch(server) == good


def test_a_truncated_archive_is_a_wrong_checksum(server: Server, cache: Path) -> None:
    """A server that says that a cut file is whole sends another file."""
    wanted = pinned(server)
    server.behaviour.data = server.behaviour.data[:-1]
    with pytest.raises(NoArchiveError, match="expected is"):
        obtain(wanted, lambda _text: None)
    assert "part" not in names(cache)


@pytest.mark.parametrize("claims", [1000, 5 << 40])
def test_a_server_that_lies_about_the_length(server: Server, claims: int) -> None:
    """Too small: what comes is another file. Too large: it is refused before anything is written."""
    server.behaviour.claims = claims
    with pytest.raises((NoArchiveError, DownloadError), match=r"expected is|at most 4096 MiB"):
        fetch(server)
    assert server.behaviour.sent <= len(server.behaviour.data)


@pytest.mark.parametrize(
    ("claims", "told"),
    [(None, 300_000), (5 << 40, 5 << 40), ("9" * 5000, 0), ("-1", 0), ("", 0), ("0x10", 0)],
)
def test_the_size_is_told_without_a_download(server: Server, claims: int | str | None, told: int) -> None:
    """It is what the server says, or 0 if that is no number. Nothing comes."""
    server.behaviour.claims = claims
    assert download.announced_bytes(server.url) == told
    assert server.behaviour.sent == 0


def test_no_size_from_a_server_that_is_not_there() -> None:
    """An address that does not answer, or that is none, has no size."""
    assert download.announced_bytes("http://127.0.0.1:1/x") == 0
    assert download.announced_bytes("file:///etc/passwd") == 0


def test_a_length_of_thousands_of_digits(server: Server) -> None:
    """It is taken as no length: the hash decides."""
    server.behaviour.claims = "9" * 5000
    assert fetch(server) == server.behaviour.data


def test_a_length_that_never_comes(server: Server) -> None:
    """A server that claims more than it sends drops the connection."""
    server.behaviour.claims = 400_000
    with pytest.raises(DownloadError, match="drops the connection"):
        fetch(server)


@pytest.mark.parametrize(("status", "tries"), [(404, 1), (503, 4)])
def test_an_error_of_the_server(server: Server, status: int, tries: int) -> None:
    """A file that is not there is not asked for again; a server that is busy is, a few times."""
    server.behaviour.status = status
    with pytest.raises(DownloadError, match=rf"127.0.0.1 answers {status}"):
        fetch(server)
    assert len(server.behaviour.requests) == tries


@pytest.mark.slow
def test_a_stalled_connection(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence for some time, and bytes that hardly come, end a connection."""
    monkeypatch.setattr(download, "SLOW_SECONDS", 0.2)
    server.behaviour.pace = 0.05
    with pytest.raises(DownloadError, match="hardly sends anything"):
        fetch(server)
    monkeypatch.setattr(download, "STALL_SECONDS", 0.2)
    server.behaviour.pace = 5
    with pytest.raises(DownloadError, match=r"sends nothing for 0.2 s"):
        fetch(server)


def test_too_little_room_is_seen_before(server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is written where the file would not fit. The line says how much is missing."""
    monkeypatch.setattr(download, "SPARE_BYTES", 1 << 60)
    with pytest.raises(
        DownloadError, match=r"MiB are free, and \d+ MiB are needed: make room \(lab cache clean\)"
    ):
        fetch(server)
    assert (next(cache.iterdir()) / "part").stat().st_size == 0


def test_no_redirect_to_another_scheme(server: Server) -> None:
    """An address of file: or ftp: is opened neither at once nor after a redirect."""
    opener = download._opener()
    with pytest.raises(OSError, match="unknown url type: file"):
        opener.open("file:///etc/passwd")
    handler = download._NoDowngrade()
    request = urllib.request.Request("https://example.org/x")
    for target in ("http://example.org/x", "ftp://example.org/x", "file:///etc/passwd"):
        with pytest.raises(OSError, match="redirects from https to"):
            handler.redirect_request(request, None, 302, "", None, target)  # type: ignore[arg-type]
    del server


RUN = """
import sys
from labreport.capture.cache.archives import obtain
from labreport.contract.lab_config import Archive
held = obtain(Archive(url=sys.argv[1], sha256=sys.argv[2]), lambda text: print(text, flush=True))
print("held", flush=True)
sys.stdin.read()
"""


def start(server: Server) -> "subprocess.Popen[str]":
    """Start a process that obtains the archive, says what it does, and holds it until its input ends."""
    argv = [sys.executable, "-c", RUN, server.url, digest(server.behaviour.data)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(argv, env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def until(process: "subprocess.Popen[str]", word: str) -> None:
    """Read what a process prints until a line has a word."""
    assert process.stdout
    for line in process.stdout:
        if word in line:
            return
    pytest.fail(f"it never said {word!r}")


@pytest.fixture
def processes() -> "Iterator[list[subprocess.Popen[str]]]":
    """Yield a list of processes; kill them afterwards."""
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        process.kill()
        process.communicate()


def test_a_killed_download_goes_on(
    server: Server, cache: Path, processes: "list[subprocess.Popen[str]]"
) -> None:
    """After kill -9 the next run asks only for the rest."""
    server.behaviour.pace = 0.01
    processes.append(start(server))
    until(processes[0], "downloading")
    time.sleep(0.3)
    processes[0].send_signal(signal.SIGKILL)
    processes[0].wait()
    size = (next(cache.iterdir()) / "part").stat().st_size
    assert 0 < size < len(server.behaviour.data)
    server.behaviour.pace = 0
    assert fetch(server) == server.behaviour.data
    assert server.behaviour.requests[-1] == (f"bytes={size}-", size)


def test_two_runs_share_one_download(server: Server, processes: "list[subprocess.Popen[str]]") -> None:
    """The second one waits for the first one, and asks the server for nothing."""
    server.behaviour.pace = 0.005
    processes += [start(server)]
    until(processes[0], "downloading")
    processes += [start(server)]
    until(processes[1], archives.OTHER_RUN)
    server.behaviour.pace = 0
    for process in processes:
        until(process, "held")
    assert len(server.behaviour.requests) == 1


def test_clean_keeps_what_is_used(
    server: Server, cache: Path, processes: "list[subprocess.Popen[str]]"
) -> None:
    """An archive that a run holds stays. When the run has ended, it goes, with the bytes that it had."""
    processes.append(start(server))
    until(processes[0], "held")
    freed, kept = folder.clean()
    assert (freed, [row.name for row in kept]) == (0, [NAME])
    assert fetch(server) == server.behaviour.data
    processes[0].communicate("")
    freed, kept = folder.clean()
    assert freed >= len(server.behaviour.data)
    assert kept == []
    assert list(cache.iterdir()) == []


def test_a_full_disk(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, what has come stays, and with more room the next run goes on."""
    if os.geteuid() != 0:
        pytest.skip("not root: no small disk can be mounted")
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", disk], check=True)
    try:
        monkeypatch.setenv("XDG_CACHE_HOME", str(disk))
        with pytest.raises(DownloadError, match=r"0\.\d MiB are free, and 64 MiB are needed"):
            fetch(server)
        monkeypatch.setattr(download, "_require_room", lambda *_words: None)  # another program takes the room
        with pytest.raises(DownloadError) as error:
            fetch(server)
        assert str(error.value).startswith(f"{NAME}: the disk is full after 0.2 MiB: make room")
        subprocess.run(["mount", "-o", "remount,size=10m", disk], check=True)
        assert fetch(server) == server.behaviour.data
        assert server.behaviour.requests[-1][1] > 0
    finally:
        subprocess.run(["umount", disk], check=True)
