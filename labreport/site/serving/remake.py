"""Make the pages anew that show something of what has changed, and no others.

A page is read, rendered and written by the same events of mkdocs as in a complete build. What would change
other pages in ways that are not followed here, such as a title, raises StructureError: all are made anew.
"""

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path

from mkdocs.commands.build import get_context
from mkdocs.structure.files import InclusionLevel
from mkdocs.structure.pages import Page

from labreport.report.facts.facts import FACTS_FILE
from labreport.report.pages.context import Changed, Covered, LateTable, MacroContext, Required
from labreport.report.pages.render import EVIDENCE, RenderPass
from labreport.report.pages.source import PageSource, read_page
from labreport.report.problems import Problem
from labreport.report.source.cite import LABS
from labreport.report.tables import Table
from labreport.report.tables.references import GLOSSARY_FILE
from labreport.report.today import today
from labreport.report.uses import facts_use
from labreport.site import search_index
from labreport.site.anchors import add_anchors
from labreport.site.docs_files import FILES
from labreport.site.gate import LOGGER
from labreport.site.navigation import title_of
from labreport.site.serving.changes import ChangedFiles, StructureError
from labreport.site.serving.kept import KeptBuild
from labreport.site.theme import prepare_page

log = logging.getLogger(LOGGER)


def remake(kept: KeptBuild, changes: ChangedFiles) -> list[str]:
    """Make anew what shows something of the changes; return the pages that are different now."""
    if kept.day != today() or kept.build.rendering.evidence.search.timeouts:
        raise StructureError
    return _Remake(kept).run(changes)


class _Remake:
    """One change of a site."""

    def __init__(self, kept: KeptBuild) -> None:
        self._kept = kept
        self._build = kept.build
        self._rendering: RenderPass = kept.build.rendering
        self._pages = {page.file.src_uri: page for page in kept.pages()}
        self._made: list[str] = []

    def run(self, changes: ChangedFiles) -> list[str]:
        self._rendering.noted.silent = True
        keys = self._refresh(changes)
        self._check_sources(changes.pages)
        tables = self._build.forget_pages()
        wanted = changes.pages | self._users(keys)
        self._read(wanted)
        self._read(self._late(tables) - wanted)
        written = [path for path in self._in_order(self._made) if self._write(self._pages[path])]
        self._write_rest(changes)
        self._tell()
        return written

    def _refresh(self, changes: ChangedFiles) -> set[str]:
        """Forget what has changed; return what calls may have used of it."""
        rendering, docs = self._rendering, self._kept.docs
        if tuple(rendering.evidence.names()) != self._kept.sets:
            raise StructureError
        keys = {str(docs / path) for path in changes.pages | changes.yaml}
        keys |= changes.evidence.get("", set())
        for name in changes.evidence.keys() & set(self._kept.sets):
            keys |= rendering.evidence.refresh(name, changes.evidence[name])
        if changes.evidence:
            rendering.noted.noted.pop(EVIDENCE, None)
            rendering.check_evidence()
        for path in changes.yaml:
            if path.endswith(f"/{GLOSSARY_FILE}"):
                rendering.terms.pop(path.split("/")[1], None)
        for lab, readings in list(rendering.facts.items()):
            if str(docs / LABS / lab / FACTS_FILE) in keys or not readings.uses.isdisjoint(keys):
                del rendering.facts[lab]
                keys.add(facts_use(lab))
        return keys

    def _check_sources(self, paths: Iterable[str]) -> None:
        """Raise StructureError if the front matter or the title of a page has changed."""
        for path in paths:
            old, page = self._build.sources.get(path), self._pages.get(path)
            if old is None or page is None or page.file.inclusion.is_excluded():  # type: ignore[no-untyped-call]
                raise StructureError(path)
            data = page.file.content_bytes
            new = read_page(path, data)
            if _front(old) != _front(new) or _title(old) != title_of(path, data):
                raise StructureError(path)

    def _users(self, keys: set[str]) -> set[str]:
        """Return the pages that show something else than before, as far as that rests on `keys`."""
        if not keys:
            return set()
        return {
            path
            for path in self._pages
            if not self._build.uses.get(path, set()).isdisjoint(keys) or self._shows_other(path, keys)
        }

    def _shows_other(self, path: str, keys: set[str]) -> bool:
        """Return whether a call of a page shows something else than before."""
        page = self._build.rendered[path]
        rendering = self._rendering
        context = MacroContext(
            rendering.evidence, rendering.lab_facts, page.page, rendering.docs, rendering.lab_title
        )
        return any(
            not result.uses.isdisjoint(keys) and result.call.run(context) != result.shown
            for result in page.calls
        )

    def _late(self, tables: Mapping[LateTable, Table | Problem]) -> set[str]:
        """Return the pages with a table of all pages of a lab that is another one now than in `tables`."""
        other = {shown for shown, table in tables.items() if self._build.late_table(shown) != table}
        if not other:
            return set()
        late = {}
        for path, page in self._build.rendered.items():
            shown = (call.shown for call in page.calls)
            late[path] = {one for one in shown if isinstance(one, Covered | Required | Changed)}
        return {path for path, shown in late.items() if shown & other}

    def _read(self, paths: set[str]) -> None:
        """Read and render pages, and put the results of their calls where they were."""
        kept, rendering = self._kept, self._rendering
        rendering.results = [one for one in rendering.results if one.page not in paths]
        for path in self._in_order(paths):
            rendering.noted.noted.pop(path, None)
            kept.said.warnings.pop(path, None)
            page = self._pages[path]
            title = page.title
            self._populate(page)
            kept.said.page = None
            assert kept.env is not None  # noqa: S101 # set by a complete build
            prepare_page(page, kept.env, self._build)
            if page.title != title:
                raise StructureError(path)
        self._made += paths
        order = {path: number for number, path in enumerate(self._pages)}
        rendering.results.sort(key=lambda result: order[result.page])

    def _populate(self, page: Page) -> None:
        """Read a page as mkdocs does, from the start."""
        config, files, plugins = self._kept.config, self._kept.files, self._kept.config.plugins
        before, after = page.previous_page, page.next_page
        Page.__init__(page, self._kept.titles.get(page.file.src_uri), page.file, config)
        page.previous_page, page.next_page = before, after
        page = plugins.on_pre_page(page, config=config, files=files)
        page.read_source(config)
        page.markdown = plugins.on_page_markdown(page.markdown or "", page=page, config=config, files=files)
        page.render(config, files)
        page.content = plugins.on_page_content(page.content or "", page=page, config=config, files=files)

    def _write(self, page: Page) -> bool:
        """Write a page as mkdocs does, if it is another one now. Return whether it is."""
        kept, config, plugins = self._kept, self._kept.config, self._kept.config.plugins
        assert kept.nav is not None  # noqa: S101 # both are set by a complete build
        assert kept.env is not None  # noqa: S101
        shown = kept.files.documentation_pages(inclusion=InclusionLevel.is_in_serve)
        page.active = True
        try:
            context = get_context(kept.nav, shown, config, page)
            template = kept.env.get_template(page.meta.get("template", "main.html"))
            context = plugins.on_page_context(context, page=page, config=config, nav=kept.nav)
            output = plugins.on_post_page(template.render(context), page=page, config=config)
        finally:
            page.active = False
        return write_if_other(Path(page.file.abs_dest_path), output.encode(errors="xmlcharrefreplace"))

    def _write_rest(self, changes: ChangedFiles) -> None:
        """Write the raw files, the other files of docs/, and the index of the search."""
        kept = self._kept
        if changes.evidence:
            of_sets = {name: paths for name, paths in changes.evidence.items() if name}
            kept.raw.refresh(self._rendering.evidence, of_sets)
        for path in changes.assets:
            if (file := kept.files.get_file_from_path(path)) is not None:
                file.copy_file()
        if self._made and kept.search_index is not None:
            search_index.rewrite(Path(kept.config.site_dir), kept.search_text())

    def _tell(self) -> None:
        """Log all problems and warnings of the site, as a complete build does."""
        self._rendering.noted.list_again([EVIDENCE, FILES, *self._pages])
        made = set(self._made)
        self._kept.said.again(path for path in ("", *self._pages) if path not in made)
        for page in self._pages.values():
            add_anchors(page, self._build.anchors)
        for page in self._pages.values():
            page.validate_anchor_links(
                files=self._kept.files, log_level=self._kept.config.validation.links.anchors
            )

    def _in_order(self, paths: Iterable[str]) -> list[str]:
        wanted = set(paths)
        return [path for path in self._pages if path in wanted]


def _front(source: PageSource) -> str:
    return source.text[: source.begin]


def _title(source: PageSource) -> str:
    return title_of(source.path, source.raw.encode())


def write_if_other(path: Path, data: bytes) -> bool:
    """Write a file if it holds something else; return whether it did."""
    if path.is_file() and path.read_bytes() == data:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return True
