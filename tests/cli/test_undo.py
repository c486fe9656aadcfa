"""`lab undo`: its output and its exit status."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from labreport.capture.host_changes.ledger import PLACE, opened
from labreport.capture.host_changes.undo import undo
from tests.cli.conftest import ROOT, Shell


@pytest.fixture
def noted(tmp_path: Path) -> Iterator[Path]:
    """Give a file that was changed through this host's ledger; empty the ledger afterwards."""
    if os.geteuid() != 0:
        pytest.skip("not root: the ledger is root's")
    if PLACE.exists() and any(PLACE.glob("*.json")):
        pytest.skip("this host has changes of its own to undo")
    file = tmp_path / "file"
    file.write_text("before")
    with opened() as ledger:
        ledger.write(file, b"ours")
    yield file
    file.write_text("ours")
    with opened() as ledger:
        undo(ledger)


def test_what_was_changed_is_put_back(shell: Shell, noted: Path) -> None:
    """A dry run prints what would be restored and changes nothing; undo restores it, once."""
    shown = shell.lab("undo", "--dry-run")
    assert (shown.returncode, shown.stdout) == (0, f"{noted}: would be restored\n")
    assert noted.read_text() == "ours"
    assert shell.json("undo") == {"done": [f"{noted}: restored"], "left": []}
    assert noted.read_text() == "before"
    again = shell.lab("undo")
    assert (again.returncode, again.stdout) == (0, "nothing to undo\n")
    assert not PLACE.exists()


def test_what_somebody_else_changed_is_a_finding(shell: Shell, noted: Path) -> None:
    """A file that somebody else changed is reported and kept, with exit status 1."""
    noted.write_text("theirs")
    ended = shell.lab("undo")
    assert ended.returncode == 1
    assert f"left: {noted}: somebody else changed it since" in ended.stdout
    assert noted.read_text() == "theirs"


def test_the_ledger_is_roots() -> None:
    """For any other user, the exit status is 4."""
    code = "import os, sys; from labreport.cli.main import main; import labreport.cli.undo; "
    code += "os.geteuid() or os.setuid(65534); sys.argv = ['lab', 'undo']; main()"
    argv = [sys.executable, "-c", code]
    ended = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (4, "")
    assert "run it with sudo" in ended.stderr
