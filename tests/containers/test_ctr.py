"""One command in a new container."""

from collections.abc import Callable
from pathlib import Path

import pytest

from labreport.capture.command import CommandFailedError
from labreport.capture.run import Run
from labreport.capture.session import LeakError, Session, session
from labreport.containers.ctr import in_kata, in_runc
from labreport.containers.images import busybox
from labreport.contract.records import Outcome
from tests.containers.host_state import host_state, new_things


def test_prints(run: Run) -> None:
    """The output of the command is recorded, and so is its image."""
    assert run.command(in_runc("echo", "a  b", "", "$HOME")).text == "a  b  $HOME\n"
    assert run.images["alpine"].source.startswith("made from busybox-static 1.")
    assert run.commands[-1].argv[-4:] == ["echo", "a  b", "", "$HOME"]


def test_exit_status(run: Run) -> None:
    """The exit status is that of the command: a failure, or a refusal if the caller says so."""
    with pytest.raises(CommandFailedError, match="exit status 7"):
        run.command(in_runc("sh", "-c", "exit 7"))
    assert run.command(in_runc("sh", "-c", "exit 7"), refused=[7]).outcome is Outcome.REFUSED


def test_no_such_command(run: Run) -> None:
    """A command that the image does not have is an error that names it."""
    with pytest.raises(CommandFailedError, match="not found"):
        run.command(in_runc("no-such-command"))


def test_options(run: Run) -> None:
    """Options of `ctr run` are passed on. Without the option `--seccomp`, ctr applies no profile."""
    words = ("grep", "^Seccomp:", "/proc/1/status")
    assert run.command(in_runc(*words)).text.split() == ["Seccomp:", "0"]
    assert run.command(in_runc(*words, options=["--seccomp"])).text.split() == ["Seccomp:", "2"]


@pytest.mark.slow
def test_working_directory(
    shared: Session, make_run: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The default is `/`. runc creates a missing working directory, and with `--cwd /` it need not."""
    images = {}
    for name, folder in {"plain": "", "absent": "/not/there"}.items():
        busybox.write_archive(tmp_path / f"{name}.tar", busybox.Program(working_dir=folder))
        monkeypatch.setenv(f"TEST_{name.upper()}_ARCHIVE", str(tmp_path / f"{name}.tar"))
        images[name] = {"archive_env": f"TEST_{name.upper()}_ARCHIVE"}
    run = make_run(shared, **images)
    assert run.command(in_runc("pwd", image="plain")).text == "/\n"
    assert run.command(in_runc("pwd", image="absent")).text == "/not/there\n"
    words = ("sh", "-c", "pwd; ls -d /not")
    listed = run.command(in_runc(*words, image="absent", options=["--cwd", "/"]), refused=[1])
    assert "/" in listed.text.splitlines()  # the shim copies both streams, in any order
    assert "/not\n" not in listed.text
    shared.look_for_leaks()


def test_the_same_words(run: Run) -> None:
    """The commands for runc and Kata differ only in the runtime and in the container's id."""
    runc = in_runc("uname", "-a", options=["--privileged"])(run)
    kata = in_kata("uname", "-a", options=["--privileged"])(run)
    differ = [(one, other) for one, other in zip(runc, kata, strict=True) if one != other]
    assert differ[0] == ("io.containerd.runc.v2", "io.containerd.kata.v2")
    assert [one.rpartition("-")[0] for one in differ[1]] == [run.name, run.name]
    assert len(differ) == 2
    assert "--annotation" in kata


@pytest.mark.slow
@pytest.mark.usefixtures("host")
def test_killed_at_the_limit(make_run: Callable[..., Run]) -> None:
    """A command that hangs is killed at its time limit, and its container is found and removed."""
    before = host_state()
    with session(lambda _text: None) as own:
        run = make_run(own, alpine={"made_from": "busybox"})
        with pytest.raises(CommandFailedError, match="no end after 1 s"):
            run.command(in_runc("sleep", "100"), timeout=1)
        with pytest.raises(LeakError, match="left behind, and cleared"):
            own.look_for_leaks()
    assert new_things(before, own.name) == {}
