"""Ctrl-C and SIGTERM: evidence is intact, and nothing is left behind."""

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
    """The command and its daemon are killed, earlier captures stay, and the exit status is 3."""
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
    assert not list(project.folder.glob(".staging*"))


def test_an_interruption_waits_for_its_time() -> None:
    """A signal in a deferred block raises KeyboardInterrupt once, at the end of the block."""
    raised: list[signal.Signals] = []

    def interrupt_twice() -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.raise_signal(number)
            raised.append(number)

    with pytest.raises(KeyboardInterrupt), signals.interruptible(), signals.deferred():
        interrupt_twice()
    assert raised == [signal.SIGTERM, signal.SIGINT]


def test_handlers_are_put_back() -> None:
    """Afterwards every signal has its old handler. A signal that is ignored stays ignored inside, too."""
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
    """Outside the main thread, signal handlers are not changed."""
    passed = []

    def run() -> None:
        with signals.interruptible(), signals.deferred():
            passed.append(True)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert passed == [True]
