"""What is kept of a command's output: all of it, or its first or last lines."""

from typing import BinaryIO

from labreport.capture.store import StoreError, too_large

CHUNK = 1 << 20
LF = b"\n"


def cut(file: BinaryIO, *, head: int | None, tail: int | None, limit: int) -> tuple[bytes, str]:
    """Return the first `head` or last `tail` lines of a file, or all of it, and in words what was left out.

    A line ends at LF. Raise StoreError if what would be kept is over `limit` bytes; however long the file or
    one of its lines is, little more than that is ever in memory.
    """
    if head is not None and tail is not None:
        raise ValueError("head or tail, not both")
    wanted = head if head is not None else tail
    size, line_ends, closed = _measure(file)
    total = line_ends + (not closed)
    if wanted is None or total <= wanted:
        return _read(file, 0, size, limit), ""
    if wanted < 0:
        raise ValueError(f"{wanted} lines cannot be kept")
    if head is not None:
        kept = _read(file, 0, _after(file, wanted), limit)
        return kept, f"first {wanted} of {total} lines"
    kept = _read(file, _after(file, total - wanted), size, limit)
    return kept, f"last {wanted} of {total} lines"


def line_count(data: bytes) -> int:
    """Return how many lines data has, one without a line end included."""
    return data.count(LF) + (bool(data) and not data.endswith(LF))


def _measure(file: BinaryIO) -> tuple[int, int, bool]:
    """Return a file's bytes, its line ends, and whether nothing follows the last of them."""
    size, line_ends, last = 0, 0, LF
    file.seek(0)
    while chunk := file.read(CHUNK):
        size += len(chunk)
        line_ends += chunk.count(LF)
        last = chunk[-1:]
    return size, line_ends, last == LF


def _after(file: BinaryIO, lines: int) -> int:
    """Return the offset behind the first `lines` line ends; the file's end where it has fewer."""
    file.seek(0)
    offset, left = 0, lines
    while left and (chunk := file.read(CHUNK)):
        if (there := chunk.count(LF)) < left:
            offset += len(chunk)
            left -= there
            continue
        place = -1
        for _ in range(left):
            place = chunk.index(LF, place + 1)
        return offset + place + 1
    return offset


def _read(file: BinaryIO, start: int, end: int, limit: int) -> bytes:
    """Return the bytes from `start` to before `end`; raise StoreError if they are more than `limit`."""
    if end - start > limit:
        raise StoreError(too_large("a command's output", end - start))
    file.seek(start)
    return file.read(end - start)
