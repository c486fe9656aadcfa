"""The items of Material's navigation: what is not open is rendered once, not once a page.

Every page has a navigation of its own: the sections on the way to it are open, and links are relative to its
folder. All other items look the same on many pages. Without this, a site of 400 labs takes ten times as long.
Material's templates leave dozens of empty lines in each item. What is rendered once has none: among 400 labs,
a page then has 110 KB, not 258.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from jinja2 import BaseLoader, Environment, TemplateNotFound

TEMPLATE = "partials/nav-item.html"

_LOOP = "{% for item in nav_item.children %}"
_CALL = '{{ render(item, path ~ "_" ~ loop.index, level + 1, nav_item) }}'
_END = "{% endfor %}"
_MACRO = "{% macro render(nav_item, path, level, parent) %}"
_INDEX = re.compile(
    r"{% for item in nav_item.children %}\s*{% if item.is_index and _.index is none %}\s*"
    r"{% set _.index = item %}\s*{% endif %}\s*{% endfor %}"
)
_EMPTY_LINES = re.compile(r"\s*\n\s*")

_Key = tuple[object, ...]
_Folder = tuple[str, ...]


class NavigationLoader(BaseLoader):
    """Loads Material's template of an item, changed so that it asks `NavigationItems` for a section's items.

    A template that is written in another way, as a newer Material's may be, stays as it is.
    """

    def __init__(self, theme: BaseLoader) -> None:
        """Take the template from the loader of the theme."""
        self._theme = theme

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str | None, Callable[[], bool] | None]:
        """Return the changed template; raise TemplateNotFound for any other."""
        if template != TEMPLATE:
            raise TemplateNotFound(template)
        source, file, is_fresh = self._theme.get_source(environment, template)
        return remembering(source), file, is_fresh


def remembering(source: str) -> str:
    """Return the template in which the loop over a section's children is a macro for one child.

    The loop that looks for its index page is a call.
    """
    before, call, rest = source.partition(_CALL)
    head, loop, condition = before.rpartition(_LOOP)
    inside, end, after = rest.partition(_END)
    if not (call and loop and end) or source.count(_CALL) > 1 or source.count(_MACRO) != 1:
        return source
    one = f"{condition}{_CALL.replace('loop.index', 'number')}{inside}"
    macro = f"{{% macro child(item, number, nav_item, index, path, level) %}}{one}{{% endmacro %}}"
    call = "{{ navigation_items.of(child, nav_item, index, path, level, page) }}"
    head = _INDEX.sub("{% set _.index = navigation_items.index(nav_item) %}", head)
    return f"{head}{call}{after}".replace(_MACRO, f"{macro}{_MACRO}")


@dataclass
class NavigationItems:
    """The items of one build that are not open, as HTML."""

    _html: dict[_Key, str] = field(default_factory=dict)
    """By section, child, whether the section is open, and by what the links in the child depend on."""

    _sections: dict[_Key, list[str | None]] = field(default_factory=dict)
    """All children of a section for the pages of one folder; None for one that was open on all of them."""

    _folders: dict[int, list[_Folder] | None] = field(default_factory=dict)
    """The folders of the pages in an item; None for an item that looks different on each page."""

    _indexes: dict[int, Any] = field(default_factory=dict)
    """The index page of a section, or None."""

    def index(self, section: Any) -> Any:
        """Return the page that Material shows as the section itself, or None."""
        if id(section) not in self._indexes:
            found = (child for child in section.children if getattr(child, "is_index", False))
            self._indexes[id(section)] = next(found, None)
        return self._indexes[id(section)]

    def of(  # noqa: PLR0913, PLR0917 # what a template knows of a section
        self, child: Callable[..., str], section: Any, index: Any, path: str, level: int, page: Any
    ) -> str:
        """Return the HTML of all children of a section; `child` renders one.

        `index` is the child that is shown as the section itself. `page` is the page that the navigation is
        for; the template of an error has none.
        """
        folder = _folder_of(page.url) if page else None
        section_key = (id(section), path, section.active)
        known = self._sections.setdefault((*section_key, folder), [None] * len(section.children))
        html = []
        for number, item in enumerate(section.children):
            one = None if item.active else known[number]
            if one is None:
                key = None if item.active or folder is None else self._key(item, folder)
                one = self._html.get((*section_key, number, key)) if key else None
                if one is None:
                    one = child(item, number + 1, section, index, path, level)
                    one = _EMPTY_LINES.sub("\n", one) if key else one
                if key:
                    known[number] = self._html[*section_key, number, key] = one
            html.append(one)
        return "".join(html)

    def _key(self, item: Any, folder: _Folder) -> _Key | None:
        """Return what the relative links in an item depend on, or None if more than they depend on the page.

        A link from one folder to another depends on the depth of the one, and on how far both are the same.
        """
        if id(item) not in self._folders:
            inside = list(_items_in(item))
            folders = sorted({_folder_of(one.url or "") for one in inside if not one.is_section})
            self._folders[id(item)] = None if any(map(_is_elsewhere_too, inside)) else folders
        known = self._folders[id(item)]
        return None if known is None else (len(folder), *(_common(folder, other) for other in known))


def _items_in(item: Any) -> Iterator[Any]:
    """Yield an item of the navigation and all items in it."""
    yield item
    for child in item.children or ():
        yield from _items_in(child)


def _is_elsewhere_too(item: Any) -> bool:
    """Return whether an item can be the open page although it is not active: Material's blog has such items.

    So has a navigation that lists a page twice, which is active at one place only.
    """
    is_twice = any(child.parent is not item for child in item.children or ())
    return is_twice or bool(getattr(item, "pages", None))


def _folder_of(url: str) -> _Folder:
    """Return the folders that a relative link from or to a page goes through."""
    folder, _, name = url.rpartition("/")
    parts = (folder if "." in name else url).split("/")
    return tuple(part for part in parts if part not in {"", "."})


def _common(folder: _Folder, other: _Folder) -> int:
    """Return how many folders two paths have in common."""
    count = 0
    for one, two in zip(folder, other, strict=False):
        if one != two:
            break
        count += 1
    return count
