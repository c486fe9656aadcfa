"""A collect by a user who is not root."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from labreport.contract.records import Status
from tests.capture.throwaway import ONE, Throwaway, throwaway
from tests.other_user import RUNS, UID, python_of_another_user

NEEDY = '''
from labreport.capture.host import ROOT


@collector(writes=["root.txt"], needs=[ROOT])
def needy(run: Run) -> None:
    """Needy."""


@collector(writes=["leak.txt"])
def leaky(run: Run) -> None:
    """Leaky."""
    run.command(["sh", "-c", "setsid sleep 300 & sleep 0.1"])
'''


@pytest.fixture
def python() -> list[str]:
    """Return a command that runs Python with our packages as the other user, or skip."""
    return python_of_another_user()


@pytest.fixture
def theirs() -> Iterator[Throwaway]:
    """Return a throw-away project that belongs to the other user."""
    with TemporaryDirectory(dir="/var/tmp") as place, throwaway(Path(place) / "project") as project:
        project.module(ONE + NEEDY)
        for path in (Path(place), *Path(place).rglob("*")):
            os.chown(path, UID, UID)
        yield project
    if RUNS.exists():
        RUNS.rmdir()  # fails if a run left its folder


def collect(python: list[str], project: Throwaway) -> subprocess.CompletedProcess[str]:
    """Collect the project as the other user."""
    driver = ["-m", "tests.capture.driver", str(project.root), project.name]
    return subprocess.run([*python, *driver], cwd="/", capture_output=True, text=True, check=False)


def test_what_needs_no_root_is_captured(python: list[str], theirs: Throwaway) -> None:
    """What needs root is missing, with the remedy. Leaks are found, and all files belong to the user."""
    done = collect(python, theirs)
    assert (done.returncode, done.stderr) == (0, "")
    rows = {row.name: row for row in theirs.state().collectors}
    assert rows["one"].state is Status.CAPTURED
    assert (rows["needy"].reason, rows["needy"].remedy) == (
        "needs root: not root",
        "run it with sudo, or as root",
    )
    assert rows["leaky"].state is Status.FAILED
    assert rows["leaky"].reason.startswith("left behind, and cleared: process ")
    assert {path.stat().st_uid for path in theirs.folder.rglob("*")} == {UID}
    assert theirs.verify().verdict == "intact"
    assert not any(RUNS.iterdir())


def test_evidence_that_is_somebody_elses(python: list[str], theirs: Throwaway) -> None:
    """One error says to check the owner of the folder. Nothing is changed."""
    theirs.folder.mkdir(parents=True)
    done = collect(python, theirs)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith(
        f"{theirs.name}: evidence cannot be written: Permission denied: "
        "check who owns the folder; the last evidence stands"
    )
    assert list(theirs.folder.iterdir()) == []
