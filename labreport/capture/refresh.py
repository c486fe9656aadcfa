"""Captured anew beside the set: what is the same again stays, and the set says when that was found.

The same is what differs in nothing but what is declared volatile (in a span, or by lab.yml as a whole file),
in series by no more than their noise, which the caller judges, and in lines that a command made of those.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from labreport.capture import repeat, runner, signals, store
from labreport.capture.capture import Target, attempt, project
from labreport.capture.declare import BUILD, ESCAPE
from labreport.capture.host import this_host
from labreport.capture.out import EVERYTHING
from labreport.capture.plan import CollectorStatus
from labreport.capture.runner import Progress
from labreport.capture.session import NOTHING, Allowed, session
from labreport.capture.transfer import adopt
from labreport.contract.reader import read_evidence
from labreport.contract.records import (
    CHECKED_FILE,
    RECORDS,
    CheckResult,
    File,
    Record,
    RefreshCheck,
    Status,
    dump,
)

Same = Callable[[bytes, bytes], bool]
"""Whether two versions of a file are one series of which nothing changed beyond its noise."""

Judging = Callable[[Path, Path], Same]
"""Makes the judge of series for a set's folder and the one in which all of it was captured again."""

KEPT = "the same again: kept as it was"


@dataclass(frozen=True)
class Among:
    """What tells differences from nothing: who judges a series, and the files that lab.yml calls volatile."""

    same: Same
    volatile: frozenset[str]


@dataclass(frozen=True)
class Again:
    """A collector before, as it was captured again, and what came of it."""

    before: CollectorStatus
    now: CollectorStatus
    result: CheckResult


def refresh(  # noqa: PLR0913 - what a collect takes, and who judges a series
    target: Target,
    wanted: Sequence[str],
    progress: Progress,
    judging: Judging,
    *,
    replace: bool = False,
    allowed: Allowed = NOTHING,
) -> list[CollectorStatus]:
    """Capture what was measured again and take over what is not the same; return where each collector stands.

    `wanted` names collectors; without it, all but builds and escapes. On another host than the set's, with
    `replace`, either all of it is the same and stays, or all of it is taken over; if anything failed there,
    nothing is. Raise as `runner.collect` does.
    """
    named = runner.known(target, wanted)
    with signals.interruptible(), store.locked(target.folder), TemporaryDirectory() as scratch:
        runner.recover(target, progress)
        foreign = bool(runner.measured_elsewhere(target, replace=replace))
        before = target.statuses()
        due = [one for one in before if (one.collector.name in named if named else _asked(one))]
        beside = Target(target.lab, Path(scratch) / target.lab.name, target.root)
        now = _captured(due, beside, progress, allowed)
        among = Among(judging(target.folder, beside.folder), frozenset(target.lab.config.volatile))
        again = [
            Again(first, ended, _result(first, ended, target.folder, beside.folder, among))
            for first, ended in zip(due, now, strict=True)
        ]
        taken = _taken(again, foreign=foreign)
        with signals.deferred():
            _take(target, beside, taken)
            adopt.adopt_failed(target.folder, beside.folder)
            _note(target, again)
    ended = {one.before.collector.name: _standing(one, taken) for one in again}
    return [ended.get(one.collector.name, one) for one in before]


def _asked(one: CollectorStatus) -> bool:
    """Return whether a collector is captured again unasked."""
    return one.collector.role not in {BUILD, ESCAPE}


def _captured(
    due: Sequence[CollectorStatus], beside: Target, progress: Progress, allowed: Allowed
) -> list[CollectorStatus]:
    """Capture each collector beside the set; return how it ended, in the same order."""
    done: dict[str, CollectorStatus] = {}
    with session(progress.working, allowed) as shared:
        collectors = [one.collector for one in due]
        runner.each(collectors, progress, done, lambda one: attempt(beside, one, shared, done))
    return list(done.values())


def _result(
    first: CollectorStatus, now: CollectorStatus, folder: Path, beside: Path, among: Among
) -> CheckResult:
    if now.record is None:
        return CheckResult.FAILED
    if first.record is None or first.status is Status.STALE:
        return CheckResult.CHANGED
    unlike = _differ(first.record, folder, now.record, beside, among)
    return CheckResult.CHANGED if unlike else CheckResult.SAME


def _differ(one: Record, folder: Path, other: Record, beside: Path, among: Among) -> bool:
    """Return whether two captures differ beyond what is volatile, and beyond the noise of series."""
    if _told(one) != _told(other):
        return True
    both = {
        file.path: (read_evidence(folder, file.path), read_evidence(beside, file.path)) for file in one.files
    }
    alike = {path for path, (old, new) in both.items() if old == new or among.same(old, new)}
    before, after = (
        {file.path: _derived(file, record, alike) for file in record.files} for record in (one, other)
    )
    return any(
        _compared(before[path], old) != _compared(after[path], new)
        for path, (old, new) in both.items()
        if path not in alike | among.volatile
    )


def _compared(file: File, data: bytes) -> list[str]:
    return [line.compared for line in repeat.lines(file, data)]


def _derived(file: File, record: Record, alike: set[str]) -> File:
    """Return a file whose lines are volatile where a command made them of files that are the same."""
    spans = [
        span.model_copy(update={"volatile": EVERYTHING})
        if span.command is not None and alike & set(record.commands[span.command].argv)
        else span
        for span in file.spans
    ]
    return file.model_copy(update={"spans": spans})


def _told(record: Record) -> tuple[object, ...]:
    """Return what has to be equal in two records, whatever the files hold."""
    images: Mapping[str, str] = {name: image.digest for name, image in record.images.items()}
    files = {file.path for file in record.files}
    return (record.state, record.reason, files, record.tools, images, record.digests)


def _taken(again: Iterable[Again], *, foreign: bool) -> list[Again]:
    """Return what becomes the set's."""
    changed = [one for one in again if one.result is CheckResult.CHANGED]
    if not foreign or not changed:
        return changed
    captured = [one for one in again if one.now.record]
    return captured if all(one.now.record for one in again if one.before.record) else []


def _take(target: Target, beside: Target, taken: Iterable[Again]) -> None:
    """Put what changed into the set, and have its state and hosts told anew."""
    records = [one.now.record for one in taken if one.now.record]
    for record in records:
        adopt.take(target.folder, beside.folder, record)
    if records:
        runner.write_state(target, {})


def _note(target: Target, again: Iterable[Again]) -> None:
    """Write down that this was done, and what came of it."""
    results = {one.before.collector.name: one.result for one in again if one.before.record or one.now.record}
    if results:
        checked = RefreshCheck(
            when=datetime.now(UTC).replace(microsecond=0),
            host=this_host().id,
            project=project(target.root),
            collectors=results,
        )
        store.write(target.folder / RECORDS / CHECKED_FILE, dump(checked))


def _standing(one: Again, taken: Sequence[Again]) -> CollectorStatus:
    """Return where a collector stands now: what is not captured again, and was before, has failed."""
    if one.result is CheckResult.FAILED and one.before.record:
        return replace(one.now, status=Status.FAILED)
    if one.result is CheckResult.FAILED or one in taken:
        return one.now
    return replace(one.before, reason=KEPT if one.result is CheckResult.SAME else one.before.reason)
