"""What every site gets unless its mkdocs.yml says otherwise. No mkdocs is imported here."""

from collections.abc import Mapping
from typing import Any

EXTENSIONS: Mapping[str, Mapping[str, Any]] = {
    "abbr": {},
    "admonition": {},
    "attr_list": {},
    "def_list": {},
    "footnotes": {},
    "md_in_html": {},
    "tables": {},
    "toc": {"permalink": True},
    "pymdownx.details": {},
    "pymdownx.highlight": {"anchor_linenums": True, "line_spans": "__span", "pygments_lang_class": True},
    "pymdownx.inlinehilite": {},
    "pymdownx.superfences": {},
    "pymdownx.tabbed": {"alternate_style": True},
    "pymdownx.tasklist": {"custom_checkbox": True},
}
"""Markdown extensions by name, with their options."""

EXCLUDED = ("advisories.yml", "facts.yml", "published.yml", "rubric.yml", "waivers.yml")
"""Files of a lab's pages that the site does not publish, as gitignore patterns."""

LINK_CHECKS = ("absolute_links", "anchors", "not_found", "unrecognized_links")
"""Checks of links by mkdocs that tell (`info`, mostly its default) and warn here. `ignore` stays."""

STYLES = ("assets/evidence.css", "assets/figures.css")
SEARCH_WORKER = "assets/iframe-worker.js"
"""Makes the search work in a site that is opened from a folder, without a network."""

SEPARATOR = r"""[\s\u200b\-_,:!=\[\](){}<>"`'/|;]+|\.(?!\d)|&(lt|gt|amp);"""
"""Where the search splits words. Evidence is full of punctuation, which must not hide a word."""
