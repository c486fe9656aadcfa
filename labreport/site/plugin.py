"""The mkdocs plugin. The entry point `labreport` and hooks.py both use this class."""

import logging
import os
from functools import partial
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any

from labreport.site.packages import require_packages

require_packages()  # before the imports below, which would end in a traceback

# ruff: noqa: E402
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort, ConfigurationError
from mkdocs.livereload import LiveReloadServer
from mkdocs.plugins import BasePlugin, CombinedEvent, event_priority
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from pathspec.gitignore import GitIgnoreSpec

from labreport.report.pages.macros import MACROS
from labreport.report.pages.template import PageEnvironment
from labreport.report.problems import Problem
from labreport.site import gate
from labreport.site.build import Build
from labreport.site.defaults import EXCLUDED, EXTENSIONS, LINK_CHECKS, SEARCH_WORKER, SEPARATOR, STYLES
from labreport.site.raw import write_raw, write_schemas

log = logging.getLogger(gate.LOGGER)


class LabReportPlugin(BasePlugin):  # type: ignore[no-untyped-call, type-arg] # mkdocs' class, without options
    """Puts evidence into pages, and fails a build that has a problem.

    Where the plugin stands in `plugins:` does not matter: each event says by its priority when it runs.
    """

    _build: Build
    """The build that is under way. Each build has its own, from `on_config` on."""

    def on_startup(self, *, command: str, dirty: bool) -> None:
        """Note whether mkdocs builds or serves, and count warnings from here on.

        mkdocs keeps a plugin that has this event for all builds of `mkdocs serve`.
        """
        gate.open_gate(command, dirty=dirty)

    @event_priority(100)  # before other plugins read these settings
    def _set_defaults(self, config: MkDocsConfig) -> MkDocsConfig:
        """Set what mkdocs.yml leaves open: styles, extensions, excluded files, link checks, search."""
        config.extra_css[:0] = STYLES
        config.extra.setdefault("polyfills", []).append(SEARCH_WORKER)
        for name, options in EXTENSIONS.items():
            if name not in config.markdown_extensions:
                config.markdown_extensions.append(name)
            config.mdx_configs[name] = {**options, **config.mdx_configs.get(name, {})}
        ours = GitIgnoreSpec.from_lines(EXCLUDED)
        config.exclude_docs = ours + config.exclude_docs if config.exclude_docs else ours
        links = config.validation.links
        for check in LINK_CHECKS:
            links[check] = logging.WARNING if links[check] == logging.INFO else links[check]
        search: Any = config.plugins.get("material/search")
        if search is not None and not search.config.separator:
            search.config.separator = SEPARATOR
        return config

    @event_priority(-100)  # after the macros plugin has made its environment
    def _begin_build(self, config: MkDocsConfig) -> MkDocsConfig:
        """Begin a build: give the macros plugin our macros, and the environment that boxes mistakes."""
        macros: Any = config.plugins.get("macros")
        if macros is None:
            raise ConfigurationError(
                "mkdocs.yml: the labreport plugin needs the macros plugin: add `- macros` to `plugins:`"
            )
        build = Build(_root(config), Path(config.docs_dir), here=gate.serving(), tell=_tell)
        macros.register_macros({name: partial(build.call, name) for name in MACROS})
        given = macros.env
        env = PageEnvironment(build.broken, {name: given.globals[name] for name in MACROS}, given.loader)
        env.globals.update(given.globals)
        env.filters.update(given.filters)
        macros._env = env  # noqa: SLF001 # the macros plugin offers no setting for it
        self._build = build
        return config

    on_config = CombinedEvent(_set_defaults, _begin_build)

    def on_pre_build(self, *, config: MkDocsConfig) -> None:
        """Check all evidence against its records."""
        del config
        self._build.check_evidence()

    def on_files(self, files: Files, *, config: MkDocsConfig) -> Files:
        """Add our styles and the search worker; in a dirty build, have pages rebuilt after new evidence."""
        for path in (*STYLES, SEARCH_WORKER):
            if files.get_file_from_path(path) is None:  # a file of the project's own comes first
                content = package_files("labreport.site").joinpath(path).read_bytes()
                files.append(File.generated(config, path, content=content))
        if gate.dirty():  # mkdocs looks at the time of the page's own file only
            newest = gate.newest(_root(config) / "evidence")
            for file in files.documentation_pages():
                target = Path(file.abs_dest_path)
                if target.exists() and (not gate.serving() or target.stat().st_mtime < newest):
                    os.utime(target, (0, 0))
        return files

    @event_priority(100)  # before the macros plugin renders the page
    def on_page_markdown(self, markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
        """Begin a page."""
        del config, files
        before = page.file.content_string.count("\n") - markdown.count("\n")
        up = "../" * page.url.count("/")
        self._build.begin(page.file.src_uri, up, page.meta, max(before, 0))
        return markdown

    def on_page_content(self, html: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
        """Put what the macros show into the finished page."""
        del page, config, files
        return self._build.finish(html)

    def on_post_page(self, output: str, *, page: Page, config: MkDocsConfig) -> str:
        """Put in what the search must not index."""
        del page, config
        return self._build.slots.fill_late(output)

    def on_post_build(self, *, config: MkDocsConfig) -> None:
        """Write the raw files. End a `mkdocs build` that has problems with a list of them."""
        site = Path(config.site_dir)
        write_raw(self._build.evidence, site)
        write_schemas(site)
        if not gate.serving() and (lines := gate.verdict(self._build)):
            log.error("%s", "\n".join(lines))
            raise Abort("The site is built and shows each problem in its place. Do not publish it.")

    def on_serve(
        self, server: LiveReloadServer, *, config: MkDocsConfig, builder: object
    ) -> LiveReloadServer:
        """Rebuild when evidence changes."""
        del builder
        folder = _root(config) / "evidence"
        if folder.is_dir():
            server.watch(str(folder))
        return server


def _root(config: MkDocsConfig) -> Path:
    """Return the project's folder: the one with mkdocs.yml."""
    return Path(config.config_file_path or "mkdocs.yml").parent


def _tell(problem: Problem, fails: bool) -> None:  # noqa: FBT001 # a callback
    log.warning("%s", problem, extra={"fails": fails})
