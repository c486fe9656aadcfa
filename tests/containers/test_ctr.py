"""One command in a container of its own."""

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
    """What the command printed is what is recorded, with the image it ran on."""
    assert run.command(in_runc("echo", "a  b", "", "$HOME")).text == "a  b  $HOME\n"
    assert run.images["alpine"].source.startswith("made from busybox-static 1.")
    assert run.commands[-1].argv[-4:] == ["echo", "a  b", "", "$HOME"]


def test_exit_status(run: Run) -> None:
    """The command's exit status is passed through: a failure, or a refusal where it is named as one."""
    with pytest.raises(CommandFailedError, match="exit status 7"):
        run.command(in_runc("sh", "-c", "exit 7"))
    assert run.command(in_runc("sh", "-c", "exit 7"), refused=[7]).outcome is Outcome.REFUSED


def test_no_such_command(run: Run) -> None:
    """A command that the image has not says so."""
    with pytest.raises(CommandFailedError, match="not found"):
        run.command(in_runc("no-such-command"))


def test_options(run: Run) -> None:
    """More options of `ctr run` can be given: seccomp is off in ctr unless it is asked for."""
    words = ("grep", "^Seccomp:", "/proc/1/status")
    assert run.command(in_runc(*words)).text.split() == ["Seccomp:", "0"]
    assert run.command(in_runc(*words, options=["--seccomp"])).text.split() == ["Seccomp:", "2"]


def test_working_directory(
    shared: Session, make_run: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without one it is `/`; runc makes one that the image lacks; with `--cwd /` none has to be made."""
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
    assert listed.text.splitlines()[0] == "/"
    assert "/not\n" not in listed.text
    shared.look_for_leaks()


def test_the_same_words(run: Run) -> None:
    """Kata is asked for in the words of runc: only the runtime and the container's id differ."""
    runc = in_runc("uname", "-a", options=["--privileged"])(run)
    kata = in_kata("uname", "-a", options=["--privileged"])(run)
    differ = [(one, other) for one, other in zip(runc, kata, strict=True) if one != other]
    assert differ[0] == ("io.containerd.runc.v2", "io.containerd.kata.v2")
    assert [one.rpartition("-")[0] for one in differ[1]] == [run.name, run.name]
    assert len(differ) == 2
    assert "--annotation" in kata


@pytest.mark.usefixtures("host")
def test_killed_at_the_limit(make_run: Callable[..., Run]) -> None:
    """A command that hangs is ended at its limit; the container it leaves is found and cleared."""
    before = host_state()
    with session(lambda _text: None) as own:
        run = make_run(own, alpine={"made_from": "busybox"})
        with pytest.raises(CommandFailedError, match="no end after 1 s"):
            run.command(in_runc("sleep", "100"), timeout=1)
        with pytest.raises(LeakError, match="left behind, and cleared"):
            own.look_for_leaks()
    assert new_things(before, own.name) == {}
