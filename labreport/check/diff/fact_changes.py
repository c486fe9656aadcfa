"""The facts of a lab that are not what they were, each with what is to be said of it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from labreport.check.diff.sampled import SeriesChange
from labreport.report.export.export import MarkdownBuild
from labreport.report.facts.facts import FACTS_FILE, Fact
from labreport.report.facts.readings import NoValue, Reading
from labreport.report.problems import FaultError
from labreport.report.values.quantity import Quantity

SERIES = "series "
"""How a fact's `read` begins that is made of a series: the series itself is judged."""


class Verdict(StrEnum):
    """What is to be said of a fact that is not what it was."""

    CHANGED = "changed"
    BEYOND = "beyond the noise"
    WITHIN = "within the noise"
    VOLATILE = "differs from run to run, not judged"
    NEW = "new"
    LOST = "lost"


@dataclass(frozen=True)
class FactChange:
    """A fact that is not what it was; `share` is the change of a number, None where there is none."""

    name: str
    before: str
    after: str
    share: float | None
    verdict: Verdict


def fact_changes(
    lab: str, old: MarkdownBuild, new: MarkdownBuild, series: Iterable[SeriesChange]
) -> Iterator[FactChange]:
    """Yield each fact of a lab that is not what it was; a lab without facts.yml has none."""
    if not (new.docs / "labs" / lab / FACTS_FILE).is_file():
        return
    try:
        before, after = old.lab_facts(lab), new.lab_facts(lab)
    except FaultError:
        return
    judged: dict[str, bool] = {}
    for one in series:
        judged[one.file] = judged.get(one.file, False) or bool(one.beyond)
    for name, fact in after.facts.facts.items():
        was, now = before.all[name], after.all[name]
        if _text(was) != _text(now):
            verdict = _verdict(fact, was, now, judged)
            yield FactChange(name, _words(was), _words(now), _share(was, now), verdict)


def _verdict(
    fact: Fact, was: Reading | NoValue, now: Reading | NoValue, judged: Mapping[str, bool]
) -> Verdict:
    if isinstance(was, NoValue):
        return Verdict.NEW
    if isinstance(now, NoValue):
        return Verdict.LOST
    if fact.file in judged and (fact.read.startswith(SERIES) or isinstance(now.read, tuple)):
        return Verdict.BEYOND if judged[fact.file] else Verdict.WITHIN
    return Verdict.VOLATILE if fact.volatile else Verdict.CHANGED


def _text(found: Reading | NoValue) -> str:
    """Return all that was read."""
    if isinstance(found, NoValue):
        return f"none ({found.absence})"
    return " ".join(map(str, found.read)) if isinstance(found.read, tuple) else str(found.read)


def _words(found: Reading | NoValue) -> str:
    """Return a reading as a cell has it."""
    if isinstance(found, Reading) and isinstance(found.read, tuple):
        return f"{len(found.read)} values"
    return _text(found)


def _share(was: Reading | NoValue, now: Reading | NoValue) -> float | None:
    """Return by which share a number changed."""
    if isinstance(was, NoValue) or isinstance(now, NoValue):
        return None
    old, new = was.read, now.read
    if not isinstance(old, Quantity) or not isinstance(new, Quantity) or not old.exact:
        return None
    return float(new.exact / old.exact) - 1
