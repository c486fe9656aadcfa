"""A server beside a command: started, waited for, ended; and the ports of this host."""

import pytest

from labreport.capture.ports import free_port, listens
from labreport.contract.records import Status
from tests.capture.throwaway import Throwaway

SERVE = """
from labreport.capture import free_port, listens
port = free_port()
argv = ["python3", "-B", "-m", "http.server", "--bind", "127.0.0.1", str(port)]
"""
ASK = """
import urllib.request
with run.server(argv, ready=lambda: listens(port)) as server, run.file("x.txt") as out:
    status = urllib.request.urlopen(f"http://127.0.0.1:{port}/").status
    out.line(f"{status} {server.alive()}")
run.wait_until(lambda: not listens(port), "the end", 5)
"""


def test_it_serves_in_the_block_and_ends_after_it(project: Throwaway) -> None:
    """Its first answer needs no sleep, and nothing listens afterwards."""
    assert project.probe(SERVE + ASK).status is Status.CAPTURED
    assert project.read() == b"200 True\n"


def test_it_ends_if_the_block_fails(project: Throwaway) -> None:
    """The error of the block is reported, and not that something was left behind."""
    body = 'with run.server(argv, ready=lambda: listens(port)):\n    raise CaptureError("in the block")\n'
    standing = project.probe(f"from labreport.capture import CaptureError\n{SERVE}{body}")
    assert (standing.status, standing.reason) == (Status.FAILED, "in the block")


@pytest.mark.parametrize(
    ("argv", "timeout", "reason"),
    [
        (["sh", "-c", "echo no such port >&2; exit 3"], 5, "sh: ended before it was ready: no such port"),
        (["sh", "-c", "exit 0"], 5, "sh: ended before it was ready: it printed nothing"),
        (["sh", "-c", "echo busy; sleep 60"], 0.3, "sh: not ready after 0.3 s: busy"),
        (["no-such-server"], 5, "no-such-server: not on PATH"),
    ],
)
def test_a_server_that_does_not_serve(
    project: Throwaway, argv: list[str], timeout: float, reason: str
) -> None:
    """The reason has the end of its log. Nothing is left."""
    standing = project.probe(f"with run.server({argv!r}, ready=lambda: False, timeout={timeout}):\n    pass")
    assert standing.status is Status.FAILED
    assert standing.reason.startswith(reason)


def test_two_servers_of_one_name_have_a_log_each(project: Throwaway) -> None:
    """`log` names the file in the run's folder."""
    body = """
        one = ["sh", "-c", "echo one; sleep 60"]
        other = ["sh", "-c", "echo other; sleep 60"]
        def said(name):
            path = run.folder / name
            return path.exists() and path.read_text()
        with run.server(one, ready=lambda: said("sh.log")):
            with run.server(other, ready=lambda: said("other.log"), log="other.log") as server:
                with run.file("x.txt") as out:
                    out.line(said("sh.log") + server.log.read_text())
        """
    assert project.probe(body).status is Status.CAPTURED
    assert project.read() == b"one\nother\n\n"


SHARED = """
    import time
    from contextlib import contextmanager

    @contextmanager
    def serving(run):
        late = "import os, subprocess, time; open(os.environ['MARK'], 'w'); time.sleep(1.0);"
        argv = ["env", f"MARK={run.folder}/mark", "python3", "-c", late + CHILD]
        with run.server(argv, ready=(run.folder / "mark").exists):
            yield

    @collector(writes=["x.txt"])
    def probe(run):
        "Probe."
        run.resource(serving)
        time.sleep(2.0)
        with run.file("x.txt") as out:
            out.line("served")
    """


@pytest.mark.slow
def test_a_shared_server_may_start_children_later(project: Throwaway) -> None:
    """They are part of it, and end with it."""
    project.module(SHARED.replace("CHILD", "\"subprocess.run(['sleep', '60'])\""))
    assert project.collect("probe")["probe"].status is Status.CAPTURED


@pytest.mark.slow
def test_what_leaves_a_shared_server_is_left_behind(project: Throwaway) -> None:
    """A process that no longer descends from the server belongs to nobody."""
    leave = "\"subprocess.run(['sh', '-c', 'sleep 60 &']); time.sleep(60)\""
    project.module(SHARED.replace("CHILD", leave))
    standing = project.collect("probe")["probe"]
    assert standing.status is Status.FAILED
    assert "left behind, and cleared: process" in standing.reason


HIDING = """
    from contextlib import contextmanager

    @contextmanager
    def hiding(run):
        run.hide("/secret/folder", "/shown")
        yield "/secret/folder/x"

    @collector(writes=["x.txt"])
    def probe(run):
        "Probe."
        with run.file("x.txt") as out:
            out.run(["echo", run.resource(hiding)])

    @collector(writes=["y.txt"], after=[probe])
    def second(run):
        "Second."
        path = run.resource(hiding)
        with run.file("y.txt") as out:
            out.run(["echo", path])
    """


def test_what_a_shared_resource_hides_is_hidden_from_each_collector(project: Throwaway) -> None:
    """In the evidence and in the records, and not only for the collector that made it."""
    project.module(HIDING)
    project.collect()
    assert (project.read("x.txt"), project.read("y.txt")) == (b"/shown/x\n", b"/shown/x\n")
    assert project.record("second").commands[0].argv == ["echo", "/shown/x"]


def test_a_free_port_has_no_listener() -> None:
    """It is a port that a user may listen on."""
    port = free_port()
    assert port > 1023
    assert not listens(port)
