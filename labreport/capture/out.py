"""An evidence file that is being written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from labreport.capture.asked import Asked
from labreport.capture.outcome import CommandFailedError, Result
from labreport.contract.records import Span

if TYPE_CHECKING:
    from labreport.capture.run import Argv, Run

EVERYTHING = "(?s).+"
"""A `volatile` that takes in all that a command printed."""


class Out:
    """An evidence file that is being written: lines of ours, and what commands printed."""

    def __init__(self, run: Run, stream: BinaryIO, spans: list[Span], path: Path) -> None:
        self._run = run
        self._stream = stream
        self._spans = spans
        self._path = path
        self._lines = spans[-1].end if spans else 0
        self._open_end = bool(spans) and not path.read_bytes().endswith(b"\n")

    def line(self, text: str = "") -> None:
        """Write one line of ours, such as a heading; the record says that no command printed it."""
        self._append(self._run.redact(text.encode("utf-8", "surrogateescape")) + b"\n", None)

    def run(  # noqa: PLR0913 - how a command is asked, by name
        self,
        argv: Argv,
        *,
        head: int | None = None,
        tail: int | None = None,
        answered: Sequence[int] = (),
        refused: Sequence[int] = (),
        stderr: bool = False,
        expect: str = "",
        timeout: float | None = None,
        env: Mapping[str, str] | None = None,
        volatile: str = "",
    ) -> Result:
        """Run a command and write what it printed.

        `head` and `tail` keep so many lines; `answered` are exit statuses that are an answer besides 0 (diff
        has one); `stderr` has standard error written too, in its place, as it is
        for a probe that names the exit statuses which are a refusal; `expect` is a pattern without which
        the output is no answer; `timeout` is a limit in seconds instead of the command's own; `volatile` is a
        pattern of what differs from run to run (see Span). Raise CommandFailedError for any other end, with
        the output still written.
        """
        merge = stderr or bool(refused)
        try:
            result, index, note = self._run.record(
                argv,
                Asked(
                    timeout=timeout,
                    answered=answered,
                    refused=refused,
                    env=env or {},
                    head=head,
                    tail=tail,
                    merge=merge,
                ),
            )
        except CommandFailedError as error:
            self._append(error.printed, None)
            self._append(str(error).encode("utf-8", "replace"), None)
            raise
        self._append(result.data, index, note, volatile)
        if expect and not re.search(expect, result.text, re.MULTILINE):
            raise CommandFailedError(f"{self._path.name}: the output has nothing like {expect!r}: no answer")
        return result

    def quote(self, data: bytes, command: int, cut: str, volatile: str = "") -> None:
        """Write a part of what the run's command number `command` printed; `cut` says which part."""
        self._append(data, command, cut, volatile)

    def _append(self, data: bytes, command: int | None, note: str = "", volatile: str = "") -> None:
        if not data:
            return
        if self._open_end:
            self._stream.write(b"\n")
            last = self._spans[-1]
            ended = "; ".join(part for part in (last.cut, "a line end was added") if part)
            self._spans[-1] = last.model_copy(update={"cut": ended})
        self._stream.write(data)
        self._stream.flush()
        self._open_end = not data.endswith(b"\n")
        count = data.count(b"\n") + self._open_end
        lines = (self._lines + 1, self._lines + count)
        self._spans.append(Span(start=lines[0], end=lines[1], command=command, cut=note, volatile=volatile))
        self._lines += count
