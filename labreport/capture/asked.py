"""A command as it is asked for, and what came of it before anyone judges it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from labreport.capture import recorder
from labreport.capture.cut import cut
from labreport.capture.store import StoreError
from labreport.contract.records import MAX_BYTES

SAID_BYTES = 4096
"""How much of a command's standard error its record keeps."""


@dataclass(frozen=True)
class Asked:
    """How a command is asked; Run.command and Out.run say what each word means.

    Without `timeout` it is the command's own limit, or the recorder's; `merge` has standard error written
    into standard output, in its place.
    """

    timeout: float | None = None
    answered: Sequence[int] = ()
    refused: Sequence[int] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    stdin: Path = Path(os.devnull)
    head: int | None = None
    tail: int | None = None
    merge: bool = False


@dataclass(frozen=True)
class Printed:
    """How a command ended and what it printed: `size` bytes, of which `kept` is left; `cut` says what is not.

    `said` is the beginning of its standard error; `too_large` is empty, or why the output cannot be evidence.
    """

    start: datetime
    ended: recorder.Ended
    size: int
    kept: bytes
    cut: str
    said: bytes
    too_large: str = ""


def ask(words: Sequence[str], asked: Asked, env: Mapping[str, str], cwd: Path, timeout: float) -> Printed:
    """Run a command to its end, at most `timeout` seconds, and return what came of it."""
    start = datetime.now(UTC)
    with TemporaryFile() as stdout, TemporaryFile() as stderr:
        ended = recorder.execute(
            words,
            stdout=stdout,
            stderr=stdout if asked.merge else stderr,
            env=env,
            timeout=timeout,
            stdin=asked.stdin,
            cwd=cwd,
        )
        size = os.fstat(stdout.fileno()).st_size
        kept, note, too_large = _kept(stdout, asked)
        stderr.seek(0)
        said = stderr.read(2 * SAID_BYTES)
    return Printed(start, ended, size, kept, note, said, too_large)


def _kept(stdout: BinaryIO, asked: Asked) -> tuple[bytes, str, str]:
    """Return what is kept of the output, what was cut, and why it is too large, if it is."""
    try:
        return *cut(stdout, head=asked.head, tail=asked.tail, limit=MAX_BYTES), ""
    except StoreError as error:
        stdout.seek(0)
        return stdout.read(SAID_BYTES), "", str(error)
