"""A cache of its own for each test, and a server with a file."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from labreport.capture.cache import download
from tests.capture.cache.server import Server, serving


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the cache, which is this test's alone."""
    monkeypatch.delenv("SUDO_UID", raising=False)
    monkeypatch.delenv("http_proxy", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache home"))
    monkeypatch.setattr(download, "PAUSES", (0.01, 0.01, 0.01))
    return tmp_path / "cache home/lab/archives"


@pytest.fixture
def server() -> Iterator[Server]:
    """Return a server with a file of 300 KB, which no compression makes smaller."""
    with serving(random.Random(1).randbytes(300_000)) as running:  # noqa: S311 # a file, no secret
        yield running
