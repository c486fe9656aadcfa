"""The command line as people call it: each call is a process, each test has a project."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import forked

ROOT = Path(__file__).parents[2]


def shown_by(terminal: int) -> bytes:
    """Read a terminal until its other side is closed, and close it; return what it shows."""
    shown = b""
    try:
        while data := os.read(terminal, 4096):
            shown += data
    except OSError:  # Linux says so when the other side is closed
        pass
    finally:
        os.close(terminal)
    return shown


@dataclass(frozen=True)
class Shell:
    """Runs `lab` in a project's folder."""

    root: Path

    def lab(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run `lab` with these arguments."""
        return forked.lab(words, self.root, {**os.environ, "COLUMNS": "200", **env})

    def json(self, *words: str) -> Any:
        """Run `lab` with these arguments and --json; return what it prints."""
        return json.loads(self.lab(*words, "--json").stdout)

    def collector(self, lab: str, body: str, name: str = "more") -> None:
        """Add a module to a lab, with the imports that a collector needs."""
        head = "from labreport.capture import *\n\n\n"
        (self.root / "collectors" / lab / f"{name}.py").write_text(head + body)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Return a project without a lab."""
    (tmp_path / "project" / "collectors").mkdir(parents=True)
    settings = "site_name: test\nmarkdown_extensions: [pymdownx.details]\n"  # the page of a new lab folds
    (tmp_path / "project" / "mkdocs.yml").write_text(settings)
    return Shell(tmp_path / "project")


@pytest.fixture
def one_lab(shell: Shell) -> Shell:
    """Return a project with the lab that `lab new` makes, called `mine`."""
    assert shell.lab("new", "mine").returncode == 0
    return shell
