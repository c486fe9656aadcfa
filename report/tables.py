"""Tables and lists of what was captured, free of any markup: the site and the export render them."""

import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import groupby
from urllib.parse import quote

from collectors.records import RECORDS, CollectorState, Command, Host, HostClass, Image, Record, Status
from report.cite import published
from report.embed import as_text
from report.evidence import Evidence, EvidenceSet, recorded
from report.problems import FaultError
from report.ranges import lines_in_words


@dataclass(frozen=True)
class Cell:
    """A cell: `code` is set in a fixed font; `link` is a path from the site's root, already quoted."""

    text: str
    code: bool = False
    link: str = ""


@dataclass(frozen=True)
class Table:
    """A table; every row is as long as `head`."""

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


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


@lru_cache(maxsize=1024)
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


def raw_link(name: str, path: str) -> str:
    """Return where the file `path` of the set `name` is in the site, quoted for a link."""
    return quote(f"evidence/{name}/{published(path)}")


def record_link(name: str, record: Record) -> str:
    """Return where a record of the set `name` is in the site, quoted for a link."""
    return raw_link(name, f"{RECORDS}/{record.collector.name}.json")


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


def state_table(found: EvidenceSet) -> Table:
    """Return every collector of a lab with its state; raise FaultError where nothing is known of it."""
    if found.state is None:
        raise FaultError(f"{found.name} has no state", f"run `lab collect {found.lab}`")
    rows = sorted(found.state.collectors, key=lambda row: (row.edition or 0, row.task or 0))
    head = ("collector", "task", "state", "reason", "remedy", "command", "seconds")
    return Table(head, tuple(_state_row(row) for row in rows))


def _state_row(row: CollectorState) -> tuple[Cell, ...]:
    task = f"{row.edition}, {row.task}" if row.edition and row.task else str(row.task or "")
    return (
        Cell(row.name, code=True),
        Cell(task),
        Cell(row.state),
        Cell(row.reason),
        Cell(row.remedy),
        Cell(row.command, code=True),
        Cell("" if row.seconds is None else f"{row.seconds:.1f}"),
    )


HOST_HEAD = ("kernel", "distribution", "CPU", "cores", "memory", "host class")


def host_cells(host: Host) -> tuple[Cell, ...]:
    """Return what is told of a host, under HOST_HEAD."""
    kind = f"{host.host_class}, in a container" if host.container else str(host.host_class)
    return (
        Cell(f"{host.kernel} ({host.architecture})", code=True),
        Cell(host.distribution),
        Cell(host.cpu),
        Cell(str(host.cores)),
        Cell(f"{host.memory_mib} MiB"),
        Cell(kind),
    )


def host_table(found: EvidenceSet) -> Table:
    """Return the host or hosts that measured a set; raise FaultError where no record tells of one."""
    if not found.measuring:
        raise FaultError(f"{found.name} has no host", f"run `lab collect {found.lab}`")
    return Table(HOST_HEAD, tuple(host_cells(host) for host in found.measuring))


def index_table(evidence: Evidence, names: list[str]) -> Table:
    """Return every evidence file of the sets `names`: lines or bytes, hash, record."""
    rows = []
    for name in names:
        found = evidence.set(name)
        rows += [_index_row(evidence, found, path) for path in found.files() if recorded(path)]
    return Table(("file", "size", "sha256", "record"), tuple(rows))


def _index_row(evidence: Evidence, found: EvidenceSet, path: str) -> tuple[Cell, ...]:
    content = evidence.content(found.name, path)
    size = f"{len(content.data)} bytes"
    if as_text(content.data) is not None:
        size = f"{lines_in_words(len(content.lines))}, {size}"
    captured = found.captured.get(path)
    record = (
        Cell(captured.record.collector.name, code=True, link=record_link(found.name, captured.record))
        if captured
        else Cell("none")
    )
    name = Cell(f"{found.name}/{path}", code=True, link=raw_link(found.name, path))
    return (name, Cell(size), Cell(content.sha256, code=True), record)


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


def is_emulated(host: Host | None) -> bool:
    """Return whether a host's timings are those of an emulated processor."""
    return host is not None and host.host_class is HostClass.EMULATED
