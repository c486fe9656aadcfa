"""How a container is ended: through containerd where its shim answers, else by the shim's own pid.

Kata's shim may answer neither kill nor delete: a sandbox that never came up (kata-containers #13441) and one
whose output is stuck (#13676) are such, and so is a guest that hangs at boot. What containerd is asked for
such a shim waits for ever.
"""

import os
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from labreport.capture import recorder
from labreport.capture.cleanup import leaks
from labreport.containers.containerd.server import Containerd

PATIENCE = 30.0
"""Seconds that a container is given to end after SIGKILL, before its shim is killed: an emulated host that is
busy with another machine needs over ten, and a shim that is killed leaves its cgroup."""

KATA_NAMESPACE = "cnitest-"
"""How a network namespace is called that Kata makes for itself (kata-sys-util/src/netns.rs)."""


def put_away(server: Containerd, ident: str) -> None:
    """Kill a container and remove it; a shim that does not answer is killed."""
    recorder.output(server.ctr("tasks", "kill", "--signal", "SIGKILL", ident), timeout=PATIENCE)
    deadline = time.monotonic() + PATIENCE
    while any(row[0] == ident and row[2] != "STOPPED" for row in tasks(server)):
        if time.monotonic() > deadline:
            _kill(leaks.processes(ident))
            break
        time.sleep(0.02)
    _forget(server, ident)
    _clear(server, ident, deadline)


def put_away_hung(server: Containerd, ident: str) -> None:
    """End a container whose start hangs: its shim first, by pid, and what only the shim knew of.

    A shim that is killed before its sandbox is up has saved no state, and `shim delete`, which containerd
    runs then, finds nothing to undo: the namespace, mounts and cgroup that it made are left to us.
    """
    pids = list(shims(ident))
    namespaces = {name for pid in pids for name in own_namespaces(pid)}
    _kill(pids)
    deadline = time.monotonic() + PATIENCE
    while (there := ident in _containers(server)) and time.monotonic() < deadline:
        _forget(server, ident)
    if there:
        put_away(server, ident)
    else:
        _clear(server, ident, deadline)
    for name in sorted(namespaces):
        recorder.output(["ip", "netns", "delete", name])


def tasks(server: Containerd) -> list[list[str]]:
    """Return the rows of `ctr tasks ls`: container, pid, status."""
    rows = (line.split() for line in recorder.output(server.ctr("tasks", "ls"), timeout=10).splitlines()[1:])
    return [row for row in rows if len(row) == 3]  # noqa: PLR2004 - its three columns


def shims(ident: str) -> Iterator[int]:
    """Yield the shims of a container: `-id ID` is in their arguments; one that is deleting it is left out."""
    for pid in leaks.processes(ident):
        with suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
            if (b"-id", ident.encode()) in pairwise(words) and words[-1] != b"delete":
                yield pid


def own_namespaces(pid: int) -> set[str]:
    """Return the named network namespaces that Kata made for itself and a shim's threads are in."""
    entered = set()
    for thread in Path(f"/proc/{pid}/task").glob("*/ns/net"):
        with suppress(OSError):
            entered.add(thread.stat().st_ino)
    named = leaks.NETNS.glob(f"{KATA_NAMESPACE}*")
    return {path.name for path in named if path.stat().st_ino in entered}


def _containers(server: Containerd) -> list[str]:
    return recorder.output(server.ctr("containers", "ls", "--quiet"), timeout=PATIENCE).split()


def _forget(server: Containerd, ident: str) -> None:
    """Have containerd delete task and container, and with it its snapshot."""
    recorder.output(server.ctr("tasks", "rm", "--force", ident), timeout=PATIENCE)
    recorder.output(server.ctr("containers", "rm", ident), timeout=PATIENCE)


def _clear(server: Containerd, ident: str, deadline: float) -> None:
    """Wait for the processes of a container that containerd has forgotten, and remove what its shim made.

    From `deadline` on they are killed.
    """
    while any(leaks.processes(ident)) and time.monotonic() < deadline + PATIENCE:
        if time.monotonic() > deadline:
            _kill(leaks.processes(ident))
        time.sleep(0.02)
    _remove_what_the_shim_made(server, ident)


def _remove_what_the_shim_made(server: Containerd, ident: str) -> None:
    """Remove the mounts and cgroups of a container that is gone: a shim that was killed has left them."""
    left = {leak for leak in leaks.find(ident, "mount") if _is_of(leak, ident)}
    cgroup = f"{server.namespace}/{ident}"  # below a hierarchy's folder with version 1
    paths = [*leaks.CGROUPS.glob(cgroup), *leaks.CGROUPS.glob(f"*/{cgroup}")]
    leaks.remove(left | {leaks.Leak("cgroup", str(path)) for path in paths})


def _kill(pids: Iterable[int]) -> None:
    """Kill processes; a container's shim has its id as an argument, the others in their cgroup."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _is_of(leak: leaks.Leak, ident: str) -> bool:
    """Return whether a mount is this container's, not that of a longer id."""
    return ident in leak.what.split("/")
