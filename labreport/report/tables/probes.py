"""The tables of probes and of escapes, read from their evidence files.

manual/reference/probes.md describes such a file. It is read by the spans of its record, so no output of a
command can pass for a heading or a judgement.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from labreport.contract.records import CollectorState
from labreport.report.problems import FaultError
from labreport.report.source.cite import Block, raw_link
from labreport.report.source.evidence import Captured, Evidence, EvidenceSet
from labreport.report.source.slices import lines_in_words
from labreport.report.tables import Cell, Figure, Table

SHOWN = 60
"""How many characters of an answer a table shows."""
ESCAPE = "escape"
"""The role of a collector that tries an escape."""
RUNTIMES = ("runc", "kata")

_CONTAINERS = "=== containers ==="
_PROBE = re.compile(r"=== (?P<id>[a-z0-9-]+): (?P<question>.+) ===")
_ABOUT = re.compile(r"(?P<key>why|asked): (?P<text>.*)")
_MEANING = re.compile(r"if (?P<name>[^:]+): (?P<meaning>.+)")
_ARM = re.compile(r"--- (?P<arm>.+)")
_JUDGEMENT = re.compile(r"=> (?P<judgement>.+)")
_ATTEMPT = re.compile(r"=== (?P<runtime>[a-z]+)(?:, (?P<way>.+))? ===")


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
    meanings: dict[str, str] = field(default_factory=dict)
    answers: list[ProbeAnswer] = field(default_factory=list)


def probes_figure(block: Block, only: Sequence[str]) -> Figure:
    """Return a table with a row for each probe and a column for each arm; `only` selects probes by id.

    Raise FaultError if the file is not one of probes, or has no probe of such an id.
    """
    probes = read_probes(block)
    known = [probe.id for probe in probes]
    if unknown := [name for name in only if name not in known]:
        raise FaultError(f"{block.path} has no probe {', '.join(unknown)}", f"use one of: {', '.join(known)}")
    arms = list(dict.fromkeys(answer.arm for probe in probes for answer in probe.answers))
    selected = [probe for probe in probes if not only or probe.id in only]
    meanings = (f"{name}: {what}" for probe in selected for name, what in probe.meanings.items())
    link = raw_link(block.set, block.content.path)
    table = Table.of(("question", *arms), (_probe_row(probe, arms, link) for probe in selected))
    return Figure(block, "Probes", tuple(dict.fromkeys(meanings)), table)


def _probe_row(probe: ProbeQuestion, arms: Sequence[str], link: str) -> Iterator[Cell | str]:
    by_arm = {answer.arm: answer for answer in probe.answers}
    yield Cell(f"{probe.question} ({probe.why})", link=link)
    for arm in arms:
        yield _answer_words(by_arm[arm]) if arm in by_arm else "not asked"


def _answer_words(answer: ProbeAnswer) -> str:
    """Return the judgement and the first line of an answer; a longer answer says how many lines it has."""
    text = answer.lines[0] if answer.lines else "it printed nothing"
    if len(answer.lines) > 1 or len(text) > SHOWN:
        text = f"{text[:SHOWN]}{'…' if len(text) > SHOWN else ''} ({lines_in_words(len(answer.lines))})"
    return f"{answer.judgement}: {text}" if answer.judgement else text


def read_probes(block: Block) -> list[ProbeQuestion]:
    """Return the probes in a whole file; raise FaultError for a line that such a file cannot have."""
    remedy = "name a file of probes: manual/reference/probes.md"
    if block.captured is None:
        raise FaultError(f"{block.path} has no record", "capture it with `lab collect`")
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
        return False
    return True


def escapes_table(evidence: Evidence, found: EvidenceSet) -> Table:
    """Return a row for each way of each escape, with its judgement under each runtime; raise FaultError.

    An escape that was not tried has a row with the reason.
    """
    escapes = [row for row in (found.state.collectors if found.state else []) if row.role == ESCAPE]
    if not escapes:
        remedy = f"run `lab collect {found.lab}`, or remove the table from the page"
        raise FaultError(f"{found.lab} has no escapes", remedy)
    rows = (cells for row in escapes for cells in _escape_rows(evidence, found, row))
    return Table.of(("escape", "way", *RUNTIMES), rows)


def _escape_rows(
    evidence: Evidence, found: EvidenceSet, row: CollectorState
) -> Iterator[tuple[Cell | str, ...]]:
    """Yield the rows of one collector, in the order of its files."""
    record = found.records.get(row.name)
    if record is None or not record.files:
        why = f"{row.state}: {row.reason}" if row.reason else str(row.state)
        yield (row.title, "", *(why for _ in RUNTIMES))
        return
    by_way: dict[str, dict[str, Cell]] = {}
    for file in record.files:
        link = raw_link(found, file.path)
        for way, runtime, judgement in _attempts(evidence, found, Captured(record, file)):
            by_way.setdefault(way, {})[runtime] = Cell(judgement, link=link)
    for way, cells in by_way.items():
        yield (row.title, way, *(cells.get(runtime, "not tried") for runtime in RUNTIMES))


def _attempts(evidence: Evidence, found: EvidenceSet, captured: Captured) -> Iterator[tuple[str, str, str]]:
    """Yield way, runtime and judgement of each attempt in a file, from the collector's own lines."""
    way = runtime = ""
    for _number, line, printed in captured.lines(evidence.content(found.name, captured.file.path)):
        if printed:
            continue
        text = line.decode(errors="replace")
        if heading := _ATTEMPT.fullmatch(text):
            runtime, way = heading["runtime"], heading["way"] or ""
        elif conclusion := _JUDGEMENT.fullmatch(text):
            yield way, runtime, conclusion["judgement"]
