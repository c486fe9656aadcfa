"""A project whose pages use every kind of file, and `mkdocs serve` of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project import Little, make
from tests.site.serving.edits import fill
from tests.site.serving.served import Served


@pytest.fixture
def little(tmp_path: Path) -> Little:
    """Make a project whose pages use every kind of file."""
    made = make(tmp_path / "project")
    fill(made)
    return made


@pytest.fixture
def served(little: Little, tmp_path: Path) -> Iterator[Served]:
    """Serve the project."""
    serving = Served(little.root, tmp_path / "served")
    yield serving
    serving.end()
