"""Tables of what was captured: collectors with their states, hosts, files."""

from labreport.contract.records import CollectorState, Host
from labreport.report.problems import FaultError
from labreport.report.source.evidence import Evidence, EvidenceSet, recorded
from labreport.report.source.ranges import lines_in_words
from labreport.report.source.slices import as_text
from labreport.report.tables.table import Cell, Table
from labreport.report.tables.wording import raw_link, record_link


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
