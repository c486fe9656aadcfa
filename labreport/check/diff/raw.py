"""The files of a set that are not what they were, with their lines."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from labreport.contract.reader import EvidenceError
from labreport.report.source.evidence import Evidence, recorded
from labreport.report.source.slices import as_text

MOST_LINES = 40
"""So many lines of a file's difference are told; the rest is counted."""


@dataclass(frozen=True)
class FileChange:
    """A file that is another one, came or went; `lines` are those of a unified diff, without its head."""

    path: str
    how: str
    lines: tuple[str, ...]


def file_changes(before: Evidence, after: Evidence, name: str) -> Iterator[FileChange]:
    """Yield each evidence file of the set `name` that is not the same in both; records are not told."""
    paths = {path for side in (before, after) for path in side.set(name).files() if recorded(path)}
    for path in sorted(paths):
        old, new = _data(before, name, path), _data(after, name, path)
        if old != new:
            how = "new" if old is None else "gone" if new is None else "changed"
            yield FileChange(path, how, tuple(_lines(old or b"", new or b"")))


def _data(evidence: Evidence, name: str, path: str) -> bytes | None:
    try:
        return evidence.content(name, path).data
    except EvidenceError:
        return None


def _lines(old: bytes, new: bytes) -> Iterator[str]:
    was, now = as_text(old), as_text(new)
    if was is None or now is None:
        yield f"binary: {len(old)} bytes, {len(new)} now"
        return
    told = list(difflib.unified_diff(was.split("\n"), now.split("\n"), lineterm="", n=1))[2:]
    yield from told[:MOST_LINES]
    if len(told) > MOST_LINES:
        yield f"… and {len(told) - MOST_LINES} more lines"
