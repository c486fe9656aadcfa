"""The pages of the site: exactly those that mkdocs builds, with its settings and those of its plugins."""

import logging
from collections.abc import Mapping
from pathlib import Path

from mkdocs.config import load_config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import MkDocsException
from mkdocs.structure.files import Files, get_files, set_exclusions
from mkdocs.structure.pages import Page

from labreport.contract.errors import ExitStatus, LabError
from labreport.report.pages.render import SitePages
from labreport.report.pages.source import read_page
from labreport.report.problems import Problem
from labreport.report.today import today
from labreport.site.defaults import how_to_install, missing_packages
from labreport.site.docs_files import leave_out
from labreport.site.gate import print_safely


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
            file.src_uri: Page(None, file, self.config) for file in self.files.documentation_pages()
        }

    def pages(self) -> SitePages:
        """Return the pages for `lab check`, `lab export` and `lab diff`."""
        files = self.files.documentation_pages()
        pages = tuple(read_page(file.src_uri, file.content_bytes) for file in files)
        urls = {path: page.url for path, page in self.rendered.items()}
        docs = Path(self.config.docs_dir)
        return SitePages(self.root, docs, pages, self.config.extra, self.html, urls, self.problems)

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
    """Return the files that mkdocs publishes, and the problems of those that it cannot."""
    files = get_files(config)
    problems = tuple(leave_out(files, config, root))
    files.add_files_from_theme(config.theme.get_env(), config)
    files = config.plugins.on_files(files, config=config)
    set_exclusions(files, config)
    included = [file for file in files if file.inclusion.is_included()]  # type: ignore[no-untyped-call] # mkdocs
    return Files(included), problems
