"""Cut a range of lines out of a file, byte for byte: bytes in, bytes out, no file is opened.

A line ends at LF only, so all lines joined are the file again. Lines count from 1, both ends are included.
"""

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property

from labreport.contract.text import as_text
from labreport.report.problems import FaultError
from labreport.report.source.patterns import LONGEST, PatternSearch, compiled

LF = b"\n"
SEARCHED_BYTES = 64 * 1024 * 1024
"""How many bytes are hashed at most in the search for a slice that moved."""

_REFERENCE = re.compile(r"([0-9]+:[0-9]+):(.+)", re.DOTALL)
_HASH_PREFIX = re.compile(r"[0-9a-f]{8,64}")


@dataclass(frozen=True)
class Range:
    """Lines `start` to `end`, 1-based, both included; an empty file is `1:0`."""

    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.start}:{self.end}"


def parse_range(text: str, path: str, total: int) -> Range:
    """Return the range in `text` ("3" or "1:7") of `path`, a file of `total` lines; it may end past the file.

    Raise FaultError for an empty or reversed range, one that counts from 0, and any other text.
    """
    found = RANGE.fullmatch(text)
    if not found:
        what = f"lines {text!r} of {path} are not a range" if text else f"lines of {path} are empty"
        raise FaultError(what, f'write lines="3" or lines="1:7"; {whole(total)}')
    start, end = int(found[1]), int(found[2] or found[1])
    if start < 1:
        remedy = f"1:{end} would be right" if 1 <= end <= total else whole(total)
        raise FaultError(f"lines {text} of {path}: lines are counted from 1", remedy)
    if start > end:
        remedy = f"{end}:{start} is the right way round" if end >= 1 and start <= total else whole(total)
        raise FaultError(f"lines {text} of {path}: the range is reversed", remedy)
    return Range(start, end)


def whole(total: int) -> str:
    """Return a remedy that names the range of a whole file of `total` lines."""
    return f"1:{total} is the whole file" if total else "the file is empty: leave out the lines"


def lines_in_words(total: int) -> str:
    """Return `1 line`, or `7 lines`."""
    return "1 line" if total == 1 else f"{total} lines"


@dataclass(frozen=True)
class SliceRequest:
    """The lines that a page asks for: of a whole file, by number, or from pattern `start` to pattern `end`.

    `sha256` is the beginning of the hash that the slice must have.
    """

    path: str
    lines: str | None = None
    start: str | None = None
    end: str | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class Slice:
    """Bytes of a file and their lines; `moved_from` is where the page expected them, if they moved."""

    range: Range
    data: bytes
    moved_from: Range | None = None

    @cached_property
    def sha256(self) -> str:
        """The hash of the slice, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()

    @cached_property
    def text(self) -> str | None:
        """The slice as text, None if it is not text."""
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
        """The lines as text to search in, without CR; bytes that are not UTF-8 become U+FFFD."""
        return [line.decode(errors="replace").removesuffix("\r") for line in self.lines]

    @cached_property
    def sha256(self) -> str:
        """The hash of the whole file, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()

    def slice(self, lines: Range) -> bytes:
        """Return the bytes of `lines`, which must be in the file; each line with its LF if it has one."""
        joined = LF.join(self.lines[lines.start - 1 : lines.end])
        ends_without_lf = lines.end == len(self.lines) and not self.data.endswith(LF)
        return joined if ends_without_lf else joined + LF


def slice_request(  # these are the parameters of the macro `evidence`
    path: object, lines: object = None, start: object = None, end: object = None, sha256: object = None
) -> SliceRequest:
    """Return the request in a macro's arguments; raise FaultError for a wrong type or a contradiction."""
    if not isinstance(path, str):
        raise FaultError(f"the path is {path!r}", 'give it in quotes: evidence("isolation/dmesg.txt")')
    if found := _REFERENCE.fullmatch(path):
        if lines is not None:
            raise FaultError(f"lines of {found[2]} are given twice", "remove one of the two")
        lines, path = found[1], found[2]
    request = SliceRequest(
        path,
        _text_or_none(path, "lines", lines),
        _text_or_none(path, "start", start),
        _text_or_none(path, "end", end),
        _text_or_none(path, "sha256", sha256),
    )
    if request.lines is not None and (request.start is not None or request.end is not None):
        raise FaultError(f"lines of {path} are given by number and by content", "remove one of the two")
    if request.sha256 is not None and not _HASH_PREFIX.fullmatch(request.sha256):
        raise FaultError(f"sha256 of {path} is {sha256!r}", "give 8 to 64 lowercase hexadecimal digits")
    return request


def _text_or_none(path: str, name: str, value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise FaultError(f"{name} of {path} is {value!r}", f'give it in quotes: {name}="{value}"')


def cut(content: Content, request: SliceRequest, search: PatternSearch | None = None) -> Slice:
    """Return the requested slice; raise FaultError that says which range would be right.

    If the request has a hash, a slice that moved is found by it, and has `moved_from` set. `search` finds
    lines by content; a build has one for all its slices.
    """
    try:
        lines = _range_of(content, request, search or PatternSearch())
    except FaultError:
        moved = _find_moved(content, request, _expected_range(request.lines))
        if moved is None:
            raise
        return moved
    found = Slice(lines, content.slice(lines))
    if request.sha256 is None or found.sha256.startswith(request.sha256):
        return found
    if moved := _find_moved(content, request, lines):
        return moved
    raise FaultError(
        f"lines {lines} of {request.path} have changed: their sha256 is {found.sha256[:12]}…, "
        f"the page says {request.sha256[:12]}…, and no other lines of the file have that hash",
        "read them again, correct what the page says about them, and give the new hash",
    )


def _range_of(content: Content, request: SliceRequest, search: PatternSearch) -> Range:
    if request.start is not None or request.end is not None:
        return _range_by_content(content, request, search)
    total = len(content.lines)
    if request.lines is None:
        return Range(1, total)
    lines = parse_range(request.lines, content.path, total)
    if lines.end > total:
        what = f"lines {lines} of {content.path}: the file has {lines_in_words(total)}"
        raise FaultError(what, whole(total))
    return lines


def _range_by_content(content: Content, request: SliceRequest, search: PatternSearch) -> Range:
    """Return the lines from the first match of `start` to the first match of `end` at or after it."""

    def first_match(first: int, name: str, text: str) -> int:
        """Return the number of the first line from `first` on that matches; raise FaultError if none does."""
        try:
            pattern = compiled(text)
        except ValueError as error:
            raise FaultError(f"{name}={text[:LONGEST]!r} of {path} {error}", "correct it") from error
        found = search.first_match(pattern, lines[first - 1 :])
        if found is not None:
            return first + found
        where = f" from line {first} on" if first > 1 else ""
        what = f"no line of {path}{where} matches {name}={text!r}"
        raise FaultError(what, f"correct it; {whole(len(lines))}")

    lines, path = content.decoded, request.path
    start = 1 if request.start is None else first_match(1, "start", request.start)
    end = len(lines) if request.end is None else first_match(start, "end", request.end)
    if not lines:
        raise FaultError(f"{path} is empty", "no line can match: leave out start and end")
    return Range(start, end)


def _expected_range(lines: str | None) -> Range | None:
    """Return the range that the page names, even if the file is shorter."""
    found = RANGE.fullmatch(lines or "")
    return Range(int(found[1]), int(found[2] or found[1])) if found else None


def _find_moved(content: Content, request: SliceRequest, expected: Range | None) -> Slice | None:
    """Return the slice with the requested hash that is as long as `expected` and nearest to it."""
    if request.sha256 is None or expected is None or expected.end < expected.start:
        return None
    length = expected.end - expected.start + 1
    starts = range(1, len(content.lines) - length + 2)
    budget = SEARCHED_BYTES
    for start in sorted(starts, key=lambda start: abs(start - expected.start)):
        lines = Range(start, start + length - 1)
        found = Slice(lines, content.slice(lines), moved_from=expected)
        if found.sha256.startswith(request.sha256):
            return found
        budget -= len(found.data)
        if budget < 0:
            return None
    return None


RANGE = re.compile(r"([0-9]{1,9})(?::([0-9]{1,9}))?")
"""A range as a page writes it: `3` or `1:7`."""
