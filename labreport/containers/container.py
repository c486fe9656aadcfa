"""A container that keeps running: started, reached over the network, given commands, torn down."""

import http.client
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

from labreport.capture.command import TIMEOUT, Attempt, RetryOnHang
from labreport.capture.run import CaptureError, Run
from labreport.containers import ctr
from labreport.containers.containerd.server import Containerd, log_tail
from labreport.containers.containerd.teardown import tasks, tear_down, tear_down_hung
from labreport.containers.images import images
from labreport.containers.network.bridge import Attachment, attached
from labreport.containers.network.portmap import PublishedPort, published

NO_READER = r"start process\n    1: start\n    2: No such device or address"
"""Kata's message about an exec that it could not start. It opens ctr's FIFO for writing without waiting until
ctr reads from it (seen once in the box, with 3.23;
crates/runtimes/virt_container/src/container_manager/io)."""


@dataclass(frozen=True)
class Container:
    """A running container.

    `address` is its IPv4 address, or empty if it has no network. `ports` maps each published container port
    to the way it is reached. `log` is the file with its output; under Kata the output is discarded.
    """

    id: str
    runtime: str
    server: Containerd
    address: str
    ports: Mapping[int, PublishedPort]
    log: Path

    @property
    def url(self) -> str:
        """The URL of its first published port, such as http://127.0.0.1:3012."""
        return next(iter(self.ports.values())).url

    @property
    def how(self) -> str:
        """How its first published port is reached, in words for the evidence file."""
        return next(iter(self.ports.values())).how

    def exec(self, *argv: str) -> Callable[[Run], Sequence[str]]:
        """Return a command that runs `argv` in the container. Its exit status is that of `argv`.

        Under Kata it is run once more if it hangs, or if the shim could not start it.
        """

        def attempt(run: Run) -> Attempt:
            names = ["--fifo-dir", str(self.server.fifos), "--exec-id", _new_exec_id(run, self.id)]
            return Attempt(self.server.ctr("tasks", "exec", *names, self.id, *argv), lambda: None)

        if self.runtime == ctr.KATA:
            return RetryOnHang(attempt, TIMEOUT, (NO_READER,), ctr.REMEDY)
        return lambda run: attempt(run).argv

    def pid(self) -> int:
        """Return the pid of its first process on this host, or 0 if containerd knows no such process."""
        for row in tasks(self.server):
            if row[0] == self.id:
                return int(row[1])
        return 0

    def running(self) -> bool:
        """Return whether containerd reports it as running."""
        return any(row[0] == self.id and row[2] == "RUNNING" for row in tasks(self.server))


@contextmanager
def container(  # noqa: PLR0913 - the properties of a container, by name
    run: Run,
    runtime: str,
    image: str,
    *argv: str,
    network: bool = True,
    publish: Mapping[int, int] | None = None,
    options: Sequence[str] = (),
) -> Iterator[Container]:
    """Start a container under `runtime` (ctr.RUNC or ctr.KATA); tear it down at the end.

    `image` is a name under `images` in lab.yml. Without `argv` the image's own command runs. `network` puts
    the container on the bridge of the run. `publish` maps host ports to container ports, and implies
    `network`; Container.ports says how each port is reached. `options` are more options of `ctr run`.

    A start may take ctr.KATA_SECONDS. Under Kata, a start that hangs is torn down and made once more, in a
    new network namespace, because a namespace serves only one sandbox. Raise Unavailable for an image or a
    containerd that cannot be had, CommandFailedError if the start fails.
    """
    server = ctr.server_for(run, runtime)
    name = images.obtain(run, image).name
    started: list[Container] = []

    def attempt(run: Run) -> Attempt:
        ident = ctr.new_id(run)
        log = server.logs / f"{ident}.log"
        place = stack.enter_context(attached(run, ident)) if network or publish else None
        ports = stack.enter_context(published(run, place, publish)) if place and publish else {}
        stack.callback(tear_down, server, ident)
        words = [*_detach_options(runtime, log), *_network_options(place), *options]
        address = str(place.address.ip) if place else ""
        started.append(Container(ident, runtime, server, address, ports, log))
        return Attempt(ctr.run_argv(server, runtime, name, ident, options=words, argv=argv), clear)

    def clear() -> None:
        tear_down_hung(server, started[-1].id)
        stack.close()

    with ExitStack() as stack:
        start = ctr.retry_on_hang(attempt) if runtime == ctr.KATA else attempt(run).argv
        run.command(start, timeout=ctr.KATA_SECONDS)
        yield started[-1]


def _network_options(place: Attachment | None) -> list[str]:
    """Return the options of `ctr run` that put a container into a network namespace."""
    return place.options if place else []


def _detach_options(runtime: str, log: Path) -> list[str]:
    """Return the options of `ctr run` for a container that outlives ctr and prints to `log`.

    Under Kata the output is discarded: runtime-rs up to 3.32 takes the log's URI for a FIFO and fails
    (#13351).
    """
    return ["--detach", "--null-io"] if runtime == ctr.KATA else ["--detach", "--log-uri", f"file://{log}"]


def _new_exec_id(run: Run, ident: str) -> str:
    """Return the id of the next exec, which is unique in the run."""
    return f"{ident}-x{next(run.session.resources.setdefault('exec ids', count(1)))}"


def wait_http(run: Run, box: Container, path: str = "/", timeout: float = 120.0) -> float:
    """Wait until a GET on the container's first published port is answered; return the seconds it took.

    Any status below 500 is an answer. Raise CaptureError after `timeout` seconds, or as soon as the container
    has ended. The error has the last lines of its log.
    """
    last_look, ended = time.monotonic(), False

    def answered_or_ended() -> bool:
        nonlocal last_look, ended
        if status(box.url + path) in range(100, 500):
            return True
        if time.monotonic() - last_look > 1:
            last_look = time.monotonic()
            ended = not box.running()
        return ended

    try:
        seconds = run.wait_until(answered_or_ended, f"an answer from {box.url}{path}", timeout)
    except CaptureError as error:
        raise CaptureError(f"{error.what} ({box.how}): {log_tail(box.log, run)}", error.remedy) from error
    if ended:
        raise CaptureError(f"{box.id}: ended before it answered: {log_tail(box.log, run)}")
    return seconds


def status(url: str) -> int:
    """Return the HTTP status of a GET, or 0 if there is no answer within 5 seconds.

    It is for waiting. A measurement is a command that is recorded.
    """
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
