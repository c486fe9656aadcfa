"""One collect, start to finish."""

import re
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from labreport.capture import plan, signals, store
from labreport.capture.capture import Target, attempt, write_host
from labreport.capture.cleanup import runs
from labreport.capture.declare import BUILD, Collector, DeclarationError
from labreport.capture.host import this_host
from labreport.capture.plan import CollectorStatus
from labreport.capture.run import Run
from labreport.capture.session import NOTHING, Allowed, session
from labreport.contract.errors import ExitStatus, LabError
from labreport.contract.reader import readable_records
from labreport.contract.records import HERE, RECORDS, STATE_FILE, Status, dump, writable_path
from labreport.contract.verify import STAGING


class OtherHostError(LabError):
    """The set was measured on another host; the text says which, and how to go on."""

    exit_status = ExitStatus.WRONG_USE


class Progress(Protocol):
    """Whoever watches a collect: told what begins, what it is doing, and how it ended."""

    def begin(self, one: Collector, number: int, total: int) -> None:
        """Say that collector `number` of `total` begins."""

    def working(self, text: str) -> None:
        """Say what it does at the moment."""

    def end(self, standing: CollectorStatus) -> None:
        """Say how it ended."""

    def note(self, text: str) -> None:
        """Say something that concerns the whole collect."""


def collect(
    target: Target,
    wanted: Sequence[str],
    progress: Progress,
    *,
    replace: bool = False,
    allowed: Allowed = NOTHING,
) -> list[CollectorStatus]:
    """Capture what is not fresh, or the collectors named in `wanted`, and return where each stands.

    With `replace` this host becomes the set's: what another one measured is captured anew or removed.
    `allowed` says what may be done to this host.
    Raise OtherHostError, DeclarationError (no such collector), StoreError (locked); KeyboardInterrupt leaves
    nothing behind and the evidence as it was, but for the collectors that were done.
    """
    named = known(target, wanted)
    with signals.interruptible(), store.locked(target.folder):
        recover(target, progress)
        foreign = measured_elsewhere(target, replace=replace)
        chosen = foreign | (named or _not_fresh(target.statuses()))
        due = [one for one in target.lab.collectors if one.name in chosen]
        done: dict[str, CollectorStatus] = {}
        try:
            with session(progress.working, allowed) as shared:
                each(due, progress, done, lambda one: attempt(target, one, shared, done))
            left = foreign & measured_elsewhere(target, replace=True) if foreign else set()
            for name in sorted(left):
                store.remove(target.folder, name)
                progress.note(f"{name}: measured on another host and not here: removed (git has it)")
        finally:
            found = write_state(target, done)
    return [done.get(one.collector.name, one) for one in found]


def each(
    due: Sequence[Collector],
    progress: Progress,
    done: dict[str, CollectorStatus],
    capture: Callable[[Collector], CollectorStatus],
) -> None:
    """Have `capture` called for each that is due, in order, and put how it ended into `done`."""
    for number, one in enumerate(due, 1):
        progress.begin(one, number, len(due))
        ended = done[one.name] = capture(one)
        progress.end(ended)


def known(target: Target, wanted: Sequence[str]) -> set[str]:
    """Return the names in `wanted`; raise DeclarationError for one that is no collector of the lab."""
    names = [one.name for one in target.lab.collectors]
    if unknown := set(wanted) - set(names):
        there = ", ".join(names) or "none"
        raise DeclarationError(
            f"{target.lab.name}: no collector {', '.join(sorted(unknown))}: there are: {there}"
        )
    return set(wanted)


def record_by_hand(target: Target, path: str, argv: Sequence[str], progress: Progress) -> CollectorStatus:
    """Capture one command into the evidence file `path`; raise as `collect` does."""

    def function(run: Run) -> None:
        with run.file(path) as out:
            out.run(argv)

    function.__doc__ = f"Recorded by hand: {Path(argv[0]).name}."
    for one in target.lab.collectors:
        if path in one.writes:
            raise DeclarationError(
                f"{path}: written by the collector {one.name}: use lab collect, or another name"
            )
    try:
        writable_path(path)
    except ValueError as error:
        raise DeclarationError(f"{error}: name a file below {target.folder.name}/") from error
    one = Collector(name=by_hand_name(path), function=function, writes=(path,), by_hand=tuple(argv))
    with signals.interruptible(), store.locked(target.folder):
        recover(target, progress)
        measured_elsewhere(target, replace=False)
        try:
            with session(progress.working) as shared:
                return attempt(target, one, shared, {})
        finally:
            write_state(target, {})


def by_hand_name(path: str) -> str:
    """Return the name of the record of a file that was recorded by hand: no two files share one.

    >>> by_hand_name("notes/address.txt")
    'by-hand-notes-address.txt'
    """
    name = "by-hand-" + re.sub(r"[^a-z0-9._]", "-", path.lower())
    if re.fullmatch(r"[a-z0-9._/]{1,100}", path):
        return name
    return f"{name[:100]}-{sha256(path.encode()).hexdigest()[:8]}"


def recover(target: Target, progress: Progress) -> None:
    """Finish or drop what a killed collect left in the set and on this host, and say so."""
    for text in store.recover(target.folder):
        progress.note(text)
    for name in runs.clear_dead_runs():
        progress.note(f"{name}: what a killed run had left behind was cleared")


def _not_fresh(found: Sequence[CollectorStatus]) -> set[str]:
    """Return the names of the collectors that a plain collect captures.

    A build takes long, and may be made on another host: it is made where it is named.
    """
    fresh = {Status.CAPTURED, Status.NOT_APPLICABLE}
    return {one.collector.name for one in found if one.status not in fresh and one.collector.role != BUILD}


def measured_elsewhere(target: Target, *, replace: bool) -> set[str]:
    """Return the collectors measured on another host; raise OtherHostError unless they are to be replaced."""
    here = this_host()
    records = readable_records(target.folder)
    foreign = {name for name, one in records.items() if one.host != here.id and one.role != BUILD}
    if foreign and not (replace or target.folder.parent.name == HERE):
        raise OtherHostError(
            f"{target.folder.name}: measured on another host ({len(foreign)} of {len(records)} records): "
            "`--as NAME` captures beside it, `--replace` makes this host the report's"
        )
    return foreign


def write_state(target: Target, done: Mapping[str, CollectorStatus]) -> list[CollectorStatus]:
    """Write state.json as things stand, take away hosts that no record names any more; return the standings.

    What is not captured stands there as it ended in `done`, this collect. Raise StoreError.
    """
    records = readable_records(target.folder)
    by_hand = [record for record in records.values() if not record.collector.file]
    found = [done.get(one.collector.name, one) if not one.record else one for one in target.statuses()]
    state = dump(plan.state_file(target.lab, found, by_hand))
    path = target.folder / RECORDS / STATE_FILE
    try:
        if any(record.host == this_host().id for record in records.values()):
            write_host(target.folder)
        if not path.exists() or path.read_bytes() != state:
            store.write(path, state)
    except OSError as error:
        raise store.StoreError(store.explain(target.lab.name, error)) from error
    if not (target.folder / STAGING).exists():  # an intent still to be finished may name a host of its own
        store.drop_hosts(target.folder, records.values())
    return found
