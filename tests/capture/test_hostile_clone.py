"""What a clone contains cannot make a capture, a check or a removal act outside the project."""

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from labreport.capture import staging, store, writing
from labreport.capture.adopt import adopt
from labreport.capture.pack import pack
from labreport.contract.errors import LabError
from labreport.contract.records import Status
from labreport.contract.unfinished import STAGING
from tests.capture.throwaway import Throwaway

BODY = 'with run.file("x.txt") as out: out.line("x")'


@pytest.fixture
def sentinel(tmp_path: Path) -> Path:
    """Return a folder of the machine with files that must stay as they are."""
    folder = tmp_path / "machine"
    (folder / "probe/files").mkdir(parents=True)
    (folder / "files").mkdir()
    for name in ("keep.txt", "x.txt", "record.json", "probe/keep.txt", "probe/files/x.txt", "files/x.txt"):
        (folder / name).write_text("mine")
    return folder


def content(folder: Path) -> dict[str, bytes]:
    """Return everything below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b""
            for path in sorted(folder.rglob("*"))}  # fmt: skip


def plant(project: Throwaway, path: str, target: Path) -> None:
    """Put a symbolic link into the set."""
    place = project.folder / path
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
    place.symlink_to(target)


@pytest.mark.slow_after(6)
@pytest.mark.parametrize(
    "path", [".staging", ".staging/probe", ".staging/probe/files", ".staging/probe/record.json",
             f"{STAGING}{'0' * 32}", f"{STAGING}{'0' * 32}/probe", "failed", "failed/probe", "records",
             "records/probe.json", "records/state.json", "x.txt", ".lock"])  # fmt: skip
@pytest.mark.parametrize("body", [BODY, BODY + "\nraise ValueError('no')"])
def test_a_link_in_a_set(project: Throwaway, sentinel: Path, path: str, body: str) -> None:
    """Nothing behind the link is read into evidence, written or deleted, whether the capture succeeds."""
    before = content(sentinel)
    for target in (sentinel, sentinel / "x.txt", sentinel / "gone"):
        plant(project, path, target)
        with suppress(LabError):
            project.probe(body, 'writes=["x.txt"]')
        project.verify()
        assert content(sentinel) == before
        assert not (sentinel / "gone").exists()
        assert "mine" not in [
            path.read_text() for path in project.folder.rglob("*") if path.is_file() and not path.is_symlink()
        ]


@pytest.mark.slow_after(2)
@pytest.mark.parametrize("name", ["record.json", "removed.json", "files"])
@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
def test_a_staging_folder_with_a_fifo_or_a_device(
    project: Throwaway, name: str, make: Callable[[Path], object]
) -> None:
    """A FIFO or a device in a staging folder blocks neither verify nor the next capture."""
    project.probe(BODY)
    for area in (".staging", f"{STAGING}{'0' * 32}"):
        (project.folder / area / "probe").mkdir(parents=True)
        make(project.folder / area / "probe" / name)
    assert project.verify().verdict == "altered"  # the folder .staging, which version 0.1 used
    assert project.probe(BODY).status is Status.CAPTURED


def test_a_staging_folder_of_a_clone_is_left_alone(project: Throwaway) -> None:
    """A staging folder that no collect of this user made is not finished and not deleted, but named."""
    project.probe(BODY)
    area = project.folder / f"{STAGING}{'a' * 32}"
    shutil.copytree(project.folder / "records", area / "probe")
    shutil.move(area / "probe/probe.json", area / "probe/record.json")
    (area / "probe/files").mkdir()
    (area / "probe/files/x.txt").write_text("theirs")
    area.chmod(0o700)
    before = content(area)
    lines = store.recover(project.folder)
    remedy = "left alone, because no collect of this user made it: remove it"
    assert lines == [f"{project.name}/{area.name}: {remedy}"]
    assert content(area) == before
    assert project.verify().verdict == "interrupted"


@pytest.mark.parametrize("mode", [0o755, 0o777, 0o750])
def test_a_staging_folder_of_another_mode_is_not_ours(project: Throwaway, mode: int) -> None:
    """A folder that our state names counts only with the owner and the mode that we gave it."""
    area = staging.begin(project.folder)
    assert staging.found(project.folder) == ([area], [])
    area.chmod(mode)
    assert staging.found(project.folder) == ([], [area.name])
    area.chmod(0o700)
    staging.end(area)
    assert not area.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="not root: the owner cannot be changed")
def test_a_staging_folder_of_another_user_is_not_ours(project: Throwaway) -> None:
    """A folder that our state names counts only if this user owns it."""
    area = staging.begin(project.folder)
    os.chown(area, 12345, 12345)
    assert staging.found(project.folder) == ([], [area.name])
    os.chown(area, os.geteuid(), os.getegid())
    staging.end(area)


def test_a_state_that_others_can_write_is_refused(
    project: Throwaway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The state decides what is deleted, so only this user may write it."""
    place = tmp_path / "state"
    monkeypatch.setattr(staging, "notes", lambda: staging._private(place))
    staging.end(staging.begin(project.folder))
    place.mkdir(exist_ok=True)
    place.chmod(0o777)
    with pytest.raises(staging.StateError, match="is not a folder of this user alone"):
        staging.begin(project.folder)


def test_staging_names_cannot_be_known(project: Throwaway) -> None:
    """Each staging folder has a random name of 128 bits, mode 0700, and is on the set's file system."""
    areas = [staging.begin(project.folder) for _ in range(20)]
    names = {area.name.removeprefix(STAGING) for area in areas}
    assert len(names) == 20
    assert {len(bytes.fromhex(name)) for name in names} == {16}
    for area in areas:
        assert area.stat().st_mode & 0o7777 == 0o700
        assert area.stat().st_dev == project.folder.stat().st_dev
        staging.end(area)
    assert not names & {path.name for path in staging.notes().iterdir()}


def test_notes_are_kept_as_long_as_they_are_needed(
    project: Throwaway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A note is deleted with its staging folder or its set, and the folder of notes with the last note."""
    place = tmp_path / "state/notes"
    monkeypatch.setattr(staging, "notes", lambda: staging._private(place))
    lost = staging.begin(tmp_path / "lost")
    area = staging.begin(project.folder)
    assert {path.name for path in place.iterdir()} == {one.name.removeprefix(STAGING) for one in (lost, area)}
    assert staging.found(project.folder) == ([area], [])
    assert place.is_dir()
    shutil.rmtree(tmp_path / "lost")
    staging.end(staging.begin(project.folder))
    assert [path.name for path in place.iterdir()] == [area.name.removeprefix(STAGING)]
    staging.end(area)
    assert not place.parent.exists()
    staging.notes()
    assert staging.found(project.folder) == ([], [])
    assert not place.parent.exists()


def test_a_folder_of_notes_that_is_removed_meanwhile(
    project: Throwaway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process may remove the empty folder before the note is written: it is made again."""
    places = iter([tmp_path / "gone", tmp_path / "gone"])
    monkeypatch.setattr(staging, "notes", lambda: next(places, None) or staging._private(tmp_path / "state"))
    area = staging.begin(project.folder)
    assert staging.found(project.folder) == ([area], [])
    staging.end(area)


def test_where_notes_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In /var/lib for root, otherwise in the folder of this user's state."""
    user = os.geteuid() or 12345
    homes = {"XDG_STATE_HOME": tmp_path / "xdg", "HOME": tmp_path / "home/.local/state"}
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name, place in homes.items():
        (place / "labreport/staging").mkdir(parents=True)
        with suppress(PermissionError):
            os.chown(place / "labreport/staging", user, -1)
        monkeypatch.setenv("XDG_STATE_HOME", str(place) if name == "XDG_STATE_HOME" else "")
        assert staging.notes() == place / "labreport/staging"
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(staging, "_private", lambda path: path)
    assert staging.notes() == staging.ROOTS_STATE


@pytest.mark.skipif(os.geteuid() != 0, reason="not root: the owner cannot be changed")
def test_a_state_of_another_user_is_refused(tmp_path: Path) -> None:
    """Whatever its mode, and behind a link as well."""
    place = staging._private(tmp_path / "state")
    (tmp_path / "link").symlink_to(place)
    with pytest.raises(staging.StateError):
        staging._private(tmp_path / "link")
    os.chown(place, 12345, 12345)
    with pytest.raises(staging.StateError):
        staging._private(place)


def test_a_note_without_its_folder_is_deleted(project: Throwaway) -> None:
    """A capture that is killed before it makes the folder that it has noted leaves nothing for ever."""
    area = staging.begin(project.folder)
    area.rmdir()
    note = staging.notes() / area.name.removeprefix(STAGING)
    assert note.is_file()
    assert store.recover(project.folder) == []
    assert not note.exists()


def test_scratch_of_a_killed_run_is_deleted(project: Throwaway) -> None:
    """A scratch folder is deleted at its end, or by the next run; one in use stays."""
    evidence = project.root / "evidence"
    with staging.scratch(evidence):  # a new project has no evidence folder
        assert evidence.is_dir()
    left = staging.begin(evidence)
    (left / "x").write_text("x")
    with staging.scratch(evidence) as first:
        assert not left.exists()
        (first / "x").write_text("x")
        with staging.scratch(evidence) as second:
            assert first.is_dir()
            assert second.is_dir()
    assert not list(evidence.glob(".staging*"))


def set_level(project: Throwaway, level: str, sentinel: Path) -> None:
    """Replace a folder on the way to a set by a link to a folder with the same content."""
    place = project.root / level
    shutil.copytree(place, sentinel / "copy")
    shutil.rmtree(place)
    place.symlink_to(sentinel / "copy")


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("level", ["evidence", "evidence/hosts", "evidence/hosts/pc", "evidence/{lab}"])
def test_a_link_at_set_level_is_refused_by_all(
    project: Throwaway, sentinel: Path, tmp_path: Path, level: str
) -> None:
    """Verify, collect, adopt and pack name the link, and change nothing behind it."""
    project.probe(BODY)
    incoming = tmp_path / "incoming" / project.name
    shutil.copytree(project.folder, incoming)
    other = project.root / "evidence/hosts/pc" / project.name
    shutil.copytree(project.folder, other)
    level = level.format(lab=project.name)
    set_level(project, level, sentinel)
    before = content(sentinel)
    name = level.rpartition("/")[2]
    report = project.verify()
    assert report.verdict == "altered"
    assert any("a symbolic link" in finding.what for finding in report.findings), report.findings
    folder = other if "hosts" in level else project.folder
    relative = folder.relative_to(project.root).as_posix()
    actions: list[Callable[[], object]] = [
        lambda: store.recover(folder),
        lambda: store.Staging(folder, "probe"),
        lambda: adopt(folder, incoming),
        lambda: pack(project.root, relative, tmp_path / "packed.tar"),
        lambda: writing.write(folder / "records/state.json", b"x"),
        lambda: store.locked(folder).__enter__(),
    ]
    for action in actions:
        with pytest.raises(LabError, match=f"{name}/ is a symbolic link"):
            action()
    assert content(sentinel) == before


def test_a_part_of_a_killed_write_is_deleted(project: Throwaway) -> None:
    """The next collect deletes what a killed write left in records/, and nothing with another name."""
    project.probe(BODY)
    part = project.folder / f"records/.state.json.{'0' * 16}.part"
    part.write_text("x")
    (project.folder / "records/.other.part").write_text("x")
    assert {finding.path.rpartition("/")[2]: finding.verdict for finding in project.verify().findings} == {
        part.name: "interrupted",
        ".other.part": "altered",
    }
    store.recover(project.folder)
    assert not part.exists()
    assert (project.folder / "records/.other.part").exists()
