"""HTML of a difference: a table, in colours, on paper by its signs, and in words for a screen reader."""

from html import escape

from labreport.report.source.difference import FORMS, Difference, DifferenceKind, DiffLine, DiffRow
from labreport.site.html.provenance import provenance_html
from labreport.site.html.verbatim import verbatim
from labreport.site.slots import Slots

SIGNS = {
    DifferenceKind.SAME: " ",
    DifferenceKind.FIRST: "−",  # noqa: RUF001 - what is printed
    DifferenceKind.SECOND: "+",
    DifferenceKind.CHANGED: "≠",
}


def difference_html(shown: Difference, up: str, slots: Slots) -> str:
    """Return a difference with where both files come from."""
    origins = "".join(slots.put_late(provenance_html(block, up)) for block in shown.blocks)
    head, body = (_side_by_side if shown.form == FORMS[0] else _as_one)(shown)
    caption = f"<caption>{escape(shown.summary)}</caption>"
    return (
        f'<figure class="ev ev-difference"><table class="ev-lines">{caption}{head}'
        f"<tbody>{body}</tbody></table>{origins}</figure>"
    )


_NUMBER = '<col class="ev-number">'
_WHAT = '<tr><th scope="col"><span class="ev-unseen">what</span></th>'


def _side_by_side(shown: Difference) -> tuple[str, str]:
    """Return the head and the rows of two columns."""
    columns = f"<colgroup>{_NUMBER}{_NUMBER}<col>{_NUMBER}<col></colgroup>"
    names = "".join(
        f'<th scope="col">line</th><th scope="col"><code>{escape(block.path)}</code></th>'
        for block in shown.blocks
    )
    return f"{columns}<thead>{_WHAT}{names}</tr></thead>", "".join(_row(row) for row in shown.rows)


def _as_one(shown: Difference) -> tuple[str, str]:
    """Return the head and the rows of one column."""
    columns = f"<colgroup>{_NUMBER}{_NUMBER}{_NUMBER}<col></colgroup>"
    names = '<th scope="col">1st</th><th scope="col">2nd</th><th scope="col">the line</th>'
    return f"{columns}<thead>{_WHAT}{names}</tr></thead>", "".join(_unified(row) for row in shown.rows)


def _row(row: DiffRow) -> str:
    if row.kind is DifferenceKind.LEFT_OUT:
        return _left_out(row, 5)
    return (
        f"{_open(row.kind)}{_side(row.first, 'del', row)}{_side(row.second, 'ins', row)}</tr>{_note(row, 5)}"
    )


def _side(line: DiffLine | None, mark: str, row: DiffRow) -> str:
    if line is None:
        return "<td></td><td></td>"
    return f"<td>{line.number}</td><td>{_text(line, mark, row)}</td>"


def _unified(row: DiffRow) -> str:
    if row.kind is DifferenceKind.LEFT_OUT:
        return _left_out(row, 4)
    if row.kind is DifferenceKind.CHANGED:
        first, second = (
            DiffRow(DifferenceKind.FIRST, row.first),
            DiffRow(DifferenceKind.SECOND, None, row.second),
        )
        return _unified(first) + _unified(second) + _note(row, 4)
    line, mark = (row.first, "del") if row.first else (row.second, "ins")
    numbers = (
        f"<td>{row.first.number if row.first else ''}</td><td>{row.second.number if row.second else ''}</td>"
    )
    return f"{_open(row.kind)}{numbers}<td>{_text(line, mark, row)}</td></tr>" if line else ""


def _open(kind: DifferenceKind) -> str:
    sign = f'<span aria-hidden="true">{SIGNS[kind]}</span><span class="ev-unseen">{kind}</span>'
    return f'<tr data-kind="{kind.name.lower()}"><th scope="row">{sign}</th>'


def _text(line: DiffLine, mark: str, row: DiffRow) -> str:
    code = f"<code>{verbatim(line.text)}</code>"
    return code if row.kind is DifferenceKind.SAME else f"<{mark}>{code}</{mark}>"


def _left_out(row: DiffRow, columns: int) -> str:
    lines = f"{row.count} lines that are the same are left out"
    return f'<tr data-kind="left_out"><td colspan="{columns}">{lines}</td></tr>'


def _note(row: DiffRow, columns: int) -> str:
    return f'<tr data-kind="note"><td colspan="{columns}">{escape(row.note)}</td></tr>' if row.note else ""
