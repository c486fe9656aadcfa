"""Find elements in a page's HTML that look like evidence, before any macro has put evidence there.

A browser's rules decide what is an element: a comment that ends early, a template, a frame's own document.
Python's HTML parser has others, so lexbor reads the page; where the two differ, both are believed.
"""

import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from itertools import islice

from selectolax.lexbor import LexborHTMLParser

from labreport.report.pages.source import PageSource
from labreport.report.problems import Problem

LOOK_ALIKE = (
    "this HTML looks like evidence, which only a macro may show",
    "call a macro, or use no data-evidence, no data-lines, no data-gap and no class that begins with ev",
)
ATTRIBUTES = frozenset({"data-evidence", "data-lines", "data-gap"})
_CLASS = re.compile(r"(?:^|[ \t\n\f\r])ev(?:-|[ \t\n\f\r]|$)", re.IGNORECASE)
_MAY_BE_ALIKE = re.compile(r"data-(?:evidence|lines|gap)|ev", re.IGNORECASE)
_NAMED = re.compile("|".join(sorted(ATTRIBUTES)), re.IGNORECASE)
_RAW = (
    "iframe",
    "noembed",
    "noframes",
    "noscript",
    "plaintext",
    "script",
    "style",
    "template",
    "textarea",
    "xmp",
)
"""Elements whose text can become elements: in a template, in a frame, by a script, or without scripts."""
_EMPTY = frozenset("area base br col embed hr img input link meta source track wbr".split())  # noqa: SIM905 # one line
MOST_LEVELS = 1_000
"""How many elements may be open at once. More would take parsers minutes; a browser shows 512."""
MOST_TAGS_FOUND = 100
"""How many different tags are looked for in the page, each from its beginning."""
_DEEPEST = 3
"""How often HTML may be inside of HTML: the document of a frame in the document of a frame."""
_MOST_INSIDE = 10
"""How many times as long as a page the HTML inside of its HTML may be: elements in each other repeat it."""


def look_alikes(source: PageSource, html: str) -> Iterator[Problem]:
    """Yield a problem for each line of a page that makes elements like those of evidence."""
    reader = _Tags()
    reader.feed(html)
    reader.close()
    if reader.deepest > MOST_LEVELS:
        what = f"its HTML has more than {MOST_LEVELS} elements in each other, or not closed"
        yield Problem("", what, "close them", source.path, 1)
        return
    tags = reader.found or ([""] if _has_look_alike(html) else [])
    for line in dict.fromkeys(_line_of(source, tag) for tag in islice(dict.fromkeys(tags), MOST_TAGS_FOUND)):
        yield Problem("", *LOOK_ALIKE, source.path, line)


def is_too_deep(html: str) -> bool:
    """Return whether HTML has too many open elements at once for the parsers of a build."""
    if html.count("<") <= MOST_LEVELS:  # as nearly every page: 3 ms less for each
        return False
    reader = _Tags()
    reader.feed(html)
    return reader.deepest > MOST_LEVELS


def _is_alike(attributes: Mapping[str, str | None]) -> bool:
    """Return whether an element has an attribute or a class of evidence."""
    return bool(ATTRIBUTES & attributes.keys()) or bool(_CLASS.search(attributes.get("class") or ""))


def _has_look_alike(html: str) -> bool:
    """Return whether a browser finds such an element in HTML, or could after a script has run.

    HTML with far too much inside of it could hide one, and is taken for one.
    """
    documents, left = [(html, 0)], (len(html) + 1) * _MOST_INSIDE
    while documents:
        text, depth = documents.pop()
        for node in LexborHTMLParser(f"<!doctype html><body>{text}").css("*"):
            attributes = node.attributes
            raw = node.text() if node.tag in _RAW else ""
            if node.tag == "template":
                raw = (node.html or "").partition(">")[2]
            if _is_alike(attributes) or (node.tag == "script" and _NAMED.search(raw)):
                return True
            if depth < _DEEPEST:
                inside = [part for part in (raw, *attributes.values()) if part and _may_be_alike(part)]
                left -= sum(map(len, inside))
                documents += [(part, depth + 1) for part in inside]
            if left < 0:
                return True
    return False


def _may_be_alike(text: str) -> bool:
    """Return whether a text, if it is HTML, could have such an element."""
    begin = text.find("<")
    return begin >= 0 and bool(_MAY_BE_ALIKE.search(text, begin))


class _Tags(HTMLParser):
    """Collects the tags of elements that look like those of evidence."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.level = self.deepest = 0

    def handle_endtag(self, tag: str) -> None:
        """Count that an element ends."""
        self.level = max(self.level - (tag not in _EMPTY), 0)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag if it has an attribute or a class of evidence."""
        self.level += tag not in _EMPTY
        self.deepest = max(self.deepest, self.level)
        if _is_alike(dict(attrs)):
            self.found.append(self.get_starttag_text() or "")


def _line_of(source: PageSource, tag: str) -> int:
    """Return the line of a page that makes a tag: the first with the tag, or else with a part of it."""
    for pattern in filter(None, (re.escape(tag), *sorted(ATTRIBUTES), r"\bev\b")):
        if found := re.compile(pattern).search(source.text, source.begin):
            return source.place(found.start())[0]
    return 1
