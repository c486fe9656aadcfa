"""Ctrl-C and SIGTERM: one way to be interrupted, and stretches in which that has to wait."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

ASKED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""How a process is asked to end. One that is ignored (nohup, a job in the background) stays ignored."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Have each of these signals raise KeyboardInterrupt, so that what was started is put away."""
    with _handled(signal.default_int_handler):
        yield


@contextmanager
def deferred() -> Iterator[None]:
    """Hold back an interruption until this stretch is over: it has a bound of its own."""
    came: list[int] = []
    try:
        with _handled(lambda number, _frame: came.append(number)):
            yield
    finally:
        for number in came[:1]:
            signal.raise_signal(number)


@contextmanager
def _handled(handler: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """Have `handler` called for these signals; only the main thread can, and only it is interrupted."""
    before = {}
    if threading.current_thread() is threading.main_thread():
        before = {
            number: old
            for number in ASKED
            if (old := signal.getsignal(number)) is not None and old != signal.SIG_IGN
        }
    for number in before:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
