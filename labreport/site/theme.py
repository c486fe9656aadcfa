"""Text on its way into the theme's templates, which escape nothing: titles, front matter, file names.

A page's own HTML is what its Markdown makes. Everything else that comes from a page is text.
"""

from collections.abc import MutableMapping
from typing import Any

from jinja2 import Environment
from jinja2.filters import do_striptags
from markupsafe import Markup, escape
from mkdocs.structure.pages import Page


def escape_meta(meta: MutableMapping[str, Any]) -> None:
    """Escape the front matter of a page in place."""
    for key, value in meta.items():
        meta[key] = _escaped(value)


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return str(escape(value))
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    if isinstance(value, dict):
        return {_escaped(key): _escaped(item) for key, item in value.items()}
    return value


def escape_names(page: Page) -> None:
    """Escape what a page has from the name of its file: its title, if nothing else gives one, and its links.

    A title from a heading is HTML without tags already, and one from front matter is escaped.
    """
    title = str(page.title or "")
    if "<" in title or ">" in title:
        page.title = str(escape(title))
    if page.edit_url:
        page.edit_url = str(escape(page.edit_url))


def escape_stripped(env: Environment) -> None:
    """Let the filter `striptags` return HTML: it also decodes entities, and could make a tag of `&lt;b>`."""

    def striptags(value: Any) -> Markup:
        return escape(do_striptags(value))

    env.filters["striptags"] = striptags
