"""Decode what strangers wrote, and fold it so that only what a reader sees is compared."""

import re
from dataclasses import dataclass

_ESCAPE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?|[ -/]*[0-~])"
)
"""An escape sequence of a terminal, as ECMA-48 describes them."""
_UNSEEN = dict.fromkeys(
    [*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), 0xFEFF, 0xAD, 0x7F]
    + [code for code in range(0x20) if code not in {0x09, 0x0A, 0x0B, 0x0C, 0x0D}]
)
"""Characters without a width: marks of direction, byte order marks, soft hyphens, controls."""
_LOOSE_BLANK = re.compile(r"(?<=\W) | (?=\W)")
_LINE_END = re.compile(r"\r\n|\n|\r")
_BOMS = (
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_SHOWN = 2000
"""How many characters of a passage an output shows."""


def decode(data: bytes) -> str | None:
    r"""Return bytes as text without a byte order mark; None if they are not text.

    Bytes that are not UTF-8 become surrogates, so that texts that differ in them differ.

    >>> decode("a\nb".encode("utf-16")), decode(b"\xef\xbb\xbfa"), decode(b"\0\1\2")
    ('a\nb', 'a', None)
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                return None
    if b"\0" in data:
        return None
    return data.removeprefix(b"\xef\xbb\xbf").decode(errors="surrogateescape")


@dataclass(frozen=True)
class Line:
    """A line as a reader sees it. Several of them have one `number` if a file has bare CRs in its lines."""

    number: int
    text: str
    folded: str
    end: str


def lines_of(text: str) -> list[Line]:
    r"""Return the lines of a text. They are counted at LF; at CR, if there is no LF.

    >>> [(one.number, one.text, one.end) for one in lines_of("a\rb\r\nc")]
    [(1, 'a', '\r'), (1, 'b', '\r\n'), (2, 'c', '')]
    """
    counted_at_cr = "\n" not in text
    lines, number, start = [], 1, 0
    for found in _LINE_END.finditer(text):
        lines.append(Line(number, text[start : found.start()], "", found[0]))
        number += counted_at_cr or found[0] != "\r"
        start = found.end()
    if start < len(text):
        lines.append(Line(number, text[start:], "", ""))
    return [Line(one.number, one.text, fold(one.text), one.end) for one in lines]


def fold(line: str) -> str:
    r"""Return a line without escape sequences and unseen characters, each run of blanks as one blank.

    >>> fold("\x1b[1;31m a\t\u200e b\u00a0 \x1b[0m"), fold("\r")
    ('a b', '')
    """
    if "\x1b" in line:
        line = _ESCAPE.sub("", line)
    if not line.isprintable():
        line = line.translate(_UNSEEN)
    return _LOOSE_BLANK.sub("", " ".join(line.split()))


def one_blank(line: str) -> str:
    """Return a line as `fold` does, with one blank for each run of blanks, to be shown."""
    return " ".join(_ESCAPE.sub("", line).translate(_UNSEEN).split())


def encodable(text: str) -> str:
    """Return a text in which each byte that was no UTF-8 is a replacement character."""
    return text.encode(errors="surrogateescape").decode(errors="replace")


def shown(text: str) -> str:
    """Return a text that can be encoded and is not too long, for an output."""
    return encodable(text if len(text) <= _SHOWN else f"{text[:_SHOWN]} …")
