"""lab cache: what it lists, what it adds, what it removes."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.capture.cache.server import NAME, Server, serving
from tests.cli.conftest import ROOT, Shell

DATA = bytes(range(256)) * 500


@pytest.fixture
def server() -> Iterator[Server]:
    """Return a server with a file of 128 KB."""
    with serving(DATA) as running:
        yield running


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Return a shell in an empty folder, with a cache of its own: no project is needed."""
    return Shell(tmp_path)


def test_added_listed_and_removed(shell: Shell, server: Server, tmp_path: Path) -> None:
    """The lines for lab.yml have the hash of what came. The list says from where, clean how many bytes."""
    env = {"XDG_CACHE_HOME": str(tmp_path / "c"), "SUDO_UID": ""}
    empty = shell.lab("cache", **env)
    assert (empty.returncode, empty.stdout) == (0, f"nothing in {tmp_path}/c/lab/archives\n")
    digest = hashlib.sha256(DATA).hexdigest()
    added = shell.lab("cache", "add", server.url, **env)
    assert added.returncode == 0, added.stderr
    assert added.stdout == (
        f"{NAME}: {len(DATA)} bytes, SHA-256 {digest}\narchives:\n  kata:\n    url: {server.url}\n"
        f"    sha256: {digest}\n    archive_env: KATA_ARCHIVE\n"
    )
    assert added.stderr == f"downloading {server.url}\n"
    table = shell.lab("cache", **env).stdout
    assert all(word in table for word in (NAME, digest[:20], str(len(DATA)), "the archive"))
    (row,) = json.loads(shell.lab("cache", "--json", **env).stdout)["archives"]
    assert (row["sha256"], row["name"], row["url"], row["in_use"]) == (digest, NAME, server.url, False)
    assert row["bytes"] == len(DATA)
    cleaned = shell.lab("cache", "clean", **env)
    assert cleaned.stdout.startswith(f"removed: {row['bytes']} bytes (")
    assert list((tmp_path / "c/lab/archives").iterdir()) == []


def test_what_is_no_address(shell: Shell) -> None:
    """A path is wrong use."""
    ended = shell.lab("cache", "add", "/etc/passwd")
    assert ended.returncode == 2
    assert "is no address of http or https" in ended.stderr


@pytest.mark.slow_after(1)
def test_interrupted(shell: Shell, server: Server, tmp_path: Path) -> None:
    """It says that a part stays, and the same command goes on from there."""
    server.behaviour.pace = 0.05
    env = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "c"), "SUDO_UID": ""}
    argv = [sys.executable, str(ROOT / "labreport"), "cache", "add", server.url]
    process = subprocess.Popen(argv, cwd=shell.root, env=env, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while not server.behaviour.sent:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=20)[1]
    assert process.returncode == 3
    assert said.splitlines()[-1] == "lab: interrupted: what has come stays, and the same command goes on"
    server.behaviour.pace = 0
    again = shell.lab("cache", "add", server.url, **env)
    assert again.returncode == 0, again.stderr
    assert server.behaviour.requests[-1][1] > 0


def test_what_is_not_there(shell: Shell, server: Server, tmp_path: Path) -> None:
    """One line, and status 4."""
    server.behaviour.status = 404
    ended = shell.lab("cache", "add", server.url, XDG_CACHE_HOME=str(tmp_path), SUDO_UID="")
    assert ended.returncode == 4
    what = f"lab: {NAME}: 127.0.0.1 answers 404 Not Found"
    remedy = "correct the address, or download it elsewhere, and name the file"
    assert ended.stderr.splitlines()[1:] == [f"{what}: {remedy}"]
