"""Active runs are left alone, and dead runs are cleared."""

import json
import os
import secrets
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from labreport.capture import signals
from labreport.capture.cleanup import runs
from labreport.capture.session import session
from labreport.contract.records import Status
from tests.capture.throwaway import Throwaway


def test_a_dead_run_is_cleared_and_a_live_one_is_not(tmp_path: Path) -> None:
    """The undo commands of a dead run are run, the last one first; a run that holds its lock is kept."""
    dead = runs.runs_folder() / f"lab{secrets.token_hex(4)}"
    dead.mkdir(mode=0o700)
    log = tmp_path / "log"
    for word in ("first", "second"):
        runs.note_undo(dead, ["sh", "-c", f"echo {word} >> {log}"], {}, None)
    runs.note_undo(dead, ["no-such-program"], {}, None)
    with session(lambda _text: None) as live:
        assert dead.name in runs.clear_dead_runs()
        assert live.folder.exists()
    assert log.read_text() == "second\nfirst\n"
    assert not dead.exists()


def test_an_undo_is_done_once(tmp_path: Path) -> None:
    """A change that was undone is not undone again by a later collect."""
    log = tmp_path / "log"
    note = runs.note_undo(tmp_path, ["sh", "-c", f"echo x >> {log}"], {"A": "b"}, None)
    assert json.loads(note.read_text())["env"] == {"A": "b"}
    runs.run_undo(note)
    assert (note.exists(), log.read_text()) == (False, "x\n")


def test_an_undo_with_nothing_left(project: Throwaway, tmp_path: Path) -> None:
    """The undo command runs only if something is left to undo."""
    log = tmp_path / "log"
    body = f"""
        for word, is_left in (("gone", False), ("there", True)):
            run.undo(["sh", "-c", f"echo {{word}} >> {log}"], left=lambda: is_left)()
        with run.file("x.txt") as out:
            out.line("done")
    """
    assert project.probe(body).status is Status.CAPTURED
    assert log.read_text() == "there\n"


def test_a_folder_of_somebody_else_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder of all runs must belong to this user: a link in its place is refused."""
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    (tmp_path / "lab-54321").symlink_to(tmp_path)
    with pytest.raises(runs.RunsError, match="belongs to somebody else: remove it"):
        runs.runs_folder()


def test_a_folder_that_others_can_write_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is in the folder of all runs is carried out, so only this user may write there."""
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    monkeypatch.setattr(Path, "lstat", lambda _path: os.stat_result((0o40777, 0, 0, 0, 54321, 0, 0, 0, 0, 0)))
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    with pytest.raises(runs.RunsError, match="other users can write in it"):
        runs.runs_folder()


@pytest.mark.slow
def test_an_undo_that_is_cut_short_is_left_to_the_next_run() -> None:
    """If a second signal leaves an undo command no time, its note and the run's folder stay."""
    dead = runs.runs_folder() / f"lab{secrets.token_hex(4)}"
    dead.mkdir(mode=0o700)
    note = runs.note_undo(dead, ["sleep", "2"], {}, None)
    with suppress(KeyboardInterrupt), signals.interruptible(), signals.deferred():
        for _signal in range(2):
            signal.raise_signal(signal.SIGTERM)
        runs.clear(dead.name, dead)
    assert note.exists()
    assert dead.name in runs.clear_dead_runs()
    assert not dead.exists()
