"""The end of a collect on one screen: what was captured, by task, and what was not, by reason."""

from __future__ import annotations

import shutil
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from labreport.capture.cache import archives
from labreport.capture.cache.download import announced_bytes
from labreport.capture.labs import find_lab
from labreport.capture.plan import HOW, NOT_YET
from labreport.cli import show
from labreport.contract.reader import RecordError, read_host, readable_records
from labreport.contract.records import Status
from labreport.report.printed import printed_line

if TYPE_CHECKING:
    from pathlib import Path

    from labreport.capture.labs import FoundLab
    from labreport.contract.state import CollectorState

MOST_NAMES = 8
"""How many collectors are named for one reason; the others are counted."""
MOST_REASONS = 6
"""How many reasons are given for a lab; the collectors of the others are counted."""
WIDEST = 100
"""No line is longer, in characters, on a terminal that is wider."""
NARROWEST = 40
NO_EDITION = ""
"""Stands for the edition of collectors that belong to no task of a sheet."""
ORDER = (Status.FAILED, Status.STALE, Status.MISSING, Status.NOT_APPLICABLE)
"""The states in the order in which they are told. What is captured is only counted."""


class Cause(NamedTuple):
    """Why a collector is not captured, and what to do."""

    state: Status
    reason: str
    remedy: str


class Durations(dict[str, tuple[float, str]]):
    """The seconds that collectors took for the report's own evidence, and the class of its host, by name."""

    def words(self, names: Sequence[str]) -> str:
        """Return about how long some collectors take; empty if none of them has been captured before."""
        known = [self[name] for name in names if name in self]
        if not known:
            return ""
        minutes = max(1, round(sum(seconds for seconds, _class in known) / 60))
        classes = " or ".join(sorted({host_class for _seconds, host_class in known}))
        less = "" if len(known) == len(names) else f", {len(names) - len(known)} of them unknown"
        return f" (about {minutes} min on the report's host, of class {classes}{less})"


def durations(folder: Path) -> Durations:
    """Return how long the collectors of a set took. Records that cannot be read are left out."""
    records = readable_records(folder, skip_newer=True)
    return Durations(
        {name: (record.seconds, _host_class(folder, record.host)) for name, record in records.items()}
    )


def _host_class(folder: Path, host: str) -> str:
    try:
        return str(read_host(folder, host).host_class)
    except RecordError:
        return "unknown"


def print_summary(rows: Sequence[tuple[str, CollectorState]]) -> None:
    """Print the summary of each lab after a collect."""
    for lab, states in _by_lab(rows).items():
        for line in summary(lab, states):
            show.line(line)


def print_plan(rows: Sequence[tuple[str, CollectorState]], project: Path) -> None:
    """Print what a collect would capture, about how long it takes, and what it would download."""
    for lab, states in _by_lab(rows).items():
        for line in summary(lab, states, durations(project / "evidence" / lab)):
            show.line(line)
        due = {row.name for row in states if _lacks_nothing(row)}
        for line in downloads(find_lab(project, lab), due):
            show.line(line)


def print_box_plan(rows: Sequence[tuple[str, CollectorState]], project: Path) -> None:
    """Print in one line a lab how much the box would capture, and about how long that takes."""
    for lab, states in _by_lab(rows).items():
        names = [row.name for row in states]
        before = durations(project / "evidence" / lab).words(names)
        count = f"{len(names)} collector{'' if len(names) == 1 else 's'}"
        show.line(f"{lab}: the box would capture {count}{before}")


def downloads(lab: FoundLab, due: set[str]) -> Iterator[str]:
    """Yield a line for each archive that the collectors in `due` would download, with its size."""
    needs = {need.archive for one in lab.collectors if one.name in due for need in one.needs}
    for name, wanted in lab.config.archives.items():
        if name in needs and (found := archives.to_download(wanted)):
            size = announced_bytes(found.named)
            told = f"{size / (1 << 20):,.0f} MiB" if size else "of a size that the server does not tell"
            yield from wrapped(f"downloads {found.name}, {told}, once", "  ")


def _lacks_nothing(why: CollectorState | Cause) -> bool:
    """Return whether a collect without names would capture a collector."""
    return why.state is Status.MISSING and why.reason == NOT_YET and why.remedy not in HOW.values()


def _by_lab(rows: Sequence[tuple[str, CollectorState]]) -> dict[str, list[CollectorState]]:
    by_lab: dict[str, list[CollectorState]] = {}
    for lab, row in rows:
        by_lab.setdefault(lab, []).append(row)
    return by_lab


def summary(lab: str, rows: Sequence[CollectorState], before: Durations | None = None) -> Iterator[str]:
    """Yield the lines of a lab's summary, each within the width of the terminal.

    With `before`, nothing has been captured yet, and the rows say what would be.
    """
    done = sum(row.state is Status.CAPTURED for row in rows)
    yield f"{lab}: {done} of {len(rows)} captured"
    for edition, tasks in _by_edition(rows).items():
        yield from wrapped(f"{edition}: {', '.join(tasks)}" if edition else ", ".join(tasks), "  ")
    causes: dict[Cause, list[str]] = {}
    for row in rows:
        if row.state is not Status.CAPTURED:
            causes.setdefault(Cause(row.state, row.reason, row.remedy), []).append(row.name)
    in_order = sorted(causes, key=lambda cause: (ORDER.index(cause.state), -len(causes[cause])))
    for cause in in_order[:MOST_REASONS]:
        yield from _told(cause, causes[cause], before)
    if left := in_order[MOST_REASONS:]:
        count = sum(len(causes[cause]) for cause in left)
        yield f"  {count} more, for {len(left)} other reasons: lab status shows them all"


def _told(cause: Cause, names: Sequence[str], before: Durations | None) -> Iterator[str]:
    """Yield the lines of one cause: how many, why, which collectors, and the remedy."""
    if before is not None and _lacks_nothing(cause):
        yield from wrapped(f"{len(names)} would be captured{before.words(names)}: {_named(names)}", "  ")
        return
    if before is not None and cause.reason != NOT_YET:
        yield from wrapped(f"{len(names)} cannot be captured: {cause.reason}", "  ")
        return
    state = "not captured" if cause.state is Status.MISSING else cause.state
    how = "only on request" if cause.remedy in HOW.values() else f"{state}, {cause.reason}"
    yield from wrapped(f"{len(names)} {how}: {_named(names)}", "  ")
    if cause.remedy:
        yield from wrapped(f"→ {cause.remedy}", "    ")


def _by_edition(rows: Sequence[CollectorState]) -> dict[str, list[str]]:
    """Return how much of each task is captured, by edition; what belongs to no task comes last."""
    total, done = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for row in rows:
        of_task = row.edition is not None and row.task is not None
        group = (str(row.edition), f"task {row.task}") if of_task else (NO_EDITION, "beyond the tasks")
        total[group] += 1
        done[group] += row.state is Status.CAPTURED
    by_edition: dict[str, list[str]] = {}
    for edition, task in sorted(total, key=lambda group: (group[0] == NO_EDITION, group)):
        words = f"{task} {done[edition, task]} of {total[edition, task]}"
        by_edition.setdefault(edition, []).append(words)
    return by_edition


def _named(names: Sequence[str]) -> str:
    """Return the names of collectors, the first MOST_NAMES of many."""
    shown = ", ".join(names[:MOST_NAMES])
    return f"{shown} and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else shown


def wrapped(text: str, indent: str) -> Iterator[str]:
    """Yield the lines of a text within the width of the terminal; a path or command is never cut."""
    width = max(NARROWEST, min(WIDEST, shutil.get_terminal_size().columns))
    yield from textwrap.wrap(
        printed_line(text),
        width,
        initial_indent=indent,
        subsequent_indent=" " * (len(indent) + 2),
        break_long_words=False,
        break_on_hyphens=False,
    )
