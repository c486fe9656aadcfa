"""A machine that is put back to one moment: what was done to it is gone, as often as it is asked."""

import os
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from labreport.box import fresh, machine
from labreport.box.place import FRESH, Box, BoxError
from tests.box.conftest import Lab


def serve(path: Path, *answers: str) -> threading.Thread:
    """Serve one connection as QEMU's monitor: a greeting, then an answer for each line."""
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
    ("answers", "said"),
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
def test_what_the_monitor_says(tmp_path: Path, answers: tuple[str, ...], said: str) -> None:
    """Nothing is fine; words are what is wrong, whoever says them."""
    thread = serve(tmp_path / "monitor", *answers)
    told = fresh.order(tmp_path / "monitor", "savevm ready")
    thread.join(10)
    assert told.startswith(said) if said else told == ""


def test_a_monitor_that_hangs_up(tmp_path: Path) -> None:
    """It is no success."""
    serve(tmp_path / "monitor", '{"return": {}}')
    assert fresh.order(tmp_path / "monitor", "savevm ready")


def test_no_monitor(tmp_path: Path) -> None:
    """A machine that is gone gives no answer."""
    assert "No such file" in fresh.order(tmp_path / "monitor", "loadvm ready")


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_put_back_as_often_as_asked(made: Lab) -> None:
    """Files, processes and modules of before are gone; the started machine's disk is not written to."""
    made.run("box", "start")
    made.run("box", "ssh", "touch", "/root/kept")
    made.run("box", "stop")
    disk = made.machine.disk.stat()
    one = made.box.machine(FRESH)
    try:
        for _time in range(2):
            way = fresh.put_back(one, lambda _text: None)
            assert (
                way.ask(["sh", "-c", "ls /root/kept /root/spoilt 2>/dev/null; lsmod | grep ^crc8; true"])
                == "/root/kept"
            )
            assert way.run(["sh", "-c", "touch /root/spoilt; modprobe crc8; sync"])[0] == 0
            assert abs(float(way.ask(["date", "+%s"])) - time.time()) < 60
        pid = machine.running(one)
        assert pid is not None
        os.kill(pid.pid, signal.SIGKILL)
        machine.end(one)
        way = fresh.put_back(one, lambda _text: None)
        assert "spoilt" not in way.ask(["ls", "/root"]).split()
    finally:
        machine.end(one)
    now = made.machine.disk.stat()
    assert (now.st_mtime_ns, now.st_size) == (disk.st_mtime_ns, disk.st_size)


def test_a_folder_too_deep_for_a_socket(tmp_path: Path) -> None:
    """It is said before anything is started."""
    with pytest.raises(BoxError, match="too long for a socket: name a shorter folder in LAB_BOX"):
        fresh.put_back(Box(tmp_path / ("x" * 110)).machine(FRESH), lambda _text: None)
