"""Paragraphs that name an image of lab.yml with its version, although a stand-in ran in its place."""

import re
from collections.abc import Iterable, Iterator

from labreport.check.finding import Finding
from labreport.check.lab import LabPages
from labreport.contract.records import Image
from labreport.report.pages.source import PageSource
from labreport.report.pages.visible import INLINE_CODE

STAND_IN = "stand-in"
"""The kind of the finding."""
SAID = re.compile(r"\bstand-?\s?ins?\b", re.IGNORECASE)
PARAGRAPH = re.compile(r"(?:^[^\S\n]*\S[^\n]*(?:\n|\Z))+", re.MULTILINE)
BETWEEN = r"[^.!?|]{1,60}?(?<![\w.])v?"
"""What may be between an image's name and its version: a colon, markup, or a few words of the sentence."""


def unsaid_stand_ins(lab: LabPages) -> Iterator[Finding]:
    """Yield a finding for each paragraph that names an image's version and not that a stand-in ran."""
    images = {
        image.reference: image
        for record in lab.evidence.set(lab.lab).records.values()
        for image in record.images.values()
        if not image.is_pinned and ":" in image.reference.rpartition("/")[2]
    }
    for page in lab.pages:
        text = _readable(page)
        for paragraph in PARAGRAPH.finditer(text):
            if not SAID.search(paragraph[0]):
                yield from _named(page, images.values(), text, *paragraph.span())


def _named(page: PageSource, images: Iterable[Image], text: str, start: int, end: int) -> Iterator[Finding]:
    """Yield a finding for each image that a part of a page's text names with its version."""
    for image in images:
        if named := pattern(image.reference).search(text, start, end):
            line, column = page.place(named.start())
            words = " ".join(named[0].split())
            yield Finding(
                STAND_IN,
                page.file,
                line,
                column,
                f"{words}: a stand-in ran in its place ({image.source})",
                "say in this paragraph that it was a stand-in, or name no version",
                f"{image.reference}\n{words}",
            )


def pattern(reference: str) -> re.Pattern[str]:
    """Return what finds an image's name and version in prose.

    >>> bool(pattern("docker.io/library/alpine:3.20").search("in containers of Alpine 3.20, in turn"))
    True
    >>> bool(pattern("docker.io/library/alpine:3.2").search("in containers of Alpine 3.20, in turn"))
    False
    >>> bool(pattern("docker.io/bkimminich/juice-shop:v19.0.0").search("Juice Shop in version 19.0.0"))
    True
    """
    name, _colon, tag = reference.rpartition("/")[2].partition(":")
    words = r"[\s_-]*".join(map(re.escape, re.split(r"[-_]", name)))
    version = re.escape(tag.removeprefix("v"))
    return re.compile(rf"(?<![\w.-]){words}{BETWEEN}{version}(?!\w|[.-]\w)", re.IGNORECASE)


def _readable(page: PageSource) -> str:
    """Return the prose of a page and the code in its lines, as long as its text; the rest is blank."""
    return "".join(
        char if char in {mark, "\n"} or mark == INLINE_CODE else " "
        for char, mark in zip(page.text, page.masked, strict=True)
    )
