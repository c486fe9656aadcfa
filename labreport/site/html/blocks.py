"""HTML of what a macro shows on a line of its own: a block of evidence, a gap, a fault, commands, tables.

Everything from evidence, records and hosts is hostile and is escaped here. What stands between the tags of
an element with `data-evidence` is the slice, byte for byte, in a browser's DOM.
"""

from collections.abc import Iterable
from html import escape

from labreport.report.problems import Problem
from labreport.report.source.cite import Block, Gap
from labreport.report.source.difference import Difference
from labreport.report.tables.runs import CommandRuns
from labreport.report.tables.table import Cell, Figure, Table
from labreport.site.html.difference import difference_html
from labreport.site.html.provenance import provenance_html
from labreport.site.html.verbatim import verbatim
from labreport.site.slots import Slots

BlockLevel = Block | Gap | Problem | Table | tuple[CommandRuns, ...] | Figure | Difference
"""What a call shows on a line of its own."""
PREVIEW_BYTES = 64
_MAGIC = {
    b"\x7fELF": "an ELF program",
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"\xfd7zXZ": "xz",
    b"PK\x03\x04": "zip",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"%PDF": "PDF",
}


def html_of(shown: BlockLevel, up: str, slots: Slots) -> str:  # noqa: PLR0911 - one a kind
    """Return the HTML of a block; where it comes from is kept for later in `slots`."""
    match shown:
        case Block():
            return block_html(shown, slots.put_late(provenance_html(shown, up)))
        case Gap():
            return gap_html(shown)
        case Problem():
            return fault_html(shown)
        case Table():
            return table_html(shown, up)
        case Figure():
            return figure_html(shown, up, slots)
        case Difference():
            return difference_html(shown, up, slots)
        case _:
            return runs_html(shown)


def block_html(block: Block, provenance: str) -> str:
    """Return a block of evidence with its `provenance` below it."""
    return f'<div class="ev">{notes_html(block)}{_body(block)}{provenance}</div>'


def _body(block: Block) -> str:
    text = block.slice.text
    if text is None:
        return _binary(block.slice.data)
    at = f'data-evidence="{escape(block.path)}" data-lines="{block.slice.range}"'
    return f'<pre class="ev-text"><code {at}>{verbatim(text)}</code></pre>'


def _binary(data: bytes) -> str:
    kind = next((name for magic, name in _MAGIC.items() if data.startswith(magic)), "no text")
    preview = data[:PREVIEW_BYTES].hex(" ", 1)
    more = " …" if len(data) > PREVIEW_BYTES else ""
    return (
        f'<div class="ev-binary"><p>Binary: {len(data)} bytes, {kind}. It begins:</p>'
        f'<pre class="ev-text"><code>{preview}{more}</code></pre></div>'
    )


def notes_html(block: Block) -> str:
    """Return what a reader must know of a block before trusting it."""
    notes = list(block.notes)
    if block.slice.moved_from:
        notes.append(f"moved: the page says lines {block.slice.moved_from}, they are {block.slice.range} now")
    return "".join(f'<p class="ev-note">{escape(note)}</p>' for note in notes)


def figure_html(figure: Figure, up: str, slots: Slots) -> str:
    """Return a comparison, or a picture with its values in a table below, and where both come from.

    The picture is put in when the page is written: its words are those of the table, no search needs them.
    """
    notes = "".join(map(notes_html, figure.blocks))
    origins = "".join(slots.put_late(provenance_html(block, up)) for block in figure.blocks)
    table = table_html(figure.table, up)
    if figure.svg:
        caption = f"<figcaption>{escape(figure.title)}. {escape(figure.host_sentence)}</figcaption>"
        values = f'<details class="ev-values"><summary>The values of this picture</summary>{table}</details>'
        inner = f'<div class="ev-picture">{slots.put_late(figure.svg)}</div>{caption}{values}'
    else:
        told = "".join(f"<li>{escape(one)}</li>" for one in figure.sentences)
        inner = f'{table}<ul class="ev-told">{told}</ul>'
    return f'<figure class="ev ev-figure">{notes}{inner}{origins}</figure>'


def gap_html(gap: Gap) -> str:
    """Return a gap with its reason, remedy and command, whether it was expected or not."""
    command = f": <code>{escape(gap.command)}</code>" if gap.command else ""
    return (
        f'<div class="ev-gap" data-gap="{escape(gap.path)}"><p><strong>Not captured</strong>: '
        f"<code>{escape(gap.path)}</code></p><p>Why: {escape(gap.reason)}</p>"
        f"<p>What to do: {escape(gap.remedy)}{command}</p></div>"
    )


def fault_html(fault: Problem) -> str:
    """Return the box of a macro that could not do what the page asks."""
    reference = f"<p><code>{escape(fault.reference)}</code></p>" if fault.reference else ""
    return (
        f'<div class="ev-problem"><p><strong>Problem</strong></p>{reference}'
        f"<p>{escape(fault.what)}</p><p>What to do: {escape(fault.remedy)}</p></div>"
    )


def runs_html(runs: Iterable[CommandRuns]) -> str:
    """Return commands as they were run."""
    return '<div class="ev-runs">' + "".join(map(_runs_html, runs)) + "</div>"


def _runs_html(runs: CommandRuns) -> str:
    title = f'<p class="ev-title">{escape(runs.title)}</p>' if runs.title else ""
    note = f'<p class="ev-note">{escape(runs.note)}</p>' if runs.note else ""
    commands = "".join(
        f'<pre class="ev-text ev-command"><code>{verbatim(one.line)}</code></pre>'
        f'<p class="ev-how">{escape(one.how)}{escape(f"; {one.cut}" if one.cut else "")}</p>'
        for one in runs.commands
    )
    return title + note + commands


def table_html(table: Table, up: str) -> str:
    """Return a table; `up` leads from the page to the site's root."""
    head = "".join(f"<th>{escape(name)}</th>" for name in table.head)
    rows = "".join(f"<tr>{''.join(_cell(cell, up) for cell in row)}</tr>" for row in table.rows)
    return (
        '<div class="md-typeset__scrollwrap ev-table"><div class="md-typeset__table"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div></div>"
    )


def _cell(cell: Cell, up: str) -> str:
    text = escape(cell.text)
    if cell.code and cell.text:
        text = f"<code>{text}</code>"
    return f'<td><a href="{escape(up + cell.link)}">{text}</a></td>' if cell.link else f"<td>{text}</td>"
