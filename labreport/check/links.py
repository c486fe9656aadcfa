"""Links between pages, to their anchors, and to files beside them, that lead nowhere."""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from labreport.check.anchors import Rendered, Settings
from labreport.check.finding import Finding, Kind
from labreport.report.pages.mask import FENCE, INLINE_CODE
from labreport.report.pages.source import PageSource


@dataclass(frozen=True)
class Site:
    """What there is to link to: the pages by their paths below docs/, and every other file there."""

    docs: Path
    settings: Settings
    pages: Mapping[str, Rendered]

    def has(self, path: str) -> bool:
        """Return whether the site has the file `path` of docs/."""
        return (self.docs / path).is_file() and not self.settings.excluded.match_file(path)


def broken_links(page: PageSource, site: Site) -> Iterator[Finding]:
    """Yield a finding for each link of a page that leads nowhere."""
    at: dict[str, int] = {}
    for link in site.pages[page.path].links:
        offset = _find(page, link, at.get(link, 0))
        at[link] = offset + 1
        wrong = _wrong(page.path, link, site)
        if wrong:
            line, column = page.place(max(offset, 0))
            yield Finding(Kind.LINK, page.file, line, column, f"{link}: {wrong[0]}", wrong[1], link)


def _find(page: PageSource, link: str, since: int) -> int:
    """Return where a link stands in the source, from `since` on; where it last stood if no more."""
    for text in (f"]({link}", f"](<{link}", link):
        offset = page.text.find(text, since)
        while offset >= 0 and page.masked[offset] in {FENCE, INLINE_CODE}:
            offset = page.text.find(text, offset + 1)
        if offset >= 0:
            return offset + len(text) - len(link)
    return since - 1


def _wrong(page: str, link: str, site: Site) -> tuple[str, str] | None:
    """Return what is wrong with a link, and what to do; None if it leads somewhere, or out of the site."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return "is no address", "mend it"
    if parts.scheme or parts.netloc:
        return None
    if parts.path.startswith("/"):
        return "begins at the server's root, which need not be this site's", "write it from this page: ../…"
    path = (
        posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(parts.path)))
        if parts.path
        else page
    )
    if path not in site.pages and path.endswith(".html") and f"{path[:-5]}.md" in site.pages:
        path = f"{path[:-5]}.md"  # as HTML in a page links
    if path not in site.pages and not site.has(path):
        return f"there is no {path} in docs/", "mend the link, or write the page"
    anchor = unquote(parts.fragment)
    if anchor and path in site.pages and anchor not in site.pages[path].anchors:
        return f"{path} has no anchor {anchor}", "name the id of one of its headings"
    return None
