"""What is written is on the disk when it is renamed, and what cannot be written leaves nothing behind."""

import fcntl
import inspect
import os
import sys
import threading
from pathlib import Path

import pytest

from labreport.capture import staging, store, writing
from labreport.contract.folder import EvidenceError
from tests.capture.test_store import commit


def test_what_is_renamed_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a file is renamed it is flushed with all its bytes, and afterwards the folder that it is in."""
    events: list[str] = []
    fsync, rename = os.fsync, os.rename

    def flushed(descriptor: int) -> None:
        place = Path(f"/proc/self/fd/{descriptor}").readlink()
        events.append(f"{place.name} {os.fstat(descriptor).st_size if place.is_file() else ''}".strip())
        fsync(descriptor)

    def renamed(name: str, to: str, **folders: int) -> None:
        events.append(f"{name.partition('.')[0]} -> {to}")
        rename(name, to, **folders)

    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(os, "rename", renamed)
    folder = tmp_path / "lab"
    writing.write(folder / "a.txt", b"12345")
    assert [event.rpartition(".part")[2] for event in events] == [" 5", " -> a.txt", "lab"]
    events.clear()
    staging.end(staging.begin(folder))
    assert events == [staging.notes().name]
    commit(folder, "one", {"sub/b.txt": b"123"})
    events = events[events.index("b -> b.txt") :]
    assert events == ["b -> b.txt", "sub", "record -> one.json", "records"]


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """A file that cannot be put into its place is removed."""
    (tmp_path / "x").mkdir()
    with pytest.raises(OSError, match="Is a directory"):
        writing.write(tmp_path / "x", b"data")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_a_folder_of_too_many_levels(tmp_path: Path) -> None:
    """It is deleted, or an error names it: shutil.rmtree has one call for each level before Python 3.13."""
    deep = tmp_path / "deep"
    (deep / "/".join("d" * 150)).mkdir(parents=True)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 60)
    try:
        writing.remove_tree(deep)
    except EvidenceError as error:
        assert (error.what, error.path) == ("folders of too many levels", "deep")  # noqa: PT017 - or no error
    else:
        assert not deep.exists()
    finally:
        sys.setrecursionlimit(limit)


def test_a_lock_is_waited_for(tmp_path: Path) -> None:
    """A killed collect may hold it for a moment longer."""
    held = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    threading.Timer(0.05, fcntl.flock, [held, fcntl.LOCK_UN]).start()
    with store.locked(tmp_path), pytest.raises(BlockingIOError):
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(held)


def test_one_run_at_a_time_makes_its_scratch_folder(tmp_path: Path) -> None:
    """Otherwise another run would delete it before it is locked."""
    held = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    released: list[bool] = []

    def release() -> None:
        released.append(True)
        fcntl.flock(held, fcntl.LOCK_UN)

    threading.Timer(0.05, release).start()
    with staging.scratch(tmp_path):
        assert released
    os.close(held)
    assert str(tmp_path) not in {note.read_text() for note in staging.notes().iterdir()}


def test_what_failed_is_kept_with_its_reason(tmp_path: Path) -> None:
    """Only the files that are named are kept."""
    staged = store.Staging(tmp_path / "lab", "one")
    (staged.files / "sub").mkdir()
    for name in ("sub/a.txt", "b.txt"):
        (staged.files / name).write_bytes(b"1")
    staged.keep_failed("because", ["sub/a.txt", "gone.txt"])
    kept = tmp_path / "lab/failed/one"
    assert {path.name: path.read_bytes() for path in kept.rglob("*") if path.is_file()} == {
        "a.txt": b"1",
        "why.txt": b"because\n",
    }
    staged.drop()
    assert not list((tmp_path / "lab").glob(".staging*"))
