"""Runs a command and records it: how it ended, and the part of its output that is kept.

An output is redacted before it is cut, in what time the command's limit leaves. The bytes before the part
that is kept are searched for the beginning of a private key only: no other rule reads more than a line.
"""

import os
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from labreport.capture import recorder
from labreport.capture.command import CommandFailedError, CommandResult, CommandSpec, Ended
from labreport.capture.redact import PrivateKeys, RedactionTimeoutError, Redactor, visible
from labreport.contract.errors import LabError
from labreport.contract.fields import MAX_BYTES
from labreport.contract.records import Command, Outcome

STDERR_BYTES = 4096
"""How much of a command's standard error its record keeps."""

REDACTION_SECONDS = 2.0
"""The least time for redaction, for a command that took all of its own."""

CHUNK = 1 << 20
EXCERPT, MARGIN = 1 << 16, 1 << 12
"""Bytes that are redacted for the start of an output, and how many of them are dropped if a line goes on."""

LF = b"\n"

Redact = Callable[[bytes, PrivateKeys], bytes]
"""Redacts a part of a text; takes the state of the text before it."""


class OutputTooLargeError(LabError):
    """The part of an output that would be kept is larger than an evidence file may be."""


@dataclass(frozen=True)
class Kept:
    """The part of an output that is kept, redacted, a note of how it was cut, or why it is not kept."""

    data: bytes
    cut: str = ""
    error: LabError | None = None


@dataclass(frozen=True)
class Recorded:
    """A command as the record describes it, its result, and its error if it failed."""

    command: Command
    result: CommandResult
    error: CommandFailedError | None


def run_and_record(  # noqa: PLR0913, PLR0917 - what a command gets
    spec: CommandSpec, number: int, run_name: str, cwd: Path, redact: Redactor, files: Iterable[Path] = ()
) -> Recorded:
    """Run a command in the folder `cwd`; return how it ended and its output, shortened and redacted.

    `number` is its index in the record, `run_name` the name of the run. `files` are evidence files that must
    not grow without bounds. Raise CommandNotFoundError, and TypeError or ValueError for arguments that no
    command can have.
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
            files=files,
        )
        size = os.fstat(stdout.fileno()).st_size
        deadline = time.monotonic() + max(spec.limit - ended.seconds, REDACTION_SECONDS)

        def redact_part(data: bytes, keys: PrivateKeys) -> bytes:
            return redact(data, deadline, keys)

        kept = _kept(stdout, spec, redact_part)
        said = _excerpt(stderr, redact_part)
    how, remedy = _failure(spec, ended, kept)
    outcome = Outcome.REFUSED if ended.exit_status in spec.refused else Outcome.ANSWERED
    command = Command(
        argv=[word.encode("utf-8", "backslashreplace").decode() for word in redact.words(argv)],
        executable=executable.model_copy(update={"path": redact.text(executable.path)}),
        exit_status=None if ended.timed_out else ended.exit_status,
        outcome=Outcome.FAILED if how else outcome,
        start=start,
        seconds=round(ended.seconds, 6),
        bytes=size,
        timed_out=ended.timed_out,
        stderr=said.decode("utf-8", "backslashreplace"),
    )
    result = CommandResult(number, command.outcome, ended.exit_status, kept.data, kept.cut)
    return Recorded(command, result, _error(command, how, remedy, kept.data) if how else None)


def _kept(stdout: BinaryIO, spec: CommandSpec, redact: Redact) -> Kept:
    """Return the part of an output to keep; its start and an error if that part is too large."""
    try:
        data, note = cut(stdout, head=spec.head, tail=spec.tail, limit=MAX_BYTES, redact=redact)
    except (OutputTooLargeError, RedactionTimeoutError) as error:
        return Kept(_excerpt(stdout, redact), error=error)
    return Kept(data, note)


def _excerpt(file: BinaryIO, redact: Redact) -> bytes:
    """Return the first STDERR_BYTES of a redacted text; nothing if there is no time left to redact it."""
    file.seek(0)
    data = file.read(EXCERPT)
    goes_on = len(data) == EXCERPT
    lines = data[: data.rfind(LF) + 1] if goes_on else data
    try:
        redacted = redact(lines or data, PrivateKeys())
    except RedactionTimeoutError:
        return b""
    return (redacted if lines else redacted[:-MARGIN])[:STDERR_BYTES]


def _failure(spec: CommandSpec, ended: Ended, kept: Kept) -> tuple[str, str]:
    """Return how a command failed and the remedy; two empty texts if it did not fail."""
    if ended.timed_out:
        return f"no end after {spec.limit:g} s", ""
    if ended.output_exceeded:
        return f"printed over {recorder.OUTPUT_LIMIT >> 20} MiB", "limit the output at its source"
    if kept.error:
        return kept.error.what, kept.error.remedy
    if ended.exit_status not in {0, *spec.answered, *spec.refused}:
        status = ended.exit_status
        return f"ended by signal {-status}" if status < 0 else f"exit status {status}", ""
    if spec.expect and not re.search(spec.expect, kept.data.decode("utf-8", "replace"), re.MULTILINE):
        return f"the output does not match {spec.expect!r}", ""
    return "", ""


def _error(command: Command, how: str, remedy: str, data: bytes) -> CommandFailedError:
    """Return the error of a failed command, with the last lines that it printed."""
    said = (command.stderr.strip() or data.decode("utf-8", "replace").strip()).splitlines()[-3:]
    what = f"{' '.join(command.argv)[:200]}: {how}"
    return CommandFailedError(what, remedy, how=how, printed=data, said=[line[:300] for line in said])


def _as_it_is(data: bytes, _keys: PrivateKeys) -> bytes:
    """Return the data."""
    return data


def cut(
    file: BinaryIO, *, head: int | None, tail: int | None, limit: int, redact: Redact = _as_it_is
) -> tuple[bytes, str]:
    """Return the first `head` or the last `tail` lines of a file, or all of it, and a note of how it was cut.

    A line ends at LF. The lines are redacted as if the whole file were. Raise OutputTooLargeError if more
    than `limit` bytes would be kept. The memory used is a few times that, however long the file or its lines
    are.
    """
    if head is not None and tail is not None:
        raise ValueError("head or tail, not both")
    wanted = head if head is not None else tail
    size, line_ends, closed = _measure(file)
    total = line_ends + (not closed)
    start, end, note = 0, size, ""
    if wanted is not None and total > wanted:
        if wanted < 0:
            raise ValueError(f"{wanted} lines cannot be kept")
        if head is not None:
            end, note = _offset_of_line(file, wanted), f"first {wanted} of {total} lines"
        else:
            start, note = _offset_of_line(file, total - wanted), f"last {wanted} of {total} lines"
    _check_size(end - start, limit)
    keys = _keys_before(file, start)
    data = redact(file.read(end - start), keys)
    _check_size(len(data), limit)
    return data, note


def _check_size(size: int, limit: int) -> None:
    """Raise OutputTooLargeError for a size over the limit."""
    if size > limit:
        raise OutputTooLargeError(
            f"output of {size} bytes; at most {limit} are evidence",
            "compress it, or cut it with head or tail",
        )


def _keys_before(file: BinaryIO, offset: int) -> PrivateKeys:
    """Return whether the text before `offset` ends inside a private key; leave the file at `offset`."""
    keys = PrivateKeys()
    file.seek(0)
    left, rest = offset, b""
    while left and (chunk := file.read(min(CHUNK, left))):
        left -= len(chunk)
        rest = visible(rest + chunk)
        rest = rest[keys.skip(rest) :]
    file.seek(offset)
    return keys


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
