"""What collectors of containers cannot run without, and how to get it."""

import os
import shutil
from functools import lru_cache
from pathlib import Path

from labreport.capture.declare import Need, Unavailable
from labreport.containers.containerd.private import SHIM_FOLDERS, TOOLS
from labreport.containers.images import busybox, images, registry
from labreport.containers.network import cni
from labreport.contract.lab_config import Lab

PROGRAMS = ("containerd", "ctr", "containerd-shim-runc-v2", "runc", "ip")
PACKAGES = ("containerd", "runc", "containernetworking-plugins", "iproute2", "iptables")
KVM = Path("/dev/kvm")
KATA_SHIM = "containerd-shim-kata-v2"


def _no_containers(_lab: Lab) -> str:
    """Return why no container can run here, or an empty text."""
    if os.geteuid() != 0:
        return "not root"
    absent = [program for program in PROGRAMS if not shutil.which(program)]
    if not cni.plugin_folder():
        absent.append("CNI's bridge plugin")
    return f"not here: {', '.join(absent)}" if absent else ""


def _no_kata(lab: Lab) -> str:
    """Return why Kata cannot run here, or an empty text; whether KVM is any good, only a guest can tell."""
    if reason := _no_containers(lab):
        return reason
    path = os.pathsep.join((os.environ.get("PATH", ""), *SHIM_FOLDERS))
    if not shutil.which(KATA_SHIM, path=path):
        return f"{KATA_SHIM} is neither on PATH nor in {' or '.join(SHIM_FOLDERS)}"
    try:
        os.close(os.open(KVM, os.O_RDWR | os.O_CLOEXEC))
    except OSError as error:
        return f"{KVM} cannot be opened ({error.strerror}): no hardware virtualization here"
    return ""


CONTAINERS = Need(
    name="containers",
    missing=_no_containers,
    remedy="run as root (sudo) and install the packages; scripts/report installs them",
    packages=PACKAGES,
    tools=TOOLS,
)

KATA = Need(
    name="kata",
    missing=_no_kata,
    remedy=(
        "use a machine with KVM (bare metal, or nested virtualization switched on) and install Kata there, "
        "or capture in the box: KATA_ARCHIVE=… lab collect --in-box (manual/how-to/box.md)"
    ),
    tools=(("containerd", "--version"), (KATA_SHIM, "--version")),
)


@lru_cache
def image(name: str) -> Need:
    """Return the need for an image of lab.yml: its archive, a registry that answers, or busybox."""
    return Need(
        name=f"image {name}",
        missing=lambda lab: no_image(lab, name),
        remedy=(
            "name an archive of it (docker-archive or OCI) in the variable that lab.yml gives as "
            f"archive_env, or a mirror in {registry.MIRROR} (host:port), or connect this host to the registry"
        ),
    )


def no_image(lab: Lab, name: str) -> str:
    """Return why an image cannot be had, as far as a quick look tells; an empty text if it may be."""
    wanted = lab.images.get(name)
    if wanted is None:
        return f"lab.yml has no images.{name}"
    try:
        if images.archive_file(wanted):
            return ""
        asked = registry.hosts(registry.parse_reference(wanted.reference), registry.mirror())
        if wanted.made_from:
            busybox.find_busybox()
            return ""
    except (Unavailable, ValueError) as error:
        return str(error)
    except busybox.BusyboxError as error:
        stand_in = f"; {error}"
    else:
        stand_in = ""
    reasons = {host.label: _unreachable(host) for host in asked}
    if not all(reasons.values()):
        return ""
    archive = f"{wanted.archive_env} is not set; " if wanted.archive_env else ""
    return archive + "; ".join(f"{label}: {reason}" for label, reason in reasons.items()) + stand_in


@lru_cache
def _unreachable(host: registry.Host) -> str:
    """Ask once in a process: `lab status` wants to know for every collector."""
    return registry.unreachable(host)
