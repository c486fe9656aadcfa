"""What a collector writes, and the spans that say where each line comes from."""

import time

import pytest

from labreport.capture import recorder
from labreport.contract.fields import MAX_BYTES
from labreport.contract.records import Outcome, Span, Status
from tests.capture.throwaway import Throwaway


def spans(project: Throwaway) -> list[tuple[int, int, int | None, str]]:
    """Return the spans of the record's only file."""
    (file,) = project.record().files
    return [(one.start, one.end, one.command, one.cut) for one in file.spans]


def test_lines_of_ours_and_lines_of_commands(project: Throwaway) -> None:
    """Spans tell headings from output, and say how the output was cut."""
    project.probe(
        """
        with run.file("x.txt") as out:
            out.line("heading")
            out.line()
            out.run(["seq", "10"], head=3)
            out.run(["seq", "10"], tail=2)
            out.line("two\\nlines")
        """
    )
    assert project.read() == b"heading\n\n1\n2\n3\n9\n10\ntwo\nlines\n"
    assert spans(project) == [
        (1, 1, None, ""),
        (2, 2, None, ""),
        (3, 5, 0, "first 3 of 10 lines"),
        (6, 7, 1, "last 2 of 10 lines"),
        (8, 9, None, ""),
    ]
    assert [one.bytes for one in project.record().commands] == [21, 21]


def test_an_output_without_line_end(project: Throwaway) -> None:
    """A last line may lack its LF. In the middle of a file an LF is added, and the span says so."""
    body = """
        with run.file("x.txt") as out:
            out.run(["printf", "a"])
            out.run(["printf", "b\\nc"])
        """
    project.probe(body)
    assert project.read() == b"a\nb\nc"
    assert spans(project) == [(1, 1, 0, "a line end was added"), (2, 3, 1, "")]
    assert project.record().files[0].lines == 3


def test_a_file_that_is_opened_again_goes_on(project: Throwaway) -> None:
    """The line numbers go on, and a missing LF is added."""
    project.probe(
        """
        with run.file("x.txt") as out:
            out.run(["printf", "a"])
        with run.file("x.txt") as out:
            out.line("b")
        """
    )
    assert project.read() == b"a\nb\n"
    assert spans(project) == [(1, 1, 0, "a line end was added"), (2, 2, None, "")]


def test_a_command_that_prints_nothing(project: Throwaway) -> None:
    """An empty file is evidence: the command is in the record, and there is no span."""
    project.probe('with run.file("x.txt") as out:\n    out.run(["true"])')
    assert (project.read(), spans(project)) == (b"", [])
    assert project.record().commands[0].argv == ["true"]


@pytest.mark.parametrize("printed", [r"a\000b\n", r"\377\376\n"])
def test_output_that_is_no_text_is_kept_byte_for_byte(project: Throwaway, printed: str) -> None:
    """NUL and invalid UTF-8 are kept unchanged. The file counts as binary, with 0 lines."""
    project.probe(f'with run.file("x.txt") as out:\n    out.run(["printf", {printed!r}])')
    assert project.read() == printed.encode().decode("unicode_escape").encode("latin-1")
    assert project.record().files[0].lines == 0
    assert project.verify().verdict == "intact"


def test_a_refusal_is_an_answer(project: Throwaway) -> None:
    """An exit status in `refused` is a result, and standard error is written to the file."""
    project.probe(
        'with run.file("x.txt") as out:\n    out.run(["sh", "-c", "echo no >&2; exit 9"], refused=[9])'
    )
    command = project.record().commands[0]
    assert (command.outcome, command.exit_status, project.read()) == (Outcome.REFUSED, 9, b"no\n")


def test_an_output_without_what_was_looked_for_is_no_answer(project: Throwaway) -> None:
    """An output that does not match `expect` is a failure, even with exit status 0."""
    standing = project.probe('with run.file("x.txt") as out:\n    out.run(["echo", "hm"], expect="^yes")')
    assert standing.status is Status.FAILED
    assert standing.reason.splitlines() == ["echo hm: the output does not match '^yes'", "  hm"]
    kept = (project.folder / "failed/probe/x.txt").read_text()
    assert kept == f"hm\n{standing.reason}"


def test_standard_error_is_in_the_record(project: Throwaway) -> None:
    """Standard error goes to the record, not to the file."""
    project.probe('with run.file("x.txt") as out:\n    out.run(["sh", "-c", "echo out; echo err >&2"])')
    assert (project.read(), project.record().commands[0].stderr) == (b"out\n", "err\n")


def test_a_failure_keeps_what_was_printed(project: Throwaway) -> None:
    """The output of a failed command is kept in failed/, with the reason. It does not become evidence."""
    body = """
        with run.file("x.txt") as out:
            out.line("before")
            out.run(["sh", "-c", "seq 5; echo why >&2; exit 7"])
        """
    standing = project.probe(body)
    assert standing.status is Status.FAILED
    assert standing.reason.splitlines() == ["sh -c seq 5; echo why >&2; exit 7: exit status 7", "  why"]
    kept = (project.folder / "failed/probe/x.txt").read_text()
    assert kept.startswith("before\n1\n2\n3\n4\n5\n")
    assert (project.folder / "failed/probe/why.txt").read_text() == standing.reason + "\n"
    assert not (project.folder / "x.txt").exists()


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        ('["sleep", "60"], timeout=0.3', "no end after 0.3 s"),
        ('["sh", "-c", "kill -SEGV $$"]', "ended by signal 11"),
        ('["no-such-program"]', "no-such-program: not on PATH"),
        ('"ip addr"', "a command is a list of texts"),
        ("[]", "a command is a list of texts"),
        ('["echo", "a\\0b"]', "cannot contain NUL"),
        ('["head", "-c", "9M", "/dev/zero"]', "at most 8388608 are evidence: compress it, or cut"),
        ('["seq", "3"], head=1, tail=1', "head or tail, not both"),
    ],
)
def test_each_way_to_fail_has_its_reason(project: Throwaway, call: str, reason: str) -> None:
    """A command that hangs, crashes, does not exist, is malformed or prints too much has one clear reason."""
    standing = project.probe(f'with run.file("x.txt") as out:\n    out.run({call})')
    assert standing.status is Status.FAILED
    assert reason in standing.reason
    assert len(standing.reason.splitlines()) <= 4


def test_a_command_that_prints_for_ever(project: Throwaway, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is killed at the limit, even with `head`, and the error names it."""
    monkeypatch.setattr(recorder, "OUTPUT_LIMIT", 1 << 20)
    standing = project.probe('with run.file("x.txt") as out:\n    out.run(["yes"], head=1)')
    assert standing.status is Status.FAILED
    assert standing.reason.splitlines()[0] == "yes: printed over 1 MiB: limit the output at its source"


def test_the_head_of_a_large_output(project: Throwaway) -> None:
    """`head` cuts an output that is too large for evidence, and the span says how many lines there were."""
    project.probe('with run.file("x.txt") as out:\n    out.run(["seq", "5000000"], head=1)')
    assert project.read() == b"1\n"
    assert spans(project) == [(1, 1, 0, "first 1 of 5000000 lines")]


@pytest.mark.slow
def test_a_collector_that_writes_too_much_in_all(project: Throwaway) -> None:
    """Outputs that are too large together are refused, and the error names the file."""
    body = """
        with run.file("x.txt") as out:
            out.run(["head", "-c", "5M", "/dev/zero"])
            out.run(["head", "-c", "5M", "/dev/zero"])
        """
    standing = project.probe(body)
    assert standing.status is Status.FAILED
    assert standing.reason.startswith("x.txt: 1048576")


@pytest.mark.parametrize(
    ("key", "kind", "reason"),
    [
        ("nothing", "int", "settings.nothing: not there: add it"),
        ("nested.word.deep", "str", "settings.nested.word.deep: not there"),
        ("answer", "str", "settings.answer: 42 is not of type str"),
    ],
)
def test_a_setting_that_is_not_there_or_of_another_type(
    project: Throwaway, key: str, kind: str, reason: str
) -> None:
    """The error names lab.yml and the key."""
    standing = project.probe(f'run.setting("{key}", {kind})')
    assert standing.status is Status.FAILED
    assert standing.reason.startswith(f"collectors/{project.name}/lab.yml: {reason}")


def test_commands_run_where_the_evidence_grows(project: Throwaway) -> None:
    """A command can read a file that the collector wrote before. What the command writes is dropped."""
    body = """
        with run.file("sub/x.txt") as out:
            out.line("3")
        with run.file("y.txt") as out:
            out.run(["sh", "-c", "cat sub/x.txt; echo stray > stray.txt"])
        """
    assert project.probe(body, 'writes=["sub/x.txt", "y.txt"]').status is Status.CAPTURED
    assert project.read("y.txt") == b"3\n"
    assert not (project.folder / "stray.txt").exists()


def test_a_file_that_a_command_writes_into_is_refused(project: Throwaway) -> None:
    """A file with lines that the record cannot explain is refused."""
    standing = project.probe(
        'with run.file("x.txt") as out:\n    out.line("a")\n    run.command(["sh", "-c", "echo b >> x.txt"])'
    )
    assert (standing.status, standing.reason) == (
        Status.FAILED,
        "x.txt: has lines that the collector did not write: find out which command writes into it",
    )


def test_span_fields_are_what_the_schema_says() -> None:
    """Line numbers of a span start at 1."""
    with pytest.raises(ValueError, match="greater than or equal to 1"):
        Span(start=0, end=1)


SHARED = '''
from contextlib import contextmanager


@contextmanager
def server(run):
    run.session.working("made")
    (run.folder / "server").write_text("up")
    yield "server"
    (run.folder / "server").unlink()


@collector(writes=["a.txt"])
def first(run: Run) -> None:
    """First."""
    with run.file("a.txt") as out:
        out.line(run.resource(server) + str((run.folder / "server").exists()))


@collector(writes=["b.txt"], after=[first])
def second(run: Run) -> None:
    """Second."""
    run.teardown(server)
    run.teardown(server)
    with run.file("b.txt") as out:
        out.line(str((run.folder / "server").exists()))


@collector(writes=["c.txt"], after=[second])
def third(run: Run) -> None:
    """Third."""
    with run.file("c.txt") as out:
        out.line(run.resource(server) + str((run.folder / "server").exists()))
'''


def test_a_shared_resource_can_be_torn_down_early(project: Throwaway) -> None:
    """A collector can tear down a shared resource early. The next one that uses it gets a new one."""
    project.module(SHARED)
    ended = project.collect()
    assert {standing.status for name, standing in ended.items() if name in {"first", "second", "third"}} == {
        "captured"
    }, ended
    assert [project.read(f"{name}.txt") for name in "abc"] == [b"serverTrue\n", b"False\n", b"serverTrue\n"]


@pytest.mark.parametrize("how", ["truncate -s 10G x.txt", "yes more >> x.txt"])
def test_a_command_that_makes_an_evidence_file_large(
    project: Throwaway, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that writes into an open evidence file is killed at once, and nothing large is kept."""
    monkeypatch.setattr(recorder, "OUTPUT_LIMIT", 16 << 20)
    began = time.monotonic()
    status = project.probe(f'with run.file("x.txt") as out:\n    out.run(["sh", "-c", "{how}; sleep 60"])')
    assert time.monotonic() - began < 40
    assert status.status is Status.FAILED
    assert f"bytes, at most {MAX_BYTES}: compress it" in status.reason
    kept = project.folder / "failed/probe/x.txt"
    assert kept.stat().st_size <= MAX_BYTES


@pytest.mark.slow
def test_a_file_that_would_be_too_large(project: Throwaway) -> None:
    """A collector that writes without end is stopped before the file is larger than evidence may be."""
    status = project.probe("""
        with run.file("x.txt") as out:
            for _line in range(12):
                out.line("x" * (1 << 20))
    """)
    assert status.status is Status.FAILED
    assert status.reason.startswith(f"x.txt: {8 * (1 << 20) + 8} bytes, at most {MAX_BYTES}: compress it")
