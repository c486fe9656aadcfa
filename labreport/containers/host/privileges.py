"""Where this process runs, and what it may do: as root on a host, in a container, in WSL, or as anybody.

The lines of /proc are read and judged apart, so that a test can judge those of another host.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from labreport.capture import recorder
from labreport.capture.checks import Check, Fit
from labreport.capture.declare import Lack
from labreport.capture.host import in_container, this_host
from labreport.contract.records import HostClass

STATUS = Path("/proc/self/status")
USERS = Path("/proc/self/uid_map")
KERNEL = Path("/proc/version")
NEEDED: Mapping[str, int] = {"CAP_SYS_ADMIN": 21, "CAP_NET_ADMIN": 12}
"""The capabilities without which containerd mounts nothing and no bridge is made, and their bits."""

ALL_USERS = ["0", "0", "4294967295"]
"""The map of users outside any user namespace."""

SECCOMP_FILTER = 2
SIGNS: Mapping[str, str] = {
    "/.dockerenv": "docker",
    "/run/.containerenv": "podman",
    "/var/run/secrets/kubernetes.io": "kubernetes",
    "/dev/lxd": "lxc",
    "/dev/.lxc": "lxc",
}
"""Files that container managers put into a container. Virtual machines have some of them, too."""

SUDO = "run it with sudo, or as root"
WSL2 = "change it to WSL2: wsl --set-version DISTRIBUTION 2"
PRIVILEGED = "run it on the host, or in a container with privileges (docker run --privileged)"


def wsl(kernel: str) -> str:
    """Return WSL1, WSL2 or an empty text, given /proc/version.

    >>> wsl("Linux version 5.15.167.4-microsoft-standard-WSL2 (root@f9c826d3017f) (gcc ...)")
    'WSL2'
    >>> wsl("Linux version 4.4.0-19041-Microsoft (Microsoft@Microsoft.com) (gcc version 5.4.0 (GCC) )")
    'WSL1'
    """
    found = re.search(r"^Linux version (\S+)", kernel)
    release = found[1] if found else ""
    if "microsoft" not in release.lower():
        return ""
    return "WSL1" if release.endswith("-Microsoft") else "WSL2"


def lacking(status: str) -> list[str]:
    """Return the needed capabilities that a process has not, given its /proc/PID/status."""
    effective = int(_field(status, "CapEff", "0"), 16)
    return [name for name, bit in NEEDED.items() if not effective >> bit & 1]


def owns_host(users: str) -> bool:
    """Return whether root is root of the host, given /proc/PID/uid_map, and not of a user namespace alone.

    >>> owns_host("         0          0 4294967295"), owns_host("         0       1000          1")
    (True, False)
    """
    return users.split() == ALL_USERS


def is_filtered(status: str) -> bool:
    """Return whether a seccomp filter decides about its system calls, given its /proc/PID/status."""
    return int(_field(status, "Seccomp", "0")) == SECCOMP_FILTER


def _field(status: str, name: str, default: str) -> str:
    found = re.search(rf"^{name}:\s*(\S+)$", status, re.MULTILINE)
    return found[1] if found else default


def manager() -> str:
    """Return which container manager runs this process (docker, lxc, …); empty outside a container."""
    if not in_container() or wsl(KERNEL.read_text()):
        return ""
    detected = recorder.output(["systemd-detect-virt", "--container"])
    found = (name for sign, name in SIGNS.items() if Path(sign).exists())
    return detected or next(found, "an unknown manager")


def lack() -> Lack | None:
    """Return why this process may run no containers, and what to do; None if it may."""
    if os.geteuid() != 0:
        return Lack("not root", SUDO)
    if wsl(KERNEL.read_text()) == "WSL1":
        return Lack("WSL1, which has no Linux kernel", WSL2)
    status = STATUS.read_text()
    if absent := lacking(status):
        where = f" in a container ({inside})" if (inside := manager()) else ""
        filtered = "; a seccomp filter is on" if is_filtered(status) else ""
        return Lack(f"root{where} without {' and '.join(absent)}{filtered}", PRIVILEGED)
    return None


def check_privileges() -> Check:
    """Return whether this process may run containers."""
    if found := lack():
        return Check("privileges", Fit.NO, found.reason, found.remedy)
    if not owns_host(USERS.read_text()):
        detail = "root of a user namespace alone: the checks below say what it may do"
        return Check("privileges", Fit.NOT_TRIED, detail)
    status = STATUS.read_text()
    filtered = "; a seccomp filter is on, and may refuse single calls" if is_filtered(status) else ""
    return Check("privileges", Fit.YES, f"root with {' and '.join(NEEDED)}{filtered}")


def check_system() -> Check:
    """Return what kind of system this is, as far as it matters for containers."""
    kind = wsl(KERNEL.read_text())
    if kind == "WSL1":
        return Check("system", Fit.NO, "WSL1, which has no Linux kernel: it runs no containers", WSL2)
    inside = manager()
    words = {HostClass.BARE_METAL: "a machine of its own", HostClass.EMULATED: "an emulated machine"}
    machine = words.get(this_host().host_class, "a virtual machine")
    place = kind or (f"a container ({inside})" if inside else "")
    return Check("system", Fit.YES, f"{place} on {machine}" if place else f"{machine}, in no container")
