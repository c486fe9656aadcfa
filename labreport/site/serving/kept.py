"""What the last complete build of `mkdocs serve` leaves, so that single pages can be made anew."""

import json
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import Environment
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

from labreport.report.today import today
from labreport.site import gate
from labreport.site.build import Build
from labreport.site.docs_files import leads_out, own_folders
from labreport.site.raw import RawFiles
from labreport.site.repository import Repository
from labreport.site.serving.settings import settings_files
from labreport.site.serving.snapshot import Places, Sign

SEARCH = "material/search"


class Said(logging.Handler):
    """Keeps the warnings of mkdocs about the page that is being read, to repeat them after a change."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.page: str | None = ""
        """The page, empty before the first, None if nothing is to be kept."""
        self.warnings: dict[str, list[tuple[str, int, str]]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a warning that is not ours."""
        if self.page is not None and record.name != gate.LOGGER:
            kept = (record.name, record.levelno, record.getMessage())
            self.warnings.setdefault(self.page, []).append(kept)

    def again(self, pages: Iterator[str]) -> None:
        """Log what was said of these pages."""
        for page in pages:
            for name, level, message in self.warnings.get(page, ()):
                logging.getLogger(name).log(level, "%s", message)


@dataclass
class KeptBuild:
    """One complete build. `nav` and `env` are there from their events on, `complete` is set at the end.

    `signs` are those of the files before any was read.
    """

    config: MkDocsConfig
    places: Places
    build: Build
    repository: Repository
    said: Said
    raw: RawFiles
    signs: dict[str, Sign]
    day: date = field(default_factory=today)
    files: Files = field(default_factory=lambda: Files([]))
    nav: Navigation | None = None
    env: Environment | None = None
    titles: dict[str, str | None] = field(default_factory=dict)
    """The titles that mkdocs.yml gives pages in its nav, by path."""
    entries: dict[str, list[str]] = field(default_factory=dict)
    """What the index of the search has of each page, as JSON."""
    sets: tuple[str, ...] = ()
    complete: bool = False
    _indexed: int = 0

    @property
    def docs(self) -> Path:
        """The folder of the pages."""
        return self.places.docs

    @cached_property
    def links(self) -> list[str]:
        """The symbolic links that lead to something of the project: what is there has events of its own."""
        places = self.places
        folders = own_folders(places.docs, places.root)
        links = [path for path in self.signs if os.path.islink(path)]  # noqa: PTH114 # thousands of texts
        return [
            path
            for path in links
            if places.folder_of(path) != places.evidence and not leads_out(Path(path), folders)
        ]

    @cached_property
    def own_files(self) -> dict[str, File]:
        """The files of docs/, by path."""
        return {file.src_uri: file for file in self.files if file.src_dir == str(self.docs)}

    def pages(self) -> list[Page]:
        """Return the pages that `mkdocs serve` shows, in mkdocs' order."""
        files = self.files.documentation_pages(inclusion=InclusionLevel.is_in_serve)
        return [file.page for file in files if file.page is not None]

    def keep_structure(self, nav: Navigation, files: Files) -> None:
        """Keep the navigation and the files."""
        self.nav, self.files = nav, files
        self.titles = {page.file.src_uri: page.__dict__.get("title") for page in nav.pages}
        self.sets = tuple(self.build.rendering.evidence.names())

    def take_entries(self, page: Page) -> None:
        """Keep what the search plugin has put into its index since the last page."""
        if (index := self.search_index) is not None:
            new = index.entries[self._indexed :]
            self._indexed = len(index.entries)
            self.entries[page.file.src_uri] = [dumped(entry) for entry in new]

    @property
    def search_index(self) -> Any:
        """The index of Material's search plugin; None if it is off."""
        search: Any = self.config.plugins.get(SEARCH)
        return search.search_index if search is not None and search.config.enabled else None

    def search_text(self) -> str:
        """Return the index of the search as its plugin would write it, from what is kept of each page."""
        index = self.search_index
        index.entries.clear()
        self._indexed = 0
        head, _, tail = str(index.generate_search_index(None)).rpartition("]")
        kept = (entry for page in self.pages() for entry in self.entries.get(page.file.src_uri, ()))
        return f"{head}{','.join(kept)}]{tail}"


def begin(config: MkDocsConfig, build: Build, repository: Repository) -> KeptBuild:
    """Begin to keep a build, which has read no file yet."""
    logger = logging.getLogger("mkdocs")
    for handler in [one for one in logger.handlers if isinstance(one, Said)]:
        logger.removeHandler(handler)
    said = Said()
    logger.addHandler(said)
    places = places_of(config, repository)
    return KeptBuild(config, places, build, repository, said, RawFiles(Path(config.site_dir)), places.signs())


def places_of(config: MkDocsConfig, repository: Repository) -> Places:
    """Return what a site is made from."""
    settings = Path(config.config_file_path or "mkdocs.yml").absolute()
    root, reflog = settings.parent, repository.reflog
    docs, files = Path(config.docs_dir), settings_files(settings)
    return Places(docs, root / "evidence", root / "collectors", files, reflog and reflog.absolute())


def dumped(entry: object) -> str:
    """Return an entry of the index as Material's search plugin writes it."""
    return json.dumps(entry, separators=(",", ":"), default=str)
