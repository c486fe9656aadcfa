"""Judge the requirements of a rubric.yml in a report that was handed in, with their points."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import translate
from functools import cached_property, lru_cache
from hashlib import sha256

from labreport.audit.grades import Grade, GradeState, ReportGrade
from labreport.audit.inputs.text import decode, fold
from labreport.audit.model import ReportAudit
from labreport.audit.outputs.result import QUOTED
from labreport.check.rubric import HandedIn, Requirement, RubricFile
from labreport.contract.errors import ExitStatus, LabError

_EMPTY = sha256(b"").hexdigest()
_WORD = re.compile(r"[^\s`'\"()<>\[\]{}|,;*]+")
_LONGEST = 300
"""How many characters a word of the text may have to be a path."""


class EditionError(LabError):
    """A rubric that has no requirements of an edition."""

    exit_status = ExitStatus.WRONG_USE


def requirements_of(rubric: RubricFile, edition: int | None) -> tuple[int, dict[str, Requirement]]:
    """Return an edition of a rubric with its requirements: the newest, if none is named.

    Raise EditionError if there is no such edition.
    """
    known = sorted(rubric.root)
    chosen = edition if edition is not None else known[-1] if known else 0
    if chosen not in rubric.root:
        has = ", ".join(map(str, known)) or "none"
        raise EditionError(f"the rubric has no edition {chosen}", f"name one of its editions: {has}")
    return chosen, rubric.root[chosen]


def grade_report(
    edition: int, requirements: Mapping[str, Requirement], report: ReportAudit, data: bytes
) -> ReportGrade:
    """Return how far a report meets requirements; `data` is the report's bytes."""
    seen = _Seen(report, data)
    return ReportGrade(edition, tuple(_grade(name, one, seen) for name, one in requirements.items()))


@dataclass(frozen=True)
class _Seen:
    """What a report quotes, names, stores and says. Paths are in small letters."""

    report: ReportAudit
    data: bytes

    @cached_property
    def text(self) -> str:
        """The text of the report."""
        return decode(self.data) or ""

    @cached_property
    def quoted(self) -> frozenset[str]:
        """The files whose lines a block has."""
        blocks = [block for block in self.report.blocks if block.verdict in QUOTED]
        return frozenset(passage.file.lower() for block in blocks for passage in block.evidence)

    @cached_property
    def named(self) -> frozenset[str]:
        """The words that may be paths, and the paths that blocks name."""
        found = (word.rstrip(".:!?") for word in _WORD.findall(self.text.lower()))
        blocks = {block.named.lower() for block in self.report.blocks if block.named}
        return frozenset(word for word in found if len(word) <= _LONGEST) | blocks

    @cached_property
    def stored(self) -> frozenset[str]:
        """The files that were handed in and are not empty."""
        return frozenset(path.lower() for path, digest in self.report.files.items() if digest != _EMPTY)

    @cached_property
    def said(self) -> str:
        """The text in small letters, with each run of blanks as one blank."""
        return fold(self.text).casefold()


@lru_cache(maxsize=1000)
def _matching(pattern: str) -> re.Pattern[str]:
    """Return what matches a path that a pattern stands for, below any folder."""
    return re.compile(f"(?:.*/)?{translate(pattern.lower())}", re.DOTALL)


def _grade(name: str, requirement: Requirement, seen: _Seen) -> Grade:
    handed_in = requirement.handed_in or HandedIn(quotes=requirement.shows)
    parts = list(_parts(handed_in, seen))
    missing = tuple(what for what, is_there in parts if not is_there)
    most = requirement.points
    if not parts:
        return Grade(name, requirement.requirement, GradeState.BY_PERSON, None, most)
    share = (len(parts) - len(missing)) / len(parts)
    state = GradeState.PARTLY if 0 < share < 1 else GradeState.MET if share else GradeState.NOT_MET
    earned = share if requirement.partial else int(share)
    points = None if most is None else round(most * earned, 2)
    return Grade(name, requirement.requirement, state, points, most, missing)


def _parts(asked: HandedIn, seen: _Seen) -> Iterator[tuple[str, bool]]:
    """Yield each thing that is asked for, in the words for its absence, and whether it is there."""
    for pattern in asked.quotes:
        yield f"no block equals lines of {pattern}", any(map(_matching(pattern).match, seen.quoted))
    for pattern in asked.names:
        yield f"{pattern} is not named", any(map(_matching(pattern).match, seen.named))
    for pattern in asked.stores:
        what = f"{pattern} was not handed in, or is empty"
        yield what, any(map(_matching(pattern).match, seen.stored))
    for words in asked.says:
        yield f"the report does not say “{words}”", fold(words).casefold() in seen.said
