"""Containers by ctr: one command in a container of its own, under runc or Kata, in the same words."""

import hashlib
import os
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

from labreport.capture.command import Argv, Attempt, RetryOnHang
from labreport.capture.run import Run
from labreport.containers.containerd.private import SHIM_LEFTOVERS, containerd
from labreport.containers.containerd.server import SHIMS, Containerd
from labreport.containers.containerd.teardown import put_away_hung
from labreport.containers.images import images

RUNC = "io.containerd.runc.v2"
KATA = "io.containerd.kata.v2"
RUNTIMES = {"runc": RUNC, "kata": KATA}
"""Both, by the name that they have in evidence."""

ANNOTATION = ("--annotation", "lab=run")
"""Kata's runtime-rs panics where there is no annotation at all (3.23: crates/runtimes/src/manager.rs:391;
mended by kata-containers #12180 in 3.25). runc gets the same one, so that the two commands differ in the
runtime alone."""

KATA_SECONDS = 120.0
"""Seconds until a start under Kata counts as hung. The slowest of those that came up took 12 s, in a virtual
machine that was emulated itself; some never end: the shim reads the guest's answer on the vsock without a
limit (3.23: crates/agent/src/sock/hybrid_vsock.rs, connect_helper)."""

NO_ANSWER = (
    "vsock: failed to connect to",
    "Receive packet timeout",
    "socket err: Connection reset by peer",
    "socket err: early eof",
)
"""What Kata says when a guest did not answer within Kata's own limits: its agent on the vsock (3.23:
crates/agent/src/sock/{hybrid_vsock,vsock}.rs, connect), or a request to it (ttrpc 0.8.4:
src/asynchronous/client.rs); and when the guest died with a request under way (seen twice under
emulation, at `online vcpus` and at `agent create container`)."""

REMEDY = "the guest never answers: see manual/how-to/troubleshooting.md"

KATA_FOLDERS = ("/run/kata", "/run/kata-containers/shared/sandboxes", "/run/vc/sbs", "/run/vc/vm")
"""Where Kata keeps a folder for each sandbox."""


def in_runc(*argv: str, image: str = "alpine", options: Sequence[str] = ()) -> Callable[[Run], Sequence[str]]:
    """Return the command that runs `argv` in a new container of `image` under runc, removed when it ends.

    `image` is a name under images in lab.yml; `options` are more options of `ctr run`, such as
    `["--privileged"]`. The command's exit status is that of `argv`. Without `argv` the image's own runs.
    What reads standard input to its end may hang: ctr 1.6 loses an end that comes before the task is there.
    """
    return lambda run: once(run, RUNC, image, options, argv).argv


def in_kata(*argv: str, image: str = "alpine", options: Sequence[str] = ()) -> RetryOnHang:
    """Return the command of `in_runc`, under Kata: the same image digest and options, another runtime.

    It has KATA_SECONDS unless the caller gives a limit. If it hangs, what it left is cleared, and it is tried
    once more in a new container; both attempts are in the record.
    """
    return one_more_try(lambda run: once(run, KATA, image, options, argv))


IN_NEW: dict[str, Callable[..., Argv]] = {RUNC: in_runc, KATA: in_kata}
"""What runs a command in a new container, by the runtime."""


def one_more_try(attempt: Callable[[Run], Attempt], timeout: float = KATA_SECONDS) -> RetryOnHang:
    """Return the command that starts a container under Kata, which is tried once more if the guest hangs."""
    return RetryOnHang(attempt, timeout, NO_ANSWER, REMEDY)


def once(run: Run, runtime: str, image: str, options: Sequence[str], argv: Sequence[str]) -> Attempt:
    """Return one start of a new container under `runtime`, which is removed when it ends."""
    server = run.resource(containerd)
    name = images.have(run, image).name
    ident = new_id(run)
    words = run_argv(server, runtime, name, ident, options=["--rm", *options], argv=argv)
    return Attempt(words, lambda: put_away_hung(server, ident))


def run_argv(  # noqa: PLR0913 - the parts of one command, by name
    server: Containerd,
    runtime: str,
    image: str,
    ident: str,
    *,
    options: Sequence[str] = (),
    argv: Sequence[str] = (),
) -> list[str]:
    """Return the argv of `ctr run`; `image` is containerd's name for it.

    The image's working directory is used; an image that names none gets `/` by containerd. One that names a
    directory which it has not is Kata's ENOENT from 3.8 to 3.31 (kata-containers #13694, mended by #13118 in
    3.32), while runc makes it: give such an image `--cwd /` among the options, under both.
    """
    ours = ["--runtime", runtime, *ANNOTATION, "--fifo-dir", str(server.fifos), *server.snapshots()]
    return server.ctr("run", *ours, *options, image, ident, *argv)


def new_id(run: Run) -> str:
    """Return the next container's id, which carries the run's name; note what its shim could leave behind."""
    number = next(run.session.resources.setdefault("container ids", count(1)))
    ident = f"{run.name}-{number}"
    address = run.resource(containerd).address
    left = [*shim_sockets(address, run.name, ident), *(f"{folder}/{ident}" for folder in KATA_FOLDERS)]
    remove = ["rm", "-rf", "--one-file-system", *left]
    undo = run.undo(remove, left=lambda: any(map(os.path.lexists, left)))
    run.session.resources.setdefault(SHIM_LEFTOVERS, []).append(undo)
    return ident


def shim_sockets(address: Path, namespace: str, ident: str) -> list[str]:
    """Return where the shims of runc and Kata put their socket for a container.

    The name is the SHA-256 of `address/namespace/id` (containerd: runtime/v2/shim/util_unix.go; Kata's
    runtime-rs: crates/shim/src/shim.rs, which writes it in capitals).
    """
    name = hashlib.sha256(f"{address}/{namespace}/{ident}".encode()).hexdigest()
    return [str(SHIMS / "s" / name), str(SHIMS / "s" / name.upper())]
