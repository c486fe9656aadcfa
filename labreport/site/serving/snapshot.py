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
    """The folders and files that a site is made from. All paths are absolute, and nothing need be there.

    `settings` are mkdocs.yml and what it inherits from. git writes a line to `reflog` at each commit.
    """

    docs: Path
    evidence: Path
    collectors: Path
    settings: tuple[Path, ...]
    reflog: Path | None = None

    @property
    def root(self) -> Path:
        """The folder of the project."""
        return self.settings[0].parent

    @property
    def watched(self) -> tuple[str, ...]:
        """What to watch."""
        more = [self.reflog] if self.reflog else []
        return tuple(map(str, (self.docs, self.evidence, self.collectors, *self.settings, *more)))

    def signs(self) -> dict[str, Sign]:
        """Return what tells each file from an earlier one of the same path; empty for a folder."""
        signs = {str(path): _sign(path.stat()) for path in self.settings if path.exists()}
        signs |= _below(self.docs, follow=True)
        signs |= _below(self.evidence, follow=False)
        return signs | _below(self.collectors, follow=True)

    def folder_of(self, path: str) -> Path | None:
        """Return which of the folders a path is in; None for any other path, and for a settings file."""
        if path in map(str, self.settings):
            return None
        folders = (self.docs, self.evidence, self.collectors)
        return next((folder for folder in folders if path.startswith(f"{folder}/")), None)

    def is_outside(self, path: str) -> bool:
        """Return whether a path is nothing of these: the project or a plugin watches it for itself."""
        return path not in self.watched and self.folder_of(path) is None


def changed(before: dict[str, Sign], after: dict[str, Sign]) -> set[str]:
    """Return the paths that are new, gone or different."""
    return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}


def is_passing(path: str) -> bool:
    """Return whether a file comes and goes by itself: what Python compiled."""
    return "/__pycache__/" in path or path.endswith((".pyc", "/__pycache__"))


def _below(folder: Path, *, follow: bool) -> dict[str, Sign]:
    """Return the signs of everything below a folder; `follow` symbolic links, but into no folder above."""
    found: dict[str, Sign] = {}
    waiting = [(str(folder), frozenset({_place(folder.stat())}))] if folder.is_dir() else []
    while waiting:
        where, above = waiting.pop()
        for entry in _entries(where):
            if is_passing(entry.path):
                continue
            try:
                status = entry.stat(follow_symlinks=follow)
            except OSError:
                status = None
            if status is None or not stat.S_ISDIR(status.st_mode):
                found[entry.path] = _sign(status) if status else (-1,)
            else:
                found[entry.path] = ()
                if _place(status) not in above:
                    waiting.append((entry.path, above | {_place(status)}))
    return found


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except OSError:
        return


def _place(status: os.stat_result) -> tuple[int, int]:
    return (status.st_dev, status.st_ino)


def _sign(status: os.stat_result) -> Sign:
    return (status.st_mode, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
