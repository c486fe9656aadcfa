"""Pages at which mkdocs would fail: `mkdocs serve` shows what is wrong in their place, and all other pages.

`mkdocs build` fails at such a page. Each change gives it another try: the reason may be outside of the page.
"""

from pathlib import Path

from labreport.report.crash import as_error
from labreport.report.pages.source import PageSource
from labreport.report.problems import Problem

_broken: dict[Path, tuple[bytes, Problem]] = {}
"""The bytes of each page at which mkdocs failed, and what is wrong with it."""


def note_broken(path: str, file: Path | None, error: Exception) -> None:
    """Note that mkdocs failed at a page with `error`; `path` is the page's below docs/."""
    if file is None or not file.is_file():
        return
    found = as_error(error)
    _broken[file] = (file.read_bytes(), Problem("", found.what, found.remedy, path, 1))


def stand_in(path: str, file: Path | None, data: bytes) -> PageSource | None:
    """Return what is shown in the place of a page with the bytes `data`; None if mkdocs can make the page."""
    if file is None or file not in _broken or _broken[file][0] != data:
        return None
    return PageSource(path, "", (_broken[file][1],))


def broken_pages() -> dict[Path, bytes]:
    """Return the pages at which mkdocs failed so far, with the bytes that they had then."""
    return {file: data for file, (data, _problem) in _broken.items()}


def forget_broken() -> None:
    """Let mkdocs try every page again."""
    _broken.clear()
