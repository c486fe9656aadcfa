"""A table of the escapes that were tried, and what each came to: read from their files by the spans."""

import re
from collections.abc import Iterator

from labreport.contract.records import CollectorState
from labreport.report.problems import FaultError
from labreport.report.source.evidence import Captured, Evidence, EvidenceSet
from labreport.report.tables.table import Cell, Table
from labreport.report.tables.wording import raw_link

ESCAPE = "escape"
RUNTIMES = ("runc", "kata")
_TRY = re.compile(r"=== (?P<runtime>[a-z]+)(?:, (?P<way>.+))? ===")
_VERDICT = re.compile(r"=> (?P<verdict>.+)")


def tried_table(evidence: Evidence, found: EvidenceSet) -> Table:
    """Return a row for each way of each escape with its verdict under either runtime; raise FaultError.

    One that was not tried has a row, too, with the reason.
    """
    escapes = [row for row in (found.state.collectors if found.state else []) if row.role == ESCAPE]
    if not escapes:
        raise FaultError(f"{found.lab} has no escapes", f"run `lab collect {found.lab}`, or leave this out")
    rows = (one for row in escapes for one in _rows(evidence, found, row))
    return Table(("escape", "way", *RUNTIMES), tuple(rows))


def _rows(evidence: Evidence, found: EvidenceSet, row: CollectorState) -> Iterator[tuple[Cell, ...]]:
    """Yield the rows of one collector: ways in the order of its files."""
    record = found.records.get(row.name)
    if record is None or not record.files:
        why = f"{row.state}: {row.reason}" if row.reason else str(row.state)
        yield (Cell(row.title), Cell(""), *(Cell(why) for _ in RUNTIMES))
        return
    verdicts: dict[str, dict[str, Cell]] = {}
    for file in record.files:
        link = raw_link(found.name, file.path)
        for way, runtime, verdict in _verdicts(evidence, found, Captured(record, file)):
            verdicts.setdefault(way, {})[runtime] = Cell(verdict, link=link)
    for way, by_runtime in verdicts.items():
        cells = (by_runtime.get(runtime, Cell("not tried")) for runtime in RUNTIMES)
        yield (Cell(row.title), Cell(way), *cells)


def _verdicts(evidence: Evidence, found: EvidenceSet, captured: Captured) -> Iterator[tuple[str, str, str]]:
    """Yield way, runtime and verdict of each try in a file; only the collector's own lines count."""
    way = runtime = ""
    for _number, line, printed in captured.lines(evidence.content(found.name, captured.file.path)):
        if printed:
            continue
        text = line.decode(errors="replace")
        if heading := _TRY.fullmatch(text):
            runtime, way = heading["runtime"], heading["way"] or ""
        elif verdict := _VERDICT.fullmatch(text):
            yield way, runtime, verdict["verdict"]
