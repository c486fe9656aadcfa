"""Ctrl-C and SIGTERM: interrupt a collect cleanly, or wait while it must not be interrupted.

The first signal starts a teardown, which may take TEARDOWN_SECONDS. A second one hastens it: whatever waits
then (see Patience) has HASTY_SECONDS. A third one interrupts even that.
"""

import math
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""The signals that ask a process to end. A signal that is ignored stays ignored (nohup, background jobs)."""

TEARDOWN_SECONDS = 7.0
"""Seconds after the first signal in which a teardown can wait for others: containerd, a shim, a process."""

HASTY_SECONDS = 0.5
"""Seconds that each wait has after that, or after a second signal. What it waits for is killed then."""

SECOND = 2

_received: list[float] = []
"""When the signals came, by the monotonic clock, since the outermost block of this module began."""

_teardown: list[float] = [TEARDOWN_SECONDS]
"""The seconds of the teardown of each `interruptible` block that the main thread is in."""

_blocks: list[str] = []
"""The blocks of this module that the main thread is in, the innermost last."""


@contextmanager
def interruptible(teardown: float = TEARDOWN_SECONDS) -> Iterator[None]:
    """Let the first of these signals raise KeyboardInterrupt, so that everything started is torn down.

    The teardown can wait for others for `teardown` seconds. A second signal hastens it. Each further one
    raises KeyboardInterrupt again.
    """

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        _received.append(time.monotonic())
        if len(_received) != SECOND:
            raise KeyboardInterrupt

    with _handled("interruptible", interrupt):
        _teardown.append(teardown)
        try:
            yield
        finally:
            _teardown.pop()


@contextmanager
def deferred() -> Iterator[None]:
    """Defer these signals until the block ends. The block must end in a bounded time (see Patience)."""
    numbers: list[int] = []
    before = len(_received)

    def note(number: int, _frame: FrameType | None) -> None:
        _received.append(time.monotonic())
        numbers.append(number)

    try:
        with _handled("deferred", note):
            yield
    finally:
        if numbers and before + len(numbers) != SECOND * bool(before):
            _raise_again(numbers[0])


def _raise_again(number: int) -> None:
    """Raise a signal that was deferred. It does not count twice."""
    counted = _received.copy()
    _received.clear()
    try:
        signal.raise_signal(number)
    finally:
        _received[:] = counted


def check() -> None:
    """Raise KeyboardInterrupt if a signal did and nobody noticed, outside deferred blocks.

    Python ignores an exception in a destructor or in what it calls at a fork. Whatever waits calls this.
    """
    if _received and _blocks[-1:] == ["interruptible"] and not _tears_down():
        raise KeyboardInterrupt


def _tears_down() -> bool:
    """Return whether the code that runs is there because of a KeyboardInterrupt."""
    error = sys.exc_info()[1]
    while error and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None


def _end() -> float:
    """Return when the waits of a teardown end, by the monotonic clock."""
    if not _received:
        return math.inf
    return _received[0] + _teardown[-1] if len(_received) == 1 else -math.inf


@dataclass(frozen=True)
class Patience:
    """How long to wait for something: `seconds`, less after a signal, hardly at all after a second one."""

    seconds: float
    began: float = field(default_factory=time.monotonic)

    def left(self) -> float:
        """Return the seconds that are left, now; 0 if none are."""
        latest = max(_end(), self.began + HASTY_SECONDS)
        return max(0.0, min(self.began + self.seconds, latest) - time.monotonic())

    def over(self) -> bool:
        """Return whether the time is over, now."""
        return self.left() <= 0


@contextmanager
def _handled(block: str, handler: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """Call `handler` for these signals, in the main thread only: Python handles no signal in others."""
    before = {}
    if threading.current_thread() is threading.main_thread():
        before = {
            number: old
            for number in ENDING
            if (old := signal.getsignal(number)) is not None and old != signal.SIG_IGN
        }
    for number in before:
        signal.signal(number, handler)
    _blocks.extend([block] if before else [])
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
        if before:
            _blocks.pop()
        if before and not _blocks:
            _received.clear()
