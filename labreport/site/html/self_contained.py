"""Articles of a built site as parts of one page, which loads nothing and runs nothing.

Pages are hostile. The elements and attributes that may come along are listed: none of them loads or runs
anything. Links come along, and pictures of the site, which are put into the page. A content security policy
in the page's head forbids the rest, whatever a browser may find in it.
"""

import base64
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'"

PICTURES = {
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
}
"""The types of the pictures that are put into the page, by the ends of their names."""

TAGS = frozenset(
    """
    a abbr b blockquote br button caption cite code col colgroup dd del details dfn div dl dt em figcaption
    figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp section small span strong sub
    summary sup table tbody td tfoot th thead tr u ul var svg circle clipPath defs desc ellipse g line
    linearGradient path polygon polyline rect stop text title tspan
    """.split()  # noqa: SIM905 # a list would be a line a word
)
"""The elements that come along, those of SVG included; any other goes with what it holds."""

ATTRIBUTES = frozenset(
    """
    class colspan data-class data-emulated data-evidence data-kind data-lines data-state dir headers height
    lang popover role rowspan scope span start style tabindex title type value width alt cx cy d display dx
    dy fill fill-opacity font-family font-size font-style font-weight offset opacity points
    preserveAspectRatio r rx ry stop-color stop-opacity stroke stroke-dasharray stroke-linecap stroke-
    linejoin stroke-miterlimit stroke-opacity stroke-width text-anchor transform version viewBox x x1 x2 y
    y1 y2 clip-path xmlns aria-label aria-hidden
    """.split()  # noqa: SIM905 # a list would be a line a word
)
"""The attributes that come along; the values of `IDS` are changed, and links and pictures are looked at."""

LEFT_OUT = frozenset({"headerlink", "md-content__button", "md-source-file"})
"""What is of use on a page of the site only, by its class."""

IDS = frozenset({"aria-describedby", "aria-labelledby", "id", "popovertarget"})
"""Attributes that name elements of the same page."""

STYLED = frozenset({"clip-path", "fill", "stroke", "style"})
"""Attributes that can name something to load."""

_LOADS = re.compile(r"\\|url|image|src", re.IGNORECASE)
_LOCAL_URL = re.compile(r"url\(\s*(['\"]?)#([^)'\"]*)\1\s*\)")


@dataclass(frozen=True)
class Part:
    """An article of the site; `name` is the id of the part, and the start of all ids in it."""

    name: str
    title: str
    html: str


@dataclass(frozen=True)
class SelfContained:
    """Makes parts of articles. `names` are the parts by the paths of their pages below `site`.

    `address` is where the site is published, for links to its other pages; without it, they are dropped.
    """

    site: Path
    names: Mapping[str, str]
    address: str = ""

    def part(self, path: str, title: str) -> Part:
        """Return the article of the page at `path` below the site."""
        page = LexborHTMLParser((self.site / path).read_text(encoding="utf-8"))
        article = page.css_first("article") or page.css_first("main") or page.body
        name = self.names[path]
        if article is None:
            return Part(name, title, "")
        for node in article.css(".tabbed-set"):
            _put_in_order(node)
        self._clean(article, path)
        html = (article.inner_html or "").replace("\r", "&#13;")
        return Part(name, title, html)

    def _clean(self, top: LexborNode, path: str) -> None:
        """Drop what may not come along below an element, and change what names other elements and pages."""
        waiting = list(top.iter())
        while waiting:
            node = waiting.pop()
            if node.tag not in TAGS or LEFT_OUT & set((node.attributes.get("class") or "").split()):
                node.decompose()
                continue
            waiting += node.iter()
            for key, value in list(node.attributes.items()):
                new = self._value(node.tag, key, value or "", path)
                if new is None:
                    del node.attrs[key]
                elif new != value:
                    node.attrs[key] = new

    def _value(self, tag: str, key: str, value: str, path: str) -> str | None:
        """Return the value of an attribute; None if it goes."""
        if (tag, key) == ("a", "href"):
            return self._link(value, path)
        if (tag, key) == ("img", "src"):
            return self._picture(value, path)
        name = self.names[path]
        if key in IDS:
            return " ".join(f"{name}-{one}" for one in value.split())
        if key not in ATTRIBUTES:
            return None
        if key not in STYLED:
            return value
        loads = _LOADS.search(_LOCAL_URL.sub("", value))
        return None if loads else _LOCAL_URL.sub(rf"url(#{name}-\2)", value)

    def _link(self, link: str, path: str) -> str | None:
        """Return where a link of the page at `path` leads: a part, another site, or nowhere."""
        try:
            parts = urlsplit(link.strip())
        except ValueError:
            return None
        if parts.scheme or parts.netloc:
            return link if parts.scheme.lower() in {"http", "https", "mailto"} else None
        target = (
            posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(parts.path)))
            if parts.path
            else path
        )
        if target in self.names:
            return f"#{self.names[target]}-{parts.fragment}" if parts.fragment else f"#{self.names[target]}"
        if not self.address or target.startswith(("..", "/")):
            return None
        return self.address.rstrip("/") + "/" + target + (f"#{parts.fragment}" if parts.fragment else "")

    def _picture(self, source: str, path: str) -> str | None:
        """Return a picture of the site as a data URL; None for anything else."""
        try:
            parts = urlsplit(source.strip())
        except ValueError:
            return None
        if parts.scheme.lower() == "data":
            return source if source.lower().startswith("data:image/") else None
        kind = PICTURES.get(posixpath.splitext(parts.path)[1].lower())
        if parts.scheme or parts.netloc or kind is None:
            return None
        file = (self.site / posixpath.dirname(path) / unquote(parts.path)).resolve()
        if not file.is_relative_to(self.site.resolve()) or not file.is_file():
            return None
        return f"data:{kind};base64,{base64.b64encode(file.read_bytes()).decode()}"


def _put_in_order(tabs: LexborNode) -> None:
    """Put the title of each content tab before its content, so that all are shown one after the other."""
    labels: list[str] = []
    for node in list(tabs.iter()):
        if node.css_matches(".tabbed-labels"):
            labels = [label.text() for label in node.iter()]
            node.decompose()
        elif node.css_matches(".tabbed-content"):
            for label, block in zip(labels, list(node.iter()), strict=False):
                title = tabs.parser.create_node("p")
                title.insert_child(label)
                title.attrs["class"] = "ev-tab"
                block.insert_before(title)
                block.attrs["class"] = ""
    tabs.attrs["class"] = ""
