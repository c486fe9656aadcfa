"""What CNI's plugins are told, and what they need to be called by hand.

Format: the CNI specification, version 0.4.0, which every plugin from 0.8 on speaks.
"""

import json
import os
import re
from collections.abc import Mapping
from ipaddress import AddressValueError, IPv4Interface, IPv4Network
from pathlib import Path

VERSION = "0.4.0"
FOLDERS = ("/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni")
INTERFACE = "eth0"
POOL = IPv4Network("10.213.0.0/16")
"""Private addresses (RFC 1918) that hardly anyone uses; a free /24 of it becomes the run's network."""


def plugin_folder(plugin: str = "bridge") -> Path | None:
    """Return the first folder of CNI_PATH and the usual ones that has `plugin`, or None."""
    named = [part for part in os.environ.get("CNI_PATH", "").split(":") if part]
    found = (Path(folder) for folder in (*named, *FOLDERS) if os.access(Path(folder) / plugin, os.X_OK))
    return next(found, None)


def networks(routes: str) -> list[IPv4Network]:
    r"""Return the IPv4 networks and addresses in the output of `ip -4 route show table all`.

    >>> networks("default via 10.0.0.1 dev eth0\n10.0.0.0/24 dev eth0\nlocal 10.0.0.2 dev eth0 table local")
    [IPv4Network('10.0.0.0/24'), IPv4Network('10.0.0.2/32')]
    """
    found = []
    for line in routes.splitlines():
        if match := re.match(r"(?:[a-z]+ )?(\d+\.\d+\.\d+\.\d+(?:/\d+)?)(?=\s|$)", line.strip()):
            try:
                found.append(IPv4Network(match[1], strict=False))
            except AddressValueError:
                continue
    return found


def free_subnet(used: list[IPv4Network], start: int) -> IPv4Network | None:
    """Return a /24 of POOL that overlaps nothing in `used`, from number `start` on; None if all do."""
    subnets = list(POOL.subnets(new_prefix=24))
    turned = subnets[start % len(subnets) :] + subnets[: start % len(subnets)]
    return next((one for one in turned if not any(one.overlaps(other) for other in used)), None)


def bridge_config(network: str, bridge: str, subnet: IPv4Network, state: Path) -> str:
    """Return the bridge plugin's configuration; host-local keeps its leases in `state`.

    Neither a gateway of the plugin's making nor masquerading: the bridge has its address already, and so
    nothing is switched on for the whole host (ip_forward). A container reaches this host and no other.
    """
    return json.dumps(
        {
            "cniVersion": VERSION,
            "name": network,
            "type": "bridge",
            "bridge": bridge,
            "isGateway": False,
            "ipMasq": False,
            "ipam": {
                "type": "host-local",
                "dataDir": str(state),
                "ranges": [[{"subnet": str(subnet), "gateway": str(subnet[1])}]],
                "routes": [{"dst": "0.0.0.0/0"}],
            },
        },
        indent=1,
    )


def portmap_config(
    network: str, ports: Mapping[int, int], namespace: Path, address: IPv4Interface, gateway: str
) -> str:
    """Return the portmap plugin's configuration: host ports to container ports, for an address."""
    mappings = [
        {"hostPort": host, "containerPort": inner, "protocol": "tcp"} for host, inner in ports.items()
    ]
    previous = {
        "cniVersion": VERSION,
        "interfaces": [{"name": INTERFACE, "sandbox": str(namespace)}],
        "ips": [{"version": "4", "interface": 0, "address": str(address), "gateway": gateway}],
    }
    return json.dumps(
        {
            "cniVersion": VERSION,
            "name": network,
            "type": "portmap",
            "capabilities": {"portMappings": True},
            "snat": True,
            "runtimeConfig": {"portMappings": mappings},
            "prevResult": previous,
        },
        indent=1,
    )


def environment(command: str, ident: str, namespace: Path, plugins: Path) -> dict[str, str]:
    """Return the environment variables of a plugin call: ADD or DEL, for which container."""
    return {
        "CNI_COMMAND": command,
        "CNI_CONTAINERID": ident,
        "CNI_NETNS": str(namespace),
        "CNI_IFNAME": INTERFACE,
        "CNI_PATH": str(plugins),
    }


def call(plugin: str, variables: Mapping[str, str]) -> list[str]:
    """Return the argv of a plugin call, with its variables where a reader sees them."""
    return [
        "env",
        *(f"{key}={value}" for key, value in variables.items()),
        f"{variables['CNI_PATH']}/{plugin}",
    ]
