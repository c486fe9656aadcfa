"""Call CNI plugins directly: their configuration, environment and arguments.

Format: the CNI specification, version 0.4.0, which all plugins from 0.8 on support.
"""

import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from ipaddress import AddressValueError, IPv4Interface, IPv4Network
from pathlib import Path

VERSION = "0.4.0"
FOLDERS = ("/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni")
INTERFACE = "eth0"
POOL = IPv4Network("10.213.0.0/16")
"""Private addresses (RFC 1918) that are rarely in use. A free /24 of them becomes the subnet of the run."""


def plugin_folder(plugin: str = "bridge") -> Path | None:
    """Return the first folder that has `plugin`, of those in CNI_PATH and the usual ones, or None."""
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
        match = re.match(r"(?:[a-z]+ )?(\d+\.\d+\.\d+\.\d+(?:/\d+)?)(?=\s|$)", line.strip())
        if match:
            with suppress(AddressValueError):
                found.append(IPv4Network(match[1], strict=False))
    return found


def in_pool(used: list[IPv4Network]) -> list[IPv4Network]:
    """Return the networks inside POOL. A route to a larger one, such as a VPN's, yields to ours.

    >>> in_pool([IPv4Network("0.0.0.0/1"), IPv4Network("10.0.0.0/8"), IPv4Network("10.213.4.0/24")])
    [IPv4Network('10.213.4.0/24')]
    """
    return [network for network in used if network.subnet_of(POOL)]


def free_subnets(used: list[IPv4Network]) -> list[IPv4Network]:
    """Return each /24 of POOL that overlaps no network in `used` that is inside POOL."""
    taken = in_pool(used)
    return [subnet for subnet in POOL.subnets(new_prefix=24) if not any(map(subnet.overlaps, taken))]


def free_subnet(used: list[IPv4Network], start: int) -> IPv4Network | None:
    """Return one of the free subnets, or None if there is none.

    The search begins at subnet number `start`, so that runs at the same time rarely try the same one.
    """
    free = free_subnets(used)
    first = POOL[(start << 8) % POOL.num_addresses]
    return next((subnet for subnet in free if subnet[0] >= first), free[0] if free else None)


def bridge_config(network: str, bridge: str, subnet: IPv4Network, state: Path) -> str:
    """Return the configuration of the bridge plugin as JSON. Its leases are kept in the folder `state`.

    The plugin sets up no gateway and no masquerading, so it does not change the whole host (ip_forward). The
    bridge has its address already. A container reaches this host and no other.
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
    """Return the configuration of the portmap plugin as JSON.

    `ports` maps host ports to container ports. `address` is the container's, in the network namespace
    `namespace`; `gateway` is the bridge's.
    """
    mappings = [
        {"hostPort": host_port, "containerPort": container_port, "protocol": "tcp"}
        for host_port, container_port in ports.items()
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
    """Return the environment variables of a plugin call.

    `command` is ADD or DEL, `ident` the container's id, `namespace` the path of its network namespace,
    `plugins` the folder of the plugins.
    """
    return {
        "CNI_COMMAND": command,
        "CNI_CONTAINERID": ident,
        "CNI_NETNS": str(namespace),
        "CNI_IFNAME": INTERFACE,
        "CNI_PATH": str(plugins),
    }


def call(plugin: str, variables: Mapping[str, str]) -> list[str]:
    """Return the argv of a plugin call. It includes the variables, so that the record shows them."""
    return [
        "env",
        *(f"{key}={value}" for key, value in variables.items()),
        f"{variables['CNI_PATH']}/{plugin}",
    ]
