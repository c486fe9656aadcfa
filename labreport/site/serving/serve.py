"""The builder of `mkdocs serve`: single pages where that is enough, and all pages otherwise."""

import logging
import time
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from contextlib import suppress
from typing import TYPE_CHECKING

from mkdocs.exceptions import Abort

from labreport.site.broken import broken_pages, forget_broken
from labreport.site.gate import LOGGER
from labreport.site.repository import read_repository
from labreport.site.serving.changes import StructureError, changes_of
from labreport.site.serving.kept import KeptBuild
from labreport.site.serving.limits import why_not
from labreport.site.serving.remake import remake
from labreport.site.serving.snapshot import Places, changed
from labreport.site.serving.watch import Watcher

if TYPE_CHECKING:
    from mkdocs.livereload import LiveReloadServer

log = logging.getLogger(LOGGER)

QUIET = 0.02
"""For how many seconds nothing may change before a build starts, where the system tells of each change."""
MOST_NAMES = 3


class Rebuilder:
    """What the server calls after a change. `kept` returns what the last build left.

    If that is nothing, `places` are watched.
    """

    def __init__(
        self,
        server: "LiveReloadServer",
        build: Callable[[], None],
        kept: Callable[[], KeptBuild | None],
        places: Places,
    ) -> None:
        self._server = server
        self._build = build
        self._kept = kept
        self._places = places
        self.watcher = Watcher()
        self._watched: set[str] = set()

    def install(self) -> None:
        """Let the server build with this, and watch by events what it has watched so far."""
        watches = [emitter.watch for emitter in self._server.observer.emitters]
        paths = {str(watch.key[0]): watch.is_recursive for watch in watches}
        for path in paths:
            self._unwatch(path)
        self._server.observer = self.watcher  # type: ignore[assignment] # has what the server calls
        self._server.builder = self
        for path, recursive in paths.items():
            self._server.watch(path, recursive=recursive)
        self._watch(set())
        if not self.watcher.polling:
            self._server.build_delay = QUIET
        kept = self._kept()
        if kept is not None and (reason := why_not(kept.config)):
            log.info("each change makes all pages anew: %s", reason)

    def __call__(self) -> None:
        """Make anew what has changed."""
        began = time.perf_counter()
        seen = self.watcher.take_seen()
        self._watch(seen)  # before files are read: what changes after that wakes the next build
        made = self._remake(seen)
        if made is None:
            self._build_all()
            self._watch(set())
            return
        more = f" and {len(made) - MOST_NAMES} more" if len(made) > MOST_NAMES else ""
        names = ", ".join(made[:MOST_NAMES]) or "nothing"
        log.info("Made anew in %.2f seconds: %s%s", time.perf_counter() - began, names, more)

    def _build_all(self) -> None:
        """Make all pages anew; again without a page at which mkdocs fails, as long as it is a new one."""
        forget_broken()
        while True:
            before = broken_pages()
            try:
                self._build()
            except Abort:
                if broken_pages() == before:
                    raise
            else:
                return

    def _remake(self, seen: AbstractSet[str]) -> list[str] | None:
        """Make single pages anew, and return which; None if all have to be made."""
        kept = self._kept()
        if kept is None or not kept.complete or broken_pages() or why_not(kept.config):
            return None
        kept.complete = False  # until this is done
        signs = kept.places.signs()
        paths = changed(kept.signs, signs)
        paths |= {path for path in seen if signs.get(path) or kept.places.is_outside(path)}
        kept.signs = signs
        try:
            if read_repository(kept.places.root, kept.config.repo_url) != kept.repository:
                return None
            made = remake(kept, changes_of(paths, kept))
        except StructureError:
            return None
        except Exception as error:  # noqa: BLE001 # a complete build says in its own way what is wrong
            log.debug("a page could not be made anew: %s", error)
            return None
        kept.complete = True
        return made

    def _watch(self, seen: AbstractSet[str]) -> None:
        """Watch what the site is made from, and what links lead to. What was `seen` may be another now."""
        kept = self._kept()
        places, links = (kept.places, kept.links) if kept else (self._places, [])
        paths = [path for path in (*places.watched, *links) if path in seen or path not in self._watched]
        for path in paths:
            self._unwatch(path)
        for path in paths:
            self._server.watch(path)
        self._watched.update(paths)

    def _unwatch(self, path: str) -> None:
        """Let the server watch a path no more, however often it was told to."""
        with suppress(KeyError):
            while True:
                self._server.unwatch(path)
