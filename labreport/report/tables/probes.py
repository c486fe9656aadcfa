"""The tables of probes and of escapes, read from their evidence files.

manual/reference/probes.md describes such a file. It is read by the spans of its record, so no output of a
command can pass for a heading or a judgement.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from labreport.contract.state import CollectorState
from labreport.report.problems import FaultError
from labreport.report.source.cite import Block, raw_link
from labreport.report.source.evidence import Evidence
from labreport.report.source.evidence_set import Captured, EvidenceSet
from labreport.report.source.slices import lines_in_words
from labreport.report.tables import Cell, Detail, Figure, Table

HOST = "host"
"""The arm that is not judged: its answers are what the others are compared with, in the last column."""
SHORT = 32
"""How many characters an answer without a judgement may have to stand in a table."""
ESCAPE = "escape"
"""The role of a collector that tries an escape."""

_CONTAINERS = "=== containers ==="
_PROBE = re.compile(r"=== (?P<id>[a-z0-9-]+): (?P<question>.+) ===")
_ABOUT = re.compile(r"(?P<key>why|asked): (?P<text>.*)")
_MEANING = re.compile(r"if (?P<name>[^:]+): (?P<meaning>.+)")
_ARM = re.compile(r"--- (?P<arm>.+)")
_ARM_WORDS = re.compile(r"(?P<asked>[^ ,]+),? ?(?P<how>.*)")
"""The name of an arm: `runc --seccomp` is runc with an option, `host, afterwards` the host at the end."""
_JUDGEMENT = re.compile(r"=> (?P<judgement>.+)")
_ATTEMPT = re.compile(r"=== (?P<name>[a-z]+)(?:, (?P<way>.+))? ===")


@dataclass
class ProbeAnswer:
    """The lines that one arm printed, and the collector's judgement of them, empty for the host."""

    arm: str
    lines: list[str] = field(default_factory=list)
    judgement: str = ""


@dataclass
class ProbeQuestion:
    """One probe with its answers; `meanings` explains each judgement."""

    id: str
    question: str
    why: str = ""
    asked: str = ""
    meanings: dict[str, str] = field(default_factory=dict)
    answers: list[ProbeAnswer] = field(default_factory=list)


def probes_figure(block: Block, only: Sequence[str]) -> Figure:
    """Return a table with a row for each probe and a column for each runtime; `only` selects probes by id.

    A cell has the judgement; its meaning and the whole answer are its details. The arms of one runtime, with
    and without an option, share a column. Raise FaultError if the file is not one of probes, or has no probe
    of such an id.
    """
    probes = read_probes(block)
    known = [probe.id for probe in probes]
    if unknown := [name for name in only if name not in known]:
        raise FaultError(f"{block.path} has no probe {', '.join(unknown)}", f"use one of: {', '.join(known)}")
    arms = dict.fromkeys(answer.arm for probe in probes for answer in probe.answers)
    columns = sorted(dict.fromkeys(map(_asked, arms)), key=lambda column: column == HOST)
    rows = (_probe_row(probe, columns) for probe in probes if not only or probe.id in only)
    return Figure(block, "Probes", (), Table.of(("question", *columns), rows))


def _probe_row(probe: ProbeQuestion, columns: Sequence[str]) -> Iterator[Cell]:
    yield Cell(probe.question, details=(Detail(f"Why: {probe.why}", probe.asked),))
    for column in columns:
        yield _column_cell(probe, [one for one in probe.answers if _asked(one.arm) == column])


def _asked(arm: str) -> str:
    """Return who an arm asked: the host, or a runtime."""
    found = _ARM_WORDS.fullmatch(arm)
    return found["asked"] if found else arm


def _column_cell(probe: ProbeQuestion, answers: Sequence[ProbeAnswer]) -> Cell:
    """Return the answers of a runtime: one verdict, and another one only where an option changes it."""
    if not answers:
        return Cell("not asked")
    others = [answer for answer in answers[1:] if answer.judgement != answers[0].judgement]
    words = [_verdict(answers[0])]
    words += [f"with {one.arm.removeprefix(_asked(one.arm)).strip()}: {_verdict(one)}" for one in others]
    return Cell("; ".join(words), details=tuple(_detail(probe, answer) for answer in answers))


def _verdict(answer: ProbeAnswer) -> str:
    """Return the judgement; of the host, which is not judged, a short answer, or how long it is."""
    if answer.judgement:
        return answer.judgement
    if len(answer.lines) == 1 and len(answer.lines[0]) <= SHORT:
        return answer.lines[0]
    return lines_in_words(len(answer.lines)) if answer.lines else "printed nothing"


def _detail(probe: ProbeQuestion, answer: ProbeAnswer) -> Detail:
    meaning = probe.meanings.get(answer.judgement, "")
    parts = [answer.arm, answer.judgement, meaning]
    return Detail(": ".join(part for part in parts if part), "\n".join(answer.lines) or "(printed nothing)")


def read_probes(block: Block) -> list[ProbeQuestion]:
    """Return the probes in a whole file; raise FaultError for a line that such a file cannot have."""
    remedy = "name a file of probes: manual/reference/probes.md"
    if block.captured is None:
        raise FaultError(f"{block.path} has no record", f"run `lab collect {block.set.lab}`")
    if block.slice.text is None:
        raise FaultError(f"{block.path} is not text", remedy)
    probes: list[ProbeQuestion] = []
    for number, line, printed in block.captured.lines(block.content):
        text = line.decode()
        if not (_add_output(probes, text) if printed else _add_own_line(probes, text)):
            raise FaultError(f"line {number} of {block.path} does not belong in a file of probes", remedy)
    return probes


def _add_output(probes: list[ProbeQuestion], text: str) -> bool:
    """Add a line that a command printed to the answer it belongs to; return whether there is one."""
    if not probes or not probes[-1].answers or probes[-1].answers[-1].judgement:
        return False
    probes[-1].answers[-1].lines.append(text)
    return True


def _add_own_line(probes: list[ProbeQuestion], text: str) -> bool:
    """Add a line that the collector wrote; return whether it may stand here."""
    if found := _PROBE.fullmatch(text):
        probes.append(ProbeQuestion(found["id"], found["question"]))
        return True
    if not probes:
        return text == _CONTAINERS or ": OCI specification " in text
    probe = probes[-1]
    if found := _ARM.fullmatch(text):
        probe.answers.append(ProbeAnswer(found["arm"]))
        return True
    if probe.answers:
        if found := _JUDGEMENT.fullmatch(text):
            probe.answers[-1].judgement = found["judgement"]
        return found is not None
    if found := _MEANING.fullmatch(text):
        probe.meanings[found["name"]] = found["meaning"]
    elif found := _ABOUT.fullmatch(text):
        if found["key"] == "why":
            probe.why = found["text"]
        else:
            probe.asked = found["text"]
    else:
        return False
    return True


def escapes_table(evidence: Evidence, found: EvidenceSet) -> Table:
    """Return a row for each way of each escape, with its judgement under each of its names; raise FaultError.

    The names are those under which the collectors tried it. An escape that was not tried has a row with the
    reason.
    """
    escapes = [row for row in (found.state.collectors if found.state else []) if row.role == ESCAPE]
    if not escapes:
        remedy = f"run `lab collect {found.lab}`, or remove the table from the page"
        raise FaultError(f"{found.lab} has no escapes", remedy)
    tried = [(row, _ways(evidence, found, row)) for row in escapes]
    names = dict.fromkeys(name for _row, ways in tried for cells in ways.values() for name in cells)
    columns = tuple(names) or ("result",)
    rows = (cells for row, ways in tried for cells in _escape_rows(row, ways, columns))
    return Table.of(("escape", "way", *columns), rows)


def _ways(evidence: Evidence, found: EvidenceSet, row: CollectorState) -> dict[str, dict[str, Cell]]:
    """Return the judgements of a collector by way and name, in the order of its files."""
    by_way: dict[str, dict[str, Cell]] = {}
    record = found.records.get(row.name)
    if record is None:
        return by_way
    for file in record.files:
        link = raw_link(found, file.path)
        for way, name, judgement in _attempts(evidence, found, Captured(record, file)):
            by_way.setdefault(way, {})[name] = Cell(judgement, link=link)
    return by_way


def _escape_rows(
    row: CollectorState, ways: Mapping[str, Mapping[str, Cell]], columns: Sequence[str]
) -> Iterator[tuple[Cell | str, ...]]:
    """Yield the rows of one collector, or one with the reason why it was not tried."""
    for way, cells in ways.items():
        yield (row.title, way, *(cells.get(name, "not tried") for name in columns))
    if not ways:
        why = f"{row.state}: {row.reason}" if row.reason else str(row.state)
        yield (row.title, "", *(why for _ in columns))


def _attempts(evidence: Evidence, found: EvidenceSet, captured: Captured) -> Iterator[tuple[str, str, str]]:
    """Yield way, name and judgement of each attempt in a file, from the collector's own lines."""
    way = name = ""
    for _number, line, printed in captured.lines(evidence.content(found.name, captured.file.path)):
        if printed:
            continue
        text = line.decode(errors="replace")
        if heading := _ATTEMPT.fullmatch(text):
            name, way = heading["name"], heading["way"] or ""
        elif conclusion := _JUDGEMENT.fullmatch(text):
            yield way, name, conclusion["judgement"]
