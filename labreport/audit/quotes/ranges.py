"""Judge a block whose info string names lines of a file: `1:7:isolation/dmesg.txt`."""

import re
from collections.abc import Sequence
from dataclasses import replace

from labreport.audit.evidence import EvidenceFile, EvidenceIndex
from labreport.audit.inputs.text import Line
from labreport.audit.model import BlockVerdict as V
from labreport.audit.model import Found
from labreport.audit.quotes import compare
from labreport.audit.quotes.align import MatchQuality, match_run
from labreport.audit.quotes.judge import judge_output
from labreport.audit.quotes.judged import Judged
from labreport.audit.quotes.naming import Mention, Naming, resolve

_REFERENCE = re.compile(r"(-?[0-9]{1,9}):(-?[0-9]{1,9}):(\S.*)")


def reference(info: str) -> tuple[int, int, str] | None:
    """Return the range and the path in an info string; None if it has another form."""
    found = _REFERENCE.fullmatch(info)
    return (int(found[1]), int(found[2]), found[3]) if found else None


def judge_range(
    body: Sequence[Line], named: tuple[int, int, str], evidence: EvidenceIndex, prefix: str = ""
) -> Judged:
    """Return the verdict on a block for which the report names a range of a file."""
    start, end, path = named
    files: tuple[EvidenceFile, ...] = ()
    if path.startswith(prefix):
        bare = path.removeprefix(prefix)
        files, exact = resolve(bare, evidence)
        files = files if exact else ()
    if len(files) > 1:
        shortest = min(files, key=lambda file: len(file.path))
        files = (shortest,)
    file = files[0] if files else None
    if file is None or file.unread:
        if not any(line.folded for line in body):
            return Judged(V.NO_FILE, f"{path} was not handed in", named=path, found=Found.INFO)
        return judge_output(
            body, Naming(strong=(Mention(path, (), exact=True, found=Found.INFO, line=0),)), evidence
        )
    if fault := _fault(start, end, file, path):
        return fault
    note = ""
    if end == file.line_count + 1 > start:
        end = file.line_count
        note = f"; the range ends one line past the file: {start}:{end} is meant"
    part = replace(file, lines=tuple(line for line in file.lines if start <= line.number <= end))
    judged = _in_range(body, part, file, evidence, path)
    return replace(judged, why=judged.why + note, found=Found.INFO, named=path)


def _fault(start: int, end: int, file: EvidenceFile, path: str) -> Judged | None:
    """Return the verdict on a range that no file of this length has."""
    total = file.line_count
    has = f"the file has {total} lines" if total != 1 else "the file has 1 line"
    if total == 0 and (start, end) == (1, 0):
        return None
    if start > end and start > 0 and end > 0:
        return Judged(V.REVERSED, f"lines {start}:{end} of {path}: {has}", named=path, found=Found.INFO)
    if start < 1 or end < start:
        return Judged(V.EMPTY_RANGE, f"lines {start}:{end} of {path}: {has}", named=path, found=Found.INFO)
    if end > total + 1 or (end == total + 1 and start > total):
        return Judged(V.PAST_END, f"lines {start}:{end} of {path}: {has}", named=path, found=Found.INFO)
    return None


def _in_range(
    body: Sequence[Line], part: EvidenceFile, file: EvidenceFile, evidence: EvidenceIndex, path: str
) -> Judged:
    """Return the verdict on a block against the named lines, `part` of `file`."""
    first, last = (part.lines[0].number, part.lines[-1].number) if part.lines else (0, 0)
    source = ((file, first, last),)
    if [line.text for line in body] == [line.text for line in part.lines]:
        ends = {line.end for line in part.lines} - {"\n", ""}
        return Judged(V.LINE_ENDS if ends else V.WHOLE, f"all of the named lines of {file.path}", source)
    if not any(line.folded for line in body):
        return _empty(part, file, source)
    match = match_run(part, body)
    if match and match.whole:
        verdict = V.LINE_ENDS if match.fit is MatchQuality.LINE_ENDS else V.SPACING
        return Judged(verdict, "the named lines, once blanks are folded", source)
    if match:
        left = compare.outside(match)
        why = f"the block has fewer lines than are named: {len(left)} are left out"
        return Judged(V.DROPPED, why, source, differences=left)
    if elsewhere := match_run(file, body):
        lines = elsewhere.lines
        return Judged(V.OTHER_LINES, f"the block is lines {lines[0]}:{lines[1]}", ((file, *lines),))
    narrowed = EvidenceIndex(evidence.name, {**evidence.files, file.path: part}, evidence.prefixes)
    mention = Mention(path, (part,), exact=True, found=Found.INFO, line=0)
    return judge_output(body, Naming(strong=(mention,)), narrowed)


def _empty(
    part: EvidenceFile, file: EvidenceFile, source: tuple[tuple[EvidenceFile, int, int], ...]
) -> Judged:
    """Return the verdict on an empty block for which lines are named."""
    if not part.seen:
        return Judged(V.SPACING, "only blanks, on both sides", source)
    why = f"the block is empty, {file.path} has {len(part.seen)} lines there"
    return Judged(V.DROPPED, why, source, differences=compare.all_left_out(part))
