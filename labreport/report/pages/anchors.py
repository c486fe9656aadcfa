"""The ids in a page of what its macros show: blocks of evidence with their lines, figures and tables."""

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from labreport.report.images import EvidenceImage
from labreport.report.pages.calls import CallResult
from labreport.report.problems import Problem
from labreport.report.source.cite import Block
from labreport.report.source.slices import Range

_PLAIN = ".txt"
_ID = re.compile(r'\sid="([^"]+)"')
_LINES = re.compile(r"(?P<block>.+?)-L(?P<start>[1-9][0-9]{0,8})(?:-L(?P<end>[1-9][0-9]{0,8}))?")


@dataclass(frozen=True)
class PageAnchors:
    """The ids of blocks by the place of their call from 1 on, the lines of each block, and other ids."""

    blocks: Mapping[int, str]
    lines: Mapping[str, Range]
    others: frozenset[str]

    def __contains__(self, anchor: str) -> bool:
        """Return whether an anchor is one of these ids, or that of lines: `isolation-dmesg-L3-L7`."""
        if anchor in self.others or anchor in self.lines:
            return True
        found = _LINES.fullmatch(anchor)
        if found is None or found["block"] not in self.lines:
            return False
        shown, start = self.lines[found["block"]], int(found["start"])
        return shown.start <= start <= int(found["end"] or start) <= shown.end


def page_anchors(results: Sequence[CallResult | Problem], html: str) -> PageAnchors:
    """Return the ids of what a page shows.

    `html` is that of the page before its slots are filled; the ids of its headings are taken.
    """
    calls = [(number, one) for number, one in enumerate(results, 1) if isinstance(one, CallResult)]
    others = {one.label.anchor for _number, one in calls if one.label}
    taken = {*_ID.findall(html), *others}
    blocks, lines = {}, {}
    for number, result in calls:
        if not isinstance(result.shown, Block | EvidenceImage) or result.label:
            continue
        block = result.shown if isinstance(result.shown, Block) else result.shown.block
        anchor = _unique(anchor_of(block.content.path), taken)
        taken.add(anchor)
        blocks[number] = anchor
        if isinstance(result.shown, Block):
            lines[anchor] = block.slice.range
        else:
            others.add(anchor)
    return PageAnchors(blocks, lines, frozenset(others))


def anchor_of(path: str) -> str:
    """Return the id of the first block of a file.

    >>> anchor_of("isolation/dmesg.txt"), anchor_of("bench/startup.csv")
    ('isolation-dmesg', 'bench-startup-csv')
    """
    return re.sub(r"[^a-z0-9]+", "-", path.removesuffix(_PLAIN).lower()).strip("-") or "evidence"


def _unique(anchor: str, taken: Container[str]) -> str:
    """Return an id that is free: `x`, or `x_1`, as the ids of headings are."""
    free, number = anchor, 0
    while free in taken:
        number += 1
        free = f"{anchor}_{number}"
    return free
