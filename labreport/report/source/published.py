"""Under which name the site publishes an evidence file: an allow-list, by its bytes and its name.

What is not on the list gets `.txt`, so that no browser and no server runs or renders it.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import PurePosixPath

from labreport.contract.images import SUFFIXES, is_clean_image
from labreport.contract.text import as_text

PLAIN = ".txt"
MOST_ENDINGS = 64
"""How many `.txt` a name of 255 bytes has room for."""


def _is_text(data: bytes) -> bool:
    return as_text(data) is not None


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data.decode())
    except (ValueError, RecursionError):
        return False
    return True


KEPT: Mapping[str, Callable[[bytes], bool]] = {
    PLAIN: _is_text,
    ".csv": _is_text,
    ".json": _is_json,
    **{suffix: partial(is_clean_image, f"image{suffix}") for suffix in SUFFIXES},
}
"""The endings that are kept, and what the bytes of such a file have to be."""


@dataclass(frozen=True)
class PublishedNames:
    """The names that the files of a set get in the site; `read` returns a file's bytes, None if it cannot."""

    files: frozenset[str]
    read: Callable[[str], bytes | None]
    _published: dict[str, str] = field(default_factory=dict)
    _kept: dict[str, bool] = field(default_factory=dict)

    @cached_property
    def _folders(self) -> frozenset[str]:
        return frozenset(folder.as_posix() for name in self.files for folder in PurePosixPath(name).parents)

    def name(self, path: str) -> str:
        """Return the path of a file in the site; it is found out once.

        Files that differ only in how many `.txt` they end in are renamed all or not at all, so that no two
        get one name: of `a.html` and `a.html.txt`, the second becomes `a.html.txt.txt`.
        """
        if path not in self._published:
            self._published[path] = self._name(path)
        return self._published[path]

    def refreshed(self, files: Iterable[str], changed: Collection[str]) -> "PublishedNames":
        """Return the names after some files have `changed`; `files` are those that are there now."""
        kept = {path: fits for path, fits in self._kept.items() if path not in changed}
        return replace(self, files=frozenset(files), _published={}, _kept=kept)

    def renamed(self, now: "PublishedNames") -> set[str]:
        """Return the files that have another name `now`, of those whose name was asked for."""
        return {path for path, name in self._published.items() if now.name(path) != name}

    def _name(self, path: str) -> str:
        stem = path
        while stem.endswith(PLAIN):
            stem = stem.removesuffix(PLAIN)
        names = (stem + PLAIN * count for count in range(MOST_ENDINGS))
        alike = [name for name in names if name in self.files] or [path]
        if all(map(self._is_kept, alike)):
            return path
        more = PLAIN
        while any(f"{name}{more}" in self._folders for name in alike):
            more += PLAIN
        return f"{path}{more}"

    def _is_kept(self, path: str) -> bool:
        """Return whether name and bytes of a file are of one kind on the list. The bytes are read once."""
        if path not in self._kept:
            fits = KEPT.get(PurePosixPath(path).suffix)
            data = self.read(path) if fits else None
            self._kept[path] = fits is not None and data is not None and fits(data)
        return self._kept[path]
