"""What wakes `mkdocs serve`: writing a file, not reading it; and a look at files where events are lacking."""

import logging
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from labreport.site.serving.watch import Watcher

PATIENCE = 20.0


class Woken(FileSystemEventHandler):
    """Counts like mkdocs' server what wakes it."""

    def __init__(self) -> None:
        self.woken = threading.Event()

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Note an event of a file."""
        if not event.is_directory:
            self.woken.set()

    def after(self, act: Callable[[], object]) -> bool:
        """Return whether something wakes after `act`."""
        self.woken.clear()
        act()
        return self.woken.wait(PATIENCE)


@contextmanager
def watching(watcher: Watcher, path: Path) -> Iterator[Woken]:
    """Watch a path for the time of a `with`."""
    woken = Woken()
    watcher.schedule(woken, str(path), recursive=True)
    watcher.start()
    try:
        yield woken
    finally:
        watcher.stop()
        watcher.join()


def no_events() -> BaseObserver:
    """Fail as where every watch of the system is taken."""
    raise OSError(28, "inotify instance limit reached")


def sees(watcher: Watcher, path: Path) -> bool:
    """Return whether an event of `path` comes."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if str(path) in watcher.take_seen():
            return True
        time.sleep(0.01)
    return False


def test_writing_wakes_and_reading_does_not(tmp_path: Path) -> None:
    """A read before a write is no event: what comes first is the file that was written."""
    page, other = tmp_path / "page.md", tmp_path / "other.md"
    page.write_text("one")
    watcher = Watcher()
    with watching(watcher, tmp_path) as woken:
        assert not watcher.polling
        page.read_text()
        assert woken.after(lambda: other.write_text("two"))
        assert watcher.take_seen() == {str(other)}
        assert woken.after(lambda: other.rename(page))
        assert woken.after(page.unlink)


def test_a_file_is_watched_through_an_editor_that_replaces_it(tmp_path: Path) -> None:
    """A new file in the place of mkdocs.yml wakes each time, and a file beside it does not."""
    settings, new = tmp_path / "mkdocs.yml", tmp_path / "new"
    settings.write_text("a: 1")
    watcher = Watcher()
    with watching(watcher, settings) as woken:
        for number in range(2):
            new.write_text(f"a: {number}")
            assert woken.after(lambda: os.replace(new, settings))  # noqa: PTH105 # as an editor does
            assert watcher.take_seen() == {str(settings)}


@pytest.mark.parametrize("events", [Observer, no_events], ids=["events", "polling"])
def test_a_folder_is_watched_by_its_name(tmp_path: Path, events: Callable[[], BaseObserver]) -> None:
    """It comes, goes and comes again; to watch it anew leaves what else is watched in the folder above."""
    folder, settings = tmp_path / "evidence", tmp_path / "settings"
    settings.write_text("a: 1")
    watcher = Watcher(events)
    with watching(watcher, settings) as other:
        woken = Woken()
        for _ in range(2):
            watch = watcher.schedule(woken, str(folder), recursive=True)
            folder.mkdir()
            assert sees(watcher, folder)
            watcher.unschedule(watch)
            watch = watcher.schedule(woken, str(folder), recursive=True)
            (folder / "file").write_text("x")
            assert sees(watcher, folder / "file")
            shutil.rmtree(folder)
            assert sees(watcher, folder)
            watcher.unschedule(watch)
        assert other.after(lambda: settings.write_text("other: 2"))


def test_without_events_files_are_looked_at(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is said once, and a change is still seen."""
    page = tmp_path / "page.md"
    page.write_text("one")
    caplog.set_level(logging.INFO, "mkdocs")
    watcher = Watcher(no_events)
    with watching(watcher, tmp_path) as woken:
        assert watcher.polling
        assert woken.after(lambda: page.write_text("longer"))
    said = [message for message in caplog.messages if "looked at every" in message]
    assert said == [
        "no events of the file system (inotify instance limit reached): files are looked at every 0.5 s"
    ]


def test_what_python_compiles_does_not_wake(tmp_path: Path) -> None:
    """A lab's converters are compiled by each build, which must not start the next."""
    cache = tmp_path / "__pycache__"
    cache.mkdir()
    watcher = Watcher()
    with watching(watcher, tmp_path) as woken:
        (cache / "converters.pyc").write_bytes(b"x")
        assert woken.after(lambda: (tmp_path / "converters.py").write_text("x"))
        assert watcher.take_seen() == {str(tmp_path / "converters.py")}
