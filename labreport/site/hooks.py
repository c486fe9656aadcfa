"""mkdocs' events: the publish gate, the slots, the raw files.

mkdocs runs this file by its path, so nothing is kept here: the build is in `labreport.site.build`, which
the macros import too.
"""

import gc
import logging
import os
import sys
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort
from mkdocs.livereload import LiveReloadServer
from mkdocs.plugins import event_priority
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

if (ROOT := str(Path(__file__).parents[2])) not in sys.path:
    sys.path.insert(0, ROOT)  # the project need not be installed

from labreport.report.pages.macros import MACROS
from labreport.report.pages.template import PageEnvironment
from labreport.report.problems import Problem
from labreport.site import gate  # only now can it be found
from labreport.site.build import Build, current, start
from labreport.site.raw import write_raw, write_schemas

log = logging.getLogger(gate.LOGGER)

GARBAGE = 100_000
"""How many objects are made between two looks for garbage; Python's own 700 costs a build some 5 %."""


def on_startup(command: str, dirty: bool) -> None:  # noqa: FBT001 # mkdocs' signature
    """Remember whether this is a build, and count warnings from here on.

    What the imports made stays to the end: no garbage collection need look at it again (3 % of a build). What
    pages make is little and soon gone: 80 MB at most for 100 of them, however seldom it is looked at.
    """
    gate.open_gate(command, dirty=dirty)
    gc.freeze()
    gc.set_threshold(GARBAGE)


def on_shutdown() -> None:
    """Leave what there is to the end of the process: Python would look through all of it for garbage."""
    gc.freeze()


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Begin a build, and give the macros plugin the environment that turns mistakes into boxes."""
    root = Path(config.config_file_path or "mkdocs.yml").parent
    start(Build(root, Path(config.docs_dir), here=gate.serving(), tell=_tell))
    macros = config.plugins.get("macros")
    if macros is not None:
        given: Any = macros
        ours = {name: given.env.globals[name] for name in MACROS}
        env = PageEnvironment(_broken, ours, given.env.loader)
        env.globals.update(given.env.globals)
        env.filters.update(given.env.filters)
        given._env = env  # noqa: SLF001 # the plugin offers no setting for it
    return config


def _tell(problem: Problem, fails: bool) -> None:  # noqa: FBT001 # a callback
    log.warning("%s", problem, extra={"fails": fails})


def _broken(line: int, reference: str, what: str, remedy: str) -> str:
    return current().broken(line, reference, what, remedy)


def on_pre_build(config: MkDocsConfig) -> None:
    """Hold all evidence against its records."""
    del config
    current().check_evidence()


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """In a dirty build, have pages made again when evidence has changed: their own time says nothing."""
    if gate.dirty():
        newest = gate.newest(Path(config.config_file_path or "mkdocs.yml").parent / "evidence")
        for file in files.documentation_pages():
            target = Path(file.abs_dest_path)
            if target.exists() and (not gate.serving() or target.stat().st_mtime < newest):
                os.utime(target, (0, 0))
    return files


@event_priority(100)
def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Begin a page, before the macros plugin renders it."""
    del config, files
    before = page.file.content_string.count("\n") - markdown.count("\n")
    up = "../" * page.url.count("/")
    current().begin(page.file.src_uri, up, page.meta, max(before, 0))
    return markdown


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Put what the macros have shown into the finished page."""
    del page, config, files
    return current().finish(html)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Put in what the search was not to see."""
    del page, config
    return current().slots.fill_late(output)


def on_post_build(config: MkDocsConfig) -> None:
    """Write the raw files; end a `mkdocs build` that found any problem with a list of them."""
    site, build = Path(config.site_dir), current()
    write_raw(build.evidence, site)
    write_schemas(site)
    if not gate.serving() and (lines := gate.verdict(build)):
        log.error("%s", "\n".join(lines))
        raise Abort("The site is built, with each problem in its place; it is not to be published.")


def on_serve(server: LiveReloadServer, config: MkDocsConfig, builder: object) -> LiveReloadServer:
    """Build again when evidence changes."""
    del builder
    folder = Path(config.config_file_path or "mkdocs.yml").parent / "evidence"
    if folder.is_dir():
        server.watch(str(folder))
    return server
