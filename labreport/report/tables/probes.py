"""Files of probes and of escapes as tables."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from labreport.contract.records import CollectorState
from labreport.report.problems import FaultError
from labreport.report.source.cite import Block, raw_link
from labreport.report.source.evidence import Captured, Evidence, EvidenceSet
from labreport.report.source.ranges import lines_in_words
from labreport.report.tables.table import Cell, Figure, Table

_PROBE = re.compile(r"=== (?P<id>[a-z0-9-]+): (?P<question>.+) ===")
_ABOUT = re.compile(r"(?:why|asked): .*")
_MEANING = re.compile(r"if (?P<name>[^:]+): (?P<meaning>.+)")
_ARM = re.compile(r"--- (?P<arm>.+)")
_VERDICT = re.compile(r"=> (?P<verdict>.+)")
_CONTAINERS = "=== containers ==="
SHOWN = 60
"""The longest answer that a table shows, in characters; of a longer one it shows how long it is."""


@dataclass
class ProbeAnswer:
    """What one arm said: the lines it printed, and what the collector made of it (empty for the host)."""

    arm: str
    lines: list[str] = field(default_factory=list)
    verdict: str = ""


@dataclass
class ProbeQuestion:
    """One probe with its answers; `line` is where it begins; `meanings` are those of the verdicts."""

    id: str
    question: str
    line: int
    why: str = ""
    meanings: dict[str, str] = field(default_factory=dict)
    answers: list[ProbeAnswer] = field(default_factory=list)


def read_answers(block: Block) -> list[ProbeQuestion]:
    """Return the probes of a whole file; raise FaultError for a line that such a file cannot have."""
    if block.captured is None:
        raise FaultError(f"{block.path} has no record", "capture it with `lab collect`")
    probes: list[ProbeQuestion] = []
    for number, text, printed in _lines(block):
        if not (_printed(probes, text) if printed else _ours(probes, text, number)):
            what = f"line {number} of {block.path} is no line of a file of probes"
            raise FaultError(what, "name a file that probes left: manual/reference/probes.md")
    return probes


def _lines(block: Block) -> Iterator[tuple[int, str, bool]]:
    """Yield each line with its number, and whether a command printed it."""
    if block.captured is None or block.slice.text is None:
        raise FaultError(f"{block.path} is no text", "name a file that probes left")
    for number, line, printed in block.captured.lines(block.content):
        yield number, line.decode(), printed


def _printed(probes: list[ProbeQuestion], text: str) -> bool:
    if not probes or not probes[-1].answers or probes[-1].answers[-1].verdict:
        return False
    probes[-1].answers[-1].lines.append(text)
    return True


def _ours(probes: list[ProbeQuestion], text: str, number: int) -> bool:
    """Take note of a line of the collector's own; return whether it has a place here."""
    if found := _PROBE.fullmatch(text):
        probes.append(ProbeQuestion(found["id"], found["question"], number))
        return True
    if not probes:
        return text == _CONTAINERS or ": OCI specification " in text
    last = probes[-1]
    if found := _ARM.fullmatch(text):
        last.answers.append(ProbeAnswer(found["arm"]))
    elif found := _VERDICT.fullmatch(text):
        if not last.answers:
            return False
        last.answers[-1].verdict = found["verdict"]
    elif last.answers:
        return False
    elif found := _MEANING.fullmatch(text):
        last.meanings[found["name"]] = found["meaning"]
    elif _ABOUT.fullmatch(text):
        last.why = last.why or text.removeprefix("why: ")
    else:
        return False
    return True


def probes_figure(block: Block, only: Sequence[str]) -> Figure:
    """Return the probes side by side, a row each, and what their answers mean; `only` names some of them.

    Raise FaultError for a file that is none of probes, or has no such probe.
    """
    probes = read_answers(block)
    known = [probe.id for probe in probes]
    if unknown := [one for one in only if one not in known]:
        raise FaultError(f"{block.path} has no probe {', '.join(unknown)}", f"one of: {', '.join(known)}")
    arms = list(dict.fromkeys(answer.arm for probe in probes for answer in probe.answers))
    link = raw_link(block.set.name, block.content.path)
    chosen = [probe for probe in probes if not only or probe.id in only]
    rows = tuple(_row(probe, arms, link) for probe in chosen)
    meanings = (f"{name}: {what}" for probe in chosen for name, what in probe.meanings.items())
    return Figure(block, "Probes", tuple(dict.fromkeys(meanings)), Table(("question", *arms), rows))


def _row(probe: ProbeQuestion, arms: Sequence[str], link: str) -> tuple[Cell, ...]:
    by_arm = {answer.arm: answer for answer in probe.answers}
    cells = (_cell(by_arm.get(arm)) for arm in arms)
    return (Cell(f"{probe.question} ({probe.why})", link=link), *cells)


def _cell(answer: ProbeAnswer | None) -> Cell:
    if answer is None:
        return Cell("not asked")
    said = answer.lines[0] if answer.lines else "it printed nothing"
    if len(answer.lines) > 1 or len(said) > SHOWN:
        said = f"{said[:SHOWN]}{'…' if len(said) > SHOWN else ''} ({lines_in_words(len(answer.lines))})"
    return Cell(f"{answer.verdict}: {said}" if answer.verdict else said)


ESCAPE = "escape"
RUNTIMES = ("runc", "kata")
_TRY = re.compile(r"=== (?P<runtime>[a-z]+)(?:, (?P<way>.+))? ===")
_VERDICT = re.compile(r"=> (?P<verdict>.+)")


def escapes_table(evidence: Evidence, found: EvidenceSet) -> Table:
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
