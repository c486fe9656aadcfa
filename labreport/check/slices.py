"""Slices that moved, whose right range can be written into the page, and those that nothing pins.

Line numbers alone say nothing of what was read: evidence that is captured anew slides under an old sentence
and nobody is told. So a slice that is given by number carries its hash; one that is given by content, a
whole file, a fact and a claim need none. `--fix` writes no hash: one says that somebody has read these lines.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from labreport.check.edits import Edit
from labreport.check.finding import Finding, Kind
from labreport.report.pages.source import PageSource
from labreport.report.pages.tags import SourceCall
from labreport.report.pages.verdicts import Made
from labreport.report.source.cite import Block

_REFERENCE = re.compile(r"[0-9]+:[0-9]+(?=:)")
_PIN_DIGITS = 12


@dataclass(frozen=True)
class Moved:
    """A slice whose lines are elsewhere now; `edit` writes the right range, None where it is computed."""

    finding: Finding
    edit: Edit | None


def moved_slices(page: PageSource, made: Sequence[Made]) -> Iterator[Moved]:
    """Yield what has moved of the slices of a page."""
    for one, call in located(page, made):
        if not isinstance(one.shown, Block) or one.shown.slice.moved_from is None:
            continue
        old, new = one.shown.slice.moved_from, one.shown.slice.range
        edit = _edit(call, str(new)) if call else None
        what = f"lines {old} of {one.shown.path} are lines {new} now"
        remedy = f'write lines="{new}"' + (", or let --fix write it" if edit else "")
        place = _place(page, one, call)
        yield Moved(Finding(Kind.MOVED, page.file, *place, what, remedy, str(one.call)), edit)


def unpinned_slices(page: PageSource, made: Sequence[Made]) -> Iterator[Finding]:
    """Yield a finding for each slice of a page that is given by number and has no hash."""
    for one, call in located(page, made):
        if one.call.name != "evidence" or not isinstance(one.shown, Block):
            continue
        named = dict(one.call.named)
        path = str(one.call.args[0] if one.call.args else named.get("path", ""))
        by_number = len(one.call.args) > 1 or named.get("lines") is not None or _REFERENCE.match(path)
        if by_number and named.get("sha256") is None:
            shown = one.shown
            what = f"lines {shown.slice.range} of {shown.path} are given by number alone"
            pin = shown.slice.sha256[:_PIN_DIGITS]
            remedy = f'read them, then pin them with sha256="{pin}", or name them by content: start=, end='
            place = _place(page, one, call)
            yield Finding(Kind.UNPINNED, page.file, *place, what, remedy, str(one.call))


def located(page: PageSource, made: Sequence[Made]) -> Iterator[tuple[Made, SourceCall | None]]:
    """Yield each call of a page with its place in the source, None where its values are computed.

    Calls that are written alike are told apart by their order.
    """
    left: dict[str, list[SourceCall]] = {}
    for call in page.calls:
        left.setdefault(call.reference, []).append(call)
    for one in made:
        alike = left.get(str(one.call), [])
        yield one, (alike.pop(0) if len(alike) > 1 else alike[0] if alike else None)


def _edit(call: SourceCall, new: str) -> Edit | None:
    lines = call.argument("lines", 1)
    if lines is not None and isinstance(lines.value, str):
        return Edit(lines.start + 1, lines.end - 1, new)
    path = call.argument("path", 0)
    found = _REFERENCE.match(str(path.value)) if path else None
    return Edit(path.start + 1, path.start + 1 + found.end(), new) if path and found else None


def _place(page: PageSource, one: Made, call: SourceCall | None) -> tuple[int, int]:
    return page.place(call.start) if call else (max(one.line, 1), 1)
