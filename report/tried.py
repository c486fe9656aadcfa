"""A table of the escapes that were tried, and what each came to: read from their files by the spans."""

import re
from collections.abc import Iterator

from collectors.records import Record
from report.evidence import Captured, Evidence, EvidenceSet
from report.problems import FaultError
from report.ranges import Range
from report.tables import Cell, Table, raw_link

ESCAPE = "escape"
RUNTIMES = ("runc", "kata")
_TRY = re.compile(r"=== (?P<runtime>[a-z]+)(?:, (?P<way>.+))? ===")
_VERDICT = re.compile(r"=> (?P<verdict>.+)")


def tried_table(evidence: Evidence, found: EvidenceSet) -> Table:
    """Return a row for each way of each escape with its verdict under either runtime; raise FaultError."""
    rows: list[tuple[Cell, ...]] = []
    for record in found.records.values():
        if record.role == ESCAPE:
            rows += _rows(evidence, found, record)
    if not rows:
        raise FaultError(
            f"no escape of {found.lab} was tried",
            f"lab collect {found.lab} --in-box --allow-escape-tests box",
        )
    return Table(("escape", "way", *RUNTIMES), tuple(rows))


def _rows(evidence: Evidence, found: EvidenceSet, record: Record) -> Iterator[tuple[Cell, ...]]:
    """Yield the rows of one collector: ways in the order of its files."""
    verdicts: dict[str, dict[str, Cell]] = {}
    for file in record.files:
        captured = Captured(record, file)
        link = raw_link(found.name, file.path)
        for way, runtime, verdict in _verdicts(evidence, found, captured):
            verdicts.setdefault(way, {})[runtime] = Cell(verdict, link=link)
    if not record.files:
        yield (Cell(record.title), Cell(""), *(Cell(f"{record.state}: {record.reason}") for _ in RUNTIMES))
    for way, by_runtime in verdicts.items():
        cells = (by_runtime.get(runtime, Cell("not tried")) for runtime in RUNTIMES)
        yield (Cell(record.title), Cell(way), *cells)


def _verdicts(evidence: Evidence, found: EvidenceSet, captured: Captured) -> Iterator[tuple[str, str, str]]:
    """Yield way, runtime and verdict of each try in a file; only the collector's own lines count."""
    lines = evidence.content(found.name, captured.file.path).lines
    way = runtime = ""
    for origin in captured.origins(Range(1, max(len(lines), 1))):
        if origin.command is not None:
            continue
        for line in lines[origin.lines.start - 1 : origin.lines.end]:
            text = line.decode(errors="replace")
            if heading := _TRY.fullmatch(text):
                runtime, way = heading["runtime"], heading["way"] or ""
            elif verdict := _VERDICT.fullmatch(text):
                yield way, runtime, verdict["verdict"]
