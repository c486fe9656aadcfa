"""The navigation of a project whose mkdocs.yml has none: the folders of docs/, in a reader's order.

A folder is a section, which has the title of its index page. Its index comes first, then the tasks, then its
other pages, then its folders. Numbers in names count: task-10 comes after task-9. Labs come before the other
pages of a site, and everything else in the order of its name.

With tabs, the report is apart from each other folder, such as a manual: its tab has the labs, and behind them
the pages beside the front page.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from html import escape
from pathlib import PurePosixPath
from typing import Any

from mkdocs.structure import StructureItem
from mkdocs.structure.nav import Navigation, Section
from mkdocs.utils import dirname_to_title

from labreport.report.pages.source import read_page
from labreport.report.source.cite import LABS

INDEX = re.compile(r"(?:index|readme)\.[^.]+", re.IGNORECASE)
TASK, TASK_OF_EDITION = re.compile(r"task-[0-9]"), re.compile(r".*task-[0-9]")

TABS = "navigation.tabs"
"""The feature of Material that shows each folder of docs/ as a tab."""

TitleOf = Callable[[str], str]
"""Returns the title of the page at a path below docs/; empty if it has none."""

Folder = Mapping[str, Any]
"""What a folder has, by name: another folder, or the path of a page."""


def navigation(paths: Iterable[str], title_of: TitleOf, *, tabs: bool = False) -> list[Any]:
    """Return the navigation of these pages as mkdocs.yml would have it under `nav`; `tabs` if it has tabs.

    >>> navigation(["index.md", "a/task-10.md", "a/task-9.md", "a/index.md"], lambda path: f"title of {path}")
    ['index.md', {'title of a/index.md': ['a/index.md', 'a/task-9.md', 'a/task-10.md']}]
    """
    root: dict[str, Any] = {}
    for path in paths:
        *folders, name = PurePosixPath(path).parts
        folder = root
        for part in folders:
            folder = folder.setdefault(f"{part}/", {})
        folder[name] = path
    if not tabs or f"{LABS}/" not in root:
        return _items(root, title_of)
    beside = [name for name in root if not name.endswith("/") and not _is_index(name)]
    pages = _items({name: root.pop(name) for name in beside}, title_of)
    items = _items(root, title_of)
    labs = next(item for item in items if isinstance(item, dict))  # behind index pages, before other folders
    next(iter(labs.values())).extend(pages)
    return items


def keep_tabs_apart(nav: Navigation) -> None:
    """Remove the links from the last page of one tab to the first page of the next, and back."""
    for page in nav.pages:
        if before := page.previous_page:
            tabs = (_tab(before), _tab(page))
            if tabs[0] is not tabs[1] and all(isinstance(tab, Section) for tab in tabs):
                page.previous_page = before.next_page = None


def _tab(item: StructureItem) -> StructureItem:
    """Return what is at the top of the navigation on the way to an item."""
    while item.parent:
        item = item.parent
    return item


def title_of(path: str, data: bytes) -> str:
    """Return the title of a page, which mkdocs has not read yet; empty if it has none."""
    source = read_page(path, data)
    title = source.meta.values.get("title")
    return title if isinstance(title, str) else next((heading.text for heading in source.headings), "")


def _items(folder: Folder, title_of: TitleOf) -> list[Any]:
    items: list[Any] = []
    for name in sorted(folder, key=_order):
        inside = folder[name]
        if isinstance(inside, str):
            items.append(inside)
        else:
            index = next((path for path in inside.values() if isinstance(path, str) and _is_index(path)), "")
            title = (title_of(index) if index else "") or dirname_to_title(name.rstrip("/"))
            items.append({escape(title): _items(inside, title_of)})
    return items


def _is_index(path: str) -> bool:
    return INDEX.fullmatch(PurePosixPath(path).name) is not None


def _order(name: str) -> tuple[int, list[tuple[int, str]], str]:
    """Return where a page or a folder, whose name ends in `/`, comes among those beside it."""
    ranks = (
        INDEX.fullmatch(name), name == f"{LABS}/", TASK.match(name),
        TASK_OF_EDITION.match(name), not name.endswith("/"),
    )  # fmt: skip
    rank = next((number for number, is_it in enumerate(ranks) if is_it), len(ranks))
    numbers = re.split(r"([0-9]{1,9})", name.lower())
    return rank, [(int(part), "") if part.isdecimal() else (-1, part) for part in numbers], name
