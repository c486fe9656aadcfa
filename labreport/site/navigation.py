"""The navigation of a project whose mkdocs.yml has none: the folders of docs/, in a reader's order.

A folder is a section, which has the title of its index page. Its index comes first, then the tasks, then its
other pages, then its folders. Numbers in names count: task-10 comes after task-9. Labs come before the other
pages of a site, and everything else in the order of its name.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from html import escape
from pathlib import PurePosixPath
from typing import Any

from mkdocs.utils import dirname_to_title

from labreport.report.pages.source import read_page
from labreport.report.source.cite import LABS

INDEX = re.compile(r"(?:index|readme)\.[^.]+", re.IGNORECASE)
TASK, TASK_OF_EDITION = re.compile(r"task-[0-9]"), re.compile(r".*task-[0-9]")

TitleOf = Callable[[str], str]
"""Returns the title of the page at a path below docs/; empty if it has none."""

Folder = Mapping[str, Any]
"""What a folder has, by name: another folder, or the path of a page."""


def navigation(paths: Iterable[str], title_of: TitleOf) -> list[Any]:
    """Return the navigation of these pages as mkdocs.yml would have it under `nav`.

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
    return _items(root, title_of)


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
