"""Commands as they were run: of one file, of a collector, of a whole lab."""

import shlex
from dataclasses import dataclass
from itertools import groupby

from labreport.contract.records import CollectorState, Command, Host, Record, Status
from labreport.report.problems import FaultError
from labreport.report.source.evidence import EvidenceSet
from labreport.report.tables.wording import exit_words, seconds_words, utc


@dataclass(frozen=True)
class Ran:
    """A command as it was run: what a shell would be given, and how that went in a few words."""

    line: str
    how: str
    cut: str = ""


@dataclass(frozen=True)
class Runs:
    """The commands of one collector, or of one file; where there are none, `note` says why."""

    title: str
    commands: tuple[Ran, ...]
    note: str = ""


def ran(command: Command, record: Record, host: Host | None, cut: str = "") -> Ran:
    """Return a command as it was run."""
    words = [
        exit_words(command),
        *([str(command.outcome)] if command.outcome != "answered" else []),
        seconds_words(command.seconds),
        utc(command.start),
        str(host.host_class) if host else f"host {record.host}",
    ]
    return Ran(shlex.join(command.argv), ", ".join(words), cut)


def all_runs(found: EvidenceSet) -> tuple[Runs, ...]:
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


def _one_ran(alike: list[Command], record: Record, host: Host | None) -> Ran:
    """Return commands that are alike as one, with their number."""
    first = ran(alike[0], record, host)
    return (
        first
        if len(alike) == 1
        else Ran(first.line, f"{len(alike)} times; the first: {first.how}", first.cut)
    )


def _key(one: Record | CollectorState, order: dict[str, int]) -> tuple[int, int, int, str]:
    """Return where a collector stands: by edition and task, then as state.json has it."""
    name = one.collector.name if isinstance(one, Record) else one.name
    return (one.edition or 9999, one.task or 999, order.get(name, len(order)), name)


def _title(name: str, task: int | None, title: str) -> str:
    return ": ".join(part for part in (f"Task {task}, {name}" if task else name, title) if part)


def _runs(found: EvidenceSet, record: Record) -> Runs:
    host = found.hosts.get(record.host)
    commands = tuple(_one_ran(list(alike), record, host) for _one, alike in groupby(record.commands, _same))
    note = "" if commands else "no command was run"
    if record.state is Status.NOT_APPLICABLE:
        note = f"{record.state}: {record.reason}"
    return Runs(_title(record.collector.name, record.task, record.title), commands, note)


def _not_run(row: CollectorState) -> Runs:
    parts = [f"{row.state}: {row.reason}" if row.reason else str(row.state), row.remedy, row.command]
    return Runs(_title(row.name, row.task, row.title), (), "; ".join(part for part in parts if part))
