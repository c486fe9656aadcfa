"""Captures a set again, into a folder beside it, and compares the two.

`repeat` names what differs and leaves the set unchanged. `refresh` takes over what differs, keeps the rest,
and notes in the set when this was done.

Two captures are the same if they differ only in what is declared volatile: parts of a command's output (see
Span), or whole files (in lab.yml). The run's own name may differ without a declaration. `refresh` also
accepts noise in a series, which the caller judges, and output that a command made from unchanged files.
"""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from labreport.capture import collect as collecting
from labreport.capture import signals, staging
from labreport.capture.adopt import adopt_failed, take
from labreport.capture.capture import Target, capture_collector
from labreport.capture.collect import Progress, Statuses
from labreport.capture.command import EVERYTHING
from labreport.capture.declare import MEASURE, Collector
from labreport.capture.plan import CollectorStatus
from labreport.capture.record_lines import StoredRecord, differences, lines, with_patterns_of
from labreport.capture.session import NOTHING, Allowed, Session
from labreport.contract.records import File, Record, Status
from labreport.contract.refresh import CheckResult

SameSeries = Callable[[bytes, bytes], bool]
"""Whether two versions of a file are one series that did not change beyond its noise."""

SeriesJudge = Callable[[Path, Path], SameSeries]
"""Takes the set's folder and the folder of the new captures, and returns how to judge a series."""

KEPT = "the same again: kept as it was"
NOTHING_STORED = "nothing to compare with"

DIFFERS = "declare what may differ (volatile=), or find out why it does: manual/reference/collectors.md"


def repeat(
    target: Target, names: Sequence[str], progress: Progress, allowed: Allowed = NOTHING
) -> list[CollectorStatus]:
    """Capture again what the set has, compare the two, and return the status of every collector.

    A collector that gives the same answers is captured. One that does not is stale, and the reason names what
    differs. The set is not changed. Without `names`, all collectors that were measured are captured. Raise
    the errors of `collect`.
    """
    chosen = collecting.known_names(target, names)
    done: dict[str, CollectorStatus] = {}
    with collecting.opened(target, progress), staging.scratch(target.root / "evidence") as scratch:
        before = {status.collector.name: status for status in target.statuses()}
        beside = target.beside(scratch)

        def capture(collector: Collector, session: Session, done: Statuses) -> CollectorStatus:
            first = before[collector.name].record
            if first is None:
                return CollectorStatus(collector, Status.MISSING, NOTHING_STORED, "collect it first")
            status = capture_collector(beside, collector, session, done)
            if status.record is None:
                return status
            found = differences(
                StoredRecord(first, target.folder), StoredRecord(status.record, beside.folder)
            )
            if not found:
                return CollectorStatus(collector, first.state, "", "", status.record)
            reason = f"not the same again: {'; '.join(found)}"
            return CollectorStatus(collector, Status.STALE, reason, DIFFERS)

        due = collecting.select(
            before.values(), chosen, lambda status: bool(status.record) and status.collector.role == MEASURE
        )
        collecting.capture_each(due, capture, progress, allowed, done)
    return [done.get(name, status) for name, status in before.items()]


@dataclass(frozen=True)
class Recapture:
    """A collector's status before a refresh and in the new capture, and the result of comparing them."""

    before: CollectorStatus
    now: CollectorStatus
    result: CheckResult

    def status(self, taken: Sequence["Recapture"]) -> CollectorStatus:
        """Return the collector's status after the refresh, which put `taken` into the set.

        A collector that was captured before and cannot be captured now has failed.
        """
        if self.result is CheckResult.FAILED and self.before.record:
            return dataclasses.replace(self.now, status=Status.FAILED)
        if self.result is CheckResult.FAILED or self in taken:
            return self.now
        reason = KEPT if self.result is CheckResult.SAME else self.before.reason
        return dataclasses.replace(self.before, reason=reason)


def refresh(  # noqa: PLR0913 - what a collect takes, and how to judge a series
    target: Target,
    names: Sequence[str],
    progress: Progress,
    judge: SeriesJudge,
    *,
    replace: bool = False,
    allowed: Allowed = NOTHING,
) -> list[CollectorStatus]:
    """Capture the set again and take over what is not the same; return the status of every collector.

    Without `names`, the collectors that measure are captured. With `replace`, on another host than
    the set's, everything is taken over if anything changed, and nothing if a capture failed. Raise the errors
    of `collect`.
    """
    chosen = collecting.known_names(target, names)
    done: dict[str, CollectorStatus] = {}
    with collecting.opened(target, progress), staging.scratch(target.root / "evidence") as scratch:
        foreign = bool(collecting.measured_elsewhere(target, replace=replace))
        before = {status.collector.name: status for status in target.statuses()}
        beside = target.beside(scratch)
        due = collecting.select(before.values(), chosen, lambda status: status.collector.role == MEASURE)
        collecting.capture_each(due, partial(capture_collector, beside), progress, allowed, done)
        tolerance = Tolerance(judge(target.folder, beside.folder), frozenset(target.lab.config.volatile))
        recaptures = {
            name: Recapture(before[name], now, _result(before[name], target, now, beside, tolerance))
            for name, now in done.items()
        }
        taken = _taken(list(recaptures.values()), foreign=foreign)
        with signals.deferred():
            for record in filter(None, (recapture.now.record for recapture in taken)):
                take(target.folder, beside.folder, record)
            if taken:
                collecting.write_state(target, {})
            adopt_failed(target.folder, beside.folder)
            results = {
                name: recapture.result
                for name, recapture in recaptures.items()
                if recapture.before.record or recapture.now.record
            }
            collecting.write_check(target, results)
    return [recaptures[name].status(taken) if name in recaptures else before[name] for name in before]


@dataclass(frozen=True)
class Tolerance:
    """What may differ besides volatile parts: series within their noise, and the files that lab.yml names."""

    same: SameSeries
    volatile: frozenset[str]


def _result(
    first: CollectorStatus, target: Target, now: CollectorStatus, beside: Target, tolerance: Tolerance
) -> CheckResult:
    """Return the result of comparing a collector's evidence with its new capture."""
    if now.record is None:
        return CheckResult.FAILED
    if first.record is None or first.status is Status.STALE:
        return CheckResult.CHANGED
    same = _same(
        StoredRecord(first.record, target.folder), StoredRecord(now.record, beside.folder), tolerance
    )
    return CheckResult.SAME if same else CheckResult.CHANGED


def _same(first: StoredRecord, again: StoredRecord, tolerance: Tolerance) -> bool:
    """Return whether two captures differ only in volatile parts and the noise of series."""
    if _facts(first.record) != _facts(again.record):
        return False
    first = with_patterns_of(first, again)
    before, after = first.files(), again.files()
    pairs = {path: (before[path][1], after[path][1]) for path in before}
    same = {path for path, (old, new) in pairs.items() if old == new or tolerance.same(old, new)}
    return all(
        _compared(first.record, before[path], same) == _compared(again.record, after[path], same)
        for path in before.keys() - same - tolerance.volatile
    )


def _compared(record: Record, file: tuple[File, bytes], same: set[str]) -> list[str]:
    """Return a file's lines for a comparison.

    The output of a command that read one of the files in `same` counts as volatile.
    """
    entry, data = file
    spans = [
        span.model_copy(update={"volatile": EVERYTHING})
        if span.command is not None and same & set(record.commands[span.command].argv)
        else span
        for span in entry.spans
    ]
    return [line.compared for line in lines(entry.model_copy(update={"spans": spans}), data)]


def _facts(record: Record) -> tuple[object, ...]:
    """Return what must be equal in two records, whatever the files contain."""
    images = {name: image.digest for name, image in record.images.items()}
    files = {file.path for file in record.files}
    return (record.state, record.reason, files, record.tools, images, record.digests)


def _taken(recaptures: Sequence[Recapture], *, foreign: bool) -> list[Recapture]:
    """Return the captures to put into the set: those that changed; on another host all of them, or none."""
    changed = [recapture for recapture in recaptures if recapture.result is CheckResult.CHANGED]
    if not foreign or not changed:
        return changed
    if any(recapture.before.record and not recapture.now.record for recapture in recaptures):
        return []
    return [recapture for recapture in recaptures if recapture.now.record]
