"""Tables over all sets: the labs of the site, and the hosts that measured, free of any markup."""

from dataclasses import dataclass, field

from labreport.contract.records import Host, HostClass, Status
from labreport.report.problems import FaultError
from labreport.report.source.evidence import Evidence, EvidenceSet, recorded
from labreport.report.tables.captured import HOST_HEAD, host_cells
from labreport.report.tables.table import Cell, Table
from labreport.report.tables.wording import utc


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


def class_named(name: object) -> HostClass | None:
    """Return the host class that a page names, None for all; raise FaultError if there is no such class."""
    if name is None:
        return None
    try:
        return HostClass(str(name))
    except ValueError as error:
        raise FaultError(f"there is no host class {name!r}", f"one of: {', '.join(HostClass)}") from error
