"""HTML of a difference: a table, in colours, on paper by its signs, and in words for a screen reader."""

from html import escape

from labreport.report.source.difference import FORMS, Difference, Kind, Line, Row
from labreport.site.html.provenance import provenance_html
from labreport.site.html.verbatim import verbatim
from labreport.site.slots import Slots

SIGNS = {Kind.SAME: " ", Kind.FIRST: "−", Kind.SECOND: "+", Kind.CHANGED: "≠"}  # noqa: RUF001 - what is printed


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


def _row(row: Row) -> str:
    if row.kind is Kind.LEFT_OUT:
        return _left_out(row, 5)
    return (
        f"{_open(row.kind)}{_side(row.first, 'del', row)}{_side(row.second, 'ins', row)}</tr>{_note(row, 5)}"
    )


def _side(line: Line | None, mark: str, row: Row) -> str:
    if line is None:
        return "<td></td><td></td>"
    return f"<td>{line.number}</td><td>{_text(line, mark, row)}</td>"


def _unified(row: Row) -> str:
    if row.kind is Kind.LEFT_OUT:
        return _left_out(row, 4)
    if row.kind is Kind.CHANGED:
        first, second = Row(Kind.FIRST, row.first), Row(Kind.SECOND, None, row.second)
        return _unified(first) + _unified(second) + _note(row, 4)
    line, mark = (row.first, "del") if row.first else (row.second, "ins")
    numbers = (
        f"<td>{row.first.number if row.first else ''}</td><td>{row.second.number if row.second else ''}</td>"
    )
    return f"{_open(row.kind)}{numbers}<td>{_text(line, mark, row)}</td></tr>" if line else ""


def _open(kind: Kind) -> str:
    sign = f'<span aria-hidden="true">{SIGNS[kind]}</span><span class="ev-unseen">{kind}</span>'
    return f'<tr data-kind="{kind.name.lower()}"><th scope="row">{sign}</th>'


def _text(line: Line, mark: str, row: Row) -> str:
    code = f"<code>{verbatim(line.text)}</code>"
    return code if row.kind is Kind.SAME else f"<{mark}>{code}</{mark}>"


def _left_out(row: Row, columns: int) -> str:
    lines = f"{row.count} lines that are the same are left out"
    return f'<tr data-kind="left_out"><td colspan="{columns}">{lines}</td></tr>'


def _note(row: Row, columns: int) -> str:
    return f'<tr data-kind="note"><td colspan="{columns}">{escape(row.note)}</td></tr>' if row.note else ""
