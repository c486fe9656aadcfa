"""`mkdocs serve` without its server: the builds that it would do after each change, in a process apart."""

import logging
import multiprocessing
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path

from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.livereload import LiveReloadServer

FORKS = multiprocessing.get_context("fork")
URL = "http://127.0.0.1:8000/"


class Served:
    """A project that is served into a folder. `after()` builds what has changed, and returns the log."""

    def __init__(self, root: Path, site: Path) -> None:
        self.site = site
        self._here, there = multiprocessing.Pipe()
        self._process = FORKS.Process(target=_serve, args=(root, site, there), daemon=True)
        self._process.start()
        self.first: str = self._here.recv()

    def after(self) -> str:
        """Do what serve does after a change; return the lines of its log."""
        self._here.send("build")
        return str(self._here.recv())

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()

    def files(self) -> dict[str, bytes]:
        """Return what is shown: every file of the site by its path."""
        return {
            path.relative_to(self.site).as_posix(): path.read_bytes()
            for path in sorted(self.site.rglob("*"))
            if path.is_file() and path.name != "sitemap.xml.gz"  # holds its own path
        }


def _serve(root: Path, site: Path, there: Connection) -> None:
    """Serve a project: build it now, and again after each message."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("mkdocs").addHandler(handler)
    logging.getLogger("mkdocs").setLevel(logging.INFO)

    def config() -> MkDocsConfig:
        loaded = load_config(str(root / "mkdocs.yml"), site_dir=str(site))
        loaded.site_url = URL
        return loaded

    def builder(given: MkDocsConfig | None = None) -> None:
        build(given or config(), serve_url=URL)

    first = config()
    first.plugins.on_startup(command="serve", dirty=False)
    try:
        builder(first)
    except (Exception, SystemExit) as error:  # noqa: BLE001 # it would not start
        there.send(f"failed: {error}")
        return
    server = LiveReloadServer(builder, "127.0.0.1", 0, str(site))
    server.watch(first.docs_dir)
    server.watch(first.config_file_path)
    first.plugins.on_serve(server, config=first, builder=builder)
    while True:
        there.send("\n".join(lines))
        lines.clear()
        there.recv()
        try:
            server.builder()
        except (Exception, SystemExit) as error:  # noqa: BLE001 # as the server does
            lines.append(f"failed: {error}")


def fresh(root: Path, site: Path) -> tuple[dict[str, bytes], str]:
    """Return what a freshly started serve shows, and its log."""
    served = Served(root, site)
    try:
        return served.files(), served.first
    finally:
        served.end()


def other_files(one: Mapping[str, bytes], two: Mapping[str, bytes]) -> list[str]:
    """Return the files that are not the same in two sites."""
    return sorted(path for path in one.keys() | two.keys() if one.get(path) != two.get(path))
