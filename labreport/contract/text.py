"""Read the bytes of evidence as text: UTF-8 without NUL, whose lines end at LF only."""


def as_text(data: bytes) -> str | None:
    """Return `data` as text; None if it is not UTF-8 or contains NUL."""
    if b"\0" in data:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def line_count(data: bytes) -> int:
    """Return the number of lines, including a last one without LF. A line ends at LF only."""
    return data.count(b"\n") + (bool(data) and not data.endswith(b"\n"))


def text_lines(data: bytes) -> int:
    """Return the number of lines of a text, as a record gives it; 0 for data that is not text."""
    return 0 if as_text(data) is None else line_count(data)
