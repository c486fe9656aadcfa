"""Port mapping: a host port that leads to a container, by the CNI plugin portmap, if this host has NAT."""

import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from labreport.capture import recorder
from labreport.capture.cleanup import runs
from labreport.capture.command import CommandFailedError
from labreport.capture.program import which
from labreport.capture.run import Run
from labreport.containers.network import cni
from labreport.containers.network.bridge import Attachment, Network, network

NAT_RULES = ("iptables", "-t", "nat", "-S")
CHAINS = """\
-N CNI-HOSTPORT-SETMARK
-N CNI-HOSTPORT-MASQ
-N CNI-HOSTPORT-DNAT
-A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
-A OUTPUT -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
-A POSTROUTING -m comment --comment "CNI portfwd requiring masquerade" -j CNI-HOSTPORT-MASQ
-A CNI-HOSTPORT-SETMARK -m comment --comment "CNI portfwd masquerade mark" -j MARK --set-xmark 0x2000/0x2000
-A CNI-HOSTPORT-MASQ -m mark --mark 0x2000/0x2000 -j MASQUERADE
"""
"""The chains and rules that portmap 1.1 creates once and never removes, as `iptables -t nat -S` prints
them."""


@dataclass(frozen=True)
class PublishedPort:
    """How a container's port is reached: its URL, and the way there in words, for the evidence file."""

    url: str
    how: str


@contextmanager
def published(
    run: Run, attachment: Attachment, ports: Mapping[int, int]
) -> Iterator[dict[int, PublishedPort]]:
    """Map host ports to container ports; yield for each container port how it is reached.

    If this host cannot map ports, a port is reached at the container's own address, and `how` says why.
    """
    net = run.resource(network)
    with ExitStack() as stack:
        reason = why_not(net, ports) or _map(run, stack, net, attachment, ports)
        if reason:
            stack.close()
        yield {
            container_port: reached(attachment, host_port, container_port, reason)
            for host_port, container_port in ports.items()
        }


def reached(attachment: Attachment, host_port: int, container_port: int, reason: str) -> PublishedPort:
    """Return how a container port is reached.

    `reason` is empty if it is mapped to the host port, and otherwise says why it is not.
    """
    if not reason:
        return PublishedPort(
            f"http://127.0.0.1:{host_port}", f"host port {host_port} to {container_port} by portmap"
        )
    address = f"{attachment.address.ip}:{container_port}"
    return PublishedPort(f"http://{address}", f"container address {address}, {reason}")


def why_not(net: Network, ports: Mapping[int, int]) -> str:
    """Return why no port can be mapped on this host, or an empty text if it probably works."""
    if not (net.plugins / "portmap").exists():
        return "no portmap plugin on this host"
    if not which("iptables"):
        return "no iptables on this host"
    if not recorder.output(NAT_RULES):
        return "no NAT on this host"
    taken = [port for port in ports if _answers(port)]
    return f"port {taken[0]} is taken on this host" if taken else ""


def _answers(port: int) -> bool:
    """Return whether a server, or another port mapping, answers on a port of this host."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def _map(run: Run, stack: ExitStack, net: Network, attachment: Attachment, ports: Mapping[int, int]) -> str:
    """Map the ports with portmap; return why that failed, or an empty text. `stack` removes the mapping."""
    chains = net.folder / f"{attachment.ident}-nat"
    config = net.folder / f"{attachment.ident}-portmap.json"
    config.write_text(
        cni.portmap_config(net.name, ports, attachment.namespace, attachment.address, net.gateway)
    )
    add, delete = (
        cni.call("portmap", cni.environment(command, attachment.ident, attachment.namespace, net.plugins))
        for command in ("ADD", "DEL")
    )
    try:
        before = _create_chains(run, stack, chains)
        stack.callback(run.undo(delete, stdin=config))
        run.command(add, stdin=config, timeout=30)
    except CommandFailedError:
        return "no NAT that portmap can use on this host"
    _replace(chains, removal(before, recorder.output(NAT_RULES)))
    return ""


def _create_chains(run: Run, stack: ExitStack, chains: Path) -> str:
    """Create those of portmap's chains that are missing; return the nat rules that stay after this run.

    portmap would create them one by one. In one transaction, a run that is killed does not leave half of
    them. `chains` is the file from which `stack` restores the nat table. Raise CommandFailedError if the
    kernel lacks a module that the rules need.
    """
    rules = recorder.output(NAT_RULES)
    if absent := [line for line in CHAINS.splitlines() if line not in rules.splitlines()]:
        _replace(chains, removal(rules, f"{rules}\n{CHAINS}"))
        stack.callback(run.undo(["iptables-restore", "--noflush"], stdin=chains))
        created = chains.with_suffix(".made")
        created.write_text(_transaction(absent))
        run.command(["iptables-restore", "--noflush"], stdin=created)
        return rules
    if not runs.removes_shared(run.name, existed=True):
        return rules
    before = "\n".join(line for line in rules.splitlines() if "CNI-HOSTPORT-" not in line)
    _replace(chains, removal(before, rules))
    stack.callback(run.undo(["iptables-restore", "--noflush"], stdin=chains))
    return before


def removal(before: str, after: str) -> str:
    """Return the input for `iptables-restore --noflush` that removes portmap's chains from the nat table.

    `before` and `after` are outputs of `iptables -t nat -S`. The input is one transaction: if another user of
    portmap has rules in these chains by then, nothing is removed. The chains of single containers are left to
    the plugin's DEL.
    """
    new = [line for line in after.splitlines() if line not in set(before.splitlines())]
    rules = [line for line in new if "CNI-HOSTPORT-" in line and line.startswith("-A ")]
    rules = [line for line in rules if not re.search(r"-[Ajg] CNI-DN-", line)]
    chains = [line.split()[1] for line in new if line.startswith("-N CNI-HOSTPORT-")]
    lines = [f"-D{line[2:]}" for line in rules] + [f"-X {chain}" for chain in chains]
    return _transaction(lines)


def _transaction(lines: Sequence[str]) -> str:
    """Return the input for iptables-restore that applies all lines or none."""
    return "".join(f"{line}\n" for line in ("*nat", *lines, "COMMIT"))


def _replace(path: Path, text: str) -> None:
    """Replace a file atomically: after a kill, the next run reads the old text or the new one."""
    partial = path.with_suffix(".part")
    partial.write_text(text)
    partial.rename(path)
