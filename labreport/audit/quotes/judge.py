"""Judge one quoted block: which file it is from, and how its lines compare with that file's."""

import re
from collections.abc import Sequence
from dataclasses import replace

from labreport.audit.evidence import EvidenceFile, EvidenceIndex
from labreport.audit.inputs.text import Line, fold
from labreport.audit.model import BlockVerdict as V
from labreport.audit.model import Found
from labreport.audit.quotes import compare
from labreport.audit.quotes.align import (
    Match,
    MatchQuality,
    has_mark,
    is_gap,
    match_in_order,
    match_joined,
    match_run,
)
from labreport.audit.quotes.judged import Judged
from labreport.audit.quotes.naming import Mention, Naming
from labreport.audit.quotes.reworded import match_reworded
from labreport.audit.quotes.runs import runs_of
from labreport.audit.quotes.shortened import is_tellable, match_shortened
from labreport.audit.quotes.unmatched import judge_unmatched, missing_of

_OF_FIT = {
    MatchQuality.EXACT: V.WHOLE,
    MatchQuality.LINE_ENDS: V.LINE_ENDS,
    MatchQuality.SPACING: V.SPACING,
    MatchQuality.ELIDED: V.ELIDED,
    MatchQuality.SHORTENED: V.SHORTENED,
    MatchQuality.REWORDED: V.REWORDED,
    MatchQuality.DROPPED: V.DROPPED,
}
_REMARK = re.compile(r"(.*\S)\s+(?:#|//|<-+|\u2190)\s.*")
_OF_BLOCK = frozenset({Found.INFO, Found.INSIDE, Found.HEADING, Found.PATH})
"""What names the content of a block. A sentence that names a script may say what the script did."""
_GOOD = MatchQuality.ELIDED
"""From this fit on, a file holds the block."""
_SHORT = 8
"""A single line of fewer characters identifies no file by its content alone."""


def judge_output(body: Sequence[Line], naming: Naming, evidence: EvidenceIndex) -> Judged:
    """Return the verdict on lines of output that the report quotes."""
    judged = _judge(body, naming, evidence)
    is_marked = any(is_gap(line.folded) or has_mark(line.folded) for line in body)
    if judged.verdict is V.DROPPED and is_marked:
        return replace(judged, why=f"{judged.why}; marks stand for others")
    return judged


def _judge(  # noqa: PLR0911 # one verdict after another, the surest first
    body: Sequence[Line], naming: Naming, evidence: EvidenceIndex
) -> Judged:
    naming = _without_actors(naming)
    body = [_without_remark(line, evidence) for line in body]
    strong, weak = (_files(one) for one in (naming.strong, naming.weak))
    loose = {**weak, **strong}
    held = _holders(body, evidence)
    for named in (strong, weak):
        if found := _best([one for one in held if one.file.path in named]):
            return _held(found, named[found.file.path])
    in_named = _best([one for path in (*strong, *weak) for one in _loosely(evidence.files[path], body)])
    if in_named and in_named.fit >= _GOOD:
        return _held(in_named, loose[in_named.file.path])
    in_order = [one for file in _candidates(body, evidence) if (one := match_in_order(file, body))]
    in_order += [one for file in evidence.texts if not held and (one := match_joined(file, body))]
    held += [one for one in in_order if one.fit >= _GOOD]
    if held and (not strong or _is_distinct(body)):
        return _by_content(held, naming)
    if in_named:
        return _held(in_named, loose[in_named.file.path])
    runs = runs_of(body, evidence)
    if runs and (not strong or all(file.path in strong for file, _first, _last in runs)):
        return Judged(V.PART, f"lines of {len(runs)} files, one after another", tuple(runs), Found.CONTENT)
    if (dropped := _best(in_order)) and not strong:
        return _held(dropped, None)
    if shortened := _shortened(body, loose, evidence, by_content=not naming.strong):
        return shortened
    if reworded := _reworded(body, loose, evidence, by_content=not naming.strong):
        return reworded
    return judge_unmatched(body, strong, weak, naming, evidence)


def _shortened(
    body: Sequence[Line], named: dict[str, Mention], evidence: EvidenceIndex, *, by_content: bool
) -> Judged | None:
    """Return the verdict on a block whose lines are words of the lines of one file, None if it has others."""
    for path, mention in named.items():
        if found := match_shortened(evidence.files[path], body):
            return _in_words(_held(found, mention), found, body)
    files = [file for file in evidence.texts if by_content and is_tellable(body, file)]
    matches = [one for file in files if (one := match_shortened(file, body))]
    best = max(matches, key=lambda one: (one.fit, not one.file.is_program), default=None)
    return _in_words(_held(best, None), best, body) if best else None


def _reworded(
    body: Sequence[Line], named: dict[str, Mention], evidence: EvidenceIndex, *, by_content: bool
) -> Judged | None:
    """Return the verdict on a block that says in other words what one file says, None if none does."""
    for path, mention in named.items():
        if found := match_reworded(evidence.files[path], body):
            return _held(found, mention)
    lines = [line for line in body if line.folded]
    near = compare.candidates(lines, evidence) if by_content else []
    best = _best([found for file in near if (found := match_reworded(file, body))])
    return _held(best, None) if best else None


def _in_words(judged: Judged, match: Match, body: Sequence[Line]) -> Judged:
    """Return the verdict with what is said of the words that are left out."""
    if match.fit is MatchQuality.DROPPED:
        return replace(judged, why=f"{judged.why}; words of lines are left out")
    marked = any(has_mark(line.folded) for line in body)
    marks = "marks stand for some of them, not for all" if marked else "no mark says so"
    return replace(judged, why=f"{judged.why}; words before or after these are left out, and {marks}")


def _without_remark(line: Line, evidence: EvidenceIndex) -> Line:
    """Return a line without the author's comment behind it, if a file has the rest: `169  # as expected`."""
    found = _REMARK.fullmatch(line.text) if line.folded not in evidence.holders else None
    if not found or (rest := fold(found[1])) not in evidence.holders:
        return line
    return Line(line.number, found[1], rest, line.end)


def _without_actors(naming: Naming) -> Naming:
    """Return a naming in which no sentence names a script, or half a path, for just this block."""
    strong = [one for one in naming.strong if one.exact and not _is_actor(one)]
    return Naming(tuple(strong), (*(one for one in naming.strong if one not in strong), *naming.weak))


def _is_actor(mention: Mention) -> bool:
    programs = any(file.is_program for file in mention.files)
    return programs and mention.found not in _OF_BLOCK


def _loosely(file: EvidenceFile, body: Sequence[Line]) -> list[Match]:
    """Return where a block is in a file, with words or lines left out, or line ends moved."""
    return [one for match in (match_joined, match_in_order) if (one := match(file, body))]


def _files(mentions: Sequence[Mention]) -> dict[str, Mention]:
    """Return the mention of each file that is named, the nearest first."""
    files: dict[str, Mention] = {}
    for mention in mentions:
        for file in mention.files:
            if file.seen:
                files.setdefault(file.path, mention)
    return files


def _holders(body: Sequence[Line], evidence: EvidenceIndex) -> list[Match]:
    """Return where the block is as consecutive lines, in any file."""
    keys = [line.folded for line in body if line.folded]
    rarest = min(keys, key=lambda key: len(evidence.holders.get(key, ())))
    files = evidence.holders.get(rarest, [])
    return [match for file in files if (match := match_run(file, body))]


def _candidates(body: Sequence[Line], evidence: EvidenceIndex) -> list[EvidenceFile]:
    """Return the files that have the rarest line of a block, or all files for a block of marks only."""
    keys = {line.folded for line in body if line.folded in evidence.holders}
    if not keys:
        return evidence.texts if any(has_mark(line.folded) for line in body) else []
    rarest = min(keys, key=lambda key: (len(evidence.holders[key]), -len(key)))
    return evidence.holders[rarest]


def _best(matches: Sequence[Match]) -> Match | None:
    """Return the match that fits best; of equal ones the first."""
    return max(matches, key=lambda one: (one.fit, one.whole), default=None)


def _held(match: Match, mention: Mention | None) -> Judged:
    """Return the verdict on a block that a file holds."""
    first, last = match.lines
    verdict = _OF_FIT[match.fit]
    if match.fit is MatchQuality.EXACT and not match.whole:
        verdict = V.PART
    place = f"{match.file.path}, lines {first} to {last}"
    why = {
        V.WHOLE: f"all of {match.file.path}",
        V.PART: place,
        V.SPACING: f"{place}, once blanks are folded",
        V.LINE_ENDS: f"{place}; the file's lines end in CRLF or CR",
        V.ELIDED: f"{place}; marks say that words or lines are left out",
        V.SHORTENED: place,
        V.REWORDED: f"{place}, in fewer or other words",
        V.DROPPED: f"{place}, without {_left_out(match)}",
    }[verdict]
    differences = compare.left_out(match) if verdict is V.DROPPED else ()
    if verdict is V.SPACING:
        why = compare.spacing_note(match, why)
    found = mention.found if mention else Found.CONTENT
    named = mention.path if mention else ""
    return Judged(verdict, why, ((match.file, first, last),), found, named, differences)


def _left_out(match: Match) -> str:
    stretches = []
    for first, last in match.left_out[:3]:
        start, end = match.file.seen[first].number, match.file.seen[last].number
        stretches.append(f"line {start}" if start == end else f"lines {start} to {end}")
    more = len(match.left_out) - len(stretches)
    return ", ".join(stretches) + (f" and {more} more stretches" if more > 0 else "")


def _is_distinct(body: Sequence[Line]) -> bool:
    """Return whether a block has enough text to be recognized by it alone."""
    return sum(len(line.folded) for line in body) >= _SHORT


def _by_content(held: Sequence[Match], naming: Naming) -> Judged:
    """Return the verdict on a block that only files hold which the report does not name for it."""
    best = _best(held)
    assert best is not None  # noqa: S101 # the caller has some
    strong = next((one for one in naming.strong if any(file.seen for file in one.files)), missing_of(naming))
    judged = _held(best, None)
    if strong:
        holder = judged.why
        state = "does not hold this block" if strong.files else "was not handed in"
        return Judged(
            V.WRONG_FILE, f"{strong.path} {state}: {holder}", judged.sources, strong.found, strong.path
        )
    alike = [one for one in held if one.fit == best.fit and one.whole == best.whole]
    equal = list({one.file.path: one for one in reversed(alike)}.values())[::-1]
    if len(equal) > 1:
        places = ", ".join(f"{one.file.path}:{one.lines[0]}" for one in equal[:5])
        sources = tuple((one.file, *one.lines) for one in equal[:5])
        return Judged(V.AMBIGUOUS, f"{len(equal)} files hold this block: {places}", sources, Found.CONTENT)
    return judged
