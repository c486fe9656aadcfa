"""A private containerd: its own configuration, root, state and socket, for the length of one collect.

Its namespace is the run's name, so that shims and cgroups carry it. Image layers are on disk in
/var/lib/lab/<run>, everything small is in the run's folder.
"""

import re
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from os import environ
from pathlib import Path
from threading import Thread

from labreport.capture import recorder
from labreport.capture.cleanup import leaks
from labreport.capture.declare import Unavailable
from labreport.capture.host import version_of
from labreport.capture.run import CaptureError, Run
from labreport.containers.containerd import system
from labreport.containers.containerd.server import SHIMS, Containerd, snapshotter
from labreport.containers.containerd.shared import ours

TOOLS = (("containerd", "--version"), ("runc", "--version"))
"""What prints the versions that go into the record of whatever ran in a container."""

ROOTS = Path("/var/lib/lab")
SHIM_LEFTOVERS = "what shims may leave behind"
"""Where a session keeps, for each container, what removes its shim's socket and folders."""

TASKS = (
    "/run/containerd/io.containerd.runtime.v2.task",
    "/var/lib/containerd/io.containerd.runtime.v2.task",
)
"""Where this host's containerd keeps a folder for each namespace that had a container."""

SHIM_FOLDERS = ("/usr/local/bin", "/opt/kata/bin")
"""Where a shim may be besides PATH; containerd finds a runtime by its shim on its own PATH."""

PATIENCE = 20.0
"""Seconds until containerd must answer; it takes well under one."""

SOCKET_BYTES = 107 - len(".ttrpc")
"""The longest address: a unix socket's path has 107 bytes, and containerd makes a second one beside it."""

UNNEEDED = (
    "io.containerd.grpc.v1.cri",
    "io.containerd.cri.v1.images",
    "io.containerd.cri.v1.runtime",
    "io.containerd.podsandbox.controller.v1.podsandbox",
    "io.containerd.sandbox.controller.v1.podsandbox",
    "io.containerd.internal.v1.opt",
    "io.containerd.nri.v1.nri",
    "io.containerd.snapshotter.v1.aufs",
    "io.containerd.snapshotter.v1.blockfile",
    "io.containerd.snapshotter.v1.btrfs",
    "io.containerd.snapshotter.v1.devmapper",
    "io.containerd.snapshotter.v1.erofs",
    "io.containerd.snapshotter.v1.zfs",
    "io.containerd.tracing.processor.v1.otlp",
    "io.containerd.internal.v1.tracing",
)
"""Plugins of 1.6 to 2.x that a lab with ctr has no use for; `opt` would make /opt/containerd."""


def config_version(printed: str) -> int:
    """Return which configuration version `containerd --version`'s output asks for: 2 for 1.x, else 3.

    Raise ValueError if there is no version in it.

    >>> config_version("containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u3")
    2
    >>> config_version("containerd github.com/containerd/containerd/v2 v2.1.4 75cb2b7193")
    3
    """
    found = re.search(r"\sv?(\d+)\.(\d+)\.", printed)
    if found is None:
        raise ValueError(f"{printed!r} names no version")
    return 2 if found[1] == "1" else 3


def config_text(*, root: Path, state: Path, address: Path) -> str:
    """Return containerd's configuration: own folders and socket, no CRI and nothing else unneeded.

    Version 2 of it is what 1.x reads, and what 2.x (tried: 2.4.2) takes for its own 3 in some 13 µs.
    Format: containerd's docs/man/containerd-config.toml.5.md.
    """
    if len(str(address).encode()) > SOCKET_BYTES:
        raise CaptureError(f"{address}: too long for a socket: at most {SOCKET_BYTES} bytes")
    disabled = "".join(f'  "{plugin}",\n' for plugin in UNNEEDED)
    return (
        "version = 2\n"
        f'root = "{root}"\n'
        f'state = "{state}"\n'
        f"disabled_plugins = [\n{disabled}]\n\n"
        f'[grpc]\n  address = "{address}"\n'
    )


@contextmanager
def containerd(run: Run) -> Iterator[Containerd]:
    """Start a containerd for the collect, or use this host's; use it as `run.resource(containerd)`.

    Raise Unavailable if it is not installed or does not come up, with the last lines of its log; another
    collector of the same collect is told the same without a new attempt.
    """
    if failed := run.session.resources.get("containerd's failure"):
        raise failed
    Thread(target=_foresee, daemon=True).start()
    begin = _attach if run.session.system else _start
    with ExitStack() as stack:
        try:
            server, plugins = begin(run, stack)
        except Unavailable as error:
            run.session.resources["containerd's failure"] = error
            raise
        yield replace(server, snapshotter=snapshotter(plugins))


def _foresee() -> None:
    """Find out what records will want, beside what there is to wait for: ctr's hash, the tools' versions.

    ctr's 23 MB are 18 ms, and under emulation a second. Who asks next finds it, or is told why not.
    """
    with suppress(recorder.CommandNotFoundError, OSError):
        recorder.executable("ctr")
    for argv in TOOLS:
        version_of(argv)


def _start(run: Run, stack: ExitStack) -> tuple[Containerd, str]:
    """Start containerd and wait until it says what plugins it has; `stack` is what ends and clears it."""
    try:
        recorder.find("containerd")
    except recorder.CommandNotFoundError as error:
        raise Unavailable(error.what, "install containerd (Debian: apt install containerd)") from error
    root, folder = ROOTS / run.name, run.folder / "containerd"
    server = Containerd(folder / "containerd.sock", run.name, folder / "fifo", root / "logs")
    text = config_text(root=root / "root", state=folder / "state", address=server.address)
    _prepare(run, stack, server)
    config = folder / "config.toml"
    config.write_text(text)
    path = ":".join((environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"), *SHIM_FOLDERS))
    daemon = run.start(["env", f"PATH={path}", "containerd", "--config", str(config)], "containerd.log")
    stack.callback(daemon.stop)
    stack.callback(end_tasks, daemon, server)
    return server, _wait(run, daemon, server)


def _attach(run: Run, stack: ExitStack) -> tuple[Containerd, str]:
    """Use this host's containerd, in a namespace that is gone afterwards; raise Unavailable."""
    folder = run.folder / "containerd"
    server = Containerd(system.SOCKET, run.name, folder / "fifo", ROOTS / run.name / "logs")
    plugins = _plugins(server) if server.address.exists() else ""  # ctr would wait 10 s for it
    if not plugins:
        raise Unavailable(
            f"this host's containerd does not answer at {server.address}",
            "start it (systemctl start containerd), or collect with a private one: --containerd private",
        )
    _prepare(run, stack, server)
    stack.callback(run.undo(system.clear_namespace(server.address, server.namespace)))
    return server, plugins


def _plugins(server: Containerd, timeout: float = 20.0) -> str:
    """Return what containerd says of its plugins; empty if it does not answer."""
    return recorder.output(server.ctr("plugins", "ls"), timeout=timeout)


def _prepare(run: Run, stack: ExitStack, server: Containerd) -> None:
    """Make the folders and cgroups that a containerd's containers need; `stack` takes them away."""
    _note_leftovers(run, stack, ROOTS / run.name)
    stack.callback(_clear_shims, run)
    server.fifos.mkdir(parents=True)
    server.logs.mkdir(parents=True)
    stack.callback(remove_cgroups, run.name)
    own_cgroups(run.name)


def _note_leftovers(run: Run, stack: ExitStack, root: Path) -> None:
    """Write down how what containerd and its shims make outside the run's folder is removed."""
    folders = (ROOTS, SHIMS, SHIMS / "s", SHIMS / "runc", SHIMS / "fifo")
    made = [str(folder) for folder in folders if ours(run, there=folder.exists())]
    if made:
        stack.callback(run.undo(["rmdir", "--ignore-fail-on-non-empty", *reversed(made)]))
    named = [str(root), str(SHIMS / "runc" / run.name), *(f"{tasks}/{run.name}" for tasks in TASKS)]
    stack.callback(run.undo(["rm", "-rf", "--one-file-system", *named]))


def _clear_shims(run: Run) -> None:
    """Remove what killed shims left behind, so that the folders they share can go."""
    for undo in run.session.resources.get(SHIM_LEFTOVERS, []):
        undo()


def own_cgroups(name: str) -> None:
    """Make the cgroup of our namespace in every hierarchy, as the first container would.

    So it belongs to this containerd, not to the collector that happens to run the first container.
    """
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _dash, after = line.partition(" - ")
        point = Path(before.split(" ")[4])
        if after.split(" ")[0] in {"cgroup", "cgroup2"} and leaks.CGROUPS in (point, point.parent):
            with suppress(OSError):  # where cgroups are read-only, no container will make one either
                (point / name).mkdir()


def remove_cgroups(name: str) -> None:
    """Remove the cgroups of our namespace."""
    leaks.remove(leaks.find(name, "cgroup"))


def end_tasks(daemon: recorder.Daemon, server: Containerd) -> None:
    """Kill the containers that are still there: containerd's own end would leave their shims running."""
    if not daemon.alive() or not set(leaks.processes(server.namespace)) - {daemon.pid}:
        return
    for ident in recorder.output(server.ctr("tasks", "ls", "--quiet"), timeout=5).split():
        recorder.output(server.ctr("tasks", "rm", "--force", ident), timeout=10)


def _wait(run: Run, daemon: recorder.Daemon, server: Containerd) -> str:
    """Return what containerd says of its plugins once it answers.

    Raise Unavailable with the last lines of its log if it does not.
    """
    plugins = ""

    def known() -> bool:
        nonlocal plugins
        if server.address.exists():
            plugins = _plugins(server, timeout=5)
        return bool(plugins) or not daemon.alive()

    with suppress(CaptureError):
        run.wait_until(known, "containerd", PATIENCE)
        if daemon.alive():
            return plugins
    how = "ended at once" if not daemon.alive() else f"gave no answer within {PATIENCE:g} s"
    raise Unavailable(
        f"containerd {how}: {log_tail(daemon.log, run)}",
        "start containerd by hand to see why (containerd --log-level debug), or reinstall it",
    )


def log_tail(log: Path, run: Run, lines: int = 3) -> str:
    """Return the last lines of a log as one line, without the names of this run's folders."""
    try:
        with log.open(errors="replace") as file:
            kept = deque((line.strip() for line in file if line.strip()), maxlen=lines)
    except OSError:
        kept = deque()
    text = " / ".join(line[:300] for line in kept) or "its log is empty"
    return text.replace(str(run.folder), "<run>").replace(str(ROOTS / run.name), "<root>")
