"""The builder of `mkdocs serve`: single pages where that is enough, and all pages otherwise."""

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.exceptions import Abort

from labreport.site.broken import broken_pages, forget_broken
from labreport.site.gate import LOGGER
from labreport.site.repository import read_repository
from labreport.site.serving.changes import StructureError, changes_of
from labreport.site.serving.kept import KeptBuild
from labreport.site.serving.limits import why_not
from labreport.site.serving.remake import remake
from labreport.site.serving.snapshot import changed
from labreport.site.serving.watch import Watcher

if TYPE_CHECKING:
    from mkdocs.livereload import LiveReloadServer

log = logging.getLogger(LOGGER)

QUIET = 0.02
"""For how many seconds nothing may change before a build starts, where the system tells of each change."""
MOST_NAMES = 3


class Rebuilder:
    """What the server calls after a change. `kept` returns what the last build left."""

    def __init__(
        self, server: "LiveReloadServer", build: Callable[[], None], kept: Callable[[], KeptBuild | None]
    ) -> None:
        self._server = server
        self._build = build
        self._kept = kept
        self.watcher = Watcher()
        self._watched: set[str] = set()

    def install(self, paths: list[str]) -> None:
        """Let the server build and watch with this; it has watched `paths` so far."""
        for path in paths:
            self._server.unwatch(path)
        self._server.observer = self.watcher  # type: ignore[assignment] # has what the server calls
        self._server.builder = self
        for path in paths:
            self._server.watch(path)
        self._watch()
        if not self.watcher.polling:
            self._server.build_delay = QUIET
        kept = self._kept()
        if kept is not None and (reason := why_not(kept.config)):
            log.info("each change makes all pages anew: %s", reason)

    def __call__(self) -> None:
        """Make anew what has changed."""
        began = time.perf_counter()
        made = self._remake()
        if made is None:
            self._build_all()
            self._watch()
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

    def _remake(self) -> list[str] | None:
        """Make single pages anew, and return which; None if all have to be made."""
        seen, kept = self.watcher.take_seen(), self._kept()
        if kept is None or not kept.complete or broken_pages() or why_not(kept.config):
            return None
        kept.complete = False  # until this is done
        signs = kept.places.signs()
        paths = changed(kept.signs, signs) | {path for path in seen if signs.get(path)}
        kept.signs = signs
        try:
            if read_repository(kept.places.config.parent, kept.config.repo_url) != kept.repository:
                return None
            made = remake(kept, changes_of(paths, kept))
        except StructureError:
            return None
        except Exception as error:  # noqa: BLE001 # a complete build says in its own way what is wrong
            log.debug("a page could not be made anew: %s", error)
            return None
        kept.complete = True
        return made

    def _watch(self) -> None:
        """Watch the folders that are there now, and what links in docs/ lead to."""
        kept = self._kept()
        if kept is None:
            return
        own = (file.abs_src_path for file in kept.own_files.values())
        links = [path for path in own if path and Path(path).is_symlink()]
        for path in (*map(str, kept.places.watched[1:]), *sorted(links)):
            if path in self._watched:
                continue
            self._watched.add(path)
            self._server.watch(path)
