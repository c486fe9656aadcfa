"""The host's own containerd is used and left as it was. Here it is one that the test starts."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from labreport.capture import recorder
from labreport.capture.cleanup import leaks, runs
from labreport.capture.declare import Unavailable
from labreport.capture.session import Allowed, session
from labreport.containers.containerd import server
from labreport.containers.containerd.config import config_text
from labreport.containers.containerd.server import containerd
from labreport.containers.ctr import in_runc
from tests.containers.conftest import MakeRun
from tests.containers.host_state import host_state, new_things

BUSYBOX = {"made_from": "busybox"}


@pytest.fixture
def socket(tmp_path: Path, host: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:  # noqa: ARG001 - skips first
    """Start a containerd in the place of the host's own; return its address."""
    address = Path(f"/run/test-containerd-{os.getpid()}.sock")
    text = config_text(root=tmp_path / "root", state=tmp_path / "state", address=address)
    (tmp_path / "config.toml").write_text(text)
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            ["containerd", "--config", str(tmp_path / "config.toml")], stdout=log, stderr=log
        )
    monkeypatch.setattr(server, "HOST_SOCKET", address)
    deadline = time.monotonic() + 30
    while not answers(address) and time.monotonic() < deadline:
        time.sleep(0.1)
    yield address
    process.send_signal(signal.SIGTERM)
    process.wait()
    for path in (address, Path(f"{address}.ttrpc")):
        path.unlink(missing_ok=True)


def answers(address: Path) -> bool:
    """Return whether a containerd answers at an address."""
    return bool(recorder.output(["ctr", "--address", str(address), "version"], timeout=5))


def holds(address: Path) -> dict[str, str]:
    """Return the namespaces of a containerd, as `ctr` lists them."""
    return {"namespaces": recorder.output(["ctr", "--address", str(address), "namespaces", "ls"])}


def test_it_is_used_and_left_as_it_was(socket: Path, make_run: MakeRun) -> None:
    """A container runs in the namespace of the run, which is removed afterwards with everything in it."""
    before, state = holds(socket), host_state()
    with session(lambda _text: None, Allowed(system=True)) as shared:
        run = make_run(shared, alpine=BUSYBOX)
        with run.file("x.txt") as out:
            assert out.run(in_runc("echo", "here")).text == "here\n"
        assert run.resource(containerd).address == socket
        assert run.name in holds(socket)["namespaces"]
    assert holds(socket) == before
    assert not new_things(state)


DRIVER = """
import sys, time
from pathlib import Path
from labreport.containers.containerd import server
from labreport.containers.ctr import in_runc
from labreport.capture.redact import Identity, Redactor
from labreport.capture.run import Run
from labreport.capture.session import Allowed, session
from labreport.contract.lab_config import Lab
server.HOST_SOCKET = Path(sys.argv[1])
image = {"reference": "example/x:1", "digest": "sha256:" + "0" * 64, "made_from": "busybox"}
with session(lambda _text: None, Allowed(system=True)) as shared:
    lab = Lab(title="x", editions={}, images={"alpine": image})
    run = Run(shared, lab, "lab.yml", Path(sys.argv[2]), Redactor(Identity()))
    with run.file("x.txt") as out:
        out.run(in_runc("sh", "-c", "echo started >&2; sleep 60"))
"""


@pytest.mark.slow
def test_killed_in_the_middle_it_is_cleared(socket: Path, tmp_path: Path) -> None:
    """If a collect is killed while a container runs, the next run removes its whole namespace."""
    before, state = holds(socket), host_state()
    (tmp_path / "staging").mkdir()
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parents[3]),
        "LAB_REGISTRY_MIRROR": "127.0.0.1:9",
    }
    argv = [sys.executable, "-c", DRIVER, str(socket), str(tmp_path / "staging")]
    process = subprocess.Popen(argv, env=environment)
    deadline = time.monotonic() + 60
    running = ""
    while not running and time.monotonic() < deadline:
        names = [line.split()[0] for line in holds(socket)["namespaces"].splitlines()[1:]]
        for name in names:
            tasks = recorder.output(["ctr", "--address", str(socket), "--namespace", name, "tasks", "ls"])
            running = name if "RUNNING" in tasks else running
        time.sleep(0.1)
    process.kill()
    process.wait()
    assert running
    assert running in runs.clear_dead_runs()
    assert holds(socket) == before
    assert leaks.find(running) == set()
    assert not new_things(state)


def test_it_does_not_answer(
    host: None,  # noqa: ARG001 - skips first
    make_run: MakeRun,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If it does not answer, the remedy says how to start it, or to use a private one."""
    monkeypatch.setattr(server, "HOST_SOCKET", tmp_path / "none.sock")
    with session(lambda _text: None, Allowed(system=True)) as shared:
        with pytest.raises(Unavailable, match="does not answer") as error:
            make_run(shared).resource(containerd)
        assert "systemctl start containerd" in error.value.remedy
        assert "--containerd private" in error.value.remedy
