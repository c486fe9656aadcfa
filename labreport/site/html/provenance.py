"""HTML of where a block of evidence comes from, folded to one line.

Everything from evidence, records and hosts is hostile and is escaped here.
"""

import shlex
from collections.abc import Iterable
from dataclasses import replace
from html import escape

from labreport.report.source.cite import Block, raw_link, record_link
from labreport.report.source.evidence import Origin
from labreport.report.tables.runs import exit_words, image_note, seconds_words, utc

RANGES = 8
"""So many ranges of lines are named for one command; the others are counted."""


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
    for said, several in _by_source(block.captured.origins(lines)).items():
        shown = ", ".join(str(origin.lines) for origin in several[:RANGES])
        more = f" and {len(several) - RANGES} more ranges" if len(several) > RANGES else ""
        yield f"Lines {shown}{more}", said
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


def _by_source(origins: Iterable[Origin]) -> dict[str, list[Origin]]:
    """Return the origins by what is said of them: a command that printed many ranges is shown once.

    What was cut is not said where there are several: it differs from range to range.
    """
    by_command: dict[int, list[Origin]] = {}
    for origin in origins:
        by_command.setdefault(id(origin.command), []).append(origin)
    found: dict[str, list[Origin]] = {}
    for several in by_command.values():
        one = several[0] if len(several) == 1 else replace(several[0], cut="")
        found.setdefault(_origin(one), []).extend(several)
    return found


def _origin(origin: Origin) -> str:
    if origin.command is None:
        return "text of ours"
    cut = f"; {escape(origin.cut)}" if origin.cut else ""
    command = origin.command
    return f"<code>{escape(shlex.join(command.argv))}</code>: {exit_words(command)}, {command.outcome}{cut}"
