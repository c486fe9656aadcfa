"""Our own templates, which escape every value, and the HTML that is put in when a page is written."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from labreport.report.facts.converters import Converted
from labreport.report.facts.readings import NoValue
from labreport.report.pages.labels import Label
from labreport.report.problems import one_line
from labreport.report.source.cite import raw_link
from labreport.report.source.evidence_set import processor_words
from labreport.report.source.slices import Range
from labreport.report.tables.runs import archive_note, image_note, seconds_words, utc

PREVIEW_BYTES = 64
QUOTE_CHARACTERS = 160
MAGIC = {
    b"\x7fELF": "an ELF program",
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"\xfd7zXZ": "xz",
    b"PK\x03\x04": "zip",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"%PDF": "PDF",
}
"""How files of some kinds begin."""


def verbatim(text: str) -> Markup:
    """Return `text` so that a browser's DOM holds exactly it, inside `<pre><code>` (no NUL)."""
    return Markup(escape(text).replace("\r", "&#13;"))  # noqa: S704 - escaped here


def kind_of_data(data: bytes) -> str:
    """Return what bytes that are no text begin like."""
    return next((kind for magic, kind in MAGIC.items() if data.startswith(magic)), "no text")


def preview(data: bytes) -> str:
    """Return the first bytes in hexadecimal."""
    return data[:PREVIEW_BYTES].hex(" ", 1) + (" …" if len(data) > PREVIEW_BYTES else "")


def shown_value(read: Converted) -> str:
    """Return the value of a fact, or how many values a series has."""
    return f"{len(read)} values" if isinstance(read, tuple) else str(read)


def quoted_line(text: str) -> str:
    """Return the first line of `text`, at most QUOTE_CHARACTERS of it."""
    line = one_line(text.split("\n", 1)[0])
    return line if len(line) <= QUOTE_CHARACTERS else f"{line[:QUOTE_CHARACTERS]}…"


def lines_words(lines: Range) -> str:
    """Return a range in words: "line 3" or "lines 3:7"."""
    return f"line {lines.start}" if lines.start == lines.end else f"lines {lines}"


ENVIRONMENT = Environment(
    loader=PackageLoader("labreport.site"),
    autoescape=True,
    undefined=StrictUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
)
ENVIRONMENT.globals.update(raw_link=raw_link)
ENVIRONMENT.tests["no_value"] = lambda reading: isinstance(reading, NoValue)
ENVIRONMENT.filters.update(
    archive_note=archive_note,
    image_note=image_note,
    kind_of_data=kind_of_data,
    lines_words=lines_words,
    one_line=one_line,
    preview=preview,
    processor_words=processor_words,
    quoted=quoted_line,
    seconds_words=seconds_words,
    shown=shown_value,
    utc=utc,
    verbatim=verbatim,
)


def call(template: str, macro: str, *values: object) -> str:
    """Return what a macro of a template makes of `values`."""
    return str(getattr(ENVIRONMENT.get_template(template).module, macro)(*values))


@dataclass(frozen=True)
class SourceFile:
    """A file in the project's repository at a commit: the address, and the commit, shortened."""

    address: str
    commit: str


@dataclass(frozen=True)
class BlockPlace:
    """Where a block stands: `up` leads from its page to the site's root, `late` keeps what is not indexed.

    `anchor` is the id of a block of evidence, `label` the number of a figure or table. `source` returns where
    a file, by its path from the evidence root and its bytes, is in the repository.
    """

    up: str
    late: "LateHtml"
    anchor: str = ""
    label: Label | None = None
    source: Callable[[str, bytes], SourceFile | None] = lambda _path, _data: None


@dataclass
class LateHtml:
    """The HTML that is kept until its page is written. A comment holds its place."""

    token: str = field(default_factory=lambda: secrets.token_hex(16))
    _kept: list[tuple[str | Callable[[], str], str]] = field(default_factory=list)
    _made: dict[str, tuple[tuple[object, ...], str]] = field(default_factory=dict)

    def put_late(self, html: str | Callable[[], str], until: str = "") -> str:
        """Keep `html`, or what makes it, and return what stands there until the page is written.

        This is a comment, and behind it the HTML `until`, which the search indexes in its place.
        """
        self._kept.append((html, until))
        return f"<!--{self.token}-{len(self._kept) - 1}-->{until}"

    def once(self, key: str, made_of: tuple[object, ...], make: Callable[[], str]) -> str:
        """Return the HTML that `make` makes of `made_of`; it is asked again if `key` has other values now."""
        before = self._made.get(key)
        if before is None or before[0] != made_of:
            before = self._made[key] = (made_of, make())
        return before[1]

    def fill_late(self, page: str) -> str:
        """Return a page with what was kept for it. It stays kept: a page may be written again."""
        parts: list[str] = []
        end = 0
        for match in re.finditer(f"<!--{self.token}-([0-9]+)-->", page):
            html, until = self._kept[int(match[1])]
            if page.startswith(until, match.end()):
                parts += [page[end : match.start()], html if isinstance(html, str) else html()]
                end = match.end() + len(until)
        return "".join([*parts, page[end:]])
