"""Addresses that lead nowhere: the reason is true, nothing is tried in vain, and the proxy is named."""

import os
from hashlib import sha256
from pathlib import Path

import pytest

from labreport.capture import reach
from labreport.capture.cache import archives, folder
from labreport.capture.cache.archives import NoArchiveError, obtain
from labreport.capture.cache.download import DownloadError
from labreport.contract.lab_config import Archive
from tests.capture.cache.server import Server

DEAD = "http://me:secret@127.0.0.1:1"


def obtained(server: Server) -> str:
    """Obtain what a server has; return the error."""
    with pytest.raises((NoArchiveError, DownloadError)) as caught:
        obtain(Archive(url=server.url, sha256="0" * 64, archive_env="TEST_ARCHIVE"), lambda _text: None)
    return str(caught.value)


@pytest.mark.parametrize(
    ("named", "why"),
    [
        ("file:///etc/passwd", "TEST_ARCHIVE: 'file:///etc/passwd' is no address of http or https"),
        ("http://127.0.0.1:80b/x", "TEST_ARCHIVE: 'http://127.0.0.1:80b/x' is no address: "),
        ("http://127.0.0.1/a b", "TEST_ARCHIVE: 'http://127.0.0.1/a b' has a character that"),
        ("http://me:secret@127.0.0.1/x", "TEST_ARCHIVE: the address has a user name or a password"),
    ],
)
def test_a_variable_that_names_no_address(
    server: Server, monkeypatch: pytest.MonkeyPatch, named: str, why: str
) -> None:
    """Nobody is asked. `lab doctor` and a collect say the same."""
    monkeypatch.setenv("TEST_ARCHIVE", named)
    wanted = Archive(url=server.url, sha256="0" * 64, archive_env="TEST_ARCHIVE")
    assert archives.missing(wanted).startswith(why)
    assert obtained(server).startswith(why)
    assert "secret" not in obtained(server)
    assert archives.to_download(wanted) is None
    assert server.behaviour.requests == []


@pytest.mark.parametrize("location", ["http://[bad/", "http://127.0.0.1:abc/", "http://a..b/"])
def test_a_redirect_to_what_is_no_address(server: Server, location: str) -> None:
    """It is the server's fault, and is not tried again."""
    server.behaviour.location = location
    assert "127.0.0.1 redirects to what is no address: download it elsewhere" in obtained(server)
    assert len(server.behaviour.requests) == 1


def test_a_proxy_that_does_not_answer(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy is named, by its variable and without its password, before a download, too."""
    monkeypatch.setenv("http_proxy", DEAD)
    monkeypatch.delenv("no_proxy", raising=False)
    who = "the proxy 127.0.0.1 (http_proxy)"
    said = obtained(server)
    assert f": {who} cannot be reached (connection refused): correct or unset http_proxy" in said
    assert reach.unreachable_address(server.url) == f"{who}: connection refused"
    monkeypatch.setenv("http_proxy", server.url)
    assert reach.unreachable_address("http://example.invalid/x") == "", "the proxy takes connections"


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:abc", "http://[bad", "http://:80"])
def test_a_proxy_that_is_no_address(server: Server, monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    """The variable is wrong, not the network."""
    monkeypatch.setenv("http_proxy", proxy)
    monkeypatch.delenv("no_proxy", raising=False)
    assert obtained(server).endswith(": http_proxy names no address: correct it, or unset it")
    assert reach.unreachable_address(server.url) == "http_proxy names no address"


def test_what_is_no_entry_is_left_alone(server: Server, cache: Path, tmp_path: Path) -> None:
    """A file or a link in the cache keeps nobody from listing and cleaning it."""
    wanted = Archive(url=server.url, sha256=sha256(server.behaviour.data).hexdigest())
    obtain(wanted, lambda _text: None).close()
    (cache / "notes.txt").write_text("mine")
    (cache / "elsewhere").symlink_to(tmp_path)
    assert [row.sha256 for row in folder.listed()] == [wanted.sha256]
    freed, kept = folder.clean()
    assert (freed, kept) == (len(server.behaviour.data), [])
    assert sorted(os.listdir(cache)) == ["elsewhere", "notes.txt"]  # noqa: PTH208 # names only
