"""What a collector of any container lab may need: a host that runs containers, and images."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from labreport.capture.cache.folder import cache_folder
from labreport.capture.checks import Check
from labreport.capture.declare import Lack, Need, Unavailable
from labreport.capture.packages import install_command
from labreport.capture.program import which
from labreport.containers.containerd.server import ROOTS, TOOLS
from labreport.containers.host import cgroups, network, overlay, places, privileges
from labreport.containers.images import busybox, images, registry
from labreport.containers.network import cni
from labreport.contract.lab_config import Lab

PROGRAMS = {
    "containerd": "containerd",
    "ctr": "containerd",
    "containerd-shim-runc-v2": "containerd",
    "runc": "runc",
    "ip": "iproute2",
}
"""The programs without which no container runs, with the Debian package of each."""

CNI_PACKAGE, CNI_NAME = "containernetworking-plugins", "CNI's bridge plugin"


def _no_containers(_lab: Lab) -> Lack | None:
    """Return why no container can run on this host, as far as a look tells."""
    absent = {program: package for program, package in PROGRAMS.items() if not which(program)}
    if not cni.plugin_folder():
        absent[CNI_NAME] = CNI_PACKAGE
    iptables = () if which("iptables") else ("iptables",)  # containers run without it
    packages = (*dict.fromkeys(absent.values()), *iptables)
    if lack := privileges.lack() or cgroups.lack(cgroups.MOUNTS.read_text()):
        return replace(lack, packages=packages)
    if absent:
        return Lack(f"not here: {', '.join(absent)}", install_command(packages), packages)
    return None


def _checks() -> Iterator[Check]:
    """Yield what is to be said about this host as one that runs containers."""
    yield privileges.check_system()
    yield privileges.check_privileges()
    yield cgroups.check()
    yield overlay.check(ROOTS)
    yield network.check_plugins()
    yield network.check_nat()
    yield network.check_routes()
    yield places.memory()
    yield places.disk([ROOTS, cache_folder()])


CONTAINERS = Need(
    name="containers",
    missing=_no_containers,
    remedy="lab doctor says what this host lacks",
    tools=TOOLS,
    checks=_checks,
)
"""A host that runs containers under runc: root, cgroups, containerd, runc and the CNI plugins."""


@cache
def image(name: str) -> Need:
    """Return the need for an image of lab.yml: its archive, a registry that answers, or busybox.

    `name` is its name under `images`. The same name gives the same object.
    """

    def missing(lab: Lab) -> str | Lack:
        reason, wanted = no_image(lab, name), lab.images.get(name)
        return Lack(reason, images.remedy(wanted)) if reason and wanted else reason

    return Need(name=f"image {name}", missing=missing, remedy=f"add images.{name} to lab.yml")


def no_image(lab: Lab, name: str) -> str:
    """Return why an image cannot be had, or an empty text if it probably can.

    Nothing is downloaded: a file that is there or a registry that takes connections is enough.
    """
    wanted = lab.images.get(name)
    if wanted is None:
        return f"lab.yml has no images.{name}"
    try:
        if images.archive_file(wanted):
            return ""
        hosts = registry.hosts(registry.parse_reference(wanted.reference), registry.mirror())
        if wanted.made_from:
            busybox.find_busybox()
            return ""
    except (Unavailable, registry.MirrorError) as error:
        return error.what
    except busybox.BusyboxError as error:
        stand_in = f"; {error}"
    else:
        stand_in = ""
    reasons = {host.label: _unreachable(host) for host in hosts}
    if not all(reasons.values()):
        return ""
    archive = f"{wanted.archive_env} is not set; " if wanted.archive_env else ""
    return archive + "; ".join(f"{label}: {reason}" for label, reason in reasons.items()) + stand_in


@cache
def _unreachable(host: registry.RegistryHost) -> str:
    """Return why a host takes no connection, or an empty text.

    Cached, because a host that does not answer takes 3 seconds, and `lab status` asks for each collector.
    """
    return registry.unreachable(host)
