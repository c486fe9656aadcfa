"""A capture is written as a whole or not at all, even after a kill or on a full disk."""

import errno
import hashlib
import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labreport.capture import staging, store, writing
from labreport.capture.host import this_host
from labreport.contract.reader import readable_records
from labreport.contract.records import File, Project, Record, Redactions, Source, Status, dump
from labreport.contract.text import line_count
from labreport.contract.verify import verify_set
from tests.capture.throwaway import Throwaway

HOST = this_host()


class Killed(BaseException):
    """Stands for a kill, so nothing may catch it."""


def record(name: str, files: dict[str, bytes]) -> Record:
    """Return the record of a collector that wrote these files."""
    return Record(
        collector=Source(name=name), lab="lab", start=datetime.now(UTC), seconds=0, host=HOST.id,
        project=Project(commit="", dirty=False), redactions=Redactions(version=1),
        files=[File(path=path, bytes=len(data), lines=line_count(data),
                    sha256=hashlib.sha256(data).hexdigest()) for path, data in files.items()],
    )  # fmt: skip


def commit(folder: Path, name: str, files: dict[str, bytes]) -> None:
    """Stage and commit files, and write the host's file before, as a capture does."""
    writing.write(folder / f"records/host-{HOST.id}.json", dump(HOST))
    staging = store.Staging(folder, name)
    for path, data in files.items():
        (staging.files / path).parent.mkdir(parents=True, exist_ok=True)
        (staging.files / path).write_bytes(data)
    staging.commit(record(name, files))


CONTENT = st.dictionaries(
    st.sampled_from(["a.txt", "b.txt", "sub/c.txt", "sub/d/e.txt"]),
    st.sampled_from([b"", b"1", b"2", b"3"]),
    max_size=3,
)
CAPTURES = st.lists(
    st.tuples(st.sampled_from(["one", "two"]), CONTENT, st.integers(0, 12), st.booleans()),
    min_size=1,
    max_size=6,
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(captures=CAPTURES)
def test_killed_anywhere_in_any_history(captures: list[tuple[str, dict[str, bytes], int, bool]]) -> None:
    """After any sequence of captures and kills, even with shared files, no file is altered."""
    with TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        folder = Path(place) / "lab"
        for name, files, steps, removes in captures:
            left = steps

            def reached(_step: str) -> None:
                nonlocal left
                left -= 1
                if left == 0:
                    raise Killed

            patch.setattr(store, "reached", reached)
            try:
                if removes and (folder / f"records/{name}.json").exists():
                    store.remove(folder, name)
                else:
                    commit(folder, name, files)
            except Killed:
                pass
            patch.setattr(store, "reached", lambda _step: None)
            assert verify_set(folder, "lab").verdict in {"intact", "interrupted"}
            store.recover(folder)
            store.drop_hosts(folder, readable_records(folder).values())
            assert verify_set(folder, "lab").findings == ()


def test_recovery_finishes_what_has_an_intent_and_drops_what_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Recovery returns one line for each."""
    for step, word, content in (("staged", "dropped", b"old"), ("intent", "finished", b"new")):
        folder = tmp_path / step / "lab"
        commit(folder, "one", {"a.txt": b"old"})

        def reached(now: str, wanted: str = step) -> None:
            if now == wanted:
                raise Killed

        monkeypatch.setattr(store, "reached", reached)
        with pytest.raises(Killed):
            commit(folder, "one", {"a.txt": b"new"})
        monkeypatch.setattr(store, "reached", lambda _step: None)
        assert store.recover(folder) == [f"one: an interrupted capture was {word}"]
        assert (folder / "a.txt").read_bytes() == content
        assert store.recover(folder) == []


def killed_at(step: str, folder: Path, files: dict[str, bytes]) -> None:
    """Commit files of the collector `one`, killed at a step."""

    def reached(now: str) -> None:
        if now == step:
            raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "reached", reached)
        with pytest.raises(Killed):
            commit(folder, "one", files)


def test_recovery_leaves_nothing_of_a_first_capture(tmp_path: Path) -> None:
    """The host file of a dropped capture is removed, and so is a staging folder without a collector."""
    folder = tmp_path / "lab"
    killed_at("staged", folder, {"a.txt": b"new"})
    empty = staging.begin(folder)
    assert store.recover(folder) == ["one: an interrupted capture was dropped"]
    assert not empty.exists()
    assert [path.name for path in folder.rglob("*")] == ["records"]
    writing.write(folder / f"records/host-{HOST.id}.json", dump(HOST))
    assert store.recover(folder) == []
    assert (folder / f"records/host-{HOST.id}.json").exists()


def test_recovery_makes_the_folders_again(tmp_path: Path) -> None:
    """If a folder was removed after the kill, a capture is still finished."""
    folder = tmp_path / "lab"
    killed_at("intent", folder, {"sub/a.txt": b"new"})
    (folder / "sub").rmdir()
    assert store.recover(folder) == ["one: an interrupted capture was finished"]
    assert (folder / "sub/a.txt").read_bytes() == b"new"


def test_a_record_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    """Other collectors can be captured and removed beside it."""
    folder = tmp_path / "lab"
    commit(folder, "two", {"b.txt": b"2"})
    newer = folder / "records/two.json"
    newer.write_text(newer.read_text().replace('"schema": 1', '"schema": 99, "more": 1'))
    before = newer.read_bytes()
    commit(folder, "one", {"a.txt": b"1"})
    store.remove(folder, "one")
    assert not (folder / "a.txt").exists()
    assert newer.read_bytes() == before


def test_a_record_without_files_left_is_removed(tmp_path: Path) -> None:
    """A collector that loses its last file to another one has no evidence."""
    folder = tmp_path / "lab"
    commit(folder, "one", {"a.txt": b"1"})
    commit(folder, "two", {"a.txt": b"2"})
    assert list(readable_records(folder)) == ["two"]


def test_a_removal_that_was_cut_short_is_finished(tmp_path: Path) -> None:
    """After a kill between the two steps of a removal, the next collect removes files and record."""
    folder = tmp_path / "lab"
    commit(folder, "one", {"a.txt": b"1", "shared.txt": b"1"})
    commit(folder, "two", {"shared.txt": b"2"})
    staged = store.Staging(folder, "one").path
    (folder / "records/one.json").rename(staged / "removed.json")
    assert verify_set(folder, "lab").verdict == "interrupted"
    assert store.recover(folder) == ["one: an interrupted capture was finished"]
    assert not (folder / "a.txt").exists()
    assert (folder / "shared.txt").read_bytes() == b"2"
    assert verify_set(folder, "lab").findings == ()


@pytest.mark.parametrize("spoil", ["truncate", "remove", "change"])
def test_an_intent_that_is_not_whole_is_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoil: str
) -> None:
    """An incomplete intent, or one with changed files, is dropped, and the last evidence stands."""
    folder = tmp_path / "lab"
    commit(folder, "one", {"a.txt": b"old"})

    def reached(step: str) -> None:
        if step == "intent":
            raise Killed

    monkeypatch.setattr(store, "reached", reached)
    with pytest.raises(Killed):
        commit(folder, "one", {"a.txt": b"new"})
    (staged,) = folder.glob(".staging-*/one")
    if spoil == "truncate":
        (staged / "record.json").write_bytes(b'{"schema": 1,')
    elif spoil == "remove":
        (staged / "files/a.txt").unlink()
    else:
        (staged / "files/a.txt").write_bytes(b"evil")
    store.recover(folder)
    assert (folder / "a.txt").read_bytes() == b"old"
    assert verify_set(folder, "lab").verdict == "intact"


def test_a_file_that_changed_since_is_refused(tmp_path: Path) -> None:
    """Only the bytes that were hashed are committed."""
    staging = store.Staging(tmp_path / "lab", "one")
    (staging.files / "a.txt").write_bytes(b"later")
    with pytest.raises(store.StoreError, match=r"a\.txt: changed after it was recorded"):
        staging.commit(record("one", {"a.txt": b"now"}))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda place: (place / "sub").symlink_to(place.parent), "sub/ is a symbolic link"),
        (lambda place: (place / "sub").write_text("x"), "sub is a file, not a folder"),
        (lambda place: (place / "sub/x.txt").mkdir(parents=True), "sub/x.txt: a directory is there"),
    ],
)
def test_what_is_in_the_way(project: Throwaway, make: object, reason: str) -> None:
    """A link, a file or a folder in the place of evidence fails the capture and is left untouched."""
    project.folder.mkdir(parents=True)
    make(project.folder)  # type: ignore[operator]
    standing = project.probe('with run.file("sub/x.txt") as out: out.line("x")', 'writes=["sub/x.txt"]')
    assert standing.status is Status.FAILED
    assert standing.reason.startswith(reason)
    assert not (project.folder / "records/probe.json").exists()
    assert not list(project.folder.glob(".staging*"))


def test_nothing_outside_is_removed(project: Throwaway, tmp_path: Path) -> None:
    """A file behind a symbolic link is not deleted, even if a record names it."""
    project.probe('with run.file("sub/x.txt") as out: out.line("x")', 'writes=["sub/x.txt"]')
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.txt").write_text("mine")
    (project.folder / "sub/x.txt").unlink()
    (project.folder / "sub").rmdir()
    (project.folder / "sub").symlink_to(outside)
    project.probe('with run.file("y.txt") as out: out.line("y")', 'writes=["y.txt"]')
    assert (outside / "x.txt").read_text() == "mine"


@pytest.fixture
def small(project: Throwaway) -> Iterator[Throwaway]:
    """Return a project whose evidence is on a disk of 256 KiB."""
    if os.geteuid() != 0:
        pytest.skip("not root: a small disk cannot be mounted")
    place = project.root / "evidence"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", place], check=True)
    try:
        yield project
    finally:
        subprocess.run(["umount", place], check=True)


BIG = 'with run.file("new/x.txt") as out:\n    out.line("{word}" * {size})'


@pytest.mark.slow_after(2)
@pytest.mark.parametrize("free", [0, 4096, 8192, 12288, 16384, 40960])
def test_a_full_disk(small: Throwaway, free: int) -> None:
    """With few bytes left, a capture succeeds or fails with one error, and the evidence stays intact."""
    assert small.probe(BIG.format(word="a", size=100), 'writes=["new/x.txt"]').status is Status.CAPTURED
    before = small.read("new/x.txt")
    filler = small.root / "evidence" / ".filler"
    with filler.open("wb") as file:
        status = os.statvfs(filler)
        file.write(b"\0" * (status.f_bavail * status.f_frsize - free))
    try:
        standing = small.probe(BIG.format(word="b", size=20000), 'writes=["new/x.txt"]')
        error = standing.reason if standing.status is Status.FAILED else ""
    except store.StoreError as failed:
        error = str(failed)
    if error:
        assert error.startswith(f"{small.name}: evidence cannot be written: the disk is full: make room and ")
        assert small.read("new/x.txt") == before
    assert small.verify().verdict == "intact"
    filler.unlink()
    assert small.collect("probe")["probe"].status is Status.CAPTURED
    assert small.read("new/x.txt") == b"b" * 20000 + b"\n"
    assert small.verify().verdict == "intact"


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "evidence cannot be written: the disk is full: make room and collect again"),
        (errno.EDQUOT, "evidence cannot be written: the disk is full: make room and collect again"),
        (errno.EACCES, "evidence cannot be written: Permission denied: check who owns the folder"),
    ],
)
def test_an_error_of_the_file_system_is_explained(number: int, said: str) -> None:
    """It says what to do, and that the last evidence stands."""
    with pytest.raises(store.StoreError) as error, store.explained("lab12"):
        raise OSError(number, os.strerror(number))
    assert str(error.value) == f"lab12: {said}; the last evidence stands"


def test_a_file_is_a_regular_one_inside_the_folder(tmp_path: Path) -> None:
    """A link, a folder, what is behind a link, and what is not there are none."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real/x").touch()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "y").symlink_to("real/x")
    paths = ("real/x", "link/x", "y", "real", "gone", "gone/x", "real/x/z")
    assert [path for path in paths if store.is_file(tmp_path, path)] == ["real/x"]
