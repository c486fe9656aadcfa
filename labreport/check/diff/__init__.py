"""Compare two states of the evidence, for `lab diff`: claims, failures, series, facts, versions, files."""

import difflib
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from labreport.check.diff.measured import FactChange, SeriesChange, fact_changes, series_changes, series_of
from labreport.contract.folder import EvidenceError
from labreport.contract.images import described, is_image_path
from labreport.contract.records import Command, Host, HostClass, Status
from labreport.contract.text import as_text
from labreport.report.facts.claims import Claim
from labreport.report.pages.calls import CallResult
from labreport.report.pages.render import RenderPass, SitePages
from labreport.report.source.evidence import Evidence
from labreport.report.source.evidence_set import EvidenceSet, is_evidence, processor_words

MOST_LINES = 40
"""The number of changed lines that are shown of a file; further lines are counted."""


@dataclass(frozen=True)
class StateChange:
    """A host, collector, command, version or claim (`what`) whose state changed."""

    what: str
    before: str
    after: str


@dataclass(frozen=True)
class FileChange:
    """A file that is new, gone or changed (`how`); `lines` are a unified diff without its header."""

    path: str
    how: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class SetChanges:
    """The changes of one set.

    If the hosts are not comparable, `refused` says why, and only `hosts` and `files` are filled.
    """

    name: str
    hosts: StateChange | None
    refused: str
    facts: tuple[FactChange, ...]
    series: tuple[SeriesChange, ...]
    failures: tuple[StateChange, ...]
    versions: tuple[StateChange, ...]
    claims: tuple[StateChange, ...]
    files: tuple[FileChange, ...]


@dataclass(frozen=True)
class Changes:
    """The changes between two states, set by set; sets without changes are left out."""

    sets: tuple[SetChanges, ...]

    @property
    def turned(self) -> bool:
        """Whether a claim turned."""
        return any(changes.claims for changes in self.sets)

    @property
    def refused(self) -> bool:
        """Whether the hosts of a set are not comparable."""
        return any(changes.refused for changes in self.sets)


def compare(site: SitePages, before: Path, after: Path) -> Changes:
    """Return the changes between the evidence in `before` and in `after`, under the same pages."""
    old, new = _rendered(site, before), _rendered(site, after)
    names = dict.fromkeys([*new.evidence.names(), *old.evidence.names()])
    sets = (set_changes(name, old, new) for name in names)
    return Changes(tuple(changes for changes in sets if changes.files))


def _rendered(site: SitePages, evidence: Path) -> RenderPass:
    """Return a render pass over every page, with the evidence in a folder."""
    rendering = RenderPass(site.docs, evidence, values=site.values, code=site.root)
    for page in site.pages:
        rendering.render(page)
    return rendering


def set_changes(name: str, old: RenderPass, new: RenderPass) -> SetChanges:
    """Return the changes of one set between two passes over the same pages."""
    before, after = old.evidence.set(name), new.evidence.set(name)
    files = tuple(_files(old.evidence, new.evidence, name))
    hosts = _change("host", _in_words(before.measuring), _in_words(after.measuring))
    refused = _refused(before.measuring, after.measuring)
    if refused or not files:
        return SetChanges(name, hosts, refused, (), (), (), (), (), files)
    series = tuple(series_changes(series_of(old.evidence, name), series_of(new.evidence, name)))
    is_report = name == after.lab  # pages state facts and claims about the report's own set only
    return SetChanges(
        name=name,
        hosts=hosts,
        refused="",
        facts=tuple(fact_changes(name, old, new, series)) if is_report else (),
        series=series,
        failures=(*_collectors(before, after), *_commands(before, after)),
        versions=tuple(_versions(before, after)),
        claims=tuple(_claims(name, old, new)) if is_report else (),
        files=files,
    )


def _change(what: str, before: str, after: str) -> StateChange | None:
    return None if before == after else StateChange(what, before, after)


def _in_words(hosts: Iterable[Host]) -> str:
    """Return the hosts that measured, in words."""
    words = (f"{host.host_class}, kernel {host.kernel}, {processor_words(host)}" for host in hosts)
    return "; ".join(sorted(words)) or "none"


def _refused(before: Iterable[Host], after: Iterable[Host]) -> str:
    """Return why two sets are not comparable; empty if they are, or if a side has no host."""
    old, new = (sorted({str(host.host_class) for host in side}) for side in (before, after))
    if not old or not new:
        return ""
    if HostClass.UNKNOWN in {*old, *new}:
        return f"imported: the hosts ({', '.join(old)} before, {', '.join(new)} now) are not comparable"
    if old == new:
        return ""
    return f"measured on another host class: {', '.join(old)} before, {', '.join(new)} now: not comparable"


def _collectors(before: EvidenceSet, after: EvidenceSet) -> Iterator[StateChange]:
    """Yield each collector whose state or reason changed."""
    old, new = (
        {row.name: row for row in side.state.collectors} if side.state else {} for side in (before, after)
    )
    for name in sorted(old.keys() | new.keys()):
        was, now = (
            f"{side[name].state}: {side[name].reason}".rstrip(": ") if name in side else "not known"
            for side in (old, new)
        )
        if change := _change(name, was, now):
            yield change


def _commands(before: EvidenceSet, after: EvidenceSet) -> Iterator[StateChange]:
    """Yield each command whose outcome differs from that of the same command in the old record."""
    for name in sorted(before.records.keys() & after.records.keys()):
        old, new = before.records[name], after.records[name]
        if Status.NOT_APPLICABLE in {old.state, new.state}:
            continue
        for was, now in zip(old.commands, new.commands, strict=False):
            if was.argv == now.argv and was.outcome != now.outcome:
                yield StateChange(f"{name}: {' '.join(now.argv)}", _outcome(was), _outcome(now))


def _outcome(command: Command) -> str:
    return f"{command.outcome} (exit status {command.exit_status})"


def _versions(before: EvidenceSet, after: EvidenceSet) -> Iterator[StateChange]:
    """Yield each tool, image and setting of the records whose version or value changed."""
    old, new = _values(before), _values(after)
    for what in sorted(old.keys() | new.keys()):
        was, now = ("; ".join(sorted(side.get(what, {"none"}))) for side in (old, new))
        if change := _change(what, was, now):
            yield change


def _values(evidence: EvidenceSet) -> dict[str, set[str]]:
    """Return the versions of tools, digests of images and values of settings in all records of a set."""
    values: dict[str, set[str]] = {}
    for record in evidence.records.values():
        pairs = [
            *record.tools.items(),
            *((f"image {name}", image.digest) for name, image in record.images.items()),
            *((f"setting {key}", str(value)) for key, value in record.settings.items()),
        ]
        for what, value in pairs:
            values.setdefault(what, set()).add(value)
    return values


def _claims(lab: str, old: RenderPass, new: RenderPass) -> Iterator[StateChange]:
    """Yield each claim on facts of a lab whose state changed; both passes have the same pages."""
    claims_before = {_key(result): result.shown for result in old.results}
    for result in new.results:
        before, after = claims_before.get(_key(result)), result.shown
        if not isinstance(after, Claim) or not isinstance(before, Claim) or after.lab != lab:
            continue
        if before.result.state != after.result.state:
            sentence = " ".join((result.call.sentence or after.result.text).split())
            yield StateChange(f"{result.page}:{result.line}: {sentence}", _state(before), _state(after))


def _key(result: CallResult) -> tuple[str, int, str]:
    return (result.page, result.line, str(result.call))


def _state(claim: Claim) -> str:
    return f"{claim.result.state}: {claim.reason}" if claim.reason else str(claim.result.state)


def _files(before: Evidence, after: Evidence, name: str) -> Iterator[FileChange]:
    """Yield each evidence file of the set `name` that differs; records are not compared."""
    paths = {path for side in (before, after) for path in side.set(name).files() if is_evidence(path)}
    for path in sorted(paths):
        old, new = _data(before, name, path), _data(after, name, path)
        if old != new:
            how = "new" if old is None else "gone" if new is None else "changed"
            lines = _image_lines(path, old, new) if is_image_path(path) else _lines(old or b"", new or b"")
            yield FileChange(path, how, tuple(lines))


def _data(evidence: Evidence, name: str, path: str) -> bytes | None:
    try:
        return evidence.content(name, path).data
    except EvidenceError:
        return None


def _image_lines(path: str, before: bytes | None, after: bytes | None) -> Iterator[str]:
    """Yield a line for each side of an image that differs: its form, its size and its hash."""
    for sign, data in (("-", before), ("+", after)):
        if data is not None:
            form = described(path, data) or "not an image that can be shown"
            yield f"{sign}{form}, {len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}"


def _lines(before: bytes, after: bytes) -> Iterator[str]:
    """Yield the lines of a unified diff without its header; of binary files, their sizes."""
    old, new = as_text(before), as_text(after)
    if old is None or new is None:
        yield f"binary: {len(before)} bytes, {len(after)} now"
        return
    lines = list(difflib.unified_diff(old.split("\n"), new.split("\n"), lineterm="", n=1))[2:]
    yield from lines[:MOST_LINES]
    if len(lines) > MOST_LINES:
        yield f"… and {len(lines) - MOST_LINES} more lines"
