"""A host port that leads to a container, by CNI's portmap plugin, where this host has NAT."""

import re
import shutil
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from labreport.capture import recorder
from labreport.capture.command import CommandFailedError
from labreport.capture.run import Run
from labreport.containers.containerd.shared import ours
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
"""What portmap 1.1 makes once and never removes, as `iptables -t nat -S` prints it."""


@dataclass(frozen=True)
class Published:
    """How a container's port is reached: the URL, and the way in words, for the evidence file."""

    url: str
    how: str


@contextmanager
def published(run: Run, attachment: Attachment, ports: Mapping[int, int]) -> Iterator[dict[int, Published]]:
    """Map host ports to container ports; yield how each container port is reached.

    Where this host cannot map, it is the container's own address, and `how` says why.
    """
    net = run.resource(network)
    with ExitStack() as stack:
        reason = why_not(net, ports) or _map(run, stack, net, attachment, ports)
        if reason:
            stack.close()
        yield {inner: way(attachment, host, inner, reason) for host, inner in ports.items()}


def way(attachment: Attachment, host: int, inner: int, reason: str) -> Published:
    """Return how a port is reached: by the host's port, or, for a `reason`, by the container's address."""
    if not reason:
        return Published(f"http://127.0.0.1:{host}", f"host port {host} to {inner} by portmap")
    address = attachment.address.ip
    return Published(f"http://{address}:{inner}", f"container address {address}:{inner}, {reason}")


def why_not(net: Network, ports: Mapping[int, int]) -> str:
    """Return why no port can be mapped here, as far as that is known before trying; empty if it may work."""
    if not (net.plugins / "portmap").exists():
        return "no portmap plugin on this host"
    if not shutil.which("iptables"):
        return "no iptables on this host"
    if not recorder.output(NAT_RULES):
        return "no NAT on this host"
    taken = [port for port in ports if _answers(port)]
    return f"port {taken[0]} is taken on this host" if taken else ""


def _answers(port: int) -> bool:
    """Return whether something answers on this host's port already: a server, or another mapping."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def _map(run: Run, stack: ExitStack, net: Network, attachment: Attachment, ports: Mapping[int, int]) -> str:
    """Call portmap; return why it could not map, or an empty text. `stack` takes it all back."""
    chains = net.folder / f"{attachment.ident}-nat"
    config = net.folder / f"{attachment.ident}-portmap.json"
    config.write_text(
        cni.portmap_config(net.name, ports, attachment.namespace, attachment.address, net.gateway)
    )
    wanted = cni.environment("ADD", attachment.ident, attachment.namespace, net.plugins)
    gone = cni.environment("DEL", attachment.ident, attachment.namespace, net.plugins)
    try:
        before = _prepare(run, stack, chains)
        stack.callback(run.undo(cni.call("portmap", gone), stdin=config))
        run.command(cni.call("portmap", wanted), stdin=config, timeout=30)
    except CommandFailedError:
        return "no NAT that portmap can use on this host"
    _replace(chains, removal(before, recorder.output(NAT_RULES)))
    return ""


def _prepare(run: Run, stack: ExitStack, chains: Path) -> str:
    """Make portmap's own chains, as far as they are absent; return the rules without what this run removes.

    portmap would make them too, one by one; in one transaction there is no half of them after a kill.
    Raise CommandFailedError where the nat table has not what they need.
    """
    rules = recorder.output(NAT_RULES)
    if absent := [line for line in CHAINS.splitlines() if line not in rules.splitlines()]:
        _replace(chains, removal(rules, f"{rules}\n{CHAINS}"))
        stack.callback(run.undo(["iptables-restore", "--noflush"], stdin=chains))
        made = chains.with_suffix(".made")
        made.write_text(_transaction(absent))
        run.command(["iptables-restore", "--noflush"], stdin=made)
        return rules
    if not ours(run, there=True):
        return rules
    before = "\n".join(line for line in rules.splitlines() if "CNI-HOSTPORT-" not in line)
    _replace(chains, removal(before, rules))
    stack.callback(run.undo(["iptables-restore", "--noflush"], stdin=chains))
    return before


def removal(before: str, after: str) -> str:
    """Return what takes portmap's own chains from the nat table again, for `iptables-restore --noflush`.

    `before` and `after` are outputs of `iptables -t nat -S`. It is one transaction: where another user of
    portmap has rules in the chains by then, nothing is removed. Chains of single containers are DEL's task.
    """
    new = [line for line in after.splitlines() if line not in set(before.splitlines())]
    rules = [line for line in new if "CNI-HOSTPORT-" in line and line.startswith("-A ")]
    rules = [line for line in rules if not re.search(r"-[Ajg] CNI-DN-", line)]
    chains = [line.split()[1] for line in new if line.startswith("-N CNI-HOSTPORT-")]
    lines = [f"-D{line[2:]}" for line in rules] + [f"-X {chain}" for chain in chains]
    return _transaction(lines)


def _transaction(lines: Sequence[str]) -> str:
    """Return the text for iptables-restore that does all of it or nothing."""
    return "".join(f"{line}\n" for line in ("*nat", *lines, "COMMIT"))


def _replace(path: Path, text: str) -> None:
    """Write a file whole: whoever undoes after a kill reads the old text or the new one."""
    partial = path.with_suffix(".part")
    partial.write_text(text)
    partial.rename(path)
