"""How a command is described, and a command that is run again because it hung."""

import pytest

from labreport.capture.command import CommandSpec, takes
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
    """Run a command that has these two attempts; return the status of the capture, and the reason."""
    body = (
        HEAD.format(first=first, second=second)
        + f'        with run.file("x.txt") as out:\n            out.run(command{call})\n        {then}\n'
    )
    standing = project.probe(body)
    return standing.status, standing.reason


def ends(command: Command) -> tuple[str, bool, int | None, Outcome]:
    """Return the last argument of an attempt, and how it ended."""
    return command.argv[-1], command.timed_out, command.exit_status, command.outcome


@pytest.mark.parametrize(
    ("first", "end"),
    [
        (HANGS, (HANGS, True, None, Outcome.FAILED)),
        (GIVES_UP, (GIVES_UP, False, 1, Outcome.FAILED)),
    ],
)
def test_one_more_try(project: Throwaway, first: str, end: tuple[str, bool, int | None, Outcome]) -> None:
    """The attempt that hung is cleared and recorded. The file has the output of the second attempt only."""
    status, reason = probe(project, first, ANSWERS, f"assert cleared == [{first!r}]")
    assert (status, reason) == (Status.CAPTURED, "")
    record = project.record()
    assert project.read() == b"whole\n"
    assert [ends(one) for one in record.commands] == [end, (ANSWERS, False, 0, Outcome.ANSWERED)]
    assert record.commands[0].start < record.commands[1].start
    assert [span.command for span in record.files[0].spans] == [1]


def test_hangs_twice(project: Throwaway) -> None:
    """After the second attempt the command failed. The error mentions both attempts, and both are cleared."""
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
    """A command that fails without hanging is run once, and nothing is cleared."""
    status, reason = probe(project, FAILS, ANSWERS)
    assert status is Status.FAILED
    assert reason.splitlines() == [f"sh -c {FAILS}: exit status 3", "  no"]


def test_fails_after_it_hung(project: Throwaway) -> None:
    """The error has the reason of the second attempt, and says that the first one hung."""
    status, reason = probe(project, HANGS, FAILS)
    assert status is Status.FAILED
    assert reason.splitlines() == [
        f"sh -c {FAILS}: exit status 3 (second attempt; the first one hung: no end after 0.5 s)",
        "  no",
    ]


def test_a_given_limit_comes_first(project: Throwaway) -> None:
    """The caller's time limit replaces that of the attempts."""
    slow = "sleep 1; echo whole"
    assert probe(project, slow, slow, "assert not cleared", ", timeout=30")[0] is Status.CAPTURED
    assert len(project.record().commands) == 1


def test_a_refusal_is_an_answer(project: Throwaway) -> None:
    """An exit status in `refused` is never a reason for another attempt."""
    assert probe(project, GIVES_UP, ANSWERS, "assert not cleared", ", refused=[1]")[0] is Status.CAPTURED
    assert [one.outcome for one in project.record().commands] == [Outcome.REFUSED]


def test_a_method_takes_the_arguments_of_the_spec() -> None:
    """The method gets one object. An argument that the object does not have is an error."""

    class Taker:
        @takes(CommandSpec)
        def take(self, command: CommandSpec) -> CommandSpec:
            """Return the command."""
            return command

    assert Taker().take(["seq", "3"], head=1) == CommandSpec(["seq", "3"], head=1)
    assert Taker().take.__doc__ == "Return the command."
    with pytest.raises(TypeError, match="unexpected keyword argument 'haed'"):
        Taker().take(["seq", "3"], haed=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="positional argument"):
        Taker().take(["seq", "3"], 1)  # type: ignore[call-arg]


@pytest.mark.parametrize("call", ["run.command", "out.run"])
def test_both_ways_to_run_a_command_take_the_same(project: Throwaway, call: str) -> None:
    """An unknown argument, or an output that does not match, fails the collector in both."""
    body = 'with run.file("x.txt") as out:\n    '
    standing = project.probe(f'{body}{call}(["echo", "hm"], expects="^yes")')
    assert "unexpected keyword argument 'expects'" in standing.reason
    standing = project.probe(f'{body}{call}(["echo", "hm"], expect="^yes")')
    assert standing.reason.splitlines() == ["echo hm: the output does not match '^yes'", "  hm"]


def test_a_command_reads_a_file_and_keeps_a_part(project: Throwaway) -> None:
    """`run.command` honours stdin, env, tail and refused; a refusal includes standard error."""
    source = project.root / "words"
    source.write_text("one\ntwo\nthree\n")
    project.probe(
        f"""
        from pathlib import Path
        script = 'cat; echo "$WORD" >&2; exit 4'
        result = run.command(
            ["sh", "-c", script], stdin=Path({str(source)!r}), env={{"WORD": "no"}}, tail=2, refused=[4]
        )
        with run.file("x.txt") as out:
            out.line(f"{{result.text!r}} {{result.outcome}} {{result.exit_status}} {{result.cut}}")
        """
    )
    assert project.read() == b"'three\\nno\\n' refused 4 last 2 of 4 lines\n"
