"""Ctrl-C and SIGTERM: interrupt a collect cleanly, or wait while it must not be interrupted."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""The signals that ask a process to end. A signal that is ignored stays ignored (nohup, background jobs)."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Let each of these signals raise KeyboardInterrupt, so that everything started is torn down."""
    with _handled(signal.default_int_handler):
        yield


@contextmanager
def deferred() -> Iterator[None]:
    """Defer these signals until the block ends. The block must end in a bounded time."""
    received: list[int] = []
    try:
        with _handled(lambda number, _frame: received.append(number)):
            yield
    finally:
        for number in received[:1]:
            signal.raise_signal(number)


@contextmanager
def _handled(handler: Callable[[int, FrameType | None], object]) -> Iterator[None]:
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
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
