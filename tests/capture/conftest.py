"""Every test has a project of its own, with real commands and files."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.capture.throwaway import Throwaway, throwaway


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Throwaway]:
    """Return a throw-away project whose modules may change within one second."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    with throwaway(tmp_path / "project") as made:
        yield made
