"""Runs a command and records it: how it ended, and the part of its output that is kept."""

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from labreport.capture import recorder
from labreport.capture.command import CommandFailedError, CommandResult, CommandSpec, Ended
from labreport.capture.redact import Redactor
from labreport.contract.errors import LabError
from labreport.contract.fields import MAX_BYTES
from labreport.contract.records import Command, Outcome

STDERR_BYTES = 4096
"""How much of a command's standard error its record keeps."""

CHUNK = 1 << 20
LF = b"\n"


class OutputTooLargeError(LabError):
    """The part of an output that would be kept is larger than an evidence file may be."""


@dataclass(frozen=True)
class Recorded:
    """A command as the record describes it, its result, and its error if it failed."""

    command: Command
    result: CommandResult
    error: CommandFailedError | None


def run_and_record(spec: CommandSpec, number: int, run_name: str, cwd: Path, redact: Redactor) -> Recorded:
    """Run a command in the folder `cwd`; return how it ended and its output, shortened and redacted.

    `number` is its index in the record, `run_name` the name of the run. Raise CommandNotFoundError, and
    TypeError or ValueError for arguments that no command can have.
    """
    argv = recorder.checked(spec.argv)
    environment = recorder.environment(run_name, spec.env)
    executable = recorder.executable(argv[0], environment.get("PATH"))
    start = datetime.now(UTC)
    with TemporaryFile() as stdout, TemporaryFile() as stderr:
        ended = recorder.execute(
            spec,
            stdout=stdout,
            stderr=stdout if spec.merges_stderr else stderr,
            env=environment,
            cwd=cwd,
        )
        size = os.fstat(stdout.fileno()).st_size
        kept, cut_note, too_large = _kept(stdout, spec)
        stderr.seek(0)
        said = stderr.read(2 * STDERR_BYTES)
    data = redact(kept)
    how, remedy = _failure(spec, ended, too_large, data)
    outcome = Outcome.REFUSED if ended.exit_status in spec.refused else Outcome.ANSWERED
    command = Command(
        argv=[redact.text(word).encode("utf-8", "backslashreplace").decode() for word in argv],
        executable=executable.model_copy(update={"path": redact.text(executable.path)}),
        exit_status=None if ended.timed_out else ended.exit_status,
        outcome=Outcome.FAILED if how else outcome,
        start=start,
        seconds=round(ended.seconds, 6),
        bytes=size,
        timed_out=ended.timed_out,
        stderr=redact(said)[:STDERR_BYTES].decode("utf-8", "backslashreplace"),
    )
    result = CommandResult(number, command.outcome, ended.exit_status, data, cut_note)
    return Recorded(command, result, _error(command, how, remedy, data) if how else None)


def _kept(stdout: BinaryIO, spec: CommandSpec) -> tuple[bytes, str, OutputTooLargeError | None]:
    """Return the part of an output to keep, a note of how it was cut, and an error if it is too large."""
    try:
        return *cut(stdout, head=spec.head, tail=spec.tail, limit=MAX_BYTES), None
    except OutputTooLargeError as error:
        stdout.seek(0)
        return stdout.read(STDERR_BYTES), "", error


def _failure(
    spec: CommandSpec, ended: Ended, too_large: OutputTooLargeError | None, data: bytes
) -> tuple[str, str]:
    """Return how a command failed and the remedy; two empty texts if it did not fail.

    `data` is the part of its output that is kept.
    """
    if ended.timed_out:
        return f"no end after {spec.limit:g} s", ""
    if ended.output_exceeded:
        return f"printed over {recorder.OUTPUT_LIMIT >> 20} MiB", "limit the output at its source"
    if too_large:
        return too_large.what, too_large.remedy
    if ended.exit_status not in {0, *spec.answered, *spec.refused}:
        status = ended.exit_status
        return f"ended by signal {-status}" if status < 0 else f"exit status {status}", ""
    if spec.expect and not re.search(spec.expect, data.decode("utf-8", "replace"), re.MULTILINE):
        return f"the output does not match {spec.expect!r}", ""
    return "", ""


def _error(command: Command, how: str, remedy: str, data: bytes) -> CommandFailedError:
    """Return the error of a failed command, with the last lines that it printed."""
    said = (command.stderr.strip() or data.decode("utf-8", "replace").strip()).splitlines()[-3:]
    what = f"{' '.join(command.argv)[:200]}: {how}"
    return CommandFailedError(what, remedy, how=how, printed=data, said=[line[:300] for line in said])


def cut(file: BinaryIO, *, head: int | None, tail: int | None, limit: int) -> tuple[bytes, str]:
    """Return the first `head` or the last `tail` lines of a file, or all of it, and a note of how it was cut.

    A line ends at LF. Raise OutputTooLargeError if more than `limit` bytes would be kept. The memory used is
    little more than that, however long the file or its lines are.
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
        kept = _read(file, 0, _offset_of_line(file, wanted), limit)
        return kept, f"first {wanted} of {total} lines"
    kept = _read(file, _offset_of_line(file, total - wanted), size, limit)
    return kept, f"last {wanted} of {total} lines"


def line_count(data: bytes) -> int:
    """Return the number of lines, including a last one without LF."""
    return data.count(LF) + (bool(data) and not data.endswith(LF))


def _measure(file: BinaryIO) -> tuple[int, int, bool]:
    """Return a file's size in bytes, its number of LFs, and whether it ends with LF or is empty."""
    size, line_ends, last = 0, 0, LF
    file.seek(0)
    while chunk := file.read(CHUNK):
        size += len(chunk)
        line_ends += chunk.count(LF)
        last = chunk[-1:]
    return size, line_ends, last == LF


def _offset_of_line(file: BinaryIO, line: int) -> int:
    """Return the offset at which line `line` (0-based) starts, or the size of a file with fewer lines."""
    file.seek(0)
    offset, left = 0, line
    while left and (chunk := file.read(CHUNK)):
        if (line_ends := chunk.count(LF)) < left:
            offset += len(chunk)
            left -= line_ends
            continue
        place = -1
        for _ in range(left):
            place = chunk.index(LF, place + 1)
        return offset + place + 1
    return offset


def _read(file: BinaryIO, start: int, end: int, limit: int) -> bytes:
    """Return the bytes from `start` to before `end`; raise OutputTooLargeError for more than `limit`."""
    if end - start > limit:
        raise OutputTooLargeError(
            f"output of {end - start} bytes; at most {limit} are evidence",
            "compress it, or cut it with head or tail",
        )
    file.seek(start)
    return file.read(end - start)
