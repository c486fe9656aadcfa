"""Judge a block that no file holds: which file is nearest, and what differs."""

from collections.abc import Mapping, Sequence

from labreport.audit.evidence import EvidenceFile, EvidenceIndex
from labreport.audit.inputs.text import Line
from labreport.audit.model import BlockVerdict as V
from labreport.audit.model import Found
from labreport.audit.quotes import compare
from labreport.audit.quotes.align import is_gap
from labreport.audit.quotes.judged import Judged
from labreport.audit.quotes.naming import Mention, Naming
from labreport.audit.quotes.nearest import beside, nearest_line

_MOST_COMPARED, _MOST_TOLD = 30, 2
"""How many lines of a block are shown beside the nearest, and of how many a sentence says where they are."""
_NEAR = 0.5
"""A file has to have more than this share of a block's lines to be the nearest."""


def judge_unmatched(
    body: Sequence[Line],
    strong: dict[str, Mention],
    weak: dict[str, Mention],
    naming: Naming,
    evidence: EvidenceIndex,
) -> Judged:
    """Return the verdict on a block that no file holds."""
    lines = [
        line for line in body if line.folded and (line.folded in evidence.holders or not is_gap(line.folded))
    ]
    if not lines:
        return Judged(V.NOT_JUDGED, "nothing but marks that something is left out")
    for named, least in ((strong, 0.0), (weak, _NEAR)):
        near = [compare.nearness(evidence.files[path], lines) for path in named]
        best = max(near, key=lambda one: one.share, default=None)
        if best and (best.share > least or (not least and best.is_alike)):
            return _altered(V.ALTERED, best, lines, named[best.file.path])
    near = [compare.nearness(file, lines) for file in compare.candidates(lines, evidence)]
    best = max(near, key=lambda one: (one.share, one.is_alike), default=None)
    is_near = best is not None and best.share > _NEAR
    missing = missing_of(naming)
    if missing and not is_near:
        return Judged(V.NO_FILE, f"{missing.path} was not handed in", (), missing.found, missing.path)
    if best and is_near and len(lines) > 1 and best.equal > 1:
        return _altered(V.DIFFERS, best, lines, None)
    return _nowhere(lines, next(iter(strong.values()), None), evidence)


def _nowhere(lines: Sequence[Line], mention: Mention | None, evidence: EvidenceIndex) -> Judged:
    """Return the verdict on a block of which no file has most lines, with the lines that are nearest."""
    named, how = (mention.path, mention.found) if mention else ("", None)
    where = f"{named} or another file" if named else "any file that was handed in"
    where += ", scripts aside," if len(evidence.outputs) < len(evidence.texts) else ""
    strange = [line for line in lines if line.folded not in evidence.holders]
    in_part = compare.words_places(strange, evidence)
    absent = [line for line in strange if line.number not in in_part]
    if not strange:
        what = f"each line is in {where}, and no file has them together"
    elif len(lines) == 1:
        what = f"line {lines[0].number} of the report is no line of {where.rstrip(',')}"
    elif not absent:
        what = f"each line is in {where}, some in part, and no file has them together"
    else:
        count = f"{len(absent)} of {len(lines)} lines"
        what = f"{count} are neither lines of {where} nor words of one, the first is line {absent[0].number}"
    near = [(line, nearest_line(line, evidence)) for line in (absent or strange)[:_MOST_COMPARED]]
    pairs = [(line, *found) for line, found in near if found]
    nearest = ""
    for line, file, other in pairs[:1]:
        of_line = "" if len(lines) == 1 else f" to line {line.number}"
        nearest = f"; the nearest{of_line} is {file.path}:{other.number}"
    sources = tuple((file, other.number, other.number) for _line, file, other in pairs[:1])
    differences = tuple(beside(line, found) for line, found in near)
    gone = {id(line) for line in absent}
    held = [line for line in lines if id(line) not in gone]
    verdict = V.PARTLY if held else V.NO_EVIDENCE
    what = f"{what}{_places(held, in_part, evidence)}{nearest}"
    return Judged(verdict, what, sources, how, named, differences if pairs else ())


def _places(
    lines: Sequence[Line], in_part: Mapping[int, tuple[EvidenceFile, Line]], evidence: EvidenceIndex
) -> str:
    """Return in words where files have lines of a block, whole or in part."""
    told = []
    for line in lines[:_MOST_TOLD]:
        if line.number in in_part:
            file, there = in_part[line.number]
            told.append(f"line {line.number} is in part {file.path}:{there.number}")
        else:
            file = evidence.holders[line.folded][0]
            told.append(f"line {line.number} is {file.path}:{file.seen[file.places[line.folded][0]].number}")
    return f"; {', '.join(told)}" if told else ""


def _altered(verdict: V, near: compare.Nearness, lines: Sequence[Line], mention: Mention | None) -> Judged:
    differences = near.differences(lines)
    whole, in_part = near.counts(lines)
    what = f"{whole} of {len(lines)} lines are in {near.file.path}"
    if in_part:
        what = f"{what}, and {in_part} in part"
    where = next((one for one in differences if one.report_line), None)
    at = f"; {compare.in_words(where)}" if where else ""
    if whole + in_part == len(lines):
        what, at = f"words of all lines are in {near.file.path}", at or ", and not all in this order"
    sources = ((near.file, *near.lines),)
    named = mention.path if mention else ""
    return Judged(
        verdict, f"{what}{at}", sources, mention.found if mention else Found.CONTENT, named, differences
    )


def missing_of(naming: Naming) -> Mention | None:
    """Return the file named for just this block that was not handed in."""
    return next((one for one in naming.strong if not one.files), None)
