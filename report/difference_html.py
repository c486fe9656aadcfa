"""HTML of a difference: a table, in colours, on paper by its signs, and in words for a screen reader."""

from html import escape

from report.difference import Difference, Kind, Line, Row
from report.provenance import provenance_html
from report.slots import Slots

SIGNS = {Kind.SAME: " ", Kind.FIRST: "−", Kind.SECOND: "+", Kind.CHANGED: "≠"}  # noqa: RUF001 - what is printed


def difference_html(shown: Difference, up: str, slots: Slots) -> str:
    """Return a difference with where both files come from."""
    origins = "".join(slots.put_late(provenance_html(block, up)) for block in shown.blocks)
    side_by_side = shown.form == "side by side"
    body = "".join(_row(row) if side_by_side else _unified(row) for row in shown.rows)
    heads = (
        f'<th scope="col">line</th><th scope="col"><code>{escape(shown.first.path)}</code></th>'
        f'<th scope="col">line</th><th scope="col"><code>{escape(shown.second.path)}</code></th>'
        if side_by_side
        else f'<th scope="col"><code>{escape(shown.first.path)}</code></th>'
        f'<th scope="col"><code>{escape(shown.second.path)}</code></th><th scope="col">line</th>'
    )
    return (
        f'<figure class="ev ev-difference"><table><caption>{escape(shown.summary)}</caption>'
        f'<thead><tr><th scope="col">what</th>{heads}</tr></thead><tbody>{body}</tbody></table>'
        f"{origins}</figure>"
    )


def _row(row: Row) -> str:
    if row.kind is Kind.LEFT_OUT:
        return _left_out(row)
    return f"{_open(row.kind)}{_side(row.first, 'del', row)}{_side(row.second, 'ins', row)}</tr>{_note(row)}"


def _side(line: Line | None, mark: str, row: Row) -> str:
    if line is None:
        return "<td></td><td></td>"
    return f"<td>{line.number}</td><td>{_text(line, mark, row)}</td>"


def _unified(row: Row) -> str:
    if row.kind is Kind.LEFT_OUT:
        return _left_out(row)
    if row.kind is Kind.CHANGED:
        first, second = Row(Kind.FIRST, row.first), Row(Kind.SECOND, None, row.second)
        return _unified(first) + _unified(second) + _note(row)
    line, mark = (row.first, "del") if row.first else (row.second, "ins")
    numbers = (
        f"<td>{row.first.number if row.first else ''}</td><td>{row.second.number if row.second else ''}</td>"
    )
    return f"{_open(row.kind)}{numbers}<td>{_text(line, mark, row)}</td></tr>" if line else ""


def _open(kind: Kind) -> str:
    sign = f'<span aria-hidden="true">{SIGNS[kind]}</span><span class="ev-unseen">{kind}</span>'
    return f'<tr data-kind="{kind.name.lower()}"><th scope="row">{sign}</th>'


def _text(line: Line, mark: str, row: Row) -> str:
    code = f"<code>{escape(line.text).replace(chr(13), '&#13;')}</code>"
    return code if row.kind is Kind.SAME else f"<{mark}>{code}</{mark}>"


def _left_out(row: Row) -> str:
    lines = f"{row.count} lines that are the same are left out"
    return f'<tr data-kind="left_out"><td colspan="5">{lines}</td></tr>'


def _note(row: Row) -> str:
    return f'<tr data-kind="note"><td colspan="5">{escape(row.note)}</td></tr>' if row.note else ""
