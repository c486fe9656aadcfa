"""Find what would act in a browser in the HTML of a page that was imported.

An import makes such markup text. But Markdown has many parsers, and a page is Markdown of a stranger. So the
HTML is looked at, too, as a browser reads it.
"""

from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser

from labreport.report.pages.source import PageSource
from labreport.report.problems import Problem

ELEMENTS = "base, embed, form, frame, iframe, link, math, meta, object, script, style, svg, template"
ADDRESSES = ("action", "formaction", "href", "src", "srcdoc", "xlink:href")
SCHEMES = ("http:", "https:", "mailto:")


def active_content(source: PageSource, html: str) -> Iterator[Problem]:
    """Yield a problem for each kind of element, attribute or address that an imported page may not have."""
    tree = LexborHTMLParser(f"<body>{html}")
    found = {f"<{node.tag}>" for node in tree.css(f"body :is({ELEMENTS})")}
    for node in tree.css("body *"):
        for name, value in node.attributes.items():
            if name.startswith("on") or (name in ADDRESSES and not _is_plain(value or "")):
                found.add(f"the attribute {name} of <{node.tag}>")
    for what in sorted(found):
        remedy = "remove it from the page: it came with the report"
        yield Problem("", f"an imported page has {what}, which acts in a browser", remedy, source.path, 1)


def _is_plain(address: str) -> bool:
    """Return whether an address is one of this site, or of a scheme that only opens a page."""
    bare = "".join(char for char in address if char > " ").lower()
    scheme, colon, _rest = bare.partition(":")
    return not colon or "/" in scheme or "#" in scheme or "?" in scheme or f"{scheme}:" in SCHEMES
