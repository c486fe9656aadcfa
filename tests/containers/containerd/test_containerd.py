"""A private containerd: its configuration, its start, and its end, after which nothing is left."""

import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from labreport.capture.cleanup import leaks
from labreport.capture.declare import Unavailable
from labreport.capture.run import CaptureError, Run
from labreport.capture.session import Session, session
from labreport.containers.containerd.config import config_text
from labreport.containers.containerd.server import Containerd, containerd


def test_configuration() -> None:
    """It has its own folders and no CRI, in the version of the format that every containerd reads."""
    folder = Path("/run/lab/lab00000000")
    text = config_text(root=folder / "root", state=folder / "state", address=folder / "sock")
    config = tomllib.loads(text)
    assert config["version"] == 2
    assert config["root"] == "/run/lab/lab00000000/root"
    assert config["grpc"]["address"] == "/run/lab/lab00000000/sock"
    assert {"io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime"} <= set(config["disabled_plugins"])


def test_socket_too_long() -> None:
    """A socket path that is too long for the kernel is an error."""
    folder = Path("/tmp") / ("x" * 100)  # noqa: S108 - nothing is written there
    with pytest.raises(CaptureError, match="too long for a socket: at most 101 bytes"):
        config_text(root=folder, state=folder, address=folder / "sock")


def test_one_for_a_collect(run: Run) -> None:
    """The collectors of one collect share it. It starts in less than two seconds."""
    began = time.monotonic()
    first = run.resource(containerd)
    assert isinstance(first, Containerd)
    assert run.resource(containerd) is first
    assert first.namespace == run.name
    assert time.monotonic() - began < 2


@pytest.mark.usefixtures("host")
def test_gone_afterwards(make_run: Callable[..., Run]) -> None:
    """When the collect ends, its processes, cgroups and folders are gone, and no leak is reported."""
    with session(lambda _text: None) as own:
        make_run(own).resource(containerd)
        assert any(leak.kind == "process" for leak in leaks.find(own.name))
        own.look_for_leaks()
        root = Path("/var/lib/lab") / own.name
        assert root.is_dir()
    assert leaks.find(own.name) == set()
    assert not root.exists()


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, host: None) -> Iterator[tuple[Session, Path]]:  # noqa: ARG001 - skips first
    """Return a session on a host with another program as containerd, and the path of that program."""
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with session(lambda _text: None) as own:
        yield own, tmp_path / "containerd"


def test_does_not_come_up(broken: tuple[Session, Path], make_run: Callable[..., Run]) -> None:
    """A containerd that ends at once is an error with its message. It is started only once per collect."""
    own, program = broken
    program.write_text(
        "#!/bin/sh\n[ $1 = --version ] && echo containerd x/y 1.7.24 z && exit\n"
        "echo x >>$0.starts; echo 'no such luck' >&2; exit 1\n"
    )
    program.chmod(0o755)
    for _collector in range(2):
        with pytest.raises(Unavailable, match=r"containerd ended at once: no such luck") as caught:
            make_run(own).resource(containerd)
    assert "by hand" in caught.value.remedy
    assert program.with_suffix(".starts").read_text() == "x\n"
    own.look_for_leaks()


def test_is_something_else(broken: tuple[Session, Path], make_run: Callable[..., Run]) -> None:
    """A program that is not containerd is an error with its output."""
    own, program = broken
    program.write_text("#!/bin/sh\necho hello\n")
    program.chmod(0o755)
    with pytest.raises(Unavailable, match="containerd ended at once: hello"):
        make_run(own).resource(containerd)


@pytest.mark.usefixtures("host")
def test_is_not_there(make_run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """If containerd is not installed, the error says how to install it, and nothing was started."""
    with session(lambda _text: None) as own:
        with monkeypatch.context() as here:
            here.setenv("PATH", str(tmp_path))
            with pytest.raises(Unavailable, match=r"containerd: not on PATH") as caught:
                make_run(own).resource(containerd)
        assert "apt install containerd" in caught.value.remedy
        assert leaks.find(own.name) == set()
