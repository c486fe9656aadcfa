"""Ctrl-C and SIGTERM: nothing torn, nothing left."""

import signal
import threading
from pathlib import Path

import pytest

from labreport.capture import signals
from labreport.capture.cleanup import leaks, runs
from tests.capture.process import runs_of, start, wait_for
from tests.capture.throwaway import ONE, Throwaway


@pytest.mark.parametrize("number", signals.ENDING)
def test_interrupted_in_a_command(project: Throwaway, tmp_path: Path, number: signal.Signals) -> None:
    """The command and the daemon it started are gone, what was done before stays, exit status 3."""
    mark = tmp_path / "mark"
    slow = (
        '\n@collector(writes=["z.txt"], after=[one])\ndef z(run: Run) -> None:\n    """Z."""\n'
        f'    run.command(["sh", "-c", "setsid sleep 300 & echo $! > {mark}; sleep 300"])\n'
        '\n@collector(writes=["never.txt"], after=[z])\ndef never(run: Run) -> None:\n    """Never."""\n'
        '    with run.file("never.txt") as out:\n        out.line("x")\n'
    )
    project.module(ONE + slow)
    process = start(project)
    wait_for(mark)
    (run,) = runs_of(process)
    process.send_signal(number)
    assert process.wait(20) == 3
    assert leaks.find(run) == set()
    assert not (runs.runs_folder() / run).exists()
    assert project.verify().verdict == "intact"
    assert project.read("one.txt") == b"ours\ntheirs\n"
    assert not (project.folder / "never.txt").exists()
    assert not (project.folder / ".staging").exists()


def test_an_interruption_waits_for_its_time() -> None:
    """What comes in a deferred stretch is raised at its end, once, whatever else happened."""
    raised: list[signal.Signals] = []

    def interrupt_twice() -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.raise_signal(number)
            raised.append(number)

    with pytest.raises(KeyboardInterrupt), signals.interruptible(), signals.deferred():
        interrupt_twice()
    assert raised == [signal.SIGTERM, signal.SIGINT]


def test_handlers_are_put_back() -> None:
    """Afterwards every signal does what it did before; one that was ignored is ignored all along."""
    before = [signal.getsignal(number) for number in signals.ENDING]
    old = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signals.interruptible(), signals.deferred():
            signal.raise_signal(signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, old)
    assert [signal.getsignal(number) for number in signals.ENDING] == before


def test_another_thread_can_collect() -> None:
    """Outside the main thread signals are left alone."""
    passed = []

    def run() -> None:
        with signals.interruptible(), signals.deferred():
            passed.append(True)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert passed == [True]
