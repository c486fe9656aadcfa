"""Run one command in a new container, with `ctr`: the same way under runc and under Kata."""

import hashlib
import os
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

from labreport.capture.command import Argv, Attempt, RetryOnHang
from labreport.capture.run import Run
from labreport.containers.containerd.server import SHIM_LEFTOVERS, SHIMS, Containerd, containerd
from labreport.containers.containerd.teardown import tear_down_hung
from labreport.containers.images import images
from labreport.containers.kata.installation import kata

RUNC = "io.containerd.runc.v2"
KATA = "io.containerd.kata.v2"
RUNTIMES = {"runc": RUNC, "kata": KATA}
"""Both runtimes by the name that they have in evidence."""

ANNOTATION = ("--annotation", "lab=run")
"""Kata's runtime-rs panics if a container has no annotation (3.23: crates/runtimes/src/manager.rs:391; fixed
in 3.25 by kata-containers #12180). runc gets the same annotation, so that only the runtime differs."""

KATA_SECONDS = 120.0
"""Seconds after which a start under Kata hangs. The slowest successful start took 12 s, on an emulated host.
Some starts never end: the shim waits for the guest on the vsock without a limit (3.23:
crates/agent/src/sock/hybrid_vsock.rs, connect_helper)."""

NO_ANSWER = (
    "vsock: failed to connect to",
    "Receive packet timeout",
    "socket err: Connection reset by peer",
    "socket err: early eof",
    "failed to delete task: ttrpc: closed",
)
"""Messages of Kata about a guest that did not answer within Kata's own limits. The first is about a
connection to the agent (3.23: crates/agent/src/sock/{hybrid_vsock,vsock}.rs, connect), the second about a
request to it (ttrpc 0.8.4: src/asynchronous/client.rs). The next two are printed when the guest dies during a
request. They were seen on an emulated host, at `online vcpus` and at `agent create container`. The last is
ctr's: the shim ended before it had answered that the task is deleted (seen once, in the box)."""

REMEDY = "the guest never answers: see manual/how-to/troubleshooting.md"

KATA_FOLDERS = ("/run/kata", "/run/kata-containers/shared/sandboxes", "/run/vc/sbs", "/run/vc/vm")
"""Kata creates a folder for each sandbox in each of these."""


def in_runc(*argv: str, image: str = "alpine", options: Sequence[str] = ()) -> Callable[[Run], Sequence[str]]:
    """Return a command that runs `argv` in a new container under runc, which is removed afterwards.

    `image` is a name under `images` in lab.yml. `options` are more options of `ctr run`, such as
    `["--privileged"]`. The exit status is that of `argv`. Without `argv` the image's own command runs.

    A program that reads its standard input until the end may hang: ctr 1.6 misses an end of file that comes
    before the task exists.
    """
    return lambda run: new_container(run, RUNC, image, options, argv).argv


def in_kata(*argv: str, image: str = "alpine", options: Sequence[str] = ()) -> RetryOnHang:
    """Return a command that runs `argv` in a new container under Kata, with the arguments of `in_runc`.

    It may take KATA_SECONDS, unless the caller gives a timeout. If it hangs, its leftovers are removed and it
    is run once more in a new container. The record has both attempts.
    """
    return retry_on_hang(lambda run: new_container(run, KATA, image, options, argv))


IN_NEW: dict[str, Callable[..., Argv]] = {RUNC: in_runc, KATA: in_kata}
"""`in_runc` and `in_kata` by the runtime."""


def retry_on_hang(attempt: Callable[[Run], Attempt]) -> RetryOnHang:
    """Return a command that starts a container under Kata, and runs once more if the guest hangs."""
    return RetryOnHang(attempt, KATA_SECONDS, NO_ANSWER, REMEDY)


def server_for(run: Run, runtime: str) -> Containerd:
    """Return the containerd of this collect. For a container under Kata, Kata is installed before."""
    server = run.resource(containerd)
    if runtime == KATA:
        kata(run)
    return server


def new_container(run: Run, runtime: str, image: str, options: Sequence[str], argv: Sequence[str]) -> Attempt:
    """Return one attempt to run `argv` in a new container under `runtime`, which is removed afterwards.

    `image` and `options` are those of `in_runc`. Raise Unavailable for an image or a containerd that cannot
    be had.
    """
    server = server_for(run, runtime)
    name = images.obtain(run, image).name
    ident = new_id(run)
    words = run_argv(server, runtime, name, ident, options=["--rm", *options], argv=argv)
    return Attempt(words, lambda: tear_down_hung(server, ident))


def run_argv(  # noqa: PLR0913 - the parts of one command, by name
    server: Containerd,
    runtime: str,
    image: str,
    ident: str,
    *,
    options: Sequence[str] = (),
    argv: Sequence[str] = (),
) -> list[str]:
    """Return the argv of `ctr run`. `image` is containerd's name for the image.

    The working directory is that of the image, or `/`. If the image names a directory that does not exist,
    runc creates it, and Kata 3.8 to 3.31 fails with ENOENT (kata-containers #13694, fixed in 3.32 by #13118).
    For such an image, add `--cwd /` to the options, under both runtimes.
    """
    ours = ["--runtime", runtime, *ANNOTATION, "--fifo-dir", str(server.fifos), *server.snapshotter_options()]
    return server.ctr("run", *ours, *options, image, ident, *argv)


def new_id(run: Run) -> str:
    """Return the id of the next container, and note how to remove what its shim may leave behind.

    It is the name of the run and a number, such as lab0123abcd-1.
    """
    number = next(run.session.resources.setdefault("container ids", count(1)))
    ident = f"{run.name}-{number}"
    address = run.resource(containerd).address
    left = [*shim_sockets(address, run.name, ident), *(f"{folder}/{ident}" for folder in KATA_FOLDERS)]
    remove = ["rm", "-rf", "--one-file-system", *left]
    undo = run.undo(remove, left=lambda: any(map(os.path.lexists, left)))
    run.session.resources.setdefault(SHIM_LEFTOVERS, []).append(undo)
    return ident


def shim_sockets(address: Path, namespace: str, ident: str) -> list[str]:
    """Return the paths at which the shims of runc and of Kata create their socket for a container.

    The file name is the SHA-256 of `address/namespace/id` (containerd: runtime/v2/shim/util_unix.go). Kata's
    runtime-rs writes it in capitals (crates/shim/src/shim.rs).
    """
    name = hashlib.sha256(f"{address}/{namespace}/{ident}".encode()).hexdigest()
    return [str(SHIMS / "s" / name), str(SHIMS / "s" / name.upper())]
