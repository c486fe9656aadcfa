"""The mkdocs plugin. The entry point `labreport` and hooks.py both use this class."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from importlib.resources import files as package_files
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from labreport.site import defaults

defaults.require_packages()  # before the imports below, which would end in a traceback

# ruff: noqa: E402
from jinja2 import Environment
from mkdocs.config.config_options import ExtraScriptValue
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort, ConfigurationError, MkDocsException
from mkdocs.plugins import BasePlugin, CombinedEvent, event_priority
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page
from mkdocs.utils.templates import TemplateContext
from pathspec.gitignore import GitIgnoreSpec

from labreport.contract.lab_config import CONVERTERS_FILE
from labreport.report.crash import as_error
from labreport.report.pages.render import RenderPass
from labreport.report.printed import printed_line
from labreport.report.problems import Problem
from labreport.report.today import EpochError, today
from labreport.site import gate, search_index
from labreport.site.anchors import add_anchors
from labreport.site.broken import note_broken
from labreport.site.build import Build
from labreport.site.docs_files import FILES, leave_out, same_pages
from labreport.site.navigation import TABS, keep_tabs_apart, navigation, title_of
from labreport.site.paper import number_links, with_title
from labreport.site.raw import RawFiles, write_schemas
from labreport.site.repository import keep_macros_from_git, read_repository
from labreport.site.serving.kept import KeptBuild, begin, places_of
from labreport.site.theme import escape_meta, escape_stripped, prepare_page, put_overrides_first

if TYPE_CHECKING:  # takes 8 ms, with watchdog; only `mkdocs serve` needs it
    from mkdocs.livereload import LiveReloadServer

log = logging.getLogger(gate.LOGGER)


class LabReportPlugin(BasePlugin):  # type: ignore[no-untyped-call, type-arg] # mkdocs' class, without options
    """Puts evidence into pages, and fails a build that has a problem.

    Where the plugin stands in `plugins:` does not matter: each event says by its priority when it runs.
    """

    _build: Build
    """The build that is under way. Each build has its own, from `on_config` on."""

    _page = ""
    """The page that is being built, by its path below docs/."""

    _kept: KeptBuild | None = None
    """What `mkdocs serve` keeps of the build, so that it can make single pages anew."""

    def on_startup(self, *, command: str, dirty: bool) -> None:
        """Note whether mkdocs builds or serves, and count warnings from here on.

        mkdocs keeps a plugin that has this event for all builds of `mkdocs serve`.
        """
        gate.open_gate(command, dirty=dirty)
        sys.excepthook = _last_handler

    def on_build_error(self, *, error: Exception) -> None:
        """End a build that fails for a reason that is no problem of the report, in one line."""
        if isinstance(error, MkDocsException):
            return
        place = f"docs/{self._page}: " if self._page else ""
        if self._kept and self._kept.said.page and not isinstance(error, OSError | MemoryError):
            note_broken(self._page, self._build.files.get(self._page), error)
        raise Abort(printed_line(f"{place}{as_error(error)}")) from error

    @event_priority(100)  # before other plugins read these settings
    def _set_defaults(self, config: MkDocsConfig) -> MkDocsConfig:
        """Set what mkdocs.yml leaves open: styles, extensions, excluded files, link checks, search."""
        try:
            today()
        except EpochError as error:
            raise ConfigurationError(str(error)) from error
        config.extra_css[:0] = defaults.STYLES
        config.extra_javascript[:0] = [ExtraScriptValue(path) for path in defaults.SCRIPTS]
        config.extra.setdefault("polyfills", []).extend(search_index.scripts(config))
        for name, options in defaults.EXTENSIONS.items():
            if name not in config.markdown_extensions:
                config.markdown_extensions.append(name)
            config.mdx_configs[name] = {**options, **config.mdx_configs.get(name, {})}
        ours = GitIgnoreSpec.from_lines(defaults.EXCLUDED)
        config.exclude_docs = ours + config.exclude_docs if config.exclude_docs else ours
        links = config.validation.links
        for check in defaults.LINK_CHECKS:
            links[check] = logging.WARNING if links[check] == logging.INFO else links[check]
        search_index.set_separator(config)
        keep_macros_from_git()
        return config

    @event_priority(-100)  # after the macros plugin has read its modules
    def _begin_build(self, config: MkDocsConfig) -> MkDocsConfig:
        """Begin a build, and have the macros plugin hand us each page before it would render it."""
        macros: Any = config.plugins.get("macros")
        if macros is None:
            raise ConfigurationError(
                "mkdocs.yml: the labreport plugin needs the macros plugin: add `- macros` to `plugins:`"
            )
        macros.pre_macro_functions.append(self._render_page)
        root = _root(config)
        evidence = root.resolve() / "evidence"
        rendering = RenderPass(Path(config.docs_dir), evidence, gate.serving(), config.extra, root, _tell)
        repository = read_repository(root, config.repo_url)
        self._build = Build(root, rendering, source=repository.source)
        if gate.serving() and not gate.dirty():
            self._kept = begin(config, self._build, repository)
        return config

    on_config = CombinedEvent(_set_defaults, _begin_build)

    def on_pre_build(self, *, config: MkDocsConfig) -> None:
        """Check all evidence against its records."""
        del config
        self._build.rendering.check_evidence()

    def _add_files(self, files: Files, *, config: MkDocsConfig) -> Files:
        """Add our styles and scripts; in a dirty build, have pages rebuilt after new evidence.

        What cannot be published is left out, and is a problem.
        """
        self._build.rendering.noted.owner = FILES
        for problem in (*same_pages(files, config), *leave_out(files, config, _root(config))):
            self._build.rendering.add(problem)
        for path in (*defaults.STYLES, *defaults.SCRIPTS, *search_index.scripts(config)):
            if files.get_file_from_path(path) is None:  # a file of the project's own comes first
                content = package_files("labreport.site").joinpath(path).read_bytes()
                files.append(File.generated(config, path, content=content))
        self._build.files = {
            file.src_uri: Path(file.abs_src_path)
            for file in files.documentation_pages()
            if file.abs_src_path is not None
        }
        if gate.dirty():  # mkdocs looks at the time of the page's own file only
            newest = gate.newest(_root(config) / "evidence")
            for file in files.documentation_pages():
                target = Path(file.abs_dest_path)
                if target.exists() and (not gate.serving() or target.stat().st_mtime < newest):
                    os.utime(target, (0, 0))
        return files

    @event_priority(-100)  # after other plugins, which may add pages
    def _navigate(self, files: Files, *, config: MkDocsConfig) -> Files:
        """Set the navigation of a project whose mkdocs.yml has none."""
        if config.nav is None:
            pages = files.documentation_pages(inclusion=InclusionLevel.is_in_nav)
            by_path = {file.src_uri: file for file in pages}
            tabs = TABS in (config.theme.get("features") or [])
            titles = lambda path: title_of(path, by_path[path].content_bytes)  # noqa: E731
            config.nav = navigation(by_path, titles, tabs=tabs)
        return files

    on_files = CombinedEvent(_add_files, _navigate)

    def on_nav(self, nav: Navigation, *, config: MkDocsConfig, files: Files) -> Navigation:
        """Keep the links to the previous and the next page within a tab."""
        if TABS in (config.theme.get("features") or []):
            keep_tabs_apart(nav)
        if self._kept:
            self._kept.keep_structure(nav, files)
        return nav

    def on_page_read_source(self, *, page: Page, config: MkDocsConfig) -> str:
        """Return the text of a page. One that is not UTF-8 is a problem, not the end of the build."""
        del config
        self._enter(page.file.src_uri, read=True)
        return self._build.read(page.file.src_uri, page.file.content_bytes)

    def _enter(self, page: str, *, read: bool) -> None:
        """Note which page is being built, or that none is; and whether it is being read."""
        self._page = page
        if self._kept:
            self._kept.said.page = page if read else None

    def _render_page(self, macros: Any) -> None:
        """Render the page that the macros plugin is about to render, in the sandbox.

        The macros plugin calls this as it calls `on_pre_page_macros` of a module. It renders nothing itself:
        its own environment gives a page mkdocs' settings, and all of Python behind them.
        """
        meta = macros.page.meta
        macros.markdown = self._build.render(macros.page.file.src_uri, macros.markdown, meta)
        meta.pop("ignore_macros", None)  # it would end the build
        escape_meta(meta)
        meta["render_macros"] = False

    def on_env(self, env: Environment, *, config: MkDocsConfig, files: Files) -> Environment:
        """Put our templates first. Drop what a page wants of the theme and the theme does not have.

        The latter would end the build. Text on its way into the theme's templates is escaped: they escape
        nothing.
        """
        self._enter("", read=False)
        put_overrides_first(env, config.theme, _root(config))
        escape_stripped(env)
        pages = [file.page for file in files.documentation_pages() if file.page]
        self._build.urls = {page.file.src_uri: page.url for page in pages}
        for page in pages:
            prepare_page(page, env, self._build)
            add_anchors(page, self._build.anchors)
        if self._kept:
            self._kept.env = env
        return env

    def on_page_content(self, html: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
        """Put what the macros show into the finished page, and set its place in the results of a search."""
        del config, files
        path = page.file.src_uri
        page.meta.setdefault("search", self._build.search_settings(path))
        finished = self._build.finish(path, "../" * page.url.count("/"), html)
        return number_links(finished, self._build.late)

    @event_priority(-100)  # after the search plugin
    def on_page_context(
        self, context: TemplateContext, *, page: Page, config: MkDocsConfig, nav: Navigation
    ) -> TemplateContext:
        """Keep what the index of the search has of the page."""
        del config, nav
        if self._kept:
            self._kept.take_entries(page)
        return context

    def on_post_page(self, output: str, *, page: Page, config: MkDocsConfig) -> str:
        """Put in what the search must not index, and the title for paper."""
        del config
        self._page = page.file.src_uri
        return with_title(self._build.write(page.file.src_uri, output), str(page.title or ""))

    def _write_rest(self, *, config: MkDocsConfig) -> None:
        """Write the raw files. End a `mkdocs build` that has problems with a list of them."""
        self._page = ""
        site = Path(config.site_dir)
        raw = self._kept.raw if self._kept else RawFiles(site)
        raw.write(self._build.rendering.evidence)
        write_schemas(site)
        if not gate.serving() and (lines := gate.verdict(self._build)):
            log.error("%s", "\n".join(lines))
            raise Abort("The site is built and shows each problem in its place. Do not publish it.")

    @event_priority(-101)  # after the offline plugin
    def _drop_index(self, *, config: MkDocsConfig) -> None:
        """Keep one of the two search indexes. With this, the build is complete."""
        search_index.drop_second_index(Path(config.site_dir))
        if self._kept:
            self._kept.complete = True

    on_post_build = CombinedEvent(_write_rest, _drop_index)

    @event_priority(-100)  # after other plugins, which may watch more
    def on_serve(
        self, server: LiveReloadServer, *, config: MkDocsConfig, builder: Callable[[], None]
    ) -> LiveReloadServer:
        """Make only what changes, by the events of the file system. With --dirty, mkdocs does as it does."""
        root = _root(config)
        if gate.dirty():
            for path in (root / "evidence", *root.glob(f"collectors/*/{CONVERTERS_FILE}")):
                if path.exists():
                    server.watch(str(path))
            return server
        from labreport.site.serving.serve import Rebuilder  # noqa: PLC0415 # takes 8 ms, with watchdog

        kept = self._kept
        places = kept.places if kept else places_of(config, read_repository(root, config.repo_url))
        Rebuilder(server, builder, lambda: self._kept, places).install()
        return server


def _root(config: MkDocsConfig) -> Path:
    """Return the project's folder: the one with mkdocs.yml."""
    return Path(config.config_file_path or "mkdocs.yml").parent


def _last_handler(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print an exception that nothing handled as one line, unless it is Ctrl-C."""
    if isinstance(error, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    print(printed_line(f"mkdocs: {as_error(error)}"), file=sys.stderr)  # noqa: T201 # nothing logs any more


def _tell(problem: Problem, fails: bool) -> None:  # noqa: FBT001 # a callback
    log.warning("%s", problem, extra={"fails": fails})
