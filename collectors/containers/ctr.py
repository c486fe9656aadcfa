"""Containers by ctr: one command in a container of its own, under runc or Kata, in the same words."""

import hashlib
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

from collectors.containers import images
from collectors.containers.containerd import SHIM_LEFTOVERS, SHIMS, Containerd, containerd
from collectors.engine.run import Run

RUNC = "io.containerd.runc.v2"
KATA = "io.containerd.kata.v2"

ANNOTATION = ("--annotation", "lab=run")
"""Kata's runtime-rs panics where there is no annotation at all (3.23: manager.rs:391; mended in 4.0). runc
gets the same one, so that the two commands differ in the runtime alone."""

KATA_FOLDERS = ("/run/kata", "/run/kata-containers/shared/sandboxes", "/run/vc/sbs", "/run/vc/vm")
"""Where Kata keeps a folder for each sandbox."""


def in_runc(*argv: str, image: str = "alpine", options: Sequence[str] = ()) -> Callable[[Run], list[str]]:
    """Return the command that runs `argv` in a new container of `image` under runc, removed when it ends.

    `image` is a name under images in lab.yml; `options` are more options of `ctr run`, such as
    `["--privileged"]`. The command's exit status is that of `argv`. Without `argv` the image's own runs.
    What reads standard input to its end may hang: ctr 1.6 loses an end that comes before the task is there.
    """
    return lambda run: _once(run, RUNC, image, options, argv)


def in_kata(*argv: str, image: str = "alpine", options: Sequence[str] = ()) -> Callable[[Run], list[str]]:
    """Return the command of `in_runc`, under Kata: the same image digest and options, another runtime."""
    return lambda run: _once(run, KATA, image, options, argv)


def _once(run: Run, runtime: str, image: str, options: Sequence[str], argv: Sequence[str]) -> list[str]:
    server = run.resource(containerd)
    name = images.have(run, image).name
    return run_argv(server, runtime, name, new_id(run), options=["--rm", *options], argv=argv)


def run_argv(  # noqa: PLR0913 - the parts of one command, by name
    server: Containerd,
    runtime: str,
    image: str,
    ident: str,
    *,
    options: Sequence[str] = (),
    argv: Sequence[str] = (),
) -> list[str]:
    """Return the argv of `ctr run`; `image` is containerd's name for it."""
    ours = ["--runtime", runtime, *ANNOTATION, "--fifo-dir", str(server.fifos), *server.snapshots()]
    return server.ctr("run", *ours, *options, image, ident, *argv)


def new_id(run: Run) -> str:
    """Return the next container's id, which carries the run's name; note what its shim could leave behind."""
    number = next(run.session.resources.setdefault("container ids", count(1)))
    ident = f"{run.name}-{number}"
    address = run.folder / "containerd" / "containerd.sock"
    folders = [f"{folder}/{ident}" for folder in KATA_FOLDERS]
    undo = run.undo(["rm", "-rf", "--one-file-system", *shim_sockets(address, run.name, ident), *folders])
    run.session.resources.setdefault(SHIM_LEFTOVERS, []).append(undo)
    return ident


def shim_sockets(address: Path, namespace: str, ident: str) -> list[str]:
    """Return where the shims of runc and Kata put their socket for a container.

    The name is the SHA-256 of `address/namespace/id` (containerd: runtime/v2/shim/util_unix.go; Kata's
    runtime-rs: crates/shim/src/shim.rs, which writes it in capitals).
    """
    name = hashlib.sha256(f"{address}/{namespace}/{ident}".encode()).hexdigest()
    return [str(SHIMS / "s" / name), str(SHIMS / "s" / name.upper())]
