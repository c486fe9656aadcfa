"""The folder of an audit's output. Nothing in it is followed: what is there may have come with a clone."""

import os
import stat
from pathlib import Path

from labreport.contract.errors import ExitStatus, LabError
from labreport.contract.folder import EvidenceError, opened

INDEX = "audit.json"
START = b'{\n "schema": "lab-audit-1",'
"""How the file INDEX begins, which tells that a folder is ours."""
CACHE = "cache"
PARTS = {"reports": ".html", "comments": ".md", "gradescope": ".json", CACHE: ".json"}
"""The folders inside, with the ends of the names of what is in them."""
MOST_BYTES = 256 * 1024 * 1024


class OutputFolderError(LabError):
    """A folder that an audit must not write to."""

    exit_status = ExitStatus.WRONG_USE


class OutputFolder:
    """A folder that is new, empty, or has an earlier audit. Raise OutputFolderError for any other."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._refuse_others(path)
            for part in PARTS:
                (self.path / part).mkdir(exist_ok=True)
        except FileExistsError as error:
            raise OutputFolderError("is a file, or has one", "name a new folder", path=str(path)) from error

    def _refuse_others(self, named: Path) -> None:
        with opened(self.path) as folder:
            index = self.read(INDEX)
            if folder.names() and not (index or b"").startswith(START):
                what = "has files that are not of an audit"
                raise OutputFolderError(what, "name a new folder", path=str(named))
        if index is None:
            self.write(INDEX, START + b'\n "unfinished": true\n}\n')

    def read(self, path: str) -> bytes | None:
        """Return a file of the folder; None if there is none that can be read."""
        try:
            with opened(self.path) as folder:
                return folder.read(path, MOST_BYTES)
        except (OSError, EvidenceError):
            return None

    def write(self, path: str, data: bytes) -> None:
        """Write a whole file, in place of a link too. Raise EvidenceError if its folder is a link."""
        where, _slash, name = path.rpartition("/")
        with opened(self.path) as top, top.below(where) as folder:
            folder.replace(name, data)

    def clean(self, part: str, kept: set[str]) -> None:
        """Delete what earlier audits wrote into one of the folders inside, apart from the names in `kept`."""
        with opened(self.path) as top, top.below(part) as folder:
            for name in folder.names():
                is_old = name.endswith(PARTS[part]) and name not in kept
                if is_old and not stat.S_ISDIR(folder.mode(name)):
                    os.unlink(name, dir_fd=folder.descriptor)


class CacheFolder:
    """The entries of a cache in an output folder."""

    def __init__(self, folder: OutputFolder) -> None:
        self._folder = folder

    def read(self, name: str) -> bytes | None:
        """Return an entry; None if there is none that can be read."""
        return self._folder.read(f"{CACHE}/{name}")

    def write(self, name: str, data: bytes) -> None:
        """Keep an entry."""
        self._folder.write(f"{CACHE}/{name}", data)

    def keep_only(self, names: set[str]) -> None:
        """Delete all other entries."""
        self._folder.clean(CACHE, names)
