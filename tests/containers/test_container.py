"""A container that keeps running: its network, its ports, its exec, its end."""

import shutil
import socket
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Interface, IPv4Network
from pathlib import Path

import pytest

from labreport.capture import recorder
from labreport.capture.cleanup import leaks
from labreport.capture.command import CommandFailedError, RetryOnHang
from labreport.capture.run import CaptureError, Run
from labreport.capture.session import session
from labreport.containers import ctr
from labreport.containers.container import container, status, wait_http
from labreport.containers.network import portmap
from labreport.containers.network.bridge import Attachment, Network
from labreport.containers.network.cni import POOL, free_subnet
from tests.containers.host_state import host_state, new_things

NOT_STARTED = (
    r'ctr: Others("failed to handle message handler TaskRequest\n\nCaused by:\n    0: start process\n'
    r"    1: start\n    2: No such device or address (os error 6)\n\nStack backtrace:\n   0: anyhow::error::"
)
"""The error message of ctr for an exec under Kata 3.23 in the box."""


def nat_missing() -> str:
    """Return why this host cannot map ports, or an empty text."""
    if not shutil.which("iptables"):
        return "iptables is not installed"
    return "" if recorder.output(["iptables", "-t", "nat", "-S"]) else "the nat table cannot be used"


def test_answers_on_its_address(run: Run) -> None:
    """The entrypoint of the image serves HTTP at the container's address on the bridge."""
    with container(run, ctr.RUNC, "web") as box:
        run.wait_until(lambda: status(f"http://{box.address}:3000/") == 200, "the server", 10)
        got = run.command(["curl", "-s", f"http://{box.address}:3000/"])
        assert got.text == "hello from busybox\n"
        assert box.pid() > 0
    run.session.look_for_leaks()


@pytest.mark.slow
def test_a_mount_of_somebody_else_stays(
    make_run: Callable[..., Run], web: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file system that somebody mounted on the folder of namespaces is not unmounted by a run."""
    point = str(leaks.NETNS)
    if point not in leaks.mount_points() or leaks.NETNS.stat().st_dev == leaks.NETNS.parent.stat().st_dev:
        pytest.skip(f"{point} has no file system of its own: the tests could not mount one")
    monkeypatch.setenv("TEST_WEB_ARCHIVE", str(web))
    with session(lambda _text: None), session(lambda _text: None) as own:
        run = make_run(own, web={"archive_env": "TEST_WEB_ARCHIVE"})
        with container(run, ctr.RUNC, "web") as box:
            assert (leaks.NETNS / box.id).exists()
    assert point in leaks.mount_points()


def test_published(run: Run, port: int) -> None:
    """A host port is mapped to the container's. Afterwards the nat table is as it was."""
    if reason := nat_missing():
        pytest.skip(reason)
    before = recorder.output(["iptables", "-t", "nat", "-S"])
    with container(run, ctr.RUNC, "web", publish={port: 3000}) as box:
        assert box.url == f"http://127.0.0.1:{port}"
        assert box.how == f"host port {port} to 3000 by portmap"
        assert wait_http(run, box) < 10
        assert run.command(["curl", "-s", f"{box.url}/index.html"]).text == "hello from busybox\n"
        made = recorder.output(["iptables", "-t", "nat", "-S"])
        assert set(portmap.CHAINS.splitlines()) <= set(made.splitlines())
    assert status(f"http://127.0.0.1:{port}/") == 0
    assert recorder.output(["iptables", "-t", "nat", "-S"]) == before


def test_port_taken(run: Run) -> None:
    """If the host port is taken, the container's address is used, and `how` says why."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        with container(run, ctr.RUNC, "web", publish={taken: 3000}) as box:
            wait_http(run, box)
            assert box.url == f"http://{box.address}:3000"
            assert box.how.startswith(f"container address {box.address}:3000, ")
            if not nat_missing():
                assert box.how.endswith(f"port {taken} is taken on this host")


def test_no_portmap(tmp_path: Path) -> None:
    """Without the portmap plugin, the container's address is used, and `how` says why."""
    net = Network("n", "b", IPv4Network("10.213.1.0/24"), tmp_path, tmp_path)
    place = Attachment("i", tmp_path, IPv4Interface("10.213.1.2/24"))
    reason = portmap.why_not(net, {3012: 3000})
    assert portmap.reached(place, 3012, 3000, reason) == portmap.PublishedPort(
        "http://10.213.1.2:3000", "container address 10.213.1.2:3000, no portmap plugin on this host"
    )


@pytest.mark.slow
def test_exec(run: Run) -> None:
    """Commands run in the namespaces of the container, and their exit status is passed on."""
    with container(run, ctr.RUNC, "alpine", "sleep", "1000") as box:
        assert box.address in run.command(box.exec("ip", "address", "show", "eth0")).text
        assert run.command(box.exec("cat", "/proc/1/cmdline")).text == "sleep\x001000\x00"
        with pytest.raises(CommandFailedError, match="exit status 3"):
            run.command(box.exec("sh", "-c", "exit 3"))


def test_exec_that_kata_could_not_start(run: Run) -> None:
    """The shim's message about an exec that did not start leads to a retry, a failed command does not."""
    with container(run, ctr.RUNC, "web", "sleep", "1000", network=False) as box:
        command = replace(box, runtime=ctr.KATA).exec(
            "sh", "-c", "echo 2: No such device or address >&2; exit 6"
        )
        assert isinstance(command, RetryOnHang)
        with pytest.raises(CommandFailedError) as caught:
            run.command(command)
        assert [one.exit_status for one in run.commands if "exit 6" in one.argv[-1]] == [6]
        refused = run.commands[-1].model_copy(update={"stderr": NOT_STARTED})
        assert command.hung(refused, caught.value)


def test_without_a_network(run: Run) -> None:
    """A container without a network has only a loopback device."""
    with container(run, ctr.RUNC, "alpine", "sleep", "1000", network=False) as box:
        assert box.address == ""
        assert "eth0" not in run.command(box.exec("ip", "link")).text


@pytest.mark.slow
def test_two_at_once(run: Run) -> None:
    """Containers of a run are on one bridge and reach each other."""
    with container(run, ctr.RUNC, "web") as one, container(run, ctr.RUNC, "alpine", "sleep", "1000") as other:
        run.wait_until(lambda: status(f"http://{one.address}:3000/") == 200, "the server", 10)
        got = run.command(other.exec("wget", "-q", "-O", "-", f"http://{one.address}:3000/"))
        assert got.text == "hello from busybox\n"


@pytest.mark.slow
def test_never_ready(run: Run, port: int) -> None:
    """If a container does not answer, the error names the URL, how it is reached, and the time limit."""
    with container(run, ctr.RUNC, "alpine", "sleep", "1000", publish={port: 3000}) as box:
        with pytest.raises(CaptureError, match="not ready after 1 s") as caught:
            wait_http(run, box, timeout=1)
        assert box.url in str(caught.value)
        assert box.how in str(caught.value)


def test_ends_before_it_answers(run: Run, port: int) -> None:
    """If a container ends, the wait ends, too, and the error has its last lines."""
    words = ("sh", "-c", "echo cannot bind; exit 1")
    with (
        container(run, ctr.RUNC, "alpine", *words, publish={port: 3000}) as box,
        pytest.raises(CaptureError, match="ended before it answered: cannot bind"),
    ):
        wait_http(run, box, timeout=60)


def test_does_not_start(run: Run) -> None:
    """If a container cannot start, that is an error, and its network is removed."""
    with (
        pytest.raises(CommandFailedError, match="no-such-program"),
        container(run, ctr.RUNC, "alpine", "no-such-program"),
    ):
        pass
    run.session.look_for_leaks()


@pytest.mark.slow
@pytest.mark.usefixtures("host")
def test_two_runs_at_once(
    make_run: Callable[..., Run], web: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two collects have separate subnets. The first gets the port, the last removes what both used."""
    monkeypatch.setenv("TEST_WEB_ARCHIVE", str(web))
    before = host_state()
    with session(lambda _text: None) as later:
        with session(lambda _text: None) as first:
            runs = [make_run(each, web={"archive_env": "TEST_WEB_ARCHIVE"}) for each in (first, later)]
            one = first.stack.enter_context(container(runs[0], ctr.RUNC, "web", publish={port: 3000}))
            wait_http(runs[0], one)
            two = later.stack.enter_context(container(runs[1], ctr.RUNC, "web", publish={port: 3000}))
            assert two.url == f"http://{two.address}:3000"
            assert one.address != two.address
        wait_http(runs[1], two)
    assert leaks.find(first.name) | leaks.find(later.name) == set()
    assert new_things(before, first.name, later.name) == {}


def test_free_subnet() -> None:
    """A subnet that the host uses is not chosen. If all are in use, there is none."""
    used = [IPv4Network("10.213.5.0/24"), IPv4Network("10.213.6.128/25"), IPv4Network("10.0.0.0/24")]
    assert free_subnet(used, 5) == IPv4Network("10.213.7.0/24")
    assert free_subnet([POOL], 5) is None
