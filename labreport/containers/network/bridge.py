"""A container's network: a network namespace that is connected to the bridge of the run by a CNI plugin.

The namespace is created before the container, which works under runc and under Kata. `ctr run --cni` fails
under Kata, because the runtime reports pid 0 at create (kata-containers #2580, #8442), and leaves a task that
cannot be killed.
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
from labreport.containers.network import cni
from labreport.containers.network.namespaces import note_namespace_folder


@dataclass(frozen=True)
class Network:
    """The bridge of the run.

    `name` is that of the CNI network, `bridge` that of the interface. `plugins` is the folder of the CNI
    plugins, `folder` the one for their configuration and leases.
    """

    name: str
    bridge: str
    subnet: IPv4Network
    plugins: Path
    folder: Path

    @property
    def gateway(self) -> str:
        """The address of the bridge."""
        return str(self.subnet[1])


@dataclass(frozen=True)
class Attachment:
    """A network namespace with an address on the bridge. It serves one container, whose id is `ident`."""

    ident: str
    namespace: Path
    address: IPv4Interface

    @property
    def options(self) -> list[str]:
        """The options of `ctr run` for a container in this namespace."""
        return ["--with-ns", f"network:{self.namespace}"]


@contextmanager
def network(run: Run) -> Iterator[Network]:
    """Create the bridge of the run, and remove it at the end.

    Collectors call `run.resource(network)`, so that all containers of a run are on one bridge. Raise
    Unavailable if the CNI plugins are not installed, CaptureError if no subnet is free.
    """
    plugins = cni.plugin_folder()
    if plugins is None:
        raise Unavailable(
            "CNI's bridge plugin is not in CNI_PATH or a usual folder",
            "install containernetworking-plugins, or name their folder in CNI_PATH",
        )
    used = cni.networks(recorder.output(["ip", "-4", "route", "show", "table", "all"]))
    subnet = cni.free_subnet(used, start=sum(run.name.encode()) * 7)
    if subnet is None:
        raise CaptureError(f"{cni.POOL}: no free /24 in it on this host", "free one (ip route)")
    created = Network(run.name, f"{run.name}-br"[:15], subnet, plugins, run.folder / "cni")
    created.folder.mkdir()
    with ExitStack() as stack:
        note_namespace_folder(run, stack)
        stack.callback(run.undo(["ip", "link", "delete", created.bridge]))
        run.command(["ip", "link", "add", created.bridge, "type", "bridge"])
        run.command(["ip", "address", "add", f"{created.gateway}/{subnet.prefixlen}", "dev", created.bridge])
        run.command(["ip", "link", "set", created.bridge, "up"])
        config = cni.bridge_config(created.name, created.bridge, subnet, created.folder / "leases")
        (created.folder / "bridge.json").write_text(config)
        yield created


@contextmanager
def attached(run: Run, ident: str) -> Iterator[Attachment]:
    """Create the network namespace `ident` with an address on the run's bridge; remove both at the end.

    Its loopback is up, as in the containers of nerdctl and Kubernetes.
    """
    net = run.resource(network)
    namespace = leaks.NETNS / ident
    config = net.folder / "bridge.json"
    with ExitStack() as stack:
        stack.callback(run.undo(["ip", "netns", "delete", ident]))
        run.command(["ip", "netns", "add", ident])
        add, delete = (
            cni.call("bridge", cni.environment(command, ident, namespace, net.plugins))
            for command in ("ADD", "DEL")
        )
        stack.callback(run.undo(delete, stdin=config))
        run.command(add, stdin=config, timeout=30)
        run.command(["ip", "-n", ident, "link", "set", "lo", "up"])
        yield Attachment(ident, namespace, _address(ident))


def _address(namespace: str) -> IPv4Interface:
    """Return the address that the bridge plugin gave to a network namespace; raise CaptureError if none."""
    words = ["ip", "-n", namespace, "-4", "-o", "address", "show", "dev", cni.INTERFACE]
    match = re.search(r"\binet (\S+)", recorder.output(words))
    if match is None:
        raise CaptureError(f"{namespace}: the bridge plugin gave no address", "see its leases")
    return IPv4Interface(match[1])
