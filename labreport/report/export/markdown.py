"""Plain Markdown of what a macro shows: fences whose info string is `start:end:path`, gaps in words.

Everything from evidence and records is hostile here, too: text is escaped, and a fence is longer than any run
of its own character in what it holds.
"""

import re
from collections.abc import Iterable

from labreport.report.problems import Problem, one_line
from labreport.report.source.cite import Block, Gap
from labreport.report.tables.runs import CommandRuns
from labreport.report.tables.table import Cell, Figure, Table

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|!~&$])")


def words(text: str) -> str:
    """Return `text` as one line that Markdown shows as it is."""
    return _SPECIAL.sub(r"\\\1", one_line(text))


def code(text: str) -> str:
    """Return `text` as one line in a code span."""
    text = one_line(text)
    ticks = "`" * (_longest("`", text) + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{space}{text}{space}{ticks}"


def _longest(char: str, text: str) -> int:
    return max(map(len, re.findall(f"{char}+", text)), default=0)


def fence(info: str, body: str) -> str:
    """Return `body` in a fence; where its last line has no LF, the fence gives it one."""
    char = "~" if "`" in info else "`"
    marks = char * max(3, _longest(char, body) + 1)
    end = "" if body.endswith("\n") or not body else "\n"
    return f"{marks}{info}\n{body}{end}{marks}"


def block_markdown(block: Block, prefix: str) -> str:
    """Return a block as a fence that names its lines; one that is no text is said in words."""
    text, path = block.slice.text, f"{prefix}{block.content.path}"
    notes = "".join(f"> {words(note)}\n\n" for note in block.notes)
    if text is None:
        said = f"lines {block.slice.range} are no text: {len(block.slice.data)} bytes"
        return f"{notes}> {code(path)}: {said}, sha256 {block.slice.sha256}"
    return notes + fence(f"{block.slice.range}:{path}", text)


def gap_markdown(gap: Gap) -> str:
    """Return a gap in words."""
    why = f"Not captured: {code(gap.path)}. Why: {words(gap.reason)}."
    command = f": {code(gap.command)}" if gap.command else ""
    return f"> {why} What to do: {words(gap.remedy)}{command}"


def fault_markdown(fault: Problem) -> str:
    """Return what a page asks for and cannot have, in words."""
    return f"> Problem: {words(fault.reference)}: {words(fault.what)}: {words(fault.remedy)}"


def runs_markdown(runs: Iterable[CommandRuns]) -> str:
    """Return commands as they were run."""
    return "\n\n".join(part for one in runs for part in _run_parts(one))


def _run_parts(runs: CommandRuns) -> Iterable[str]:
    if runs.title:
        yield f"**{words(runs.title)}**"
    if runs.note:
        yield words(runs.note)
    for one in runs.commands:
        yield fence("sh", one.line)
        yield words(f"{one.how}; {one.cut}" if one.cut else one.how)


def table_markdown(table: Table) -> str:
    """Return a table; links are left out, as the report stands alone."""
    rows = [[words(name) for name in table.head], ["---"] * len(table.head)]
    rows += [[_cell(cell) for cell in row] for row in table.rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _cell(cell: Cell) -> str:
    if cell.code and cell.text and "|" not in cell.text:
        return code(cell.text)
    return words(cell.text)


def figure_markdown(figure: Figure) -> str:
    """Return a comparison, or the values of a picture, as a table and sentences."""
    notes = [f"> {words(note)}" for block in figure.blocks for note in block.notes]
    told = [f"- {words(one)}" for one in figure.sentences]
    head = f"{words(figure.title)}. {words(figure.host_sentence)}"
    return "\n\n".join([*notes, head, table_markdown(figure.table), "\n".join(told)])
