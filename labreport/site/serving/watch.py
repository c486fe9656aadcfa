"""Watch files by the events of the system, and by looking at them twice a second where there are none."""

import logging
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePath

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileAttribEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch
from watchdog.observers.polling import PollingObserver

from labreport.site.gate import LOGGER
from labreport.site.serving.snapshot import is_passing

log = logging.getLogger(LOGGER)

EVENTS: list[type[FileSystemEvent]] = [
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileAttribEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
]
"""What changes a file. Reading is left out: each build would start the next."""

SECONDS = 0.5
"""How often files are looked at, where the system has no events."""

WITHOUT_EVENTS = frozenset({"9p", "cifs", "drvfs", "nfs", "nfs4", "prl_fs", "smb3", "vboxsf", "virtiofs"})
"""File systems of another machine, which tell nothing of what changes there."""

MOUNTS = Path("/proc/self/mountinfo")


def poll() -> BaseObserver:
    """Return what looks at files twice a second."""
    return PollingObserver(timeout=SECONDS)


class Watcher:
    """Stands in for the observer of mkdocs' server. `seen` are the paths of the events since `take_seen`."""

    def __init__(self, events: Callable[[], BaseObserver] = Observer) -> None:
        self.polling = False
        self._seen: set[str] = set()
        self._watched: list[_Watch] = []
        self._started = False
        try:
            self._observer = events()
        except OSError as error:
            self._poll(error.strerror or "no watches left")

    def schedule(
        self, handler: FileSystemEventHandler, path: str, *, recursive: bool
    ) -> tuple["_Watch", ...]:
        """Watch a file or folder for mkdocs' server.

        Its name is watched in the folder above: it may come later, or another may come in its place.
        """
        real = os.path.realpath(path)
        above, name = os.path.split(path)
        names = {real, os.path.join(os.path.realpath(above), name)}  # noqa: PTH118 # a text, like all here
        watches = [_Watch(_Relay(handler, self._seen, one, path, only=one), _above(one)) for one in names]
        if Path(real).is_dir():
            watches.append(_Watch(_Relay(handler, self._seen, real, path), real, recursive))
        watches = [watch for watch in watches if Path(watch.path).is_dir()]
        self._watched += watches
        if not self.polling and (kind := _kind_of(real)) in WITHOUT_EVENTS:
            self._poll(f"{kind} has none")
            return tuple(watches)
        try:
            for watch in watches:
                self._schedule(watch)
        except OSError as error:
            self._poll(error.strerror or "no watches left")
        return tuple(watches)

    def unschedule(self, watches: tuple["_Watch", ...]) -> None:
        """Watch something no more."""
        for watch in watches:
            self._watched.remove(watch)
            shared = any(other.observed == watch.observed for other in self._watched)
            with suppress(KeyError):  # it could not be watched
                if shared:
                    self._observer.remove_handler_for_watch(watch.relay, watch.observed)
                else:
                    self._observer.unschedule(watch.observed)

    def start(self) -> None:
        """Begin to watch."""
        self._started = True
        if self._observer.is_alive():
            return
        try:
            self._observer.start()
        except OSError as error:
            self._poll(error.strerror or "no watches left")

    def stop(self) -> None:
        """End watching."""
        self._observer.stop()

    def join(self) -> None:
        """Wait until nothing is watched any more."""
        self._observer.join()

    def take_seen(self) -> set[str]:
        """Return the paths of the events so far, and forget them."""
        seen = self._seen.copy()
        self._seen -= seen
        return seen

    def _poll(self, why: str) -> None:
        """Look at files from now on, and say so once."""
        if self.polling:
            return
        self.polling = True
        log.info("no events of the file system (%s): files are looked at every %s s", why, SECONDS)
        old, self._observer = getattr(self, "_observer", None), poll()
        if old is not None and old.is_alive():
            old.stop()
        for watch in self._watched:
            self._schedule(watch)
        if self._started:
            self._observer.start()

    def _schedule(self, watch: "_Watch") -> None:
        with suppress(FileNotFoundError):  # it has gone since; its name is watched in the folder above
            self._observer.schedule(watch.relay, watch.path, recursive=watch.recursive, event_filter=EVENTS)


class _Relay(FileSystemEventHandler):
    """Tells mkdocs' handler that something changed below `real`, which mkdocs calls `path`.

    With `only`, nothing else is told.
    """

    def __init__(
        self, handler: FileSystemEventHandler, seen: set[str], real: str, path: str, only: str = ""
    ) -> None:
        self._handler = handler
        self._seen = seen
        self._names = (real, path)
        self._only = only

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Note the paths of an event, and pass it on as one of a file: mkdocs ignores those of folders."""
        real, path = self._names
        for changed in map(os.fsdecode, (event.src_path, event.dest_path)):
            if changed and not is_passing(changed) and self._only in {"", changed}:
                self._seen.add(path + changed.removeprefix(real))
                self._handler.dispatch(FileModifiedEvent(changed))


@dataclass(frozen=True)
class _Watch:
    """A folder that is watched for a relay."""

    relay: _Relay
    path: str
    recursive: bool = False

    @property
    def observed(self) -> ObservedWatch:
        """What an observer calls the folder. Relays share it."""
        return ObservedWatch(self.path, recursive=self.recursive, event_filter=EVENTS)


def _above(path: str) -> str:
    return os.path.dirname(path)  # noqa: PTH120 # a text


def _kind_of(path: str) -> str:
    """Return the type of the file system that has `path`; empty where it is not known."""
    try:
        mounts = MOUNTS.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    kinds = {}
    for mount in mounts:
        before, _, after = mount.partition(" - ")
        kinds[before.split(" ")[4]] = after.split(" ")[0]
    above = (str(parent) for parent in (PurePath(path), *PurePath(path).parents))
    return next((kinds[parent] for parent in above if parent in kinds), "")
