"""Find a block that is put together from several files: each of its lines in turn, with nothing between."""

from collections.abc import Sequence

from labreport.audit.evidence import EvidenceFile, EvidenceIndex
from labreport.audit.inputs.text import Line

_MOST_FILES = 8
_MOST_LINES = 400


def runs_of(body: Sequence[Line], evidence: EvidenceIndex) -> list[tuple[EvidenceFile, int, int]]:
    """Return the runs of lines that make up a block, each from another file; none if it has other lines.

    A file may not come twice: lines of one file in another order are no quote of it.
    """
    keys = [line.folded for line in body if line.folded]
    if len(keys) > _MOST_LINES or any(key not in evidence.holders for key in keys):
        return []
    runs: list[tuple[EvidenceFile, int, int]] = []
    at = 0
    while at < len(keys):
        used = {file.path for file, _first, _last in runs}
        files = [file for file in evidence.holders[keys[at]] if file.path not in used]
        found = max((_longest(file, keys, at) for file in files), key=lambda one: one[1], default=None)
        if found is None or len(runs) == _MOST_FILES:
            return []
        file, length, start = found
        runs.append((file, file.seen[start].number, file.seen[start + length - 1].number))
        at += length
    return runs


def _longest(file: EvidenceFile, keys: Sequence[str], at: int) -> tuple[EvidenceFile, int, int]:
    """Return how many lines from `at` on a file has in a run, and where."""
    best, where = 0, 0
    for place in file.places[keys[at]]:
        length = 0
        while at + length < len(keys) and file.keys[place + length : place + length + 1] == [
            keys[at + length]
        ]:
            length += 1
        if length > best:
            best, where = length, place
    return file, best, where
