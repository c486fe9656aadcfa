"""An evidence file that is being written."""

from __future__ import annotations

import os
from typing import BinaryIO, Protocol

from labreport.capture import recorder
from labreport.capture.command import CommandFailedError, CommandResult, CommandSpec, takes
from labreport.capture.recording import OutputTooLargeError
from labreport.capture.redact import PrivateKeys
from labreport.contract.fields import MAX_BYTES
from labreport.contract.records import Span


class CommandRunner(Protocol):
    """Records commands and redacts text: the Run."""

    def record(self, command: CommandSpec) -> CommandResult:
        """Run and record a command; raise CommandFailedError if it fails."""

    def redact(self, data: bytes, keys: PrivateKeys | None = None) -> bytes:
        """Return `data` with everything masked that must not be published."""


class Out:
    """An evidence file that is being written: lines of the collector's own, and what commands print."""

    def __init__(self, run: CommandRunner, stream: BinaryIO, spans: list[Span], path: str) -> None:
        self._run = run
        self._stream = stream
        self._spans = spans
        self._keys = PrivateKeys()
        self._path = path
        self._lines = spans[-1].end if spans else 0
        self._open_end = bool(spans) and os.pread(stream.fileno(), 1, max(0, self.check_size() - 1)) != b"\n"

    def line(self, text: str = "") -> None:
        """Write a line of your own, such as a heading. The record says that no command printed it.

        A private key that is written line by line is one mask, too.
        """
        was_open = self._keys.open
        data = self._run.redact(text.encode("utf-8", "surrogateescape"), self._keys)
        if data or not was_open:
            self._append(data + b"\n", None)

    @takes(CommandSpec)
    def run(self, command: CommandSpec) -> CommandResult:
        """Run a command, record it, and write what it prints.

        The arguments are those of CommandSpec: `out.run(["seq", "10"], head=3)`. Raise CommandFailedError if
        the command does not end with an answer or a refusal; its output is written all the same.
        """
        try:
            result = self._run.record(command)
        except CommandFailedError as error:
            self._append(error.printed, None)
            self._append(self._run.redact(str(error).encode("utf-8", "replace")), None)
            raise
        self._append(result.data, result.number, result.cut, command.volatile)
        return result

    def quote(self, data: bytes, command: int, cut: str = "", volatile: str = "") -> None:
        """Write a part of the output of the command with this number, redacted; `cut` says which part."""
        self._append(self._run.redact(data), command, cut, volatile)

    def check_size(self, more: int = 0) -> int:
        """Return the file's size; raise OutputTooLargeError if, with `more`, it is over MAX_BYTES."""
        status = os.fstat(self._stream.fileno())
        if (size := recorder.size(status) + more) > MAX_BYTES:
            if size - more > MAX_BYTES:
                self._stream.truncate(0)  # a command wrote into it, past the redaction
            what = f"{size} bytes, at most {MAX_BYTES}"
            raise OutputTooLargeError(what, "compress it, or cut it with head or tail", path=self._path)
        return status.st_size

    def _append(self, data: bytes, command: int | None, cut: str = "", volatile: str = "") -> None:
        if not data:
            return
        self.check_size(len(data))
        if self._open_end:
            self._stream.write(b"\n")
            last = self._spans[-1]
            ended = "; ".join(part for part in (last.cut, "a line end was added") if part)
            self._spans[-1] = last.model_copy(update={"cut": ended})
        self._stream.write(data)
        self._stream.flush()
        self._open_end = not data.endswith(b"\n")
        count = data.count(b"\n") + self._open_end
        first, last_line = self._lines + 1, self._lines + count
        self._spans.append(Span(start=first, end=last_line, command=command, cut=cut, volatile=volatile))
        self._lines += count
