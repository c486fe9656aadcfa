"""Lines of evidence in pages: slices that moved, and slices that are given by number without a hash.

New evidence can put other lines under the same numbers, and an old sentence about them would then be wrong.
So a slice that is given by number needs a hash. A slice that is given by content, a whole file, a fact and a
claim need none. `--fix` never writes a hash, because a hash says that somebody has read the lines.
"""

import re
from collections.abc import Iterator

from labreport.check.finding import Edit, Finding
from labreport.check.lab import LabPages
from labreport.report.pages.calls import CallResult
from labreport.report.pages.source import PageSource
from labreport.report.pages.tags import SourceCall
from labreport.report.source.cite import Block

_REFERENCE = re.compile(r"[0-9]+:[0-9]+(?=:)")
"""The range at the start of a reference such as `1:7:kata/test1.txt`."""
_HASH_DIGITS = 12


def moved_slices(lab: LabPages) -> Iterator[Finding]:
    """Yield a finding for each slice whose hash was found at other lines.

    `--fix` writes the new range, except where the page computes the range.
    """
    for page, result, call in _located(lab):
        if not isinstance(result.shown, Block) or result.shown.slice.moved_from is None:
            continue
        old, new = result.shown.slice.moved_from, result.shown.slice.range
        edit = _edit(page, call, str(new)) if call else None
        what = f"lines {old} of {result.shown.path} are lines {new} now"
        remedy = f'write lines="{new}"' + (", or run with --fix" if edit else "")
        yield Finding("moved", page.file, *_place(page, result, call), what, remedy, str(result.call), edit)


def unpinned_slices(lab: LabPages) -> Iterator[Finding]:
    """Yield a finding for each slice that is given by number and has no hash."""
    for page, result, call in _located(lab):
        if result.call.name != "evidence" or not isinstance(result.shown, Block):
            continue
        named = dict(result.call.named)
        path = str(result.call.args[0] if result.call.args else named.get("path", ""))
        by_number = len(result.call.args) > 1 or named.get("lines") is not None or _REFERENCE.match(path)
        if by_number and named.get("sha256") is None:
            block = result.shown
            what = f"lines {block.slice.range} of {block.path} are given by number alone"
            sha256 = block.slice.sha256[:_HASH_DIGITS]
            remedy = f'read them, then add sha256="{sha256}", or give them by content: start=, end='
            yield Finding("unpinned", page.file, *_place(page, result, call), what, remedy, str(result.call))


def _located(lab: LabPages) -> Iterator[tuple[PageSource, CallResult, SourceCall | None]]:
    """Yield each result in a lab's pages with its call in the source; None if the arguments are computed.

    Calls with equal text are matched in their order.
    """
    results_on: dict[str, list[CallResult]] = {}
    for result in lab.results:
        results_on.setdefault(result.page, []).append(result)
    for page in lab.pages:
        by_text: dict[str, list[SourceCall]] = {}
        for call in page.calls:
            by_text.setdefault(call.reference, []).append(call)
        for result in results_on.get(page.path, []):
            calls = by_text.get(str(result.call), [])
            yield page, result, calls.pop(0) if len(calls) > 1 else calls[0] if calls else None


def _edit(page: PageSource, call: SourceCall, new: str) -> Edit | None:
    """Return the edit that writes the range `new` into a call; None if the call has no literal range."""
    lines = call.argument("lines", 1)
    if lines is not None and isinstance(lines.value, str):
        return Edit(page.raw_offset(lines.start + 1), page.raw_offset(lines.end - 1), new)
    path = call.argument("path", 0)
    reference = _REFERENCE.match(str(path.value)) if path else None
    if path is None or reference is None:
        return None
    return Edit(page.raw_offset(path.start + 1), page.raw_offset(path.start + 1 + reference.end()), new)


def _place(page: PageSource, result: CallResult, call: SourceCall | None) -> tuple[int, int]:
    return page.place(call.start) if call else (max(result.line, 1), 1)
