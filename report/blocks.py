"""HTML of what a macro shows: a block of evidence, a gap, a fault, tables, the page's banner.

Everything from evidence, records and hosts is hostile and is escaped here. What stands between the tags of
an element with `data-evidence` is the slice, byte for byte, in a browser's DOM.
"""

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from html import escape

from collectors.records import Host
from report.calls import Shown
from report.cite import Block, Fault, Gap
from report.claims import Stands
from report.evidence import Origin
from report.readings import Reading
from report.tables import (
    Cell,
    Runs,
    Table,
    exit_words,
    image_note,
    is_emulated,
    raw_link,
    record_link,
    seconds_words,
    utc,
)

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


def verbatim(text: str) -> str:
    """Return `text` so that a browser's DOM holds exactly it, inside `<pre><code>` (no NUL)."""
    return escape(text).replace("\r", "&#13;")


def block_html(block: Block, provenance: str) -> str:
    """Return a block of evidence with its `provenance` below it."""
    return f'<div class="ev">{_notes(block)}{_body(block)}{provenance}</div>'


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


def _notes(block: Block) -> str:
    notes = list(block.notes)
    if block.slice.moved_from:
        notes.append(f"moved: the page says lines {block.slice.moved_from}, they are {block.slice.range} now")
    return "".join(f'<p class="ev-note">{escape(note)}</p>' for note in notes)


def provenance_html(block: Block, up: str) -> str:
    """Return where a block comes from, folded to one line; `up` leads from the page to the site's root."""
    rows = "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in _facts(block, up))
    return f'<details class="ev-from"><summary>{_summary(block)}</summary><dl>{rows}</dl></details>'


def _summary(block: Block) -> str:
    lines, total = block.slice.range, len(block.content.lines)
    if block.slice.text is None:
        shown = f"{len(block.slice.data)} bytes"
    elif total == 0:
        shown = "empty"
    elif (lines.start, lines.end) == (1, total):
        shown = f"all {total} lines" if total > 1 else "its one line"
    else:
        shown = f"lines {lines} of {total}"
    parts = [f"<code>{escape(block.path)}</code>", shown]
    if block.captured:
        statuses = dict.fromkeys(
            exit_words(one.command) for one in block.captured.origins(lines) if one.command
        )
        parts += [utc(block.captured.record.start), _class(block), *statuses]
    return " · ".join(parts)


def _class(block: Block) -> str:
    if block.host is None:
        return "host unknown"
    return f'<span class="ev-class" data-class="{block.host.host_class}">{block.host.host_class}</span>'


def _facts(block: Block, up: str) -> Iterable[tuple[str, str]]:
    """Yield the provenance of a block: each name with its HTML."""
    lines, name = block.slice.range, block.set.name
    link = escape(up + raw_link(name, block.content.path))
    yield "File", f'<a href="{link}">{escape(block.path)}</a>, lines {lines} of {len(block.content.lines)}'
    yield "sha256", f"<code>{block.slice.sha256}</code> (of these lines)"
    if block.captured is None:
        return
    record = block.captured.record
    for origin in block.captured.origins(lines):
        yield f"Lines {origin.lines}", _origin(origin)
    yield "When", f"{utc(record.start)}, {seconds_words(record.seconds)} in all"
    if block.host:
        host = block.host
        what = f"{host.distribution}, kernel {host.kernel}, {host.cpu}, {host.cores} cores"
        yield "Host", escape(f"{host.host_class}: {what}")
    else:
        yield "Host", f"{escape(record.host)}, of which nothing is known"
    for image in record.images.values():
        if note := image_note(image):
            yield "Image", escape(note)
    for rule, count in record.redactions.counts.items():
        yield "Masked", f"{escape(rule)}: {count} times"
    made_by = f" ({escape(record.collector.file)}:{record.collector.line})" if record.collector.file else ""
    link = escape(up + record_link(name, record))
    yield "Record", f'<a href="{link}">{escape(record.collector.name)}</a>{made_by}'


def _origin(origin: Origin) -> str:
    if origin.command is None:
        return "text of ours"
    cut = f"; {escape(origin.cut)}" if origin.cut else ""
    command = origin.command
    return f"<code>{escape(shlex.join(command.argv))}</code>: {exit_words(command)}, {command.outcome}{cut}"


def gap_html(gap: Gap) -> str:
    """Return a gap with its reason, remedy and command, whether it was expected or not."""
    command = f": <code>{escape(gap.command)}</code>" if gap.command else ""
    return (
        f'<div class="ev-gap" data-gap="{escape(gap.path)}"><p><strong>Not captured</strong>: '
        f"<code>{escape(gap.path)}</code></p><p>Why: {escape(gap.reason)}</p>"
        f"<p>What to do: {escape(gap.remedy)}{command}</p></div>"
    )


def fault_html(fault: Fault) -> str:
    """Return the box of a macro that could not do what the page asks."""
    reference = f"<p><code>{escape(fault.reference)}</code></p>" if fault.reference else ""
    return (
        f'<div class="ev-problem"><p><strong>Problem</strong></p>{reference}'
        f"<p>{escape(fault.what)}</p><p>What to do: {escape(fault.remedy)}</p></div>"
    )


def runs_html(runs: Iterable[Runs]) -> str:
    """Return commands as they were run."""
    return '<div class="ev-runs">' + "".join(map(_runs_html, runs)) + "</div>"


def _runs_html(runs: Runs) -> str:
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


@dataclass(frozen=True)
class Moment:
    """When something that a page shows was captured, and on what host."""

    start: datetime
    host: Host | None


def moments(shown: Iterable[Shown]) -> Iterator[Moment]:
    """Yield when each block and each value that a page shows was captured."""
    for one in shown:
        if isinstance(one, Block) and one.captured:
            yield Moment(one.captured.record.start, one.host)
        elif isinstance(one, Stands):
            yield from (
                Moment(found.start, found.host)
                for found in one.readings.values()
                if isinstance(found, Reading)
            )


def banner_html(moments: Iterable[Moment]) -> str:
    """Return the line that tells a page's oldest evidence and its host classes; empty without evidence."""
    told = list(moments)
    if not told:
        return ""
    oldest = min(one.start for one in told)
    classes = sorted({str(one.host.host_class) if one.host else "unknown" for one in told})
    emulated = any(is_emulated(one.host) for one in told)
    mark = ' data-emulated="true"' if emulated else ""
    warning = " <strong>Times here are not those of real hardware.</strong>" if emulated else ""
    return (
        f'<p class="ev-banner" data-search-exclude{mark}>The oldest evidence on this page is of '
        f"{utc(oldest)}; host class: {', '.join(classes)}.{warning}</p>"
    )
