"""What a collector of any container lab may need: a host that runs containers, and images."""

import os
import shutil
from functools import cache

from labreport.capture.declare import Need, Unavailable
from labreport.containers.containerd.server import TOOLS
from labreport.containers.images import busybox, images, registry
from labreport.containers.network import cni
from labreport.contract.lab_config import Lab

PROGRAMS = ("containerd", "ctr", "containerd-shim-runc-v2", "runc", "ip")
PACKAGES = ("containerd", "runc", "containernetworking-plugins", "iproute2", "iptables")


def _no_containers(_lab: Lab) -> str:
    """Return why no container can run on this host, or an empty text."""
    if os.geteuid() != 0:
        return "not root"
    absent = [program for program in PROGRAMS if not shutil.which(program)]
    if not cni.plugin_folder():
        absent.append("CNI's bridge plugin")
    return f"not here: {', '.join(absent)}" if absent else ""


CONTAINERS = Need(
    name="containers",
    missing=_no_containers,
    remedy="run as root (sudo) and install the packages; scripts/report installs them",
    packages=PACKAGES,
    tools=TOOLS,
)
"""A host that runs containers under runc: root, containerd, runc and the CNI plugins."""


@cache
def image(name: str) -> Need:
    """Return the need for an image of lab.yml: its archive, a registry that answers, or busybox.

    `name` is its name under `images`. The same name gives the same object.
    """
    return Need(
        name=f"image {name}",
        missing=lambda lab: no_image(lab, name),
        remedy=(
            "name an archive of it (docker-archive or OCI) in the variable that lab.yml gives as "
            f"archive_env, or a mirror in {registry.MIRROR} (host:port), or connect this host to the registry"
        ),
    )


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
