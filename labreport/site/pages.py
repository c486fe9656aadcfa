"""The pages of the site: exactly those that mkdocs builds, with its settings and those of its plugins."""

import logging
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from jinja2 import Environment
from mkdocs.config import load_config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import MkDocsException
from mkdocs.structure.files import Files, get_files, set_exclusions
from mkdocs.structure.nav import get_navigation
from mkdocs.structure.pages import Page

from labreport.contract.errors import ExitStatus, LabError
from labreport.report.pages.render import SitePages
from labreport.report.pages.source import PageSource, read_page
from labreport.report.problems import Problem
from labreport.report.today import today
from labreport.site import mkdocs_log
from labreport.site.build import not_in_theme
from labreport.site.defaults import how_to_install, missing_packages
from labreport.site.docs_files import leave_out, same_pages
from labreport.site.gate import LOGGER, print_safely
from labreport.site.mkdocs_log import heard
from labreport.site.theme import missing_in_theme, put_overrides_first


class SiteError(LabError):
    """mkdocs cannot use its mkdocs.yml."""

    exit_status = ExitStatus.WRONG_USE


class MissingError(LabError):
    """Packages that a build needs are not installed."""

    exit_status = ExitStatus.CANNOT_RUN


class Site:
    """The files of the site, and what mkdocs makes of its pages, without writing anything."""

    def __init__(self, root: Path) -> None:
        """Read mkdocs.yml in `root`, and find the files; raise SiteError."""
        self.root = root
        if missing := missing_packages():
            raise MissingError(missing, how_to_install("publish"))
        today()  # SOURCE_DATE_EPOCH is checked before mkdocs reads it
        print_safely()
        try:
            self.config = _config(root)
            self.files, self.problems = _files(self.config, root)
        except MkDocsException as error:
            what = str(error) or "mkdocs.yml is invalid"
            raise SiteError(what, "correct mkdocs.yml: `mkdocs build` says what is wrong") from error
        self.rendered: Mapping[str, Page] = {
            file.src_uri: file.page or Page(None, file, self.config)
            for file in self.files.documentation_pages()
        }

    def pages(self) -> SitePages:
        """Return the pages for `lab check`, `lab export` and `lab diff`."""
        files = self.files.documentation_pages()
        pages = tuple(read_page(file.src_uri, file.content_bytes) for file in files)
        problems = (*self.problems, *(one for source in pages for one in self._not_in_theme(source)))
        urls = {path: page.url for path, page in self.rendered.items()}
        docs = Path(self.config.docs_dir)
        return SitePages(self.root, docs, pages, self.config.extra, self.html, urls, problems)

    def _not_in_theme(self, source: PageSource) -> Iterator[Problem]:
        """Yield what the front matter of a page names and the theme does not have."""
        values = {key: value for key, value in source.meta.values.items() if key not in source.meta.unusable}
        for key in missing_in_theme(values, self._env):
            yield not_in_theme(source, key, values[key])

    @cached_property
    def _env(self) -> Environment:
        """The templates of the theme, and ours."""
        env = self.config.theme.get_env()
        put_overrides_first(env, self.config.theme, self.root)
        return env

    def html(self, path: str, markdown: str) -> str:
        """Return the HTML that mkdocs makes of the Markdown of a page."""
        page = self.rendered[path]
        page.markdown = markdown
        page.render(self.config, self.files)
        return page.content or ""


def _config(root: Path) -> MkDocsConfig:
    """Return the settings of mkdocs.yml and its plugins; mkdocs does not log broken links with them."""
    config = load_config(str(root / "mkdocs.yml"))
    config = config.plugins.on_config(config)
    links = config.validation.links
    links.not_found = links.absolute_links = links.unrecognized_links = logging.DEBUG
    return config


def _files(config: MkDocsConfig, root: Path) -> tuple[Files, tuple[Problem, ...]]:
    """Return the files that mkdocs publishes, and what is wrong with other files and with `nav`."""
    with heard(mkdocs_log.FILES, mkdocs_log.NAV, LOGGER) as warnings:
        files = get_files(config)
        problems = [*same_pages(files, config), *leave_out(files, config, root)]
        files.add_files_from_theme(config.theme.get_env(), config)
        files = config.plugins.on_files(files, config=config)
        set_exclusions(files, config)
        get_navigation(files, config)
    problems += [
        mkdocs_log.nav_problem(one.getMessage(), root) for one in warnings if one.name == mkdocs_log.NAV
    ]
    included = [file for file in files if file.inclusion.is_included()]  # type: ignore[no-untyped-call] # mkdocs
    return Files(included), tuple(problems)
