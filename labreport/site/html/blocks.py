"""HTML of what a macro shows on a line of its own: evidence, gaps, problems, commands, tables, figures.

The text of an element with `data-evidence` is the slice, byte for byte, in a browser's DOM.
"""

import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from labreport.report.problems import Problem
from labreport.report.source.cite import Block, Gap
from labreport.report.source.difference import FORMS, Difference, DifferenceKind, DiffRow
from labreport.report.source.evidence import Origin
from labreport.report.tables.runs import CommandRuns, exit_words
from labreport.report.tables.table import Figure, Table
from labreport.site.html.environment import LateHtml, call

BlockLevel = Block | Gap | Problem | Table | tuple[CommandRuns, ...] | Figure | Difference
"""What a call shows on a line of its own."""
TEMPLATE = "blocks.html"
MOST_RANGES = 8
"""How many ranges of lines are listed for one command; the others are counted."""


@dataclass(frozen=True)
class Source:
    """Ranges of lines with the command that printed them and how it ended; text of ours has no command."""

    ranges: str
    command: str
    how: str


def html_of(shown: BlockLevel, up: str, late: LateHtml) -> str:  # noqa: PLR0911 - one a kind
    """Return the HTML of a block; `late` keeps what the search must not index, such as provenance."""
    match shown:
        case Block():
            return call(TEMPLATE, "evidence", shown, _origins([shown], up, late))
        case Gap():
            return call(TEMPLATE, "gap", shown)
        case Problem():
            return problem_html(shown)
        case Table():
            return table_html(shown, up)
        case Figure():
            return figure_html(shown, up, late)
        case Difference():
            return difference_html(shown, up, late)
        case _:
            return runs_html(shown)


def problem_html(problem: Problem) -> str:
    """Return the box of a call that cannot be carried out."""
    return call(TEMPLATE, "problem", problem)


def runs_html(runs: Iterable[CommandRuns]) -> str:
    """Return commands as they were run."""
    return call(TEMPLATE, "commands", runs)


def table_html(table: Table, up: str) -> str:
    """Return a table; `up` leads from the page to the site's root."""
    return call(TEMPLATE, "table", table, up)


def figure_html(figure: Figure, up: str, late: LateHtml) -> str:
    """Return a comparison, or a picture above a table of its values, with its provenance.

    The picture repeats the words of the table, so the search does not index it.
    """
    picture = Markup(late.put_late(figure.svg)) if figure.svg else ""  # noqa: S704 - drawn by us, no evidence in it
    return call(TEMPLATE, "figure", figure, up, picture, _origins(figure.blocks, up, late))


def difference_html(difference: Difference, up: str, late: LateHtml) -> str:
    """Return a difference with the provenance of both files."""
    rows = difference.rows if difference.form == FORMS[0] else list(_one_column(difference.rows))
    origins = _origins(difference.blocks, up, late)
    return call("difference.html", "difference", difference, rows, difference.form, origins)


def _one_column(rows: Iterable[DiffRow]) -> Iterator[DiffRow]:
    """Yield the rows of the unified form, in which a changed line is two: the first's, then the second's."""
    for row in rows:
        if row.kind is DifferenceKind.CHANGED:
            yield DiffRow(DifferenceKind.FIRST, row.first)
            yield DiffRow(DifferenceKind.SECOND, None, row.second, note=row.note)
        else:
            yield row


def _origins(blocks: Iterable[Block], up: str, late: LateHtml) -> Markup:
    """Return what stands for the provenance of `blocks` until the page is written."""
    return Markup("").join(Markup(late.put_late(provenance_html(block, up))) for block in blocks)  # noqa: S704 - rendered


def provenance_html(block: Block, up: str) -> str:
    """Return where a block comes from, folded to one line; `up` leads from the page to the site's root."""
    origins = block.captured.origins(block.slice.range) if block.captured else []
    statuses = dict.fromkeys(exit_words(origin.command) for origin in origins if origin.command)
    sources = list(_sources(origins))
    return call("provenance.html", "provenance", block, up, _extent(block), statuses, sources)


def _extent(block: Block) -> str:
    """Return how much of its file a block shows."""
    lines, total = block.slice.range, len(block.content.lines)
    if block.slice.text is None:
        return f"{len(block.slice.data)} bytes"
    if total == 0:
        return "empty"
    if (lines.start, lines.end) == (1, total):
        return f"all {total} lines" if total > 1 else "its one line"
    return f"lines {lines} of {total}"


def _sources(origins: Iterable[Origin]) -> Iterator[Source]:
    """Yield one source for all ranges with the same words: a command that ran often is listed once.

    What was cut differs from range to range, so it is given for a single range only.
    """
    by_command: dict[int, list[Origin]] = {}
    for origin in origins:
        by_command.setdefault(id(origin.command), []).append(origin)
    by_words: dict[tuple[str, str], list[Origin]] = {}
    for several in by_command.values():
        by_words.setdefault(_words(several), []).extend(several)
    for (command, how), several in by_words.items():
        ranges = ", ".join(str(origin.lines) for origin in several[:MOST_RANGES])
        more = f" and {len(several) - MOST_RANGES} more ranges" if len(several) > MOST_RANGES else ""
        yield Source(f"{ranges}{more}", command, how)


def _words(origins: Sequence[Origin]) -> tuple[str, str]:
    """Return the command that printed all of `origins`, and how it ended; both empty for text of ours."""
    command = origins[0].command
    if command is None:
        return "", ""
    cut = origins[0].cut if len(origins) == 1 else ""
    how = f"{exit_words(command)}, {command.outcome}"
    return shlex.join(command.argv), f"{how}; {cut}" if cut else how
