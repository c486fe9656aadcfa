"""Broken links, for `lab check`: targets and anchors that the site does not have.

mkdocs renders the pages and resolves their links; it leaves a broken link as it is written. Its warnings have
no line numbers, and do not cover links in HTML and ids that an extension adds late. So the rendered pages are
searched here.
"""

import posixpath
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

from labreport.check.finding import Finding
from labreport.check.project import ProjectPages
from labreport.report.pages.anchors import PageAnchors, page_anchors
from labreport.report.pages.source import PageSource
from labreport.report.pages.visible import FENCE, INLINE_CODE
from labreport.site.pages import Site

_ATTRIBUTES = {
    "a": "href",
    "img": "src",
    "source": "src",
    "script": "src",
    "link": "href",
    "iframe": "src",
    "video": "src",
}
"""The HTML elements that link to something, and the attribute that holds the link."""


def broken_links(site: Site, project: ProjectPages) -> Iterator[Finding]:
    """Yield a finding for each link of a page to a file or an anchor that the site does not have."""
    html = {path: page.content or "" for path, page in site.rendered.items()}
    results = project.rendering.results
    shown = {path: page_anchors([one for one in results if one.page == path], html[path]) for path in html}
    links = _Links(site.files, {path: _read(text) for path, text in html.items()}, shown)
    for source in project.pages:
        searched: dict[str, int] = {}
        for link, what, remedy in links.broken(site.rendered[source.path]):
            offset = _find(source, link, searched.get(link, 0))
            searched[link] = offset + 1
            line, column = source.place(max(offset, 0))
            yield Finding("link", source.file, line, column, f"{link}: {what}", remedy, link)


class _PageReader(HTMLParser):
    """Collects the links and the anchors of a rendered page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.anchors |= {given[key] or "" for key in ("id", "name") if key in given}
        if link := given.get(_ATTRIBUTES.get(tag, "")):
            self.links.append(link)


def _read(html: str) -> _PageReader:
    reader = _PageReader()
    reader.feed(html)
    reader.close()
    return reader


class _Links:
    """The files of the site, and the links and anchors of its pages."""

    def __init__(
        self, files: Files, pages: Mapping[str, _PageReader], shown: Mapping[str, PageAnchors]
    ) -> None:
        self._pages = pages
        self._shown = shown
        self._files = {file.dest_uri: file for file in files}
        self._files |= {posixpath.normpath(unquote(file.url)): file for file in files}

    def broken(self, page: Page) -> Iterator[tuple[str, str, str]]:
        """Yield each broken link of a page as it is written, what is wrong, and what to do."""
        for link in self._pages[page.file.src_uri].links:
            try:
                parts = urlsplit(link)
            except ValueError:
                yield link, "is not a valid address", "correct it"
                continue
            if parts.scheme or parts.netloc:
                continue
            path, anchor = unquote(parts.path), unquote(parts.fragment)
            if path.startswith("/"):
                yield link, "starts at the root of the server, not of this site", "write a relative link"
                continue
            file = self._files.get(_joined(page.url, path)) if path else page.file
            if file is None:
                what = f"there is no {_joined(page.file.src_uri, path)} in docs/"
                yield link, what, "correct the link, or write the page"
            elif anchor and not self._has(file.src_uri, anchor):
                written = (page.links_to_anchors or {}).get(file, {}).get(parts.fragment, link)
                yield written, f"{file.src_uri} has no anchor {anchor}", "use the id of one of its headings"

    def _has(self, path: str, anchor: str) -> bool:
        """Return whether a page has an anchor. Of a file that is no page, nothing is known."""
        page = self._pages.get(path)
        return page is None or anchor in page.anchors or anchor in self._shown[path]


def _joined(page: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), path))


def _find(page: PageSource, link: str, since: int) -> int:
    """Return the offset of a link in the source, at or after `since`; without one, the previous offset."""
    for text in (f"]({link}", f"](<{link}", link):
        offset = page.text.find(text, since)
        while offset >= 0 and page.masked[offset] in {FENCE, INLINE_CODE}:
            offset = page.text.find(text, offset + 1)
        if offset >= 0:
            return offset + len(text) - len(link)
    return since - 1
