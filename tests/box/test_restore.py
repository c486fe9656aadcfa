"""A machine that is restored to a snapshot: what was done to it since is gone."""

import os
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from labreport.box import capture, machine
from labreport.box.layout import FRESH, Box, BoxError
from tests.box.conftest import BoxLab


def serve(path: Path, *answers: str) -> threading.Thread:
    """Serve one connection like QEMU's monitor: send a greeting, then an answer to each line."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.listen()

    def talk() -> None:
        with server, server.accept()[0] as connection, connection.makefile("rw") as stream:
            stream.write('{"QMP": {}}\n')
            stream.flush()
            for answer in answers:
                stream.readline()
                stream.write(answer + "\n")
                stream.flush()

    thread = threading.Thread(target=talk, daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        (('{"return": {}}', '{"return": ""}'), ""),
        (('{"return": {}}', '{"event": "STOP"}\n{"event": "RESUME"}\n{"return": ""}'), ""),
        (
            ('{"return": {}}', '{"return": "Error: no block device can store vmstate"}'),
            "Error: no block device",
        ),
        (('{"return": {}}', '{"error": {"class": "X", "desc": "not today"}}'), "not today"),
        (('{"return": {}}', "nonsense"), "Expecting value"),
    ],
)
def test_the_monitors_answers(tmp_path: Path, answers: tuple[str, ...], message: str) -> None:
    """An empty message is success. Any other is an error, whatever its form."""
    thread = serve(tmp_path / "monitor", *answers)
    answer = capture.monitor_command(tmp_path / "monitor", "savevm ready")
    thread.join(10)
    assert answer.startswith(message) if message else answer == ""


def test_a_monitor_that_hangs_up(tmp_path: Path) -> None:
    """A closed connection is an error."""
    serve(tmp_path / "monitor", '{"return": {}}')
    assert capture.monitor_command(tmp_path / "monitor", "savevm ready")


def test_no_monitor(tmp_path: Path) -> None:
    """A missing socket is an error."""
    assert "No such file" in capture.monitor_command(tmp_path / "monitor", "loadvm ready")


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_restored_again_and_again(made: BoxLab) -> None:
    """Files and kernel modules since the snapshot are gone. The started machine's disk is not written to."""
    made.run("box", "start")
    made.run("box", "ssh", "touch", "/root/kept")
    made.run("box", "stop")
    disk = made.machine.disk.stat()
    target = made.box.machine(FRESH)
    try:
        for _time in range(2):
            ssh = capture.restore(target, lambda _text: None)
            assert (
                ssh.output(["sh", "-c", "ls /root/kept /root/spoilt 2>/dev/null; lsmod | grep ^crc8; true"])
                == "/root/kept"
            )
            assert ssh.run(["sh", "-c", "touch /root/spoilt; modprobe crc8; sync"])[0] == 0
            assert abs(float(ssh.output(["date", "+%s"])) - time.time()) < 60
        state = machine.running(target)
        assert state is not None
        os.kill(state.pid, signal.SIGKILL)
        machine.end(target)
        ssh = capture.restore(target, lambda _text: None)
        assert "spoilt" not in ssh.output(["ls", "/root"]).split()
    finally:
        machine.end(target)
    now = made.machine.disk.stat()
    assert (now.st_mtime_ns, now.st_size) == (disk.st_mtime_ns, disk.st_size)


def test_a_folder_too_deep_for_a_socket(tmp_path: Path) -> None:
    """The error comes before anything is started."""
    with pytest.raises(BoxError, match="too long for a socket: name a shorter folder in LAB_BOX"):
        capture.restore(Box(tmp_path / ("x" * 110)).machine(FRESH), lambda _text: None)
