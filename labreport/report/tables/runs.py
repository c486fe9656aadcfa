"""Commands as they were run: of one file, of a collector, of a whole lab."""

import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from labreport.contract.records import CollectorState, Command, Host, Image, Record, Status
from labreport.report.problems import FaultError
from labreport.report.source.evidence import EvidenceSet


@dataclass(frozen=True)
class CommandRun:
    """A command as it was run: what a shell would be given, and how that went in a few words."""

    line: str
    how: str
    cut: str = ""


@dataclass(frozen=True)
class CommandRuns:
    """The commands of one collector, or of one file; where there are none, `note` says why."""

    title: str
    commands: tuple[CommandRun, ...]
    note: str = ""


def command_run(command: Command, record: Record, host: Host | None, cut: str = "") -> CommandRun:
    """Return a command as it was run."""
    words = [
        exit_words(command),
        *([str(command.outcome)] if command.outcome != "answered" else []),
        seconds_words(command.seconds),
        utc(command.start),
        str(host.host_class) if host else f"host {record.host}",
    ]
    return CommandRun(shlex.join(command.argv), ", ".join(words), cut)


def lab_runs(found: EvidenceSet) -> tuple[CommandRuns, ...]:
    """Return the commands of every collector, in the tasks' order; one that has not run says why.

    Raises FaultError where nothing was captured at all.
    """
    rows = found.state.collectors if found.state else []
    if not rows and not found.records:
        raise FaultError(f"{found.name} has no records", f"run `lab collect {found.lab}`")
    order = {row.name: number for number, row in enumerate(rows)}
    parts = [(_key(record, order), _runs(found, record)) for record in found.records.values()]
    parts += [(_key(row, order), _not_run(row)) for row in rows if row.name not in found.records]
    return tuple(runs for _, runs in sorted(parts, key=lambda part: part[0]))


def _same(command: Command) -> tuple[object, ...]:
    """Return what makes two commands in a row the same, shown once."""
    return (command.argv, command.exit_status, command.outcome)


def _one_ran(alike: list[Command], record: Record, host: Host | None) -> CommandRun:
    """Return commands that are alike as one, with their number."""
    first = command_run(alike[0], record, host)
    return (
        first
        if len(alike) == 1
        else CommandRun(first.line, f"{len(alike)} times; the first: {first.how}", first.cut)
    )


def _key(one: Record | CollectorState, order: dict[str, int]) -> tuple[int, int, int, str]:
    """Return where a collector stands: by edition and task, then as state.json has it."""
    name = one.collector.name if isinstance(one, Record) else one.name
    return (one.edition or 9999, one.task or 999, order.get(name, len(order)), name)


def _title(name: str, task: int | None, title: str) -> str:
    return ": ".join(part for part in (f"Task {task}, {name}" if task else name, title) if part)


def _runs(found: EvidenceSet, record: Record) -> CommandRuns:
    host = found.hosts.get(record.host)
    commands = tuple(_one_ran(list(alike), record, host) for _one, alike in groupby(record.commands, _same))
    note = "" if commands else "no command was run"
    if record.state is Status.NOT_APPLICABLE:
        note = f"{record.state}: {record.reason}"
    return CommandRuns(_title(record.collector.name, record.task, record.title), commands, note)


def _not_run(row: CollectorState) -> CommandRuns:
    parts = [f"{row.state}: {row.reason}" if row.reason else str(row.state), row.remedy, row.command]
    return CommandRuns(_title(row.name, row.task, row.title), (), "; ".join(part for part in parts if part))


def utc(moment: datetime) -> str:
    """Return `moment` as `2026-11-24 06:18:20 UTC`."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def seconds_words(seconds: float) -> str:
    """Return seconds as people read them: `12.9 s`, `0.007 s`."""
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds:.3f} s"


def exit_words(command: Command) -> str:
    """Return how a command ended, in words."""
    if command.timed_out:
        return "ended at its time limit"
    if command.exit_status is None:
        return "could not be started"
    return f"exit status {command.exit_status}"


def image_note(image: Image) -> str:
    """Return what is to be said of an image that is not the pinned one; empty if it is."""
    if image.is_pinned:
        return ""
    return f"{image.reference}: {image.digest} was run ({image.source}), {image.pinned} is pinned"
