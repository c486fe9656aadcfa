"""Find the captures and removals of a set that were cut short: whoever made them, they are only read here."""

import hashlib
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from labreport.contract.folder import EvidenceError, opened
from labreport.contract.reader import RecordError, parse, read_evidence
from labreport.contract.records import Record

STAGING = ".staging-"
"""How the names of staging folders begin. The rest is drawn at random."""

INTENT = "record.json"
REMOVAL = "removed.json"

PART = re.compile(r"\..+\.[0-9a-f]{16}\.part")
"""The name of a file that is being written, and will be renamed."""


@dataclass(frozen=True)
class Unfinished:
    """The pending work of interrupted captures and removals in a set.

    `staged` are the paths of the staged captures. `arriving` maps each file that will be put in place to its
    hash. `leaving` are the files that will be removed.
    """

    folder: Path
    staged: tuple[str, ...]
    arriving: dict[str, str]
    leaving: frozenset[str]

    def arrived(self, path: str) -> bool:
        """Return whether an interrupted capture has already put its file at `path`."""
        if path not in self.arriving:
            return False
        try:
            data = read_evidence(self.folder, path)
        except EvidenceError:
            return False
        return hashlib.sha256(data).hexdigest() == self.arriving[path]


def unfinished(folder: Path, records: dict[str, Record]) -> Unfinished:
    """Return the pending work of interrupted captures and removals in a set with these records."""
    staged = []
    arriving: dict[str, str] = {}
    leaving: set[str] = set()
    for path in staged_captures(folder):
        staged.append(path)
        if intent := _parsed(folder / path, INTENT):
            arriving |= {file.path: file.sha256 for file in intent.files}
            before = records.get(intent.collector.name)
            leaving |= {file.path for file in before.files} if before else set()
        if removal := _parsed(folder / path, REMOVAL):
            leaving |= {file.path for file in removal.files}
    return Unfinished(folder, tuple(staged), arriving, frozenset(leaving - arriving.keys()))


def _parsed(staged: Path, name: str) -> Record | None:
    """Return the record in a staging folder; None if it is missing or incomplete."""
    try:
        return parse(Record, read_evidence(staged, name), name)
    except (EvidenceError, RecordError):
        return None


def staged_captures(folder: Path) -> list[str]:
    """Return the paths in a set of all staged captures, whoever made them: `.staging-RANDOM/COLLECTOR`."""
    paths: list[str] = []
    with opened(folder) as top:
        for area in top.names():
            if area.startswith(STAGING) and stat.S_ISDIR(top.mode(area)):
                with top.below(area) as inside:
                    paths += [f"{area}/{name}" for name in inside.names()] or [area]
    return paths
