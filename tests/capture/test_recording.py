"""Which part of a command's output is kept."""

import io
import time
import tracemalloc
from math import inf
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labreport.capture import recording
from labreport.capture.command import CommandSpec
from labreport.capture.recording import OutputTooLargeError, Recorded, cut, run_and_record
from labreport.capture.redact import Identity, PrivateKeys, RedactionTimeoutError, Redactor

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
            cut(file, limit=50, head=how["head"], tail=how["tail"])
    assert "cut it with head or tail" in str(error.value)


def test_head_and_tail_together_or_negative_are_mistakes() -> None:
    """Both at once, or a negative number of lines, are refused."""
    with TemporaryFile() as file:
        file.write(b"a\nb\n")
        with pytest.raises(ValueError, match="head or tail, not both"):
            cut(file, head=1, tail=1, limit=10)
        with pytest.raises(ValueError, match="-1 lines"):
            cut(file, head=-1, tail=None, limit=10)


@pytest.mark.slow
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


def recorded(script: str, folder: Path, **options: Any) -> Recorded:
    """Run a shell script and record it, redacted on a machine without names."""
    spec = CommandSpec(["sh", "-c", script], **options)
    return run_and_record(spec, 0, "lab00000000", folder, Redactor(Identity()))


def test_lines_and_bytes_are_those_that_the_command_printed(tmp_path: Path) -> None:
    """A key is one mask, and the record still counts the lines and bytes of the whole output."""
    key = "printf -- '-----BEGIN PRIVATE KEY-----\\na\\nb\\n-----END PRIVATE KEY-----\\n'"
    made = recorded(f"{key}; seq 20", tmp_path, head=6)
    assert made.result.data == b"[token]\n1\n2\n"
    assert made.result.cut == "first 6 of 24 lines"
    assert made.command.bytes == len("-----BEGIN PRIVATE KEY-----\na\nb\n-----END PRIVATE KEY-----\n") + 51


def test_masks_may_make_an_output_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit holds for what is kept: masks are longer than some secrets."""
    monkeypatch.setattr(recording, "MAX_BYTES", 2000)
    made = recorded("yes pin_password=abcd | head -n 110", tmp_path)
    assert made.error is not None
    assert "output of 2420 bytes; at most 2000 are evidence" in str(made.error)
    assert b"abcd" not in made.error.printed


def test_what_cannot_be_redacted_in_time_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command fails, and nothing that it printed is kept or shown."""
    monkeypatch.setattr(recording, "REDACTION_SECONDS", 0.0)
    made = recorded("echo a; echo b >&2; sleep 2", tmp_path, timeout=0.5)
    assert made.command.timed_out
    assert (made.result.data, made.command.stderr) == (b"", "")
    monkeypatch.setattr(recording, "REDACTION_SECONDS", 2.0)
    made = recorded("echo a; echo b >&2; sleep 2", tmp_path, timeout=0.5)
    assert (made.result.data, made.command.stderr) == (b"a\n", "b\n")


def test_a_redaction_that_takes_too_long_fails_the_command(tmp_path: Path) -> None:
    """The time for redaction is what the command left of its own."""

    class Slow(Redactor):
        def __call__(self, data: bytes, deadline: float = inf, keys: PrivateKeys | None = None) -> bytes:
            if data == b"some output\n":
                assert deadline - time.monotonic() < 30
                raise RedactionTimeoutError
            return super().__call__(data, deadline, keys)

    spec = CommandSpec(["echo", "some output"], timeout=30)
    made = run_and_record(spec, 0, "lab00000000", tmp_path, Slow(Identity()))
    assert made.error is not None
    assert "could not be redacted within the time limit" in str(made.error)
    assert made.result.data == b""


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("gap", [" ", "\n"])
@pytest.mark.parametrize("edge", [recording.STDERR_BYTES, recording.EXCERPT])
def test_the_start_of_the_errors_shows_no_half_of_a_secret(edge: int, gap: str, tmp_path: Path) -> None:
    """Wherever a secret stands when standard error is cut, nothing of it is left."""
    token = "ghp_" + "Q7" * 18
    for before in range(edge - len(token), edge, 7):
        masked = ("password=hunter22" + gap) * ((edge - 4096) // 18)
        text = masked + "x" * (before - len(masked) - 1) + gap + token + gap + "y" * 5000
        (tmp_path / "text").write_text(text)
        made = recorded("cat text >&2; exit 1", tmp_path)
        assert len(made.command.stderr) <= recording.STDERR_BYTES
        assert "hunter" not in made.command.stderr
        assert "Q7" not in made.command.stderr
        assert "Q7" not in str(made.error)


@pytest.mark.slow
def test_only_a_part_of_a_large_output_is_redacted(tmp_path: Path) -> None:
    """The last line of 64 MiB takes no time to redact; a key that is open before it is still found."""
    script = "echo '-----BEGIN PRIVATE KEY-----'; yes QUJD | head -c 67108864; echo; echo end"
    made = recorded(script, tmp_path, tail=1, timeout=20)
    assert made.error is None
    assert made.result.data == b""
    assert made.result.cut.startswith("last 1 of 1342")
