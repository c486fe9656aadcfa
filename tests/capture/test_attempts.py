"""A command that hangs and has one more try: two attempts in the record, the second one's output on file."""

import pytest

from labreport.contract.records import Command, Outcome, Status
from tests.capture.throwaway import Throwaway

HEAD = """
        from labreport.capture.command import Attempt, RetryOnHang

        tries = iter(["{first}", "{second}"])
        cleared = []

        def attempt(run):
            word = next(tries)
            return Attempt(["sh", "-c", word], lambda: cleared.append(word))

        command = RetryOnHang(attempt, timeout=0.5, signs=["the guest gave no answer"], remedy="read on")
"""
HANGS = "echo partial; sleep 60"
GIVES_UP = "echo partial; echo the guest gave no answer >&2; exit 1"
FAILS = "echo no >&2; exit 3"
ANSWERS = "echo whole"


def probe(project: Throwaway, first: str, second: str, then: str = "", call: str = "") -> tuple[Status, str]:
    """Run a command whose two attempts are these; return how the capture ended, and why."""
    body = (
        HEAD.format(first=first, second=second)
        + f'        with run.file("x.txt") as out:\n            out.run(command{call})\n        {then}\n'
    )
    standing = project.probe(body)
    return standing.status, standing.reason


def ends(command: Command) -> tuple[str, bool, int | None, Outcome]:
    """Return what matters of an attempt: its last argument, and how it ended."""
    return command.argv[-1], command.timed_out, command.exit_status, command.outcome


@pytest.mark.parametrize(
    ("first", "end"),
    [
        (HANGS, (HANGS, True, None, Outcome.FAILED)),
        (GIVES_UP, (GIVES_UP, False, 1, Outcome.FAILED)),
    ],
)
def test_one_more_try(project: Throwaway, first: str, end: tuple[str, bool, int | None, Outcome]) -> None:
    """What hung is cleared and stays in the record as it was; the file has the second one's output only."""
    status, reason = probe(project, first, ANSWERS, f"assert cleared == [{first!r}]")
    assert (status, reason) == (Status.CAPTURED, "")
    record = project.record()
    assert project.read() == b"whole\n"
    assert [ends(one) for one in record.commands] == [end, (ANSWERS, False, 0, Outcome.ANSWERED)]
    assert record.commands[0].start < record.commands[1].start
    assert [span.command for span in record.files[0].spans] == [1]


def test_hangs_twice(project: Throwaway) -> None:
    """After the second attempt it is a failure that tells of both, and both are cleared."""
    body = (
        HEAD.format(first=HANGS, second=HANGS)
        + """
        try:
            with run.file("x.txt") as out:
                out.run(command)
        finally:
            assert len(cleared) == 2
        """
    )
    standing = project.probe(body)
    assert standing.status is Status.FAILED
    how = f"sh -c {HANGS}: no end after 0.5 s"
    assert standing.reason.splitlines() == [
        f"{how} (second attempt; the first one hung: no end after 0.5 s): read on",
        "  partial",
    ]


def test_a_failure_is_not_tried_again(project: Throwaway) -> None:
    """A command that fails by itself has its answer: it is run once and nothing is cleared."""
    status, reason = probe(project, FAILS, ANSWERS)
    assert status is Status.FAILED
    assert reason.splitlines() == [f"sh -c {FAILS}: exit status 3", "  no"]


def test_fails_after_it_hung(project: Throwaway) -> None:
    """A second attempt that fails is told with its own reason, and that the first one hung."""
    status, reason = probe(project, HANGS, FAILS)
    assert status is Status.FAILED
    assert reason.splitlines() == [
        f"sh -c {FAILS}: exit status 3 (second attempt; the first one hung: no end after 0.5 s)",
        "  no",
    ]


def test_a_given_limit_comes_first(project: Throwaway) -> None:
    """The caller's limit is the attempts' limit."""
    slow = "sleep 1; echo whole"
    assert probe(project, slow, slow, "assert not cleared", ", timeout=30")[0] is Status.CAPTURED
    assert len(project.record().commands) == 1


def test_a_refusal_is_an_answer(project: Throwaway) -> None:
    """A status that was named as a refusal is no reason for another attempt, whatever it says."""
    assert probe(project, GIVES_UP, ANSWERS, "assert not cleared", ", refused=[1]")[0] is Status.CAPTURED
    assert [one.outcome for one in project.record().commands] == [Outcome.REFUSED]
