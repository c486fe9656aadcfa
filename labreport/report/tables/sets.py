"""Tables of what was captured."""

from dataclasses import dataclass, field

from labreport.contract.records import CollectorState, Host, HostClass, Status
from labreport.report.problems import FaultError
from labreport.report.source.cite import raw_link, record_link
from labreport.report.source.evidence import Evidence, EvidenceSet, recorded
from labreport.report.source.ranges import lines_in_words
from labreport.report.source.slices import as_text
from labreport.report.tables.runs import utc
from labreport.report.tables.table import Cell, Table


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


def labs_table(evidence: Evidence) -> Table:
    """Return a row for each lab with pages: what of it was captured, from when on, on which host class."""
    rows = tuple(_lab_row(evidence.set(name)) for name in sorted(evidence.labs))
    return Table(("lab", "collectors captured", "files", "captured from", "host class"), rows)


def _lab_row(found: EvidenceSet) -> tuple[Cell, ...]:
    collectors = found.state.collectors if found.state else []
    captured = sum(one.state is Status.CAPTURED for one in collectors)
    return (
        Cell(found.name, link=f"labs/{found.name}/index.html"),
        Cell(f"{captured} of {len(collectors)}"),
        Cell(str(_files(found))),
        Cell(_since([found])),
        Cell(", ".join(sorted({str(host.host_class) for host in found.measuring}))),
    )


def _files(found: EvidenceSet) -> int:
    return sum(map(recorded, found.files()))


def _since(found: list[EvidenceSet]) -> str:
    """Return the day of the oldest record in some sets; empty if there is none."""
    times = [record.start for one in found for record in one.records.values()]
    return utc(min(times))[:10] if times else ""


@dataclass
class _Measured:
    """A host, and the sets that it measured."""

    host: Host
    sets: list[EvidenceSet] = field(default_factory=list)


def hosts_table(evidence: Evidence, host_class: HostClass | None = None) -> Table:
    """Return one row for each host that measured, of one class or of all, whatever sets it measured.

    A class that no host is of is a table whose one row says so.
    """
    measured: dict[str, _Measured] = {}
    for found in map(evidence.set, evidence.names()):
        for host in found.measuring:
            if host_class in {None, host.host_class}:
                measured.setdefault(host.id, _Measured(host)).sets.append(found)
    order = list(HostClass)
    apart = sorted(measured.values(), key=lambda one: order.index(one.host.host_class))
    rows = [_host_row(one) for one in apart]
    head = ("sets", *HOST_HEAD, "files", "captured from")
    return Table(head, tuple(rows or [(Cell("none"), *(Cell("") for _ in head[1:]))]))


def _host_row(one: _Measured) -> tuple[Cell, ...]:
    names = Cell(", ".join(found.name for found in one.sets), code=True)
    return (names, *host_cells(one.host), Cell(str(sum(map(_files, one.sets)))), Cell(_since(one.sets)))


def host_class_named(name: object) -> HostClass | None:
    """Return the host class that a page names, None for all; raise FaultError if there is no such class."""
    if name is None:
        return None
    try:
        return HostClass(str(name))
    except ValueError as error:
        raise FaultError(f"there is no host class {name!r}", f"one of: {', '.join(HostClass)}") from error
