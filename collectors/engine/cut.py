"""What is kept of a command's output: all of it, or its first or last lines."""

import os
from collections import deque
from itertools import islice
from typing import BinaryIO

from collectors.engine.store import StoreError, too_large


def cut(file: BinaryIO, *, head: int | None, tail: int | None, limit: int) -> tuple[bytes, str]:
    """Return the first `head` or last `tail` lines of a file, or all of it, and in words what was left out.

    A line ends at LF. Raise StoreError if what would be kept is over `limit` bytes.
    """
    if head is not None and tail is not None:
        raise ValueError("head or tail, not both")
    size = os.fstat(file.fileno()).st_size
    file.seek(0)
    if head is None and tail is None:
        if size > limit:
            raise StoreError(too_large("a command's output", size))
        return file.read(), ""
    lines = islice(file, head) if head is not None else deque(file, maxlen=tail)
    kept = b"".join(lines)
    if len(kept) > limit:
        raise StoreError(too_large("a command's output", len(kept)))
    file.seek(0)
    total = sum(1 for _line in file)
    wanted = head if head is not None else tail or 0
    if total <= wanted:
        return kept, ""
    return kept, f"{'first' if head is not None else 'last'} {wanted} of {total} lines"
