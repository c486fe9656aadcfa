"""Files in the user's cache that can be made again: whole, this user's own, and not the project's."""

import os
from pathlib import Path

import pytest

from labreport.contract.user_cache import OFF, MadeFiles, remove_made

NAME = "0a" * 32


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the pictures in a cache of this test alone."""
    monkeypatch.delenv("SUDO_UID", raising=False)
    monkeypatch.delenv(OFF)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home/cache"))
    return tmp_path / "home/cache/lab/pictures"


@pytest.fixture
def files(tmp_path: Path) -> MadeFiles:
    """Return the pictures of a project that is beside the cache."""
    return MadeFiles("pictures", tmp_path / "project")


def test_what_was_written_is_read(files: MadeFiles, cache: Path) -> None:
    """A file is read as it was written, and no other user can read it. Nothing else is left in the folder."""
    assert files.read(NAME) is None
    files.write(NAME, b"<svg/>")
    assert files.read(NAME) == b"<svg/>"
    assert os.listdir(cache) == [NAME]  # noqa: PTH208 # names only
    assert cache.stat().st_mode & 0o077 == (cache / NAME).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "change", [lambda data: data[:-1], lambda data: data[:-4] + b"evil", lambda _data: b""]
)
def test_a_file_that_was_cut_or_altered_is_not_used(files: MadeFiles, cache: Path, change: object) -> None:
    """Its hash says so. It is replaced by the next one that is written."""
    files.write(NAME, b"<svg/>")
    assert callable(change)
    (cache / NAME).write_bytes(change((cache / NAME).read_bytes()))
    assert files.read(NAME) is None
    files.write(NAME, b"<svg/>")
    assert files.read(NAME) == b"<svg/>"


def test_a_cache_that_came_with_the_project_is_not_used(
    files: MadeFiles, tmp_path: Path, cache: Path
) -> None:
    """A project that has the cache in its own folder could have brought the files."""
    files.write(NAME, b"<svg/>")
    inside = MadeFiles("pictures", tmp_path / "home")
    assert inside.read(NAME) is None
    inside.write("1b" * 32, b"<svg/>")
    assert os.listdir(cache) == [NAME]  # noqa: PTH208 # names only


@pytest.mark.parametrize("mode", [0o770, 0o707])
def test_a_folder_that_others_can_write_to_is_not_used(files: MadeFiles, cache: Path, mode: int) -> None:
    """Neither is a link to a folder, nor a link to a file."""
    files.write(NAME, b"<svg/>")
    cache.chmod(mode)
    assert files.read(NAME) is None
    cache.chmod(0o700)
    cache.rename(cache.parent / "elsewhere")
    cache.symlink_to("elsewhere")
    assert files.read(NAME) is None
    cache.unlink()
    cache.mkdir(mode=0o700)
    (cache / NAME).symlink_to(f"../elsewhere/{NAME}")
    assert files.read(NAME) is None


def test_a_cache_that_cannot_be_used_is_no_error(
    files: MadeFiles, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files are made each time: without a folder, or with LAB_NO_CACHE."""
    monkeypatch.setenv(OFF, "1")
    files.write(NAME, b"<svg/>")
    assert files.read(NAME) is None
    assert not cache.exists()
    monkeypatch.delenv(OFF)
    cache.parent.parent.mkdir(parents=True)
    cache.parent.write_text("a file in the place of the folder")
    files.write(NAME, b"<svg/>")
    assert files.read(NAME) is None


def test_all_files_are_removed(files: MadeFiles, cache: Path, tmp_path: Path) -> None:
    """The removed bytes are counted. An empty cache has none."""
    assert remove_made() == 0
    files.write(NAME, b"<svg/>")
    MadeFiles("templates", tmp_path / "project").write(NAME, b"code")
    size = (cache / NAME).stat().st_size
    (cache / "folder").mkdir()
    assert remove_made() > size
    (cache / "folder").rmdir()  # not ours, so it is left alone
    assert files.read(NAME) is None
    assert os.listdir(cache) == []  # noqa: PTH208 # names only
