"""What wakes `mkdocs serve`: writing a file, not reading it; and a look at files where events are lacking."""

import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from watchdog.events import FileSystemEvent, FileSystemEventHandler
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
