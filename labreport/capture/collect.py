"""One collect, from start to end: its lock, its loop over the collectors, and the set's state afterwards."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from labreport.capture import plan, signals, store, writing
from labreport.capture.capture import Target, capture_collector, project, write_host, write_if_new
from labreport.capture.cleanup import runs
from labreport.capture.declare import BUILD, ON_REQUEST, Collector, DeclarationError
from labreport.capture.host import this_host
from labreport.capture.images import PLACE
from labreport.capture.plan import CollectorStatus
from labreport.capture.redact import Redactor, identity
from labreport.capture.run import Run
from labreport.capture.session import NOTHING, Allowed, Session, session
from labreport.contract.errors import ExitStatus, LabError
from labreport.contract.fields import RECORDS, writable_path
from labreport.contract.images import is_image_path
from labreport.contract.reader import readable_records
from labreport.contract.records import CHECKED_FILE, HERE, STATE_FILE, Status, dump
from labreport.contract.refresh import CheckResult, RefreshCheck
from labreport.contract.unfinished import staged_captures

Statuses = Mapping[str, CollectorStatus]
"""The status of each collector that ran before in a collect, by name."""

Capture = Callable[[Collector, Session, Statuses], CollectorStatus]
"""Captures one collector in a session, and returns its status."""


class OtherHostError(LabError):
    """The set was measured on another host."""

    exit_status = ExitStatus.WRONG_USE


class Progress(Protocol):
    """Shows a collect while it runs."""

    def begin(self, collector: Collector, number: int, total: int) -> None:
        """Show that collector `number` of `total` begins."""

    def working(self, text: str) -> None:
        """Show what is being done."""

    def end(self, status: CollectorStatus) -> None:
        """Show how the collector ended."""

    def note(self, text: str) -> None:
        """Show something that concerns the whole collect."""


def collect(
    target: Target,
    names: Sequence[str],
    progress: Progress,
    *,
    replace: bool = False,
    allowed: Allowed = NOTHING,
) -> list[CollectorStatus]:
    """Capture what is not fresh, or the collectors in `names`; return the status of every collector.

    With `replace` the set becomes this host's: what another host measured is captured again, or removed.
    `allowed` says what may be done to this host. Raise OtherHostError, DeclarationError (no such collector),
    or StoreError (locked). KeyboardInterrupt leaves nothing behind on the host, and keeps the evidence of the
    collectors that were done.
    """
    chosen = known_names(target, names)
    done: dict[str, CollectorStatus] = {}
    with opened(target, progress):
        foreign = measured_elsewhere(target, replace=replace)
        due = select(
            target.statuses(),
            chosen and chosen | foreign,
            lambda status: status.collector.name in foreign or is_due(status),
        )
        try:
            capture_each(due, partial(capture_collector, target), progress, allowed, done)
            left = foreign & measured_elsewhere(target, replace=True) if foreign else set()
            for name in sorted(left):
                store.remove(target.folder, name)
                progress.note(f"{name}: measured on another host and not here: removed (git has it)")
        finally:
            statuses = write_state(target, done)
    return [done.get(status.collector.name, status) for status in statuses]


@contextmanager
def opened(target: Target, progress: Progress) -> Iterator[None]:
    """Hold the set's lock, and let Ctrl-C and SIGTERM interrupt the collect.

    First finish or drop what a killed collect left in the set, and delete what it left on this host.
    """
    with signals.interruptible(), store.locked(target.folder):
        for text in store.recover(target.folder):
            progress.note(text)
        for name in runs.clear_dead_runs():
            progress.note(f"{name}: deleted what a killed run had left on this host")
        yield


def capture_each(
    due: Sequence[Collector],
    capture: Capture,
    progress: Progress,
    allowed: Allowed,
    done: dict[str, CollectorStatus],
) -> None:
    """Call `capture` for each collector that is due, in order, in one session; put its status into `done`."""
    with session(progress.working, allowed) as shared:
        for number, collector in enumerate(due, 1):
            progress.begin(collector, number, len(due))
            status = done[collector.name] = capture(collector, shared, done)
            progress.end(status)


def select(
    statuses: Iterable[CollectorStatus], names: set[str], otherwise: Callable[[CollectorStatus], bool]
) -> list[Collector]:
    """Return the collectors in `names`; without names, those whose status `otherwise` accepts."""
    return [
        status.collector
        for status in statuses
        if (status.collector.name in names if names else otherwise(status))
    ]


def known_names(target: Target, names: Sequence[str]) -> set[str]:
    """Return `names` as a set; raise DeclarationError if one of them is no collector of the lab."""
    there = [collector.name for collector in target.lab.collectors]
    if unknown := sorted(set(names) - set(there)):
        raise DeclarationError(
            f"{target.lab.name}: no collector {', '.join(unknown)}",
            f"choose from: {', '.join(there) or 'none'}",
        )
    return set(names)


def record_by_hand(
    target: Target, path: str, argv: Sequence[str], progress: Progress, *, stderr: bool = False
) -> CollectorStatus:
    """Capture the output of one command as the evidence file `path`; raise the errors of `collect`.

    With `stderr`, the file has what the command prints on standard error, too. For an image, the command
    writes the file that it names as PLACE.
    """
    is_image = is_image_path(path)
    if is_image and not any(PLACE in word for word in argv):
        remedy = f"write {PLACE} where the command takes the name of the file: cp Pictures/screen.png {PLACE}"
        raise DeclarationError("is an image, and the command does not name the file", remedy, path=path)

    def function(run: Run) -> None:
        if is_image:
            with run.image(path) as image:
                run.hide(str(image), PLACE)
                run.command([word.replace(PLACE, str(image)) for word in argv])
            return
        with run.file(path) as out:
            out.run(argv, stderr=stderr)

    function.__doc__ = f"Recorded by hand: {Path(argv[0]).name}."
    for collector in target.lab.collectors:
        if path in collector.writes:
            raise DeclarationError(
                f"written by the collector {collector.name}", "use lab collect, or another name", path=path
            )
    try:
        writable_path(path)
    except ValueError as error:
        raise DeclarationError(str(error), f"name a file below {target.folder.name}/") from error
    by_hand = Collector(by_hand_name(path), function, writes=(path,), by_hand=tuple(argv))
    with opened(target, progress):
        measured_elsewhere(target, replace=False)
        try:
            with session(progress.working) as shared:
                return capture_collector(target, by_hand, shared, {})
        finally:
            write_state(target, {})


def by_hand_name(path: str) -> str:
    """Return the name of the record of a file that was recorded by hand; no two files share one.

    >>> by_hand_name("notes/address.txt")
    'by-hand-notes-address.txt'
    """
    name = "by-hand-" + re.sub(r"[^a-z0-9._]", "-", path.lower())
    if re.fullmatch(r"[a-z0-9._/]{1,100}", path):
        return name
    return f"{name[:100]}-{sha256(path.encode()).hexdigest()[:8]}"


def is_due(status: CollectorStatus) -> bool:
    """Return whether a collect without names captures the collector.

    What takes long, such as a build, is captured only if it is named.
    """
    fresh = status.status in {Status.CAPTURED, Status.NOT_APPLICABLE}
    return not fresh and status.collector.role not in ON_REQUEST


def measured_elsewhere(target: Target, *, replace: bool) -> set[str]:
    """Return the names of the collectors that another host measured.

    Raise OtherHostError if there are any, unless `replace` is set or the set is always this host's own.
    """
    here = this_host()
    records = readable_records(target.folder)
    foreign = {name for name, record in records.items() if record.host != here.id and record.role != BUILD}
    if foreign and not (replace or target.folder.parent.name == HERE):
        raise OtherHostError(
            f"{target.folder.name}: measured on another host ({len(foreign)} of {len(records)} records)",
            "capture beside it with --as NAME, or make this host the report's with --replace",
        )
    return foreign


def write_state(target: Target, done: Mapping[str, CollectorStatus]) -> list[CollectorStatus]:
    """Write state.json, remove the files of hosts that no record names, and return every collector's status.

    A collector without evidence has the status in `done`, which is from this collect. Raise StoreError.
    """
    records = readable_records(target.folder)
    by_hand = [record for record in records.values() if not record.collector.file]
    redact = Redactor(identity(target.root))
    statuses = [
        (status if status.record else done.get(status.collector.name, status)).redacted(redact.text)
        for status in target.statuses()
    ]
    state = dump(plan.state_file(target.lab, statuses, by_hand))
    with store.explained(target.lab.name):
        if any(record.host == this_host().id for record in records.values()):
            write_host(target.folder)
        write_if_new(target.folder, STATE_FILE, state)
        if not staged_captures(target.folder):  # an unfinished capture may name a host of its own
            store.drop_hosts(target.folder, records.values())
    return statuses


def write_check(target: Target, results: Mapping[str, CheckResult]) -> None:
    """Write checked.json: when the set was refreshed, on which host, and each collector's result."""
    if results:
        checked = RefreshCheck(
            when=datetime.now(UTC).replace(microsecond=0),
            host=this_host().id,
            project=project(target.root),
            collectors=dict(results),
        )
        writing.write(target.folder / RECORDS / CHECKED_FILE, dump(checked))
