"""What differs between two captures of one collector on one host, beyond what is declared to differ.

Times, ids and addresses do: a command's output is declared `volatile` in part or whole (see Span), and the
run's own name is in whatever it started. What is left has to be the same.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from labreport.capture import runner, signals, store
from labreport.capture.capture import Target, attempt
from labreport.capture.plan import CollectorStatus
from labreport.capture.runner import Progress
from labreport.capture.session import NOTHING, Allowed, Session, session
from labreport.contract.reader import read_evidence
from labreport.contract.records import File, Record, Span, Status

RUN_NAME = re.compile(r"\blab[0-9a-f]{8}(?:-\d+)?(?:-x\d+)?\b")
"""The run's name, with the number of a container and of a command in it, if there is one."""

SHOWN = 5
"""So many differing lines of a file are named; the rest is counted."""


@dataclass(frozen=True)
class Line:
    """A line of a file, and as it is compared: what is volatile in it masked."""

    number: int
    text: str
    compared: str


def differences(one: Record, one_folder: Path, other: Record, other_folder: Path) -> list[str]:
    """Return what differs, a line for each difference: the state, which files there are, their lines."""
    found = []
    if (one.state, one.reason) != (other.state, other.reason):
        found.append(f"{one.state} {one.reason}".strip() + f", then {other.state} {other.reason}".rstrip())
    before, after = ({file.path: file for file in record.files} for record in (one, other))
    found += [f"{path}: in one of the two only" for path in sorted(before.keys() ^ after.keys())]
    for path in sorted(before.keys() & after.keys()):
        first = lines(before[path], read_evidence(one_folder, path))
        found += _between(path, first, lines(after[path], read_evidence(other_folder, path)))
    for name in sorted(one.digests.keys() & other.digests.keys()):
        if one.digests[name] != other.digests[name]:
            found.append(f"{name}: another digest")
    return found


def lines(file: File, data: bytes) -> list[Line]:
    """Return the lines of an evidence file as they are compared; data that is no text is one line."""
    try:
        text = data.decode().split("\n")
    except UnicodeDecodeError:
        return [Line(1, f"{len(data)} bytes", file.sha256)]
    if text[-1] == "":
        text.pop()
    found = []
    for span in file.spans or [Span(start=1, end=max(len(text), 1))]:
        found += list(_masked(span, text[span.start - 1 : span.end]))
    return found


def _masked(span: Span, text: list[str]) -> Iterator[Line]:
    """Yield the lines of one span; a pattern that takes in whole lines leaves one in their place."""
    whole = RUN_NAME.sub("[run]", "\n".join(text))
    if span.volatile:
        whole = re.sub(span.volatile, "[volatile]", whole, flags=re.MULTILINE)
    masked = whole.split("\n")
    if len(masked) != len(text):
        yield Line(span.start, text[0], whole)
        return
    for number, (shown, compared) in enumerate(zip(text, masked, strict=True), span.start):
        yield Line(number, shown, compared)


def _between(path: str, one: list[Line], other: list[Line]) -> Iterable[str]:
    """Return a line for each place where two files differ."""
    matcher = difflib.SequenceMatcher(
        None, [line.compared for line in one], [line.compared for line in other], autojunk=False
    )
    places = [code for code in matcher.get_opcodes() if code[0] != "equal"]
    for _tag, low, high, new_low, new_high in places[:SHOWN]:
        where = one[low].number if low < len(one) else len(one) + 1
        yield f"{path}:{where}: was {_quoted(one[low:high])}, is {_quoted(other[new_low:new_high])}"
    if len(places) > SHOWN:
        yield f"{path}: differs in {len(places) - SHOWN} more places"


def _quoted(found: list[Line]) -> str:
    if not found:
        return "nothing"
    more = f" and {len(found) - 1} more lines" if len(found) > 1 else ""
    return f"{found[0].text[:80]!r}{more}"


def repeat(
    target: Target, wanted: Sequence[str], progress: Progress, allowed: Allowed = NOTHING
) -> list[CollectorStatus]:
    """Capture again, beside the set, what is captured in it, and return where each collector stands then.

    One that gives the same answers is captured; one that does not is stale, with what differs as the reason.
    The set is not changed. `wanted` names collectors; without it, all that were measured. Raise as `collect`
    of the runner does.
    """
    named = runner.known(target, wanted)
    with signals.interruptible(), store.locked(target.folder), TemporaryDirectory() as scratch:
        before = target.statuses()
        first = {one.collector.name: one for one in before}
        due = [one.collector for one in before if (one.collector.name in named if named else _measured(one))]
        beside = Target(target.lab, Path(scratch) / target.lab.name, target.root)
        done: dict[str, CollectorStatus] = {}
        with session(progress.working, allowed) as shared:
            runner.each(
                due, progress, done, lambda one: _again(first[one.name], target, beside, shared, done)
            )
    return [done.get(one.collector.name, one) for one in before]


def _measured(one: CollectorStatus) -> bool:
    return one.record is not None and one.collector.role == "measure"


def _again(
    first: CollectorStatus,
    target: Target,
    beside: Target,
    shared: Session,
    done: Mapping[str, CollectorStatus],
) -> CollectorStatus:
    """Capture a collector again, beside the set, and return its standing: what differs is the reason."""
    if first.record is None:
        return CollectorStatus(first.collector, Status.MISSING, "nothing to compare with", "collect it first")
    again = attempt(beside, first.collector, shared, done)
    if again.record is None:
        return again
    found = differences(first.record, target.folder, again.record, beside.folder)
    if not found:
        return CollectorStatus(first.collector, first.record.state, "", "", again.record)
    remedy = "declare what may differ (volatile=), or find out why it does: manual/reference/collectors.md"
    return CollectorStatus(first.collector, Status.STALE, f"not the same again: {'; '.join(found)}", remedy)
