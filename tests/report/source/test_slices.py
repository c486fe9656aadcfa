"""A slice has exactly the bytes of its lines."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labreport.report.problems import FaultError
from labreport.report.source.slices import Content, Range, Slice, cut, slice_request

anything = st.lists(
    st.sampled_from([b"", b"a", b"\r", b"\xff", b"\0", b"x\r", b"\xc2\x85", b"\xe2\x80\xa8", b" "]),
    max_size=12,
).map(b"\n".join)


def lines_of(data: bytes) -> list[bytes]:
    """Return the lines with their LF, found in the simplest way."""
    return [line + b"\n" for line in data.split(b"\n")[:-1]] + (
        [data.split(b"\n")[-1]] if data.split(b"\n")[-1] else []
    )


@given(anything, st.data())
def test_a_slice_is_its_lines(data: bytes, draw: st.DataObject) -> None:
    """Lines end at LF only. A slice has its lines with their LF, the last line as it is."""
    lines = lines_of(data)
    if not lines:
        return
    start = draw.draw(st.integers(1, len(lines)))
    end = draw.draw(st.integers(start, len(lines)))
    found = cut(Content("f", data), slice_request("f", f"{start}:{end}"))
    assert found == Slice(Range(start, end), b"".join(lines[start - 1 : end]))


@given(anything)
def test_all_of_a_file(data: bytes) -> None:
    """Without lines, a slice is the whole file, and all lines joined are the file."""
    content = Content("f", data)
    total = len(content.lines)
    assert cut(content, slice_request("f")).data == data
    assert b"".join(cut(content, slice_request("f", str(line))).data for line in range(1, total + 1)) == data


@given(st.text(max_size=8), anything)
def test_any_text_as_lines_is_a_range_or_one_error(lines: str, data: bytes) -> None:
    """Any other text as lines is a FaultError with a remedy."""
    try:
        cut(Content("f", data), slice_request("f", lines))
    except FaultError as error:
        assert error.what  # noqa: PT017 # both outcomes are right
        assert error.remedy  # noqa: PT017


@given(st.integers(0, 5), st.integers(1, 3))
def test_a_slice_is_found_where_it_has_moved(before: int, length: int) -> None:
    """It is found by its hash, at the nearest place."""
    moved = [b"m%d\n" % number for number in range(length)]
    digest = hashlib.sha256(b"".join(moved)).hexdigest()
    content = Content("f", b"".join([b"other\n"] * (before + 1) + moved + [b"end"]))
    found = cut(content, slice_request("f", f"1:{length}", sha256=digest[:8]))
    assert found.range == Range(before + 2, before + 1 + length)
    assert found.moved_from == Range(1, length)
    assert found.data == b"".join(moved)


def test_a_range_past_the_end_is_found_again_by_its_hash() -> None:
    """Lines that moved up in a shorter file are found."""
    digest = hashlib.sha256(b"b\n").hexdigest()
    assert cut(Content("f", b"a\nb\n"), slice_request("f", "7", sha256=digest)).range == Range(2, 2)


def test_a_hash_that_holds_says_nothing() -> None:
    """A slice with the right hash is not marked as moved."""
    digest = hashlib.sha256(b"b\n").hexdigest()
    assert cut(Content("f", b"a\nb\n"), slice_request("f", "2", sha256=digest)).moved_from is None


@pytest.mark.parametrize(
    ("start", "end", "lines"),
    [("^b", "d$", "2:4"), ("^b", None, "2:5"), (None, "c", "1:3"), ("c", "c", "3:3"), ("^e", None, "5:5")],
)
def test_by_content(start: str | None, end: str | None, lines: str) -> None:
    """A slice goes from the first match of start to the first match of end at or after it."""
    content = Content("f", b"a\nb\nc\nd\r\ne")
    assert str(cut(content, slice_request("f", start=start, end=end)).range) == lines


def test_text_is_utf_8_without_nul() -> None:
    """A slice that is not UTF-8, or contains NUL, is not text; the rest of its file does not matter."""
    content = Content("f", b"caf\xc3\xa9\ncaf\xe9\nnul\0\n")
    assert cut(content, slice_request("f", "1")).text == "café\n"
    assert cut(content, slice_request("f", "2")).text is None
    assert cut(content, slice_request("f", "3")).text is None
