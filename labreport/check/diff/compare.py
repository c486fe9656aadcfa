"""Two states of the evidence held against each other, under the same pages: what changed, as facts."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from labreport.check.diff import turns
from labreport.check.diff.fact_changes import FactChange, fact_changes
from labreport.check.diff.raw import FileChange, file_changes
from labreport.check.diff.sampled import SeriesChange, series_changes, series_of
from labreport.contract.records import Host
from labreport.report.export.export import MarkdownBuild, markdown_build
from labreport.report.pages.render import render


@dataclass(frozen=True)
class SetChanges:
    """What changed in one set. Where `refused` says why, hosts are not comparable and only files are told."""

    name: str
    hosts: turns.Turn | None
    refused: str
    facts: tuple[FactChange, ...]
    series: tuple[SeriesChange, ...]
    failures: tuple[turns.Turn, ...]
    versions: tuple[turns.Turn, ...]
    claims: tuple[turns.Turn, ...]
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
    facts = tuple(fact_changes(name, old, new, series)) if report else ()
    claims = tuple(turns.claims(name, old, new)) if report else ()
    failures = (*turns.states(before, after), *turns.outcomes(before, after))
    return SetChanges(
        name, hosts, "", facts, series, failures, tuple(turns.versions(before, after)), claims, files
    )


def _turn(what: str, before: str, after: str) -> turns.Turn | None:
    return None if before == after else turns.Turn(what, before, after)


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
