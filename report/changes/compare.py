"""Two states of the evidence held against each other, under the same pages: what changed, as facts."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from collectors.records import Command, Host, Status
from report.changes.raw import FileChange, file_changes
from report.changes.sampled import SeriesChange, series_changes, series_of
from report.claims import Claim
from report.evidence import EvidenceSet
from report.export import MarkdownBuild, markdown_build
from report.facts import FACTS_FILE, Fact
from report.problems import FaultError
from report.quantity import Quantity
from report.readings import NoValue, Reading
from report.render import render
from report.verdicts import Made

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


@dataclass(frozen=True)
class Turn:
    """Something whose state turned: a collector, a command's outcome, a version, a claim."""

    what: str
    before: str
    after: str


@dataclass(frozen=True)
class SetChanges:
    """What changed in one set. Where `refused` says why, hosts are not comparable and only files are told."""

    name: str
    hosts: Turn | None
    refused: str
    facts: tuple[FactChange, ...]
    series: tuple[SeriesChange, ...]
    failures: tuple[Turn, ...]
    versions: tuple[Turn, ...]
    claims: tuple[Turn, ...]
    files: tuple[FileChange, ...]

    @property
    def anything(self) -> bool:
        """Whether a file of the set is another, or came, or went."""
        return bool(self.files)


@dataclass(frozen=True)
class Changes:
    """What changed between two states, set by set."""

    sets: tuple[SetChanges, ...]

    @property
    def turned(self) -> bool:
        """Whether a claim turned."""
        return any(one.claims for one in self.sets)

    @property
    def refused(self) -> bool:
        """Whether a set's hosts are not comparable."""
        return any(one.refused for one in self.sets)


def compare(before: Path, after: Path) -> Changes:
    """Return what changed from the project in `before` to that in `after`, which differ in evidence/ only."""
    old, new = _rendered(before), _rendered(after)
    names = dict.fromkeys([*new.evidence.names(), *old.evidence.names()])
    return Changes(tuple(found for name in names if (found := _set(name, old, new)).anything))


def _rendered(root: Path) -> MarkdownBuild:
    """Return a build with every page rendered, for its claims."""
    build = markdown_build(root)
    for path in sorted(build.docs.rglob("*.md")):
        render(build, path)
        build.slots.forget()
    return build


def _set(name: str, old: MarkdownBuild, new: MarkdownBuild) -> SetChanges:
    before, after = old.evidence.set(name), new.evidence.set(name)
    files = tuple(file_changes(old.evidence, new.evidence, name))
    hosts = _turn("host", _hosts(before.measuring), _hosts(after.measuring))
    refused = _refused(before.measuring, after.measuring)
    if refused or not files:
        return SetChanges(name, hosts, refused, (), (), (), (), (), files)
    series = tuple(series_changes(series_of(old.evidence, name), series_of(new.evidence, name)))
    report = name == after.lab  # facts and claims are of the report's own set
    facts = tuple(_facts(name, old, new, series)) if report else ()
    claims = tuple(_claims(name, old, new)) if report else ()
    failures = (*_states(before, after), *_outcomes(before, after))
    return SetChanges(
        name, hosts, "", facts, series, failures, tuple(_versions(before, after)), claims, files
    )


def _turn(what: str, before: str, after: str) -> Turn | None:
    return None if before == after else Turn(what, before, after)


def _hosts(found: Iterable[Host]) -> str:
    """Return in words which hosts measured."""
    told = (f"{one.host_class}, kernel {one.kernel}, {one.cpu}, {one.cores} cores" for one in found)
    return "; ".join(sorted(told)) or "none"


def _refused(before: Iterable[Host], after: Iterable[Host]) -> str:
    """Return why two sets are not comparable; empty if they are, or if a side was measured by nobody."""
    old, new = (sorted({str(one.host_class) for one in side}) for side in (before, after))
    if not old or not new or old == new:
        return ""
    return f"measured on another host class: {', '.join(old)} before, {', '.join(new)} now: not comparable"


def _facts(
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
        was, now = before.reading(name), after.reading(name)
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


def _states(before: EvidenceSet, after: EvidenceSet) -> Iterator[Turn]:
    """Yield each collector that is captured no more, or now, or that is missing for another reason."""
    old, new = (
        {row.name: row for row in side.state.collectors} if side.state else {} for side in (before, after)
    )
    for name in sorted(old.keys() | new.keys()):
        was, now = (
            f"{side[name].state}: {side[name].reason}".rstrip(": ") if name in side else "not known"
            for side in (old, new)
        )
        if was != now:
            yield Turn(name, was, now)


def _outcomes(before: EvidenceSet, after: EvidenceSet) -> Iterator[Turn]:
    """Yield each command that ended in another way than the same command of the record before."""
    for name in sorted(before.records.keys() & after.records.keys()):
        old, new = before.records[name], after.records[name]
        if Status.NOT_APPLICABLE in {old.state, new.state}:
            continue
        for was, now in zip(old.commands, new.commands, strict=False):
            if was.argv == now.argv and was.outcome != now.outcome:
                yield Turn(f"{name}: {' '.join(now.argv)}", _ended(was), _ended(now))


def _ended(command: Command) -> str:
    return f"{command.outcome} (exit status {command.exit_status})"


def _versions(before: EvidenceSet, after: EvidenceSet) -> Iterator[Turn]:
    """Yield each tool, image and setting of the records that is another one now."""
    old, new = _used(before), _used(after)
    for what in sorted(old.keys() | new.keys()):
        was, now = ("; ".join(sorted(side.get(what, {"none"}))) for side in (old, new))
        if was != now:
            yield Turn(what, was, now)


def _used(found: EvidenceSet) -> dict[str, set[str]]:
    used: dict[str, set[str]] = {}
    for record in found.records.values():
        said = [
            *record.tools.items(),
            *((f"image {name}", one.digest) for name, one in record.images.items()),
        ]
        said += [(f"setting {key}", str(value)) for key, value in record.settings.items()]
        for what, value in said:
            used.setdefault(what, set()).add(value)
    return used


def _claims(lab: str, old: MarkdownBuild, new: MarkdownBuild) -> Iterator[Turn]:
    """Yield each claim on facts of a lab whose state turned; both sides have the same pages."""
    was = {_place(one): one.shown for one in old.made}
    for one in new.made:
        now, before = one.shown, was.get(_place(one))
        if not isinstance(now, Claim) or not isinstance(before, Claim) or now.lab != lab:
            continue
        if before.result.state != now.result.state:
            sentence = " ".join((one.call.sentence or now.result.text).split())
            yield Turn(f"{one.page}:{one.line}: {sentence}", _claim(before), _claim(now))


def _place(one: Made) -> tuple[str, int, str]:
    return (one.page, one.line, one.call.reference)


def _claim(claim: Claim) -> str:
    return f"{claim.result.state}: {claim.reason}" if claim.reason else str(claim.result.state)
