"""Tear down a container: through containerd if its shim answers, otherwise by killing the shim.

Kata's shim may answer neither kill nor delete: if its sandbox did not come up (kata-containers #13441), if
the output of the container is stuck (#13676), or if the guest hangs at boot. A request to containerd about
such a shim never ends.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from labreport.capture import processes, recorder, signals
from labreport.capture.cleanup import leaks
from labreport.containers.containerd.server import Containerd

KILL_SECONDS = 30.0
"""Seconds that a container has to end after SIGKILL, before its shim is killed. A busy emulated host needs
more than ten. A shim that is killed leaves its cgroup behind."""

KATA_NAMESPACE = "cnitest-"
"""Prefix of a network namespace that Kata creates for itself (kata-sys-util/src/netns.rs)."""


def tear_down(server: Containerd, ident: str) -> None:
    """Kill the container `ident` and remove it. A shim that does not answer is killed."""
    recorder.output(server.ctr("tasks", "kill", "--signal", "SIGKILL", ident), timeout=KILL_SECONDS)
    patience = signals.Patience(KILL_SECONDS)
    while any(row[0] == ident and row[2] != "STOPPED" for row in tasks(server)):
        if patience.over():
            _kill(leaks.processes(ident))
            break
        time.sleep(0.02)
    _delete(server, ident)
    _clean_up(server, ident, patience)


def tear_down_hung(server: Containerd, ident: str) -> None:
    """Remove a container whose start hangs: kill its shim, then remove what the shim created.

    A shim that is killed before its sandbox is up has not saved its state. containerd then runs `shim
    delete`, which finds nothing to undo, so the namespace, mounts and cgroup of the shim are still there.
    """
    pids = list(shims(ident))
    namespaces = {name for pid in pids for name in kata_namespaces(pid)}
    _kill(pids)
    patience = signals.Patience(KILL_SECONDS)
    while (exists := ident in _containers(server)) and not patience.over():
        _delete(server, ident)
    if exists:
        tear_down(server, ident)
    else:
        _clean_up(server, ident, patience)
    for name in sorted(namespaces):
        recorder.output(["ip", "netns", "delete", name])


def tasks(server: Containerd) -> list[list[str]]:
    """Return the rows of `ctr tasks ls`: container id, pid, status."""
    rows = (line.split() for line in recorder.output(server.ctr("tasks", "ls"), timeout=10).splitlines()[1:])
    return [row for row in rows if len(row) == 3]  # noqa: PLR2004 - its three columns


def shims(ident: str) -> Iterator[int]:
    """Yield the pids of a container's shims, which have `-id ID` in their arguments.

    A shim process that was started to delete the container is left out.
    """
    for pid in leaks.processes(ident):
        with suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
            if (b"-id", ident.encode()) in pairwise(words) and words[-1] != b"delete":
                yield pid


def kata_namespaces(pid: int) -> set[str]:
    """Return the names of the network namespaces that Kata created and a thread of this shim is in."""
    entered = set()
    for thread in Path(f"/proc/{pid}/task").glob("*/ns/net"):
        with suppress(OSError):
            entered.add(thread.stat().st_ino)
    seen = Path(f"/proc/{pid}/root{leaks.NETNS}")  # as the shim's own mounts show it
    return {path.name for path in seen.glob(f"{KATA_NAMESPACE}*") if path.stat().st_ino in entered}


def _containers(server: Containerd) -> list[str]:
    """Return the ids of all containers in the namespace of the run."""
    return recorder.output(server.ctr("containers", "ls", "--quiet"), timeout=KILL_SECONDS).split()


def _delete(server: Containerd, ident: str) -> None:
    """Have containerd delete the task, the container and its snapshot."""
    recorder.output(server.ctr("tasks", "rm", "--force", ident), timeout=KILL_SECONDS)
    recorder.output(server.ctr("containers", "rm", ident), timeout=KILL_SECONDS)


def _clean_up(server: Containerd, ident: str, patience: signals.Patience) -> None:
    """Wait for the processes of a deleted container, then remove its mounts and cgroups.

    Processes that still run when `patience` is over are killed. A shim that was killed has left mounts and
    cgroups.
    """
    while any(leaks.processes(ident)) and not patience.over():
        time.sleep(0.02)
    leaks.kill_processes(ident)
    # compare whole names: a longer id can begin with this one
    mounts = {leak for leak in leaks.find(ident, "mount") if ident in leak.what.split("/")}
    cgroup = f"{server.namespace}/{ident}"
    paths = [*leaks.CGROUPS.glob(cgroup), *leaks.CGROUPS.glob(f"*/{cgroup}")]  # cgroup v2, cgroup v1
    leaks.remove(mounts | {leaks.Leak("cgroup", str(path)) for path in paths})


def _kill(pids: Iterable[int]) -> None:
    """Send SIGKILL to processes; ignore those that have ended."""
    for pid in pids:
        processes.kill(pid)
