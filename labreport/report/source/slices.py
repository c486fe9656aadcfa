"""A range of a file, byte for byte.

A line ends at LF only, so a slice put together again from its lines is the file. Lines count from 1 and both
ends are included. Nothing here opens a file: bytes in, bytes out.
"""

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from labreport.report.problems import FaultError
from labreport.report.source.ranges import RANGE, Range, lines_in_words, parse_range, whole

LF = b"\n"
SEARCHED_BYTES = 64 * 1024 * 1024
"""How much is hashed at most, to find a slice that has moved."""

_REFERENCE = re.compile(r"([0-9]+:[0-9]+):(.+)", re.DOTALL)
_PREFIX = re.compile(r"[0-9a-f]{8,64}")


class SliceRequest(NamedTuple):
    """What a page asks for: a path, and lines, or where they start and end by content, or neither."""

    path: str
    lines: str | None = None
    start: str | None = None
    end: str | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class Slice:
    """Bytes of a file and the lines that they are; `moved_from`: where they were asked for."""

    range: Range
    data: bytes
    moved_from: Range | None = None

    @cached_property
    def sha256(self) -> str:
        """The hash of the slice, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()

    @cached_property
    def text(self) -> str | None:
        """The slice as text; None if it is none (text is UTF-8 without NUL)."""
        return as_text(self.data)


@dataclass(frozen=True)
class Content:
    """The bytes of one evidence file, and its lines."""

    path: str
    data: bytes

    @cached_property
    def lines(self) -> list[bytes]:
        """The lines without their LF."""
        lines = self.data.split(LF)
        return lines[:-1] if lines[-1] == b"" else lines

    @cached_property
    def decoded(self) -> list[str]:
        """The lines as text to search in, without their CR; what is no UTF-8 stands as U+FFFD."""
        text = self.data.decode(errors="replace")
        lines = text.split("\n")[: len(self.lines)]
        return [line.removesuffix("\r") for line in lines] if "\r" in text else lines

    @cached_property
    def sha256(self) -> str:
        """The hash of the whole file, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()

    def slice(self, lines: Range) -> bytes:
        """Return the bytes of `lines`, which must be in the file; the last with its LF if it has one."""
        if lines.start == 1 and lines.end == len(self.lines):
            return self.data
        data = LF.join(self.lines[lines.start - 1 : lines.end])
        return data + LF if lines.end < len(self.lines) or self.data.endswith(LF) else data


def as_text(data: bytes) -> str | None:
    """Return `data` as text, None if it is not UTF-8 or has a NUL."""
    if b"\0" in data:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def slice_request(  # the macro's own signature: what a page may give
    path: object, lines: object = None, start: object = None, end: object = None, sha256: object = None
) -> SliceRequest:
    """Return what a page asks for; raise FaultError for a wrong type, or forms that exclude each other."""
    if not isinstance(path, str):
        raise FaultError(f"the path is {path!r}", 'give it in quotes: evidence("isolation/dmesg.txt")')
    given = {"lines": lines, "start": start, "end": end, "sha256": sha256}
    for name, value in given.items():
        if value is not None and not isinstance(value, str):
            raise FaultError(f"{name} of {path} is {value!r}", f'give it in quotes: {name}="{value}"')
    if found := _REFERENCE.fullmatch(path):
        if lines is not None:
            raise FaultError(f"lines of {found[2]} are given twice", "leave one of the two out")
        path, given["lines"] = found[2], found[1]
    if given["lines"] is not None and (start is not None or end is not None):
        raise FaultError(f"lines of {path} are given by number and by content", "leave out one of the two")
    _check_prefix(path, given["sha256"])
    return SliceRequest(path, **given)  # type: ignore[arg-type] # the loop has looked at each


def _check_prefix(path: str, sha256: object) -> None:
    if isinstance(sha256, str) and not _PREFIX.fullmatch(sha256):
        raise FaultError(f"sha256 of {path} is {sha256!r}", "give 8 to 64 small hexadecimal digits")


def cut(content: Content, wish: SliceRequest) -> Slice:
    """Return the slice of `content` that `wish` names; raise FaultError that says which range would be right.

    With a hash, a slice that is at another place now comes back from there with `moved_from` set.
    """
    try:
        lines = _lines(content, wish)
    except FaultError:
        moved = _moved(content, wish, _as_written(wish.lines))
        if moved is None:
            raise
        return moved
    found = Slice(lines, content.slice(lines))
    if wish.sha256 is None or found.sha256.startswith(wish.sha256):
        return found
    if moved := _moved(content, wish, lines):
        return moved
    raise FaultError(
        f"lines {lines} of {wish.path} have changed: their sha256 is {found.sha256[:12]}…, "
        f"the page says {wish.sha256[:12]}…, and no other lines of the file have that",
        "read them again, mend what the page says of them, and give the new hash",
    )


def _lines(content: Content, wish: SliceRequest) -> Range:
    if wish.start is not None or wish.end is not None:
        return _by_content(content, wish)
    total = len(content.lines)
    if wish.lines is None:
        return Range(1, total)
    lines = parse_range(wish.lines, content.path, total)
    if lines.end > total:
        raise FaultError(
            f"lines {lines} of {content.path}: the file has {lines_in_words(total)}", whole(total)
        )
    return lines


def _by_content(content: Content, wish: SliceRequest) -> Range:
    """Return the lines from the first that matches `start` to the first from there that matches `end`."""
    text = content.decoded
    start = 1 if wish.start is None else _first(text, 1, "start", wish.start, wish.path)
    end = len(text) if wish.end is None else _first(text, start, "end", wish.end, wish.path)
    if not text:
        raise FaultError(f"{wish.path} is empty", "no line can match: leave out start and end")
    return Range(start, end)


def _first(text: list[str], since: int, name: str, pattern: str, path: str) -> int:
    try:
        matches = re.compile(pattern).search
    except re.error as error:
        what = f"{name}={pattern!r} of {path} is no pattern: {error}"
        raise FaultError(what, "mend the expression") from error
    for number, line in enumerate(islice(text, since - 1, None), since):
        if matches(line):
            return number
    where = f" from line {since} on" if since > 1 else ""
    raise FaultError(f"no line of {path}{where} matches {name}={pattern!r}", f"mend it; {whole(len(text))}")


def _as_written(lines: str | None) -> Range | None:
    found = RANGE.fullmatch(lines or "")
    return Range(int(found[1]), int(found[2] or found[1])) if found else None


def _moved(content: Content, wish: SliceRequest, old: Range | None) -> Slice | None:
    """Return the nearest slice as long as `old` that has the wanted hash, None if there is none."""
    if wish.sha256 is None or old is None or old.end < old.start:
        return None
    length = old.end - old.start + 1
    places = range(1, len(content.lines) - length + 2)
    budget = SEARCHED_BYTES
    for start in sorted(places, key=lambda place: abs(place - old.start)):
        lines = Range(start, start + length - 1)
        found = Slice(lines, content.slice(lines), moved_from=old)
        if found.sha256.startswith(wish.sha256):
            return found
        budget -= len(found.data)
        if budget < 0:
            return None
    return None
