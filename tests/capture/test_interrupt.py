"""Ctrl-C and SIGTERM: evidence is intact, and nothing is left behind."""

import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from labreport.capture import recorder, signals
from labreport.capture.cleanup import leaks, runs
from labreport.capture.session import session
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


def test_patience_ends_after_a_signal() -> None:
    """A wait has all its seconds, a few after a signal, and hardly any after a second one."""
    left: list[tuple[float, ...]] = []

    def note(*waits: signals.Patience) -> None:
        left.append(tuple(round(wait.left(), 1) for wait in waits))

    with suppress(KeyboardInterrupt), signals.interruptible(30.0), signals.deferred():
        long, short = signals.Patience(100), signals.Patience(10)
        note(long, short)
        for _signal in range(2):
            signal.raise_signal(signal.SIGTERM)
            note(long, short, signals.Patience(100))
    assert left[:2] == [(100, 10), (30, 10, 30)]
    assert max(left[2]) <= signals.HASTY_SECONDS
    assert left[2][2] > 0
    assert signals.Patience(0).over()
    assert round(signals.Patience(100).left()) == 100


def test_a_second_signal_does_not_break_a_teardown_off() -> None:
    """It hastens the teardown; only a third one raises KeyboardInterrupt in the middle of it."""
    steps: list[str] = []

    def interrupted() -> None:
        with signals.interruptible():
            try:
                signal.raise_signal(signal.SIGTERM)
            finally:
                with signals.deferred():
                    signal.raise_signal(signal.SIGTERM)
                steps.append("second")
                with suppress(KeyboardInterrupt):
                    signal.raise_signal(signal.SIGTERM)
                    steps.append("third")

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert steps == ["second"]


class Swallows:
    """Receives a signal in its destructor, where Python ignores the KeyboardInterrupt."""

    def __del__(self) -> None:
        """Receive the signal."""
        signal.raise_signal(signal.SIGTERM)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_signal_that_python_ignores_is_not_lost() -> None:
    """The command that runs then, or the next one, is interrupted."""
    began = time.monotonic()

    def interrupted() -> None:
        with signals.interruptible():
            Swallows()
            recorder.output(["sleep", "60"], timeout=60)

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert time.monotonic() - began < 5


def test_a_teardown_runs_its_commands() -> None:
    """The commands of a teardown are not interrupted by the signal that began it."""
    printed: list[str] = []

    def interrupted() -> None:
        with signals.interruptible():
            try:
                signal.raise_signal(signal.SIGTERM)
            finally:
                printed.append(recorder.output(["echo", "cleared"]))

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert printed == ["cleared"]


def test_a_deferred_signal_counts_once() -> None:
    """Raised again at the end of a deferred block, it is still the first one."""
    with signals.interruptible():
        with pytest.raises(KeyboardInterrupt), signals.deferred():
            signal.raise_signal(signal.SIGTERM)
        assert round(signals.Patience(100).left()) == round(signals.TEARDOWN_SECONDS)


@pytest.mark.slow
@pytest.mark.parametrize("times", [1, 2])
def test_a_teardown_that_hangs_is_cut_short(project: Throwaway, tmp_path: Path, times: int) -> None:
    """One signal gives it TEARDOWN_SECONDS, a second one ends it at once. The next collect does the rest."""
    mark = tmp_path / "mark"
    project.collector(f"""
        run.undo(["sh", "-c", "[ -e {tmp_path}/second ] && touch {tmp_path}/undone || sleep 60"])
        run.command(["sh", "-c", "echo x > {mark}; sleep 300"])
    """)
    process = start(project)
    wait_for(mark)
    (run,) = runs_of(process)
    began = time.monotonic()
    for _signal in range(times):
        process.send_signal(signal.SIGTERM)
        time.sleep(0.7)
    assert process.wait(20) == 3
    assert time.monotonic() - began < (signals.TEARDOWN_SECONDS + 3 if times == 1 else 5)
    assert (runs.runs_folder() / run).exists()
    (tmp_path / "second").touch()
    project.probe('with run.file("x.txt") as out: out.line("x")')
    assert (tmp_path / "undone").exists()
    assert not (runs.runs_folder() / run).exists()


@pytest.mark.slow
def test_what_is_left_is_said() -> None:
    """The interruption names what the next run has to clear."""
    names: list[str] = []

    def interrupted() -> None:
        with signals.interruptible(), session(lambda _text: None) as shared:
            names.append(shared.name)
            runs.note_undo(shared.folder, ["sleep", "2"], {}, None)
            try:
                signal.raise_signal(signal.SIGTERM)
            finally:
                signal.raise_signal(signal.SIGTERM)

    with pytest.raises(KeyboardInterrupt, match="left for the next run to clear: its undo commands"):
        interrupted()
    assert set(names) <= set(runs.clear_dead_runs())


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
