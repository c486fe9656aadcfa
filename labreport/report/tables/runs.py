"""Commands as they were run: of one file, of a collector, of a whole lab."""

import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from labreport.contract.records import CollectorState, Command, Host, Image, InstalledArchive, Record, Status
from labreport.report.problems import FaultError
from labreport.report.source.evidence import EvidenceSet

_NO_EDITION, _NO_TASK = 9999, 999


@dataclass(frozen=True)
class CommandRun:
    """A command line as a shell takes it, how it ended in a few words, and what was cut from its output."""

    line: str
    how: str
    cut: str = ""


@dataclass(frozen=True)
class CommandRuns:
    """The commands of one collector or of one file; `note` says why there are none."""

    title: str
    commands: tuple[CommandRun, ...]
    note: str = ""


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
    if record.state is Status.NOT_APPLICABLE:
        note = f"{record.state}: {record.reason}"
    return CommandRuns(_title(record.collector.name, record.task, record.title), commands, note)


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
