"""Commands as they were run: of one file, of a collector, of a whole lab."""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from labreport.contract.fields import RECORDS
from labreport.contract.records import Command, Host, Image, InstalledArchive, Record, Status
from labreport.contract.state import CollectorState
from labreport.report.problems import FaultError
from labreport.report.source.cite import Block
from labreport.report.source.evidence_set import EvidenceSet

_NO_EDITION, _NO_TASK = 9999, 999
_LIMIT = re.compile(r"timeout --foreground --kill-after=[0-9.]+ (?P<seconds>[0-9.]+) ")
"""The time limit before the command of a sample."""


@dataclass(frozen=True)
class CommandRun:
    """A command line as a shell takes it, how it ended in a few words, and what was cut from its output."""

    line: str
    how: str
    cut: str = ""


@dataclass(frozen=True)
class CommandRuns:
    """The commands of one collector or of one file; `note` says why there are none.

    `record` is the path of the collector's record from the site's root.
    """

    title: str
    commands: tuple[CommandRun, ...]
    note: str = ""
    record: str = ""


def command_run(command: Command, record: Record, host: Host | None, cut: str = "") -> CommandRun:
    """Return a command of `record` with its exit status, duration, start and host class."""
    parts = [
        exit_words(command),
        *([str(command.outcome)] if command.outcome != "answered" else []),
        seconds_words(command.seconds),
        utc(command.start),
        str(host.host_class) if host else f"host {record.host}",
    ]
    return CommandRun(shlex.join(command.argv), ", ".join(parts), cut)


def timed_runs(block: Block) -> list[CommandRun]:
    """Return what a series timed: for each contender its command, how often it ran, and within what limit.

    There is none for a file that is neither the rows nor the export of a series. hyperfine's command line
    names each sample `run,order,contender`, and has the command of the sample after that name. Where the
    commands of a contender differ, as by the name of a container, the first one is shown.
    """
    rows = block.set.rows_of(block.content.path)
    name = f"{rows.removesuffix('.csv')}.json"
    if not rows or block.content.path not in {rows, name}:
        return []
    export = block.set.captured[name]
    printed = {span.command for span in export.file.spans if span.command is not None}
    commands = [export.record.commands[number] for number in sorted(printed)]
    timed: dict[str, list[str]] = {}
    for name, line in (sample for command in commands for sample in _samples(command.argv)):
        timed.setdefault(name.split(",", 2)[-1], []).append(line)
    first = min((command.start for command in commands), default=None)
    where = str(block.host.host_class) if block.host else f"host {export.record.host}"
    return [
        CommandRun(_without_limit(lines[0])[0], _timed_words(name, lines, where, first))
        for name, lines in timed.items()
    ]


def _samples(argv: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield name and command of each sample that a command line of hyperfine times."""
    for option, name, line in zip(argv, argv[1:], argv[2:], strict=False):
        if option == "--command-name":
            yield name, line


def _without_limit(line: str) -> tuple[str, str]:
    """Return a command without the time limit before it, and the limit in seconds; empty if it has none.

    >>> _without_limit("timeout --foreground --kill-after=10 60 gzip -k 'a b'")
    ("gzip -k 'a b'", '60')
    """
    found = _LIMIT.match(line)
    return (line[found.end() :], found["seconds"]) if found else (line, "")


def _timed_words(name: str, lines: Sequence[str], where: str, first: datetime | None) -> str:
    """Return how often a command was timed, within what limit, when and where."""
    times = "once" if len(lines) == 1 else f"{len(lines)} times"
    limit = _without_limit(lines[0])[1]
    parts = [
        f"{name}: timed {times} by hyperfine",
        f"at most {limit} s each" if limit else "",
        "the first command, others differ in names" if any(line != lines[0] for line in lines) else "",
        f"from {utc(first)}" if first else "",
        where,
    ]
    return ", ".join(part for part in parts if part)


def lab_runs(found: EvidenceSet) -> tuple[CommandRuns, ...]:
    """Return the commands of every collector by edition and task; a collector without a record says why.

    Raise FaultError if nothing was captured.
    """
    rows = found.state.collectors if found.state else []
    if not rows and not found.records:
        raise FaultError(f"{found.name} has no records", f"run `lab collect {found.lab}`")
    order = {row.name: number for number, row in enumerate(rows)}
    keyed = [(_sort_key(record, order), _recorded_runs(found, record)) for record in found.records.values()]
    keyed += [(_sort_key(row, order), _no_runs(row)) for row in rows if row.name not in found.records]
    return tuple(runs for _key, runs in sorted(keyed, key=lambda pair: pair[0]))


def _sort_key(collector: Record | CollectorState, order: dict[str, int]) -> tuple[int, int, int, str]:
    """Return a collector's place: by edition, then task, then its place in state.json."""
    name = collector.collector.name if isinstance(collector, Record) else collector.name
    place = order.get(name, len(order))
    return (collector.edition or _NO_EDITION, collector.task or _NO_TASK, place, name)


def _recorded_runs(found: EvidenceSet, record: Record) -> CommandRuns:
    host = found.hosts.get(record.host)
    repeated = [list(group) for _key, group in groupby(record.commands, _identity)]
    commands = tuple(_repeated_run(group, record, host) for group in repeated)
    note = "" if commands else "no command was run"
    if record.imported:
        note = "imported, not captured here: no command was seen"
    if record.state is Status.NOT_APPLICABLE:
        note = f"{record.state}: {record.reason}"
    path = found.published(f"{RECORDS}/{record.collector.name}.json")
    return CommandRuns(_title(record.collector.name, record.task, record.title), commands, note, path)


def _identity(command: Command) -> tuple[object, ...]:
    """Return the fields in which consecutive commands have to agree to be shown once."""
    return (command.argv, command.exit_status, command.outcome)


def _repeated_run(commands: list[Command], record: Record, host: Host | None) -> CommandRun:
    """Return equal commands as one, with their number."""
    first = command_run(commands[0], record, host)
    if len(commands) == 1:
        return first
    return CommandRun(first.line, f"{len(commands)} times; the first: {first.how}", first.cut)


def _no_runs(row: CollectorState) -> CommandRuns:
    parts = [f"{row.state}: {row.reason}" if row.reason else str(row.state), row.remedy, row.command]
    return CommandRuns(_title(row.name, row.task, row.title), (), "; ".join(part for part in parts if part))


def _title(name: str, task: int | None, title: str) -> str:
    return ": ".join(part for part in (f"Task {task}, {name}" if task else name, title) if part)


def utc(moment: datetime) -> str:
    """Return `moment` as `2026-11-24 06:18:20 UTC`."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def seconds_words(seconds: float) -> str:
    """Return a duration such as `12.9 s` or `0.007 s`."""
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds:.3f} s"


def exit_words(command: Command) -> str:
    """Return how a command ended, such as `exit status 0`."""
    if command.timed_out:
        return "ended at its time limit"
    if command.exit_status is None:
        return "could not be started"
    return f"exit status {command.exit_status}"


def archive_note(archive: InstalledArchive) -> str:
    """Return the note for an archive that is not the pinned one; empty for the pinned one."""
    if archive.is_pinned:
        return ""
    return f"SHA-256 {archive.sha256} ({archive.source}), {archive.pinned or 'none'} is pinned"


def image_note(image: Image) -> str:
    """Return the note for an image that is not the pinned one; empty for the pinned one."""
    if image.is_pinned:
        return ""
    return f"{image.reference}: {image.digest} was run ({image.source}), {image.pinned} is pinned"
