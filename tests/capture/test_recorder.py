"""The environment in which commands run, and how they are ended."""

import hashlib
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from labreport.capture import recorder
from labreport.capture.cleanup import leaks
from labreport.capture.command import CommandSpec, Ended
from labreport.capture.recorder import CommandNotFoundError, environment, execute


def shell(script: str, timeout: float | None = None) -> tuple[Ended, bytes]:
    """Run a shell script through the recorder; return how it ended and what it printed on both streams."""
    with TemporaryFile() as out:
        command = CommandSpec(["sh", "-c", script], timeout=timeout)
        ended = execute(command, stdout=out, stderr=out, env=environment("labtest"))
        out.seek(0)
        return ended, out.read(1 << 20)


def gone(pid: int) -> bool:
    """Wait up to two seconds for a process to end; return whether it did."""
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.02)
    return False


def test_no_terminal_an_own_session_and_no_input() -> None:
    """A command has no terminal at all. It leads its session, and reads /dev/null."""
    script = """
import os, sys
print([os.isatty(n) for n in (0, 1, 2)], os.getsid(0) == os.getpid(), os.readlink("/proc/self/fd/0"))
print(open("/proc/self/stat").read().rsplit(")", 1)[1].split()[4], repr(sys.stdin.read()))
"""
    with TemporaryFile() as out:
        command = CommandSpec([sys.executable, "-c", script])
        execute(command, stdout=out, stderr=out, env=environment("labtest"))
        out.seek(0)
        assert out.read().decode() == "[False, False, False] True /dev/null\n0 ''\n"


def test_the_environment_is_as_promised() -> None:
    """A command gets the caller's PATH and HOME, a fixed locale and time zone, and the run's name."""
    _ended, printed = shell("env")
    keys = {line.partition("=")[0] for line in printed.decode().splitlines()} - {
        "PWD",
        "_",
        "SHLVL",
        "OLDPWD",
    }
    assert keys == {"PATH", "HOME", "LC_ALL", "TZ", "TERM", "NO_COLOR", "LAB_RUN"} - (
        set() if "HOME" in os.environ else {"HOME"}
    )
    assert b"LAB_RUN=labtest\n" in printed


@pytest.mark.parametrize(
    ("script", "status"), [("exit 0", 0), ("exit 3", 3), ("exit 255", 255), ("kill -9 $$", -9)]
)
def test_the_exit_status_is_the_commands(script: str, status: int) -> None:
    """Every exit status is returned, a signal as its negative number. None raises an exception."""
    assert shell(script)[0].exit_status == status


@pytest.mark.slow
def test_the_time_limit_ends_the_whole_group() -> None:
    """A command that hangs, ignores SIGTERM and has a child is killed at its limit, and so is the child."""
    began = time.monotonic()
    ended, printed = shell("trap '' TERM; sleep 60 & echo $!; wait; sleep 60", timeout=0.5)
    assert ended.timed_out
    assert time.monotonic() - began < 5
    assert gone(int(printed))


def test_a_dying_process_group_is_waited_for() -> None:
    """After a command was killed at its limit, nothing of its group runs. It would be taken for a leak."""
    for _again in range(10):
        with TemporaryFile() as file:
            environ = environment("lab0dead0dy")
            command = CommandSpec(["sh", "-c", "sleep 60; :"], timeout=0.05)
            execute(command, stdout=file, stderr=file, env=environ)
        assert list(leaks.processes("lab0dead0dy")) == []


def test_a_background_child_ends_with_its_leader() -> None:
    """What a command leaves running in its process group is killed at once."""
    began = time.monotonic()
    ended, printed = shell("sleep 60 & echo $!")
    assert (ended.exit_status, ended.timed_out) == (0, False)
    assert time.monotonic() - began < 2
    assert gone(int(printed))


@pytest.mark.parametrize("stream", ["1", "2"])
def test_output_without_bounds_is_ended(stream: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that prints more than the limit, on either stream, is killed."""
    monkeypatch.setattr(recorder, "OUTPUT_LIMIT", 1 << 20)
    command = CommandSpec(["sh", "-c", f"yes >&{stream}"])
    began = time.monotonic()
    with TemporaryFile() as out, TemporaryFile() as err:
        ended = execute(command, stdout=out, stderr=err, env=environment("labtest"))
    assert ended.output_exceeded
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "script", ["truncate -s 10G", "fallocate --keep-size --length 1G", "dd if=/dev/null bs=1 seek=10G of="]
)
@pytest.mark.parametrize("then", ["sleep 8", "true"])
def test_sparse_output_is_refused_at_once(script: str, then: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Output counts by its size and by its blocks: a file that claims to be large is not read as such."""
    monkeypatch.setattr(recorder, "OUTPUT_LIMIT", 8 << 20)
    monkeypatch.setattr(recorder, "SPARE_BLOCKS", 0)
    last = "" if script.endswith("=") else " "
    command = CommandSpec(["sh", "-c", f"{script}{last}/proc/self/fd/1 2>/dev/null || exit 9; {then}"])
    began = time.monotonic()
    with TemporaryFile() as out, TemporaryFile() as err:
        ended = execute(command, stdout=out, stderr=err, env=environment("labtest"))
        status = os.fstat(out.fileno())
    if ended.exit_status == 9:
        pytest.skip("this file system allocates no blocks beyond the end of a file")
    assert ended.output_exceeded
    assert time.monotonic() - began < 5
    assert status.st_size <= 8 << 20


def test_a_large_hole_in_an_output_takes_no_space() -> None:
    """A write behind a hole is refused by the file's size, and what is kept of the file is still sparse."""
    write = "import os; os.lseek(1, 1 << 40, os.SEEK_SET); os.write(1, b'x')"
    with TemporaryFile() as out:
        command = CommandSpec([sys.executable, "-c", write])
        ended = execute(command, stdout=out, stderr=out, env=environment("labtest"))
        status = os.fstat(out.fileno())
    assert ended.output_exceeded
    assert (status.st_size, status.st_blocks) == (recorder.OUTPUT_LIMIT, 0)


def test_another_file_is_watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that makes another file too large is killed as well."""
    monkeypatch.setattr(recorder, "OUTPUT_LIMIT", 1 << 20)
    large = tmp_path / "large"
    command = CommandSpec(["sh", "-c", f"truncate -s 10G {large}; sleep 8"])
    with TemporaryFile() as out:
        environ = environment("labtest")
        ended = execute(command, stdout=out, stderr=out, env=environ, files=[large, tmp_path / "none"])
    assert ended.output_exceeded
    assert ended.seconds < 5


@pytest.mark.parametrize("argv", [[], "ip addr", ["echo", 5], ["echo", None], ["echo", b"x"]])
def test_arguments_that_are_no_list_of_texts_are_refused(argv: list[str]) -> None:
    """Arguments that sh would drop or rewrite are refused, and the error says what a command is."""
    with TemporaryFile() as out, pytest.raises(TypeError, match="a list of texts, the program first"):
        execute(CommandSpec(argv), stdout=out, stderr=out, env=environment("labtest"))


def test_a_nul_in_an_argument_is_refused() -> None:
    """No argument can contain NUL. Nothing is started."""
    with TemporaryFile() as out, pytest.raises(ValueError, match="cannot contain NUL"):
        execute(CommandSpec(["echo", "a\0b"]), stdout=out, stderr=out, env=environment("labtest"))


def test_arguments_arrive_as_they_are() -> None:
    """Globs, quotes, empty texts, line ends and a leading dash reach the command unchanged."""
    argv = ["*", "", "a b", "'", '"', "$HOME", "-n", "x\ny", "é\U0001f600", "--a=b"]
    with TemporaryFile() as out:
        command = CommandSpec([sys.executable, "-c", "import sys; print(sys.argv[1:])", *argv])
        execute(command, stdout=out, stderr=out, env=environment("labtest"))
        out.seek(0)
        assert out.read().decode() == f"{argv}\n"


def test_a_command_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The error names a program that is not on PATH or not executable, and the remedy."""
    plain = tmp_path / "plain"
    plain.write_text("x")
    for program in ("no-such-program", str(plain)):
        with TemporaryFile() as out, pytest.raises(CommandNotFoundError, match=f"{program}: not on PATH"):
            execute(CommandSpec([program]), stdout=out, stderr=out, env=environment("labtest"))


@pytest.mark.parametrize("name", ["labtest", ""])
@pytest.mark.parametrize("text", ["#!/no/such/interpreter\n", "no program", ""])
def test_a_program_that_cannot_start_is_named(tmp_path: Path, name: str, text: str) -> None:
    """A missing interpreter or a file in no format for programs is an error of one line, with a remedy."""
    program = tmp_path / "program"
    program.write_text(text)
    program.chmod(0o755)
    with TemporaryFile() as out, pytest.raises(CommandNotFoundError) as caught:
        execute(CommandSpec([str(program)]), stdout=out, stderr=out, env=environment(name))
    assert str(caught.value).startswith(f"{program}: cannot be started")
    assert "\n" not in str(caught.value)
    assert recorder.output([str(program)]) == ""


def test_an_executable_is_hashed_where_the_command_finds_it(tmp_path: Path) -> None:
    """The program is found on the PATH of the command, and recorded by its absolute path."""
    tool = tmp_path / "tool"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    found = recorder.executable("tool", str(tmp_path))
    assert found.path == str(tool)
    digest = subprocess.run(["sha256sum", tool], capture_output=True, text=True, check=True).stdout.split()[0]
    assert found.sha256 == digest


def test_a_hash_is_of_the_file_that_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that changed is hashed again."""
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    tool = tmp_path / "tool"
    hashes = []
    for text in ("#!/bin/sh\n", "#!/bin/sh\nexit 1\n"):
        tool.write_text(text)
        tool.chmod(0o755)
        hashes.append(recorder.executable("tool").sha256)
        assert hashes[-1] == hashlib.sha256(text.encode()).hexdigest()
    assert hashes[0] != hashes[1]


def test_a_long_answer_does_not_block() -> None:
    """An answer that is larger than a pipe's buffer is returned whole."""
    assert len(recorder.output(["seq", "40000"], timeout=5)) > 200_000


def test_an_answer_that_is_too_long_counts_as_none() -> None:
    """`output` returns no part of an answer: an answer over 1 MiB counts as none."""
    assert recorder.output(["head", "-c", "2M", "/dev/zero"], timeout=5) == ""


def test_a_gigabyte_takes_no_memory() -> None:
    """A command that prints 1 GiB is killed, and this process grows by less than a tenth of that."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with TemporaryFile() as out:
        command = CommandSpec(["head", "-c", "1G", "/dev/zero"], timeout=60)
        ended = execute(command, stdout=out, stderr=out, env=environment("labtest"))
        size = os.fstat(out.fileno()).st_size
    assert ended.output_exceeded or size == 1 << 30
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 << 10


def test_a_server_is_stopped_with_its_group(tmp_path: Path) -> None:
    """A server runs until it is stopped, and its children are stopped with it."""
    log = tmp_path / "log"
    server = recorder.start(["sh", "-c", "sleep 60 & echo $!; wait"], log=log, env=environment("labtest"))
    deadline = time.monotonic() + 5
    while not log.read_text().strip() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert server.alive()
    server.stop(grace=1)
    assert not server.alive()
    assert gone(int(log.read_text()))
