"""The two streams that commands print to. It imports little: `lab --help` needs it."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, Any

from labreport.contract.errors import ExitStatus, LabError
from labreport.report.printed import printed_line

if TYPE_CHECKING:
    from pathlib import Path

_NAMES = ("stdin", "stdout", "stderr")


class OutputError(LabError):
    """Standard output cannot be written."""

    exit_status = ExitStatus.CANNOT_RUN


class ReaderGoneError(Exception):
    """Whoever read standard output has closed it, as `head -1` does. This is no error of anyone."""


def keep_streams() -> None:
    """Open the standard streams that are closed, and let them print any character in some way.

    Without this, the next file that is opened would get the number of a closed stream, and its content.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) < len(_NAMES):
        pass
    os.close(descriptor)
    for number, name in enumerate(_NAMES):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, "w" if number else "r", closefd=False))
        stream = getattr(sys, name)
        if number and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def write(data: bytes) -> None:
    """Write bytes to standard output as they are; raise OutputError or ReaderGoneError."""
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
    except BrokenPipeError as error:
        _silence(sys.stdout)
        raise ReaderGoneError from error
    except OSError as error:
        _silence(sys.stdout)
        what = f"cannot be written ({error.strerror})"
        raise OutputError(what, "make room, or write to another file", path="standard output") from error


def save(path: Path, data: bytes) -> None:
    """Write a file. An OSError has the path, which that of a full disk lacks otherwise."""
    try:
        path.write_bytes(data)
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


def line(text: str, *, err: bool = False) -> None:
    """Print one line, on standard error with `err`; what could act on a terminal is escaped."""
    document(f"{printed_line(text)}\n", err=err)


def document(text: str, *, err: bool = False) -> None:
    """Print text of several lines, in which everything is escaped already."""
    if not err:
        write(text.encode(sys.stdout.encoding, "backslashreplace"))
        return
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:  # there is nobody to tell
        _silence(sys.stderr)


def finish() -> None:
    """Write what is left in the buffer of standard output, without a complaint of Python at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        _silence(sys.stdout)


def _silence(stream: Any) -> None:
    """Send what is left in the buffer of a stream to nowhere: Python would complain at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
