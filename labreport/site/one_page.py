"""A whole lab as one page for a browser and for paper. It is built as the site is, with the same problems."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files as package_files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote, urlsplit

from markupsafe import Markup
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort, MkDocsException
from selectolax.lexbor import LexborHTMLParser

from labreport.report.problems import FaultError
from labreport.report.source.cite import LABS
from labreport.site.html.environment import call
from labreport.site.html.self_contained import POLICY, Part, SelfContained
from labreport.site.navigation import navigation, title_of
from labreport.site.pages import Site, SiteError
from labreport.site.paper import css_string

STYLE = "assets/one-page.css"


@dataclass(frozen=True)
class OnePage:
    """A lab as one page; `is_whole` says that the build had no problem."""

    html: str
    is_whole: bool


def one_page(root: Path, lab: str) -> OnePage:
    """Return the pages of a lab as one page, in the order of the navigation; raise FaultError if it has none.

    The page holds its styles and pictures, and loads nothing.
    """
    site = Site(root)
    pages = {
        file.src_uri: file
        for file in site.files.documentation_pages()
        if file.src_uri.startswith(f"{LABS}/{lab}/")
    }
    if not pages:
        raise FaultError(f"there is no page of {lab}", f"write docs/{LABS}/{lab}/index.md")
    titles = {path: title_of(path, file.content_bytes) or path for path, file in pages.items()}
    order = list(_paths(navigation(pages, titles.__getitem__)))
    with TemporaryDirectory(prefix="lab-export-") as folder:
        built = Path(folder) / "site"
        is_whole = build_site(root, built)
        names = {pages[path].dest_uri: f"part-{number}" for number, path in enumerate(order, 1)}
        contained = SelfContained(built, names, site.config.site_url or "")
        parts = [contained.part(pages[path].dest_uri, titles[path]) for path in order]
        first = built / pages[order[0]].dest_uri
        html = _document(titles[order[0]], _styles(built, first), parts)
    return OnePage(html, is_whole)


def _paths(items: list[Any]) -> Iterator[str]:
    """Yield the paths of a navigation, as `navigation` returns it, in order."""
    for item in items:
        if isinstance(item, str):
            yield item
        else:
            for inside in item.values():
                yield from _paths(inside)


def build_site(root: Path, site: Path) -> bool:
    """Build the site into a folder; return whether there was no problem. Problems are logged."""
    try:
        config = load_config(str(root / "mkdocs.yml"), site_dir=str(site))
        config.plugins.on_startup(command="build", dirty=False)
        build(config)
    except Abort:
        return False
    except MkDocsException as error:
        raise SiteError(str(error), "run `mkdocs build`, which says what is wrong") from error
    return True


def _styles(site: Path, page: Path) -> str:
    """Return the styles of a page of the site, and those of a whole lab, in their order."""
    texts = []
    for link in LexborHTMLParser(page.read_text(encoding="utf-8")).css("head link[rel=stylesheet]"):
        address = urlsplit(link.attributes.get("href") or "")
        file = (page.parent / unquote(address.path)).resolve()
        if not address.netloc and file.is_relative_to(site.resolve()) and file.is_file():
            texts.append(file.read_text(encoding="utf-8"))
    texts.append(package_files("labreport.site").joinpath(STYLE).read_text(encoding="utf-8"))
    return "\n".join(texts)


def _document(title: str, styles: str, parts: list[Part]) -> str:
    """Return the page. Each part has its title in the header of its sheets of paper."""
    for part in parts:
        header = f"@page {part.name} {{ @top-left {{ content: {css_string(part.title)} }} }}"
        styles += f"\n{header}\n#{part.name} {{ page: {part.name} }}"
    css = Markup(styles.replace("</", "<\\/"))  # noqa: S704 - in an element that only `</style` ends
    return call("one_page.html", "one_page", title, "en", POLICY, css, css_string(title), parts)
