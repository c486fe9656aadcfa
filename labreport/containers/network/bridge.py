"""A container's network: a namespace made beforehand, on a bridge of the run, by CNI's bridge plugin.

runc and Kata take the same path: `ctr run --cni` fails under Kata (it gives pid 0 at create; kata-containers
#2580, #8442) and leaves a task that cannot be killed; a namespace that is there before the container works
for both.
"""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv4Network
from pathlib import Path

from labreport.capture import recorder
from labreport.capture.cleanup import leaks
from labreport.capture.declare import Unavailable
from labreport.capture.run import CaptureError, Run
from labreport.containers.containerd.shared import ours
from labreport.containers.network import cni


@dataclass(frozen=True)
class Network:
    """The run's bridge and its subnet, where CNI's plugins are, and where their files go."""

    name: str
    bridge: str
    subnet: IPv4Network
    plugins: Path
    folder: Path

    @property
    def gateway(self) -> str:
        """The bridge's own address."""
        return str(self.subnet[1])


@dataclass(frozen=True)
class Attachment:
    """A network namespace with an address on the bridge; it serves one container."""

    ident: str
    namespace: Path
    address: IPv4Interface

    @property
    def options(self) -> list[str]:
        """The options of `ctr run` that put a container into it."""
        return ["--with-ns", f"network:{self.namespace}"]


@contextmanager
def network(run: Run) -> Iterator[Network]:
    """Make the run's bridge; use it as `run.resource(network)`. Raise Unavailable without CNI's plugins."""
    plugins = cni.plugin_folder()
    if plugins is None:
        raise Unavailable(
            "CNI's bridge plugin is not in CNI_PATH or a usual folder",
            "install containernetworking-plugins, or name their folder in CNI_PATH",
        )
    used = cni.networks(recorder.output(["ip", "-4", "route", "show", "table", "all"]))
    subnet = cni.free_subnet(used, start=sum(run.name.encode()) * 7)
    if subnet is None:
        raise CaptureError(f"{cni.POOL}: no free /24 in it on this host: free one (ip route)")
    made = Network(run.name, f"{run.name}-br"[:15], subnet, plugins, run.folder / "cni")
    made.folder.mkdir()
    with ExitStack() as stack:
        _note_namespaces(run, stack)
        stack.callback(run.undo(["ip", "link", "delete", made.bridge]))
        run.command(["ip", "link", "add", made.bridge, "type", "bridge"])
        run.command(["ip", "address", "add", f"{made.gateway}/{subnet.prefixlen}", "dev", made.bridge])
        run.command(["ip", "link", "set", made.bridge, "up"])
        config = cni.bridge_config(made.name, made.bridge, subnet, made.folder / "leases")
        (made.folder / "bridge.json").write_text(config)
        yield made


def _note_namespaces(run: Run, stack: ExitStack) -> None:
    """Write down how the folder of named namespaces is put away: `ip` makes a mount of it."""
    folder = str(leaks.NETNS)
    if ours(run, there=leaks.NETNS.exists()):
        stack.callback(run.undo(["rmdir", "--ignore-fail-on-non-empty", folder]))
    if ours(run, there=leaks.NETNS.is_mount()):
        stack.callback(run.undo(["umount", folder]))  # refused as long as a namespace is in it


@contextmanager
def attached(run: Run, ident: str) -> Iterator[Attachment]:
    """Make a network namespace named `ident` with an address on the run's bridge; remove both at the end."""
    net = run.resource(network)
    namespace = leaks.NETNS / ident
    config = net.folder / "bridge.json"
    with ExitStack() as stack:
        stack.callback(run.undo(["ip", "netns", "delete", ident]))
        run.command(["ip", "netns", "add", ident])
        gone = cni.environment("DEL", ident, namespace, net.plugins)
        stack.callback(run.undo(cni.call("bridge", gone), stdin=config))
        run.command(
            cni.call("bridge", cni.environment("ADD", ident, namespace, net.plugins)),
            stdin=config,
            timeout=30,
        )
        yield Attachment(ident, namespace, _address(ident))


def _address(namespace: str) -> IPv4Interface:
    """Return the address that the bridge plugin gave; raise CaptureError."""
    words = ["ip", "-n", namespace, "-4", "-o", "address", "show", "dev", cni.INTERFACE]
    found = re.search(r"\binet (\S+)", recorder.output(words))
    if found is None:
        raise CaptureError(f"{namespace}: the bridge plugin gave no address")
    return IPv4Interface(found[1])
