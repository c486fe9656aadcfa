"""Read the bytes of evidence as text: UTF-8 without NUL, whose lines end at LF only."""


def as_text(data: bytes) -> str | None:
    """Return `data` as text; None if it is not UTF-8 or contains NUL."""
    if b"\0" in data:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def why_no_text(data: bytes) -> str:
    r"""Return why `data` is not text: its encoding, if that is known.

    >>> why_no_text("a".encode("utf-16")), why_no_text(b"a\nb\xff")
    ('UTF-16, not UTF-8', 'not UTF-8 in line 2')
    """
    if data.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        return "UTF-32, not UTF-8"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "UTF-16, not UTF-8"
    if b"\0" in data:
        return "not text: it contains NUL bytes"
    try:
        data.decode()
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        return f"not UTF-8 in line {number}"
    return ""


def is_encodable(text: str) -> bool:
    r"""Return whether UTF-8 can hold a text, so that it can be written: it has no half of a character.

    >>> is_encodable("\U0001f600"), is_encodable("\ud83d")
    (True, False)
    """
    try:
        str.encode(text)
    except UnicodeEncodeError:
        return False
    return True


def line_count(data: bytes) -> int:
    """Return the number of lines, including a last one without LF. A line ends at LF only."""
    return data.count(b"\n") + (bool(data) and not data.endswith(b"\n"))


def text_lines(data: bytes) -> int:
    """Return the number of lines of a text, as a record gives it; 0 for data that is not text."""
    return 0 if as_text(data) is None else line_count(data)
