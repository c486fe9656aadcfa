"""A tree of files that somebody handed in: listed and read, never checked out, and no link is followed."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from labreport.audit.inputs.text import encodable
from labreport.contract.errors import LabError
from labreport.contract.fields import MAX_BYTES
from labreport.contract.folder import EvidenceError, FolderEntry, opened

MOST_FILES = 5000
"""How many files of one tree are read."""


class Kind(StrEnum):
    """What an entry of a tree is."""

    FILE = "a file"
    LINK = "a symbolic link"
    SUBMODULE = "a submodule"
    OTHER = "no regular file"


@dataclass(frozen=True)
class TreeFile:
    """An entry of a tree that is no folder. `path` can be shown; `key` is how the tree finds it."""

    path: str
    kind: Kind
    key: str


class Tree(Protocol):
    """Files below one folder, or below one commit."""

    @property
    def name(self) -> str:
        """How the user finds it."""

    def files(self) -> list[TreeFile]:
        """Return what is in the tree, sorted by path. Raise LabError."""

    def read(self, file: TreeFile, limit: int = MAX_BYTES) -> bytes:
        """Return the bytes of a file. Raise LabError if it is larger than `limit`, or no file."""


class FolderTree:
    """The files below a folder of this machine. Hidden folders, such as .git, are left out."""

    def __init__(self, folder: Path, name: str = "") -> None:
        self.folder = folder
        self.name = name or folder.name

    def files(self) -> list[TreeFile]:
        """Return the files below the folder."""
        try:
            with opened(self.folder) as top:
                entries = list(top.entries(lambda entry: entry.is_hidden))
        except FileNotFoundError as error:
            raise EvidenceError(
                "no such folder", "name the folder of the evidence", path=self.name
            ) from error
        files = [TreeFile(encodable(one.path), _kind(one), one.path) for one in entries if not one.is_folder]
        return sorted(files, key=lambda file: file.path)[:MOST_FILES]

    def read(self, file: TreeFile, limit: int = MAX_BYTES) -> bytes:
        """Return the bytes of a file below the folder."""
        if file.kind is not Kind.FILE:
            raise LabError(f"{file.kind}, not a file", "put the file itself there", path=file.path)
        with opened(self.folder) as top:
            return top.read_listed(file.key, limit)


def _kind(entry: FolderEntry) -> Kind:
    if entry.is_file:
        return Kind.FILE
    return Kind.LINK if entry.kind == "a symbolic link" else Kind.OTHER
