"""Whether containers can have a network here: the CNI plugins, a free subnet, and NAT for published ports."""

import os

from labreport.capture import recorder
from labreport.capture.checks import Check, Fit
from labreport.capture.packages import install_command
from labreport.capture.program import which
from labreport.containers.network import cni
from labreport.containers.network.portmap import NAT_RULES

PLUGINS = ("bridge", "host-local", "portmap")
INSTEAD = "a published port is reached at the container's address"


def check_plugins() -> Check:
    """Return whether the CNI plugins are here. Only a collect calls them."""
    folder = cni.plugin_folder()
    absent = [plugin for plugin in PLUGINS if not folder or not os.access(folder / plugin, os.X_OK)]
    if not absent:
        return Check("CNI plugins", Fit.YES, f"{', '.join(PLUGINS)} are in {folder}")
    detail = f"not in {folder or ', '.join(cni.FOLDERS)}: {', '.join(absent)}"
    remedy = f"{install_command(['containernetworking-plugins'])}, or name their folder in CNI_PATH"
    return Check("CNI plugins", Fit.NO, detail, remedy, required=absent != ["portmap"])


def check_routes() -> Check:
    """Return whether a subnet of the pool is free. A route to a larger network, as of a VPN, takes none."""
    if not which("ip"):
        return Check("routes", Fit.NOT_TRIED, "no program ip: the routes cannot be read")
    used = cni.networks(recorder.output(["ip", "-4", "route", "show", "table", "all"]))
    free = cni.free_subnets(used)
    inside = [str(network) for network in cni.in_pool(used) if network.prefixlen < network.max_prefixlen]
    taken = f"; taken: {', '.join(dict.fromkeys(inside))}" if inside else ""
    detail = f"{len(free)} free subnets in {cni.POOL}{taken}"
    if free:
        return Check("routes", Fit.YES, detail)
    return Check("routes", Fit.NO, detail, f"remove the route to a part of {cni.POOL} (ip route)")


def check_nat() -> Check:
    """Return whether the rules for address translation can be listed, as portmap does before it adds some."""
    if os.geteuid() != 0:
        return Check("NAT", Fit.NOT_TRIED, "not root, so the rules cannot be listed", required=False)
    if not which("iptables"):
        detail = f"no program iptables: {INSTEAD}"
        return Check("NAT", Fit.NO, detail, install_command(["iptables"]), required=False)
    if not recorder.output(NAT_RULES):
        detail = f"iptables cannot list the table nat: {INSTEAD}"
        remedy = "load the kernel's NAT (modprobe iptable_nat, or nft_chain_nat)"
        return Check("NAT", Fit.NO, detail, remedy, required=False)
    return Check("NAT", Fit.YES, "iptables lists the table nat")
