"""Which part of a command's output is kept."""

import io
import tracemalloc
from pathlib import Path
from tempfile import TemporaryFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labreport.capture import recording
from labreport.capture.recording import OutputTooLargeError, cut

TEXT = st.lists(st.sampled_from([b"a", b"bb", b"\n", b"\n\n", b"\r", b"\0"]), max_size=40).map(b"".join)


def lines_of(data: bytes) -> list[bytes]:
    """Return the lines of `data`, each with its LF."""
    return list(io.BytesIO(data))


@given(data=TEXT, wanted=st.integers(0, 12), chunk=st.integers(1, 9))
def test_head_and_tail_are_the_first_and_last_lines(data: bytes, wanted: int, chunk: int) -> None:
    """For any content and chunk size, head and tail keep whole lines, and the note says how many."""
    lines = lines_of(data)
    with TemporaryFile() as file, pytest.MonkeyPatch.context() as patch:
        patch.setattr(recording, "CHUNK", chunk)
        file.write(data)
        file.flush()
        head, said = cut(file, head=wanted, tail=None, limit=1000)
        tail, also = cut(file, head=None, tail=wanted, limit=1000)
    assert head == b"".join(lines[:wanted])
    assert tail == b"".join(lines[max(0, len(lines) - wanted) :])
    expected = f"{wanted} of {len(lines)} lines" if len(lines) > wanted else ""
    assert (said.removeprefix("first "), also.removeprefix("last ")) == (expected, expected)


def test_without_head_or_tail_all_is_kept_and_nothing_said(tmp_path: Path) -> None:
    """An output that is not cut is kept unchanged, without a note."""
    path = tmp_path / "out"
    path.write_bytes(b"a\n\xff\0b")
    with path.open("rb") as file:
        assert cut(file, head=None, tail=None, limit=6) == (b"a\n\xff\0b", "")


@pytest.mark.parametrize(
    "how", [{"head": None, "tail": None}, {"head": 1, "tail": None}, {"head": None, "tail": 1}]
)
def test_too_large_is_refused_with_what_to_do(how: dict[str, int | None]) -> None:
    """An output over the limit is refused. The error has its size and the remedy."""
    with TemporaryFile() as file:
        file.write(b"x" * 100 + b"\n" + b"y" * 100)
        with pytest.raises(OutputTooLargeError, match=r"1\d\d bytes|201 bytes|100 bytes") as error:
            cut(file, limit=50, **how)
    assert "cut it with head or tail" in str(error.value)


def test_head_and_tail_together_or_negative_are_mistakes() -> None:
    """Both at once, or a negative number of lines, are refused."""
    with TemporaryFile() as file:
        file.write(b"a\nb\n")
        with pytest.raises(ValueError, match="head or tail, not both"):
            cut(file, head=1, tail=1, limit=10)
        with pytest.raises(ValueError, match="-1 lines"):
            cut(file, head=-1, tail=None, limit=10)


def test_a_long_line_is_not_held_in_memory() -> None:
    """A line of 64 MiB before the kept one is read in pieces."""
    with TemporaryFile() as file:
        file.truncate(64 << 20)
        file.seek(0, 2)
        file.write(b"\nend\n")
        tracemalloc.start()
        try:
            kept, note = cut(file, head=None, tail=1, limit=1000)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert (kept, note) == (b"end\n", "last 1 of 2 lines")
    assert peak < 8 << 20
