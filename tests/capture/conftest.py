"""Every test has a project of its own; nothing is mocked, commands and files are real."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.capture.throwaway import Throwaway, throwaway


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Throwaway]:
    """Give a throw-away project whose modules may change within one second."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    with throwaway(tmp_path / "project") as made:
        yield made
