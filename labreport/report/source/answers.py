"""The answers that a file of probes holds: read by the record's spans, so that none can pass for a heading.

manual/reference/probes.md says how such a file is made.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from labreport.report.charts.figures import Figure
from labreport.report.problems import FaultError
from labreport.report.source.cite import Block
from labreport.report.source.ranges import lines_in_words
from labreport.report.tables.table import Cell, Table
from labreport.report.tables.wording import raw_link

_PROBE = re.compile(r"=== (?P<id>[a-z0-9-]+): (?P<question>.+) ===")
_ABOUT = re.compile(r"(?:why|asked): .*")
_MEANING = re.compile(r"if (?P<name>[^:]+): (?P<meaning>.+)")
_ARM = re.compile(r"--- (?P<arm>.+)")
_VERDICT = re.compile(r"=> (?P<verdict>.+)")
_CONTAINERS = "=== containers ==="
SHOWN = 60
"""The longest answer that a table shows, in characters; of a longer one it shows how long it is."""


@dataclass
class Answer:
    """What one arm said: the lines it printed, and what the collector made of it (empty for the host)."""

    arm: str
    lines: list[str] = field(default_factory=list)
    verdict: str = ""


@dataclass
class Asked:
    """One probe with its answers; `line` is where it begins; `meanings` are those of the verdicts."""

    id: str
    question: str
    line: int
    why: str = ""
    meanings: dict[str, str] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)


def read_answers(block: Block) -> list[Asked]:
    """Return the probes of a whole file; raise FaultError for a line that such a file cannot have."""
    if block.captured is None:
        raise FaultError(f"{block.path} has no record", "capture it with `lab collect`")
    probes: list[Asked] = []
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


def _printed(probes: list[Asked], text: str) -> bool:
    if not probes or not probes[-1].answers or probes[-1].answers[-1].verdict:
        return False
    probes[-1].answers[-1].lines.append(text)
    return True


def _ours(probes: list[Asked], text: str, number: int) -> bool:
    """Take note of a line of the collector's own; return whether it has a place here."""
    if found := _PROBE.fullmatch(text):
        probes.append(Asked(found["id"], found["question"], number))
        return True
    if not probes:
        return text == _CONTAINERS or ": OCI specification " in text
    last = probes[-1]
    if found := _ARM.fullmatch(text):
        last.answers.append(Answer(found["arm"]))
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


def answered(block: Block, only: Sequence[str]) -> Figure:
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


def _row(probe: Asked, arms: Sequence[str], link: str) -> tuple[Cell, ...]:
    by_arm = {answer.arm: answer for answer in probe.answers}
    cells = (_cell(by_arm.get(arm)) for arm in arms)
    return (Cell(f"{probe.question} ({probe.why})", link=link), *cells)


def _cell(answer: Answer | None) -> Cell:
    if answer is None:
        return Cell("not asked")
    said = answer.lines[0] if answer.lines else "it printed nothing"
    if len(answer.lines) > 1 or len(said) > SHOWN:
        said = f"{said[:SHOWN]}{'…' if len(said) > SHOWN else ''} ({lines_in_words(len(answer.lines))})"
    return Cell(f"{answer.verdict}: {said}" if answer.verdict else said)
