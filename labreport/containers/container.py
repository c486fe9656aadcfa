"""A container that stays: started, reached over the network, looked into, put away."""

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
from labreport.containers.containerd import ctr
from labreport.containers.containerd.private import containerd, log_tail
from labreport.containers.containerd.server import Containerd
from labreport.containers.containerd.teardown import put_away, put_away_hung, tasks
from labreport.containers.images import images
from labreport.containers.network.bridge import Attachment, attached
from labreport.containers.network.portmap import Published, published

NO_READER = r"start process\n    1: start\n    2: No such device or address"
"""What Kata says of an exec that it could not start: it opens ctr's FIFO for writing, not waiting for ctr to
read it (seen once in the box, with 3.23; crates/runtimes/virt_container/src/container_manager/io)."""


@dataclass(frozen=True)
class Container:
    """A running container. `address` is empty without a network; `ports` says how each port is reached."""

    id: str
    runtime: str
    server: Containerd
    address: str
    ports: Mapping[int, Published]
    log: Path

    @property
    def url(self) -> str:
        """Where its first published port answers, such as http://127.0.0.1:3012."""
        return next(iter(self.ports.values())).url

    @property
    def how(self) -> str:
        """In words, how its first published port is reached: for the evidence file."""
        return next(iter(self.ports.values())).how

    def exec(self, *argv: str) -> Callable[[Run], Sequence[str]]:
        """Return the command that runs `argv` in the container; its exit status is that of `argv`.

        Under Kata it is tried once more where the shim could not start it, or it has no end.
        """

        def attempt(run: Run) -> Attempt:
            names = ["--fifo-dir", str(self.server.fifos), "--exec-id", _exec_id(run, self.id)]
            return Attempt(self.server.ctr("tasks", "exec", *names, self.id, *argv), lambda: None)

        if self.runtime == ctr.KATA:
            return RetryOnHang(attempt, TIMEOUT, (NO_READER,), ctr.REMEDY)
        return lambda run: attempt(run).argv

    def pid(self) -> int:
        """Return the pid of its first process on this host, as containerd knows it; 0 if it has none."""
        for row in tasks(self.server):
            if row[0] == self.id:
                return int(row[1])
        return 0

    def running(self) -> bool:
        """Return whether containerd says that it runs."""
        return any(row[0] == self.id and row[2] == "RUNNING" for row in tasks(self.server))


@contextmanager
def container(  # noqa: PLR0913 - what is asked of a container, by name
    run: Run,
    runtime: str,
    image: str,
    *argv: str,
    network: bool = True,
    publish: Mapping[int, int] | None = None,
    options: Sequence[str] = (),
    timeout: float = ctr.KATA_SECONDS,
) -> Iterator[Container]:
    """Start a container under `runtime` (ctr.RUNC, ctr.KATA) and put it away at the end.

    `image` is a name under images in lab.yml; without `argv` the image's own entrypoint runs. `publish` maps
    host ports to container ports; see Container.ports for how they are reached. `timeout` is the start's.
    A start under Kata that hangs is cleared and made once more, with a network of its own: a namespace serves
    one sandbox. Raise Unavailable for an image or containerd that is not to be had, CommandFailedError if the
    start fails.
    """
    server = run.resource(containerd)
    name = images.have(run, image).name
    made: list[Container] = []

    def attempt(run: Run) -> Attempt:
        ident = ctr.new_id(run)
        log = server.logs / f"{ident}.log"
        place = stack.enter_context(attached(run, ident)) if network or publish else None
        ports = stack.enter_context(published(run, place, publish)) if place and publish else {}
        stack.callback(put_away, server, ident)
        given = [*_detached(runtime, log), *_place(place), *options]
        made.append(Container(ident, runtime, server, str(place.address.ip) if place else "", ports, log))
        return Attempt(ctr.run_argv(server, runtime, name, ident, options=given, argv=argv), clear)

    def clear() -> None:
        put_away_hung(server, made[-1].id)
        stack.close()

    with ExitStack() as stack:
        start = ctr.one_more_try(attempt, timeout) if runtime == ctr.KATA else attempt(run).argv
        run.command(start, timeout=timeout)
        yield made[-1]


def _place(place: Attachment | None) -> list[str]:
    return place.options if place else []


def _detached(runtime: str, log: Path) -> list[str]:
    """Return the options of a container that outlives its ctr, and where its output goes.

    Kata's runtime-rs takes a log URI for a FIFO and fails (up to 3.32; #13351): there it goes nowhere.
    """
    return ["--detach", "--null-io"] if runtime == ctr.KATA else ["--detach", "--log-uri", f"file://{log}"]


def _exec_id(run: Run, ident: str) -> str:
    return f"{ident}-x{next(run.session.resources.setdefault('exec ids', count(1)))}"


def wait_http(run: Run, box: Container, path: str = "/", timeout: float = 120.0) -> float:
    """Wait until a GET on the container's first published port is answered; return the seconds it took.

    An answer is any status below 500. Raise CaptureError at the limit, or as soon as the container has ended,
    with the last lines of its log.
    """
    looked = time.monotonic()

    def answered() -> bool:
        nonlocal looked
        if status(box.url + path) in range(100, 500):
            return True
        if time.monotonic() - looked > 1:
            looked = time.monotonic()
            if not box.running():
                raise CaptureError(f"{box.id}: ended before it answered: {log_tail(box.log, run)}")
        return False

    try:
        return run.wait_until(answered, f"an answer from {box.url}{path}", timeout)
    except CaptureError as error:
        if "ended before" in str(error):
            raise
        raise CaptureError(f"{error} ({box.how}): {log_tail(box.log, run)}") from error


def status(url: str) -> int:
    """Return the HTTP status of a GET, 0 if there is no answer. For waiting: what measures is a command."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
