"""Tables of what was captured: a set's collectors, hosts and files, and all labs and hosts of the site."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from labreport.contract.records import Host, HostClass, Status
from labreport.contract.state import CollectorState
from labreport.contract.text import as_text
from labreport.report.problems import FaultError
from labreport.report.source.cite import raw_link, record_link
from labreport.report.source.evidence import Evidence
from labreport.report.source.evidence_set import EvidenceSet, is_evidence
from labreport.report.source.slices import lines_in_words
from labreport.report.tables import Cell, Table
from labreport.report.tables.runs import utc

STATE_HEAD = ("collector", "task", "state", "reason", "remedy", "command", "seconds")
HOST_HEAD = ("kernel", "distribution", "CPU", "cores", "memory", "host class")
INDEX_HEAD = ("file", "size", "sha256", "record")
LABS_HEAD = ("lab", "collectors captured", "files", "captured from", "host class")
HOSTS_HEAD = ("sets", *HOST_HEAD, "files", "captured from")


def state_table(found: EvidenceSet) -> Table:
    """Return a row for each collector of a lab; raise FaultError if the set has no state.json."""
    if found.state is None:
        raise FaultError(f"{found.name} has no state", f"run `lab collect {found.lab}`")
    rows = sorted(found.state.collectors, key=lambda row: (row.edition or 0, row.task or 0))
    return Table.of(STATE_HEAD, map(_state_row, rows))


def _state_row(row: CollectorState) -> Iterator[Cell | str]:
    yield Cell(row.name, code=True)
    yield f"{row.edition}, {row.task}" if row.edition and row.task else str(row.task or "")
    yield row.state
    yield row.reason
    yield row.remedy
    yield Cell(row.command, code=True)
    yield "" if row.seconds is None else f"{row.seconds:.1f}"


def host_table(found: EvidenceSet) -> Table:
    """Return a row for each host that measured a set; raise FaultError if no record names one."""
    if not found.measuring:
        raise FaultError(f"{found.name} has no host", f"run `lab collect {found.lab}`")
    return Table.of(HOST_HEAD, map(_host_cells, found.measuring))


def _host_cells(host: Host) -> Iterator[Cell | object]:
    """Yield the cells of a host, under HOST_HEAD."""
    yield Cell(f"{host.kernel} ({host.architecture})", code=True)
    yield host.distribution
    yield host.cpu
    yield host.cores
    yield f"{host.memory_mib} MiB"
    yield f"{host.host_class}, in a container" if host.container else host.host_class


def index_table(evidence: Evidence, names: list[str]) -> Table:
    """Return a row for each evidence file of the sets `names`: lines and bytes, hash, record."""
    files = [(found, path) for found in map(evidence.set, names) for path in found.files()]
    rows = (_index_row(evidence, found, path) for found, path in files if is_evidence(path))
    return Table.of(INDEX_HEAD, rows)


def _index_row(evidence: Evidence, found: EvidenceSet, path: str) -> Iterator[Cell | str]:
    content = evidence.content(found.name, path)
    lines = "" if as_text(content.data) is None else f"{lines_in_words(len(content.lines))}, "
    yield Cell(f"{found.name}/{path}", code=True, link=raw_link(found, path))
    yield f"{lines}{len(content.data)} bytes"
    yield Cell(content.sha256, code=True)
    captured = found.captured.get(path)
    if captured is None:
        yield "none"
    else:
        link = record_link(found, captured.record)
        yield Cell(captured.record.collector.name, code=True, link=link)


def labs_table(evidence: Evidence, titles: Mapping[str, str]) -> Table:
    """Return a row for each lab with pages: collectors captured, files, first capture, host classes.

    A lab without a title is called by its name.
    """
    rows = (_lab_row(evidence.set(name), titles.get(name, name)) for name in sorted(evidence.labs))
    return Table.of(LABS_HEAD, rows)


def _lab_row(found: EvidenceSet, title: str) -> Iterator[Cell | object]:
    collectors = found.state.collectors if found.state else []
    captured = sum(row.state is Status.CAPTURED for row in collectors)
    yield Cell(title, link=f"labs/{found.name}/index.html")
    yield f"{captured} of {len(collectors)}"
    yield _count_files(found)
    yield captured_from([found])
    yield ", ".join(sorted({str(host.host_class) for host in found.measuring}))


def _count_files(found: EvidenceSet) -> int:
    return sum(map(is_evidence, found.files()))


def captured_from(sets: list[EvidenceSet]) -> str:
    """Return the day of the oldest record in the sets; `unknown` if all were imported, empty without any."""
    starts = [record.start for found in sets for record in found.records.values()]
    times = [start for start in starts if start]
    if starts and not times:
        return "unknown"
    return utc(min(times))[: len("2026-11-24")] if times else ""


@dataclass
class _MeasuringHost:
    """A host and the sets that it measured."""

    host: Host
    sets: list[EvidenceSet] = field(default_factory=list)


def hosts_table(evidence: Evidence, host_class: HostClass | None = None) -> Table:
    """Return a row for each host that measured, of one class or of all, or a row `none`."""
    by_id: dict[str, _MeasuringHost] = {}
    for found in map(evidence.set, evidence.names()):
        for host in found.measuring:
            if host_class in {None, host.host_class}:
                by_id.setdefault(host.id, _MeasuringHost(host)).sets.append(found)
    order = list(HostClass)
    hosts = sorted(by_id.values(), key=lambda one: order.index(one.host.host_class))
    nothing = ("none", *("" for _ in HOSTS_HEAD[1:]))
    return Table.of(HOSTS_HEAD, map(_hosts_row, hosts) if hosts else [nothing])


def _hosts_row(measured: _MeasuringHost) -> Iterator[Cell | object]:
    yield Cell(", ".join(found.name for found in measured.sets), code=True)
    yield from _host_cells(measured.host)
    yield sum(map(_count_files, measured.sets))
    yield captured_from(measured.sets)


def host_class_named(name: object) -> HostClass | None:
    """Return the host class that a page names, None for all; raise FaultError if there is no such class."""
    if name is None:
        return None
    try:
        return HostClass(str(name))
    except ValueError as error:
        raise FaultError(f"there is no host class {name!r}", f"use one of: {', '.join(HostClass)}") from error
