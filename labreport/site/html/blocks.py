"""HTML of what a macro shows: blocks of evidence, gaps, problems, tables and figures; values and claims.

The text of an element with `data-evidence` is the slice, byte for byte, in a browser's DOM.
"""

import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup, escape

from labreport.contract.records import Host, Record
from labreport.report.facts.claims import BoundExpression, Claim, InlineValue
from labreport.report.facts.expressions.evaluate import EvaluationState
from labreport.report.facts.readings import Reading
from labreport.report.images import EvidenceImage
from labreport.report.pages.calls import claim_words
from labreport.report.pages.context import Shown, blocks_of
from labreport.report.pages.labels import Label
from labreport.report.problems import Problem, one_line
from labreport.report.source.cite import Block, Gap, raw_link, record_link
from labreport.report.source.difference import FORMS, Difference, DifferenceKind, DiffRow
from labreport.report.source.evidence_set import Origin, is_emulated
from labreport.report.tables import Figure, Table
from labreport.report.tables.runs import CommandRuns, exit_words
from labreport.site.html.environment import BlockPlace, LateHtml, call, verbatim
from labreport.site.html.stretches import folded_lines

BlockLevel = Block | Gap | Problem | Table | tuple[CommandRuns, ...] | Figure | Difference | EvidenceImage
"""What a call shows on a line of its own."""
BLOCKS, CAPTIONS, IMAGES, PROVENANCE = "blocks.html", "captions.html", "images.html", "provenance.html"
MOST_RANGES = 8
"""How many ranges of lines are listed for one command; the others are counted."""


@dataclass(frozen=True)
class OriginRow:
    """Ranges of lines with the command that printed them and how it ended; the collector's own have none."""

    ranges: str
    command: str
    how: str


def html_of(shown: BlockLevel, place: BlockPlace) -> str:  # noqa: PLR0911 - one a kind
    """Return the HTML of a block at its place."""
    match shown:
        case Block():
            return evidence_html(shown, place)
        case Figure():
            return figure_html(shown, place)
        case Difference():
            return difference_html(shown, place)
        case EvidenceImage():
            return image_html(shown, place)
        case Gap():
            return labelled(call(BLOCKS, "gap", shown), place.label)
        case Problem():
            return labelled(problem_html(shown), place.label)
        case Table():
            return labelled(table_html(shown, place.up), place.label)
        case _:
            return labelled(runs_html(shown), place.label)


def evidence_html(shown: Block, place: BlockPlace) -> str:
    """Return a block of evidence. The search indexes its text, and nothing else of it."""
    origin = Markup(provenance_html(shown, place))  # noqa: S704 - rendered
    html = call(BLOCKS, "evidence", shown, folded_lines(shown), place.anchor, origin)
    text = "" if shown.slice.text is None else f"<pre><code>{verbatim(shown.slice.text)}</code></pre>"
    return place.late.put_late(html, text)


def labelled(html: str, label: Label | None) -> str:
    """Return HTML below its number and caption; as it is without a label."""
    return call(CAPTIONS, "labelled", Markup(html), label) if label else html  # noqa: S704 - made here


def problem_html(problem: Problem) -> str:
    """Return the box of a call that cannot be carried out."""
    return call(BLOCKS, "problem", problem)


def runs_html(runs: Iterable[CommandRuns]) -> str:
    """Return commands as they were run."""
    return call(BLOCKS, "commands", runs)


def table_html(table: Table, up: str) -> str:
    """Return a table; `up` leads from the page to the site's root."""
    return call(BLOCKS, "table", table, up)


def figure_html(figure: Figure, place: BlockPlace) -> str:
    """Return a comparison, or a picture above a table of its values, with its provenance.

    The picture repeats the words of the table, so the search does not index it.
    """
    svg = "".join(figure.svgs()) if figure.svgs else ""
    picture = Markup(place.late.put_late(svg)) if svg else ""  # noqa: S704 - drawn by us, no evidence in it
    return call(BLOCKS, "figure", figure, place.up, picture, _origins(figure.blocks, place), place.label)


def image_html(shown: EvidenceImage, place: BlockPlace) -> str:
    """Return an image that is a link to its file, with its provenance."""
    block = shown.block
    raw = f"{place.up}{raw_link(block.set, block.content.path)}"
    picture = Markup(place.late.put_late(call(IMAGES, "picture", shown, raw)))  # noqa: S704 - rendered
    extent = f"{shown.image.form}, {_extent(block)}"
    origin = Markup(place.late.put_late(provenance_html(block, place, extent)))  # noqa: S704 - rendered
    return call(IMAGES, "image", shown, picture, origin, place.anchor, place.label)


def difference_html(difference: Difference, place: BlockPlace) -> str:
    """Return a difference with the provenance of both files."""
    rows = difference.rows if difference.form == FORMS[0] else list(_one_column(difference.rows))
    origins = _origins(difference.blocks, place)
    html = call("difference.html", "difference", difference, rows, difference.form, origins)
    return labelled(html, place.label)


def _one_column(rows: Iterable[DiffRow]) -> Iterator[DiffRow]:
    """Yield the rows of the unified form, in which a changed line is two: the first's, then the second's."""
    for row in rows:
        if row.kind is DifferenceKind.CHANGED:
            yield DiffRow(DifferenceKind.FIRST, row.first)
            yield DiffRow(DifferenceKind.SECOND, None, row.second, note=row.note)
        else:
            yield row


def _origins(blocks: Iterable[Block], place: BlockPlace) -> Markup:
    """Return what stands for the provenance of `blocks` until the page is written."""
    late = (place.late.put_late(provenance_html(block, place)) for block in blocks)
    return Markup("").join(map(Markup, late))  # rendered


def provenance_html(block: Block, place: BlockPlace, extent: str = "") -> str:
    """Return where a block comes from, folded to one line, with links to the file.

    `extent` says how much of its file it shows, if that is not a number of lines.
    """
    origins = block.captured.origins(block.slice.range) if block.captured else []
    ended = [origin.command for origin in origins if origin.command]
    statuses = dict.fromkeys(exit_words(one) for one in ended if one.exit_status != 0)
    source = place.source(block.path, block.content.data)
    capture = _capture_html(block.captured.record, block, place) if block.captured else ""
    values = (extent or _extent(block), statuses, list(_sources(origins)), source, Markup(capture))  # noqa: S704 - rendered
    return call(PROVENANCE, "provenance", block, place, *values)


def _capture_html(record: Record, block: Block, place: BlockPlace) -> str:
    """Return what the record of a block says of the whole capture.

    Most pages show a capture several times: made once, this saves 2 % of a build.
    """
    link = f"{place.up}{record_link(block.set, record)}"
    values = (record, block.host, link)
    return place.late.once(link, values, lambda: call(PROVENANCE, "capture", *values))


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


def _sources(origins: Iterable[Origin]) -> Iterator[OriginRow]:
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
        yield OriginRow(f"{ranges}{more}", command, how)


def _words(origins: Sequence[Origin]) -> tuple[str, str]:
    """Return the command that printed all of `origins`, and how it ended; both empty for the collector's."""
    command = origins[0].command
    if command is None:
        return "", ""
    cut = origins[0].cut if len(origins) == 1 else ""
    how = f"{exit_words(command)}, {command.outcome}"
    return shlex.join(command.argv), f"{how}; {cut}" if cut else how


PROSE = "prose.html"
SHORT = 24
"""A value of fewer characters stays on one line with its unit."""
MARKS = {
    EvaluationState.HOLDS: "✓",
    EvaluationState.CONTRADICTED: "✗",
    EvaluationState.NO_EVIDENCE: "?",
    EvaluationState.NOT_COMPARABLE: "≁",
    EvaluationState.ERROR: "!",
}
"""The sign of a claim's state. The name of the state is always shown or read out as well."""


@dataclass(frozen=True)
class Moment:
    """When something that a page shows was captured, None if that is unknown, and on what host."""

    start: datetime | None
    host: Host | None


def value_html(value: InlineValue, late: LateHtml, up: str, number: int) -> str:
    """Return a value that shows its source on hover and focus; `number` is unique on the page.

    `late` keeps what the search must not index.
    """
    text = value.text or f"({value.result.state})"
    shown = escape(text.replace(" ", "\u00a0") if len(text) < SHORT else text)
    return late.put_late(call(PROSE, "value", value, shown, up, number), str(shown))


def ref_html(label: Label) -> str:
    """Return the reference to a figure or table in a sentence."""
    return call(CAPTIONS, "ref", label)


def before_claim_html(claim: Claim, late: LateHtml) -> str:
    """Return what stands before the sentence of a claim."""
    return late.put_late(Markup('<span class="ev-claim" data-state="{}">').format(claim.result.state))


def after_claim_html(claim: Claim, late: LateHtml, up: str, number: int) -> str:
    """Return what stands after the sentence of a claim: a mark that opens the values behind it.

    A claim that holds has only its sign. For any other, the state and the reason are in plain sight.
    """
    sign = MARKS[claim.result.state]
    return late.put_late(call(PROSE, "mark", claim, claim_words(claim), sign, up, number))


def inline_problem_html(problem: Problem) -> str:
    """Return what stands in a sentence for a call that cannot be carried out."""
    parts = (problem.reference, problem.what, problem.remedy)
    return call(PROSE, "problem", ": ".join(one_line(part) for part in parts if part))


def moments(shown: Iterable[Shown]) -> Iterator[Moment]:
    """Yield when each block and each value that a page shows was captured."""
    for one in shown:
        for block in blocks_of(one):
            if block.captured:
                yield Moment(block.captured.record.start, block.host)
        if isinstance(one, BoundExpression):
            for reading in one.readings.values():
                if isinstance(reading, Reading):
                    yield Moment(reading.start, reading.host)


def banner_html(moments: Iterable[Moment]) -> str:
    """Return the line that names a page's oldest evidence and its host classes; empty without evidence."""
    found = list(moments)
    if not found:
        return ""
    oldest = min((moment.start for moment in found if moment.start), default=None)
    imported = any(moment.start is None for moment in found)
    classes = sorted({str(moment.host.host_class) if moment.host else "unknown" for moment in found})
    emulated = any(is_emulated(moment.host) for moment in found)
    return call(PROSE, "banner", oldest, classes, emulated, imported)
