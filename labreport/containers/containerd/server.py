"""The containerd of a collect: a private one that ends with the collect, or the host's own.

Either way the containers run in a containerd namespace with the name of the run, so that their shims and
cgroups carry this name. Image layers go to /var/lib/lab/<run>, everything small to the folder of the run.
"""

import re
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from labreport.capture import recorder, signals
from labreport.capture.checks import Fit
from labreport.capture.cleanup import leaks, runs
from labreport.capture.declare import Unavailable
from labreport.capture.program import search_path
from labreport.capture.run import CaptureError, Run
from labreport.containers.containerd.config import config_text
from labreport.containers.host import cgroups, overlay
from labreport.containers.network.namespaces import share_namespace_folder

TOOLS = (("containerd", "--version"), ("runc", "--version"))
"""The commands that print the versions for the record of a collector that runs containers."""

ROOTS = Path("/var/lib/lab")
"""Each run has a folder here for what is too large for memory, such as image layers."""

HOST_SOCKET = Path("/run/containerd/containerd.sock")
"""The address of the host's own containerd."""

HOST_ROOT = Path("/var/lib/containerd")
"""Where the host's own containerd keeps its layers, unless it is configured otherwise."""

SHIMS = Path("/run/containerd")
"""The shims of every containerd keep their sockets and runc's state here, whatever its folders are."""

SHIM_LEFTOVERS = "undo functions for the leftovers of shims"
"""Key of session.resources: one function per container, which removes the socket and folders of its shim."""

TASKS = (
    "/run/containerd/io.containerd.runtime.v2.task",
    "/var/lib/containerd/io.containerd.runtime.v2.task",
)
"""The host's own containerd keeps a folder here for each namespace that had a container."""

SHIM_FOLDERS = ("/usr/local/bin", "/opt/kata/bin")
"""Folders at the end of the PATH of a private containerd, on which it looks for the shim of a runtime. Before
all others it looks in a folder of the run, which is empty unless Kata is installed for the run alone."""

EDITS = "edits of the private containerd's configuration"
"""The key in `session.resources` for a list of functions, each of which changes the text of the configuration
before containerd starts."""

OWN_MOUNTS = ("unshare", "--mount", "--propagation", "slave")
"""The words before a command that is to have mounts of its own: it sees what is mounted on the host later,
and the host does not see what is mounted for it. They end with its last process."""

START_SECONDS = 20.0
"""Seconds after which a private containerd that does not answer has failed. It usually takes less than
one."""

CLEAR_NAMESPACE = """
c() { ctr --address "$address" --namespace "$namespace" "$@"; }
address=$1 namespace=$2
for one in $(c tasks ls --quiet); do c tasks rm --force "$one"; done
for one in $(c containers ls --quiet); do c containers rm "$one"; done
for one in $(c images ls --quiet); do c images rm --sync "$one"; done
for one in $(c leases ls --quiet); do c leases rm --sync "$one"; done
for _try in 1 2 3 4 5 6 7 8 9 10; do
    for one in $(c snapshots ls | awk 'NR > 1 {print $1}'); do c snapshots rm "$one"; done
    c content ls --quiet | while read -r one; do c content rm "$one"; done
    ctr --address "$address" namespaces rm "$namespace" && exit
    sleep 0.5
done
"""
"""Removes a containerd namespace with everything in it. It needs several rounds, because a snapshot can be
removed only when no other snapshot builds on it."""


@dataclass(frozen=True)
class Containerd:
    """A containerd that answers.

    `address` is its socket, `namespace` the containerd namespace of the run. `fifos` is the folder for the
    FIFOs of `ctr`, `logs` the one for the output of containers. `snapshotter` is empty if containerd's
    default, overlayfs, works on this host. `pid` is the process of a private containerd, which has mounts of
    its own; 0 for the host's containerd.
    """

    address: Path
    namespace: str
    fifos: Path
    logs: Path
    snapshotter: str = ""
    pid: int = 0

    def ctr(self, *words: str) -> list[str]:
        """Return the argv of a `ctr` command in the namespace of the run."""
        return ["ctr", "--address", str(self.address), "--namespace", self.namespace, *words]

    @property
    def inside(self) -> list[str]:
        """The words before a command that is to see the files that this containerd sees."""
        return ["nsenter", f"--mount=/proc/{self.pid}/ns/mnt"] if self.pid else []

    @property
    def folder(self) -> Path:
        """The folder of a private containerd, for what is small."""
        return self.address.parent

    @property
    def config(self) -> Path:
        """The configuration of a private containerd."""
        return self.folder / "config.toml"

    @property
    def shims(self) -> Path:
        """The folder in which a private containerd looks first for the shim of a runtime."""
        return self.folder / "shims"

    def snapshotter_options(self) -> list[str]:
        """Return the options of `ctr` that select the snapshotter; none for the default."""
        return ["--snapshotter", self.snapshotter] if self.snapshotter else []


def choose_snapshotter(plugins: str, folder: Path) -> str:
    """Return the snapshotter for a containerd whose layers are in `folder`, given its `ctr plugins ls`.

    It is empty, which means the default, if overlayfs works there, and `native` otherwise.
    """
    return snapshotter_offered(plugins) or ("native" if overlay.check(folder).fit is Fit.NO else "")


def snapshotter_offered(plugins: str) -> str:
    """Return `native` if containerd says that overlayfs does not work, given the output of `ctr plugins ls`.

    >>> snapshotter_offered("io.containerd.snapshotter.v1  overlayfs  linux/amd64  ok")
    ''
    >>> snapshotter_offered("io.containerd.snapshotter.v1  overlayfs  linux/amd64  skip")
    'native'
    """
    return "" if re.search(r"snapshotter\S*\s+overlayfs\s.*\bok\s*$", plugins, re.MULTILINE) else "native"


@contextmanager
def containerd(run: Run) -> Iterator[Containerd]:
    """Start a private containerd, or use the host's own, as the collect allows; yield it.

    Collectors call `run.resource(containerd)`, so that all collectors of a collect share one. Raise
    Unavailable if it is not installed or does not answer, with the last lines of its log. A second collector
    of the same collect gets the same error without another attempt.
    """
    if failure := run.session.resources.get("containerd's failure"):
        raise failure
    start, layers = (_attach, HOST_ROOT) if run.session.system else (_start, ROOTS)
    with ExitStack() as stack:
        try:
            server, plugins = start(run, stack)
        except Unavailable as error:
            run.session.resources["containerd's failure"] = error
            raise
        yield replace(server, snapshotter=choose_snapshotter(plugins, layers / run.name))


def _start(run: Run, stack: ExitStack) -> tuple[Containerd, str]:
    """Start a private containerd; return it with its list of plugins. `stack` ends it."""
    try:
        recorder.find("containerd")
    except recorder.CommandNotFoundError as error:
        raise Unavailable(error.what, "install containerd (Debian: apt install containerd)") from error
    root, folder = ROOTS / run.name, run.folder / "containerd"
    server = Containerd(folder / "containerd.sock", run.name, folder / "fifo", root / "logs")
    text = config_text(root=root / "root", state=folder / "state", address=server.address)
    for edit in run.session.resources.get(EDITS, []):
        text = edit(text)
    _prepare(run, stack, server)
    share_namespace_folder(run, stack)
    server.shims.mkdir(exist_ok=True)
    server.config.write_text(text)
    path = ":".join((str(server.shims), search_path(), *SHIM_FOLDERS))
    argv = [*OWN_MOUNTS, "env", f"PATH={path}", "containerd", "--config", str(server.config)]
    with signals.deferred():  # nothing is removed from under a containerd that still runs
        daemon = run.start(argv, "containerd.log")
        stack.callback(daemon.stop)
        stack.callback(end_tasks, daemon, server)
    return replace(server, pid=daemon.pid), _wait(run, daemon, server)


def _attach(run: Run, stack: ExitStack) -> tuple[Containerd, str]:
    """Return the host's own containerd with its list of plugins. `stack` removes the namespace of the run."""
    folder = run.folder / "containerd"
    server = Containerd(HOST_SOCKET, run.name, folder / "fifo", ROOTS / run.name / "logs")
    plugins = _plugins(server) if server.address.exists() else ""  # ctr would wait 10 s for it
    if not plugins:
        raise Unavailable(
            f"this host's containerd does not answer at {server.address}",
            "start it (systemctl start containerd), or collect with a private one: --containerd private",
        )
    _prepare(run, stack, server)
    if HOST_ROOT.is_dir():  # where an overlay is tried
        stack.callback(run.undo(["rm", "-rf", "--one-file-system", str(HOST_ROOT / run.name)]))
        (HOST_ROOT / run.name).mkdir()
    clear = ["sh", "-c", CLEAR_NAMESPACE, "clear", str(server.address), server.namespace]
    stack.callback(run.undo(clear))
    return server, plugins


def _plugins(server: Containerd, timeout: float = 20.0) -> str:
    """Return the output of `ctr plugins ls`; it is empty if containerd does not answer."""
    return recorder.output(server.ctr("plugins", "ls"), timeout=timeout)


def _wait(run: Run, daemon: recorder.Daemon, server: Containerd) -> str:
    """Wait until containerd answers; return its list of plugins.

    Raise Unavailable with the last lines of its log if it ends or does not answer in time.
    """
    plugins = ""

    def answered_or_ended() -> bool:
        nonlocal plugins
        if server.address.exists():
            plugins = _plugins(server, timeout=5)
        return bool(plugins) or not daemon.alive()

    with suppress(CaptureError):
        run.wait_until(answered_or_ended, "containerd", START_SECONDS)
        if daemon.alive():
            return plugins
    how = "ended at once" if not daemon.alive() else f"gave no answer within {START_SECONDS:g} s"
    raise Unavailable(
        f"containerd {how}: {log_tail(daemon.log, run)}",
        "start containerd by hand to see why (containerd --log-level debug), or reinstall it",
    )


def _prepare(run: Run, stack: ExitStack, server: Containerd) -> None:
    """Create the folders and cgroups of the run's containers. `stack` removes them."""
    _note_leftovers(run, stack, ROOTS / run.name)
    stack.callback(_remove_shim_leftovers, run)
    server.fifos.mkdir(parents=True, exist_ok=True)
    server.logs.mkdir(parents=True)
    stack.callback(remove_cgroups, run.name)
    create_cgroups(run.name)


def _note_leftovers(run: Run, stack: ExitStack, root: Path) -> None:
    """Note how to remove what containerd and its shims create outside the run's folder."""
    folders = (ROOTS, SHIMS, SHIMS / "s", SHIMS / "runc", SHIMS / "fifo")
    created = [str(folder) for folder in folders if runs.removes_shared(run.name, existed=folder.exists())]
    if created:  # at the end of the run: a shim that is just starting makes them anew until it is killed
        run.undo(["rmdir", "--ignore-fail-on-non-empty", *reversed(created)])
    of_this_run = [str(root), str(SHIMS / "runc" / run.name), *(f"{folder}/{run.name}" for folder in TASKS)]
    stack.callback(run.undo(["rm", "-rf", "--one-file-system", *of_this_run]))


def _remove_shim_leftovers(run: Run) -> None:
    """Remove what killed shims left behind. Otherwise the folders that they share are not empty."""
    for undo in run.session.resources.get(SHIM_LEFTOVERS, []):
        undo()


def create_cgroups(name: str) -> None:
    """Create the cgroup of the run's namespace in every hierarchy, as its first container would.

    Then the cgroup belongs to containerd, and not to the collector that happens to run the first container,
    for which it would be a leak.
    """
    for hierarchy in cgroups.hierarchies(cgroups.MOUNTS.read_text()):
        with suppress(OSError):  # where cgroups are read-only, a container creates none either
            (hierarchy.point / name).mkdir()


def remove_cgroups(name: str) -> None:
    """Remove the cgroups of the run's namespace."""
    leaks.remove(leaks.find(name, "cgroup"))


def end_tasks(daemon: recorder.Daemon, server: Containerd) -> None:
    """Kill the containers that still run. When containerd ends, their shims would go on running."""
    if not daemon.alive() or not set(leaks.processes(server.namespace)) - {daemon.pid}:
        return
    for ident in recorder.output(server.ctr("tasks", "ls", "--quiet"), timeout=5).split():
        recorder.output(server.ctr("tasks", "rm", "--force", ident), timeout=10)


def log_tail(log: Path, run: Run, lines: int = 3) -> str:
    """Return the last lines of a log as one line, with placeholders for the folders of this run."""
    try:
        with log.open(errors="replace") as file:
            kept = deque((line.strip() for line in file if line.strip()), maxlen=lines)
    except OSError:
        kept = deque()
    text = " / ".join(line[:300] for line in kept) or "its log is empty"
    return text.replace(str(run.folder), "<run>").replace(str(ROOTS / run.name), "<root>")
