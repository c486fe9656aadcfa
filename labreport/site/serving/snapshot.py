"""The files that a site is made from, and which of them have changed.

An event says that something has changed. What has is found by comparing size, times and inode of every file.
That takes a few milliseconds for thousands, and no event that was lost leaves an old page.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

Sign = tuple[int, ...]


@dataclass(frozen=True)
class Places:
    """The folders and the file that a site is made from. All paths are absolute."""

    docs: Path
    evidence: Path
    collectors: Path
    config: Path

    @property
    def watched(self) -> tuple[Path, ...]:
        """What to watch, as far as it exists."""
        return tuple(path for path in (self.docs, self.evidence, self.collectors) if path.is_dir())

    def signs(self) -> dict[str, Sign]:
        """Return what tells each file from an earlier one of the same path; empty for a folder."""
        signs = {str(self.config): _sign(self.config.stat())} if self.config.exists() else {}
        signs |= _below(self.docs, follow=True)
        signs |= _below(self.evidence, follow=False)
        return signs | _below(self.collectors, follow=True)

    def folder_of(self, path: str) -> Path | None:
        """Return which of the folders a path is in; None for any other path."""
        folders = (self.docs, self.evidence, self.collectors)
        return next((folder for folder in folders if path.startswith(f"{folder}/")), None)


def changed(before: dict[str, Sign], after: dict[str, Sign]) -> set[str]:
    """Return the paths that are new, gone or different."""
    return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}


def is_passing(path: str) -> bool:
    """Return whether a file comes and goes by itself: what Python compiled."""
    return "/__pycache__/" in path or path.endswith((".pyc", "/__pycache__"))


def _below(folder: Path, *, follow: bool) -> dict[str, Sign]:
    """Return the signs of everything below a folder; `follow` symbolic links."""
    found: dict[str, Sign] = {}
    waiting = [str(folder)]
    seen: set[tuple[int, int]] = set()
    while waiting:
        for entry in _entries(waiting.pop()):
            if is_passing(entry.path):
                continue
            try:
                status = entry.stat(follow_symlinks=follow)
            except OSError:
                status = None
            if status is None or not stat.S_ISDIR(status.st_mode):
                found[entry.path] = _sign(status) if status else (-1,)
            elif (place := (status.st_dev, status.st_ino)) not in seen:
                seen.add(place)
                found[entry.path] = ()
                waiting.append(entry.path)
    return found


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except OSError:
        return


def _sign(status: os.stat_result) -> Sign:
    return (status.st_mode, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
