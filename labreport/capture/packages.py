"""The names of packages in distributions other than Debian, whose names the needs of collectors have.

These names were tried on Debian only. Those of the others are as their package lists have them.
"""

import shutil
from collections.abc import Iterable, Mapping

DEBIAN = "apt-get"
OTHERS: Mapping[str, Mapping[str, str]] = {
    "dnf": {
        "busybox-static": "busybox",
        "iproute2": "iproute",
        "iptables": "iptables-nft",
        "libcap2-bin": "libcap",
        "openssh-client": "openssh-clients",
        "util-linux-extra": "util-linux",
    },
    "pacman": {
        "busybox-static": "busybox",
        "containernetworking-plugins": "cni-plugins",
        "libcap2-bin": "libcap",
        "openssh-client": "openssh",
        "util-linux-extra": "util-linux",
    },
    "zypper": {
        "containernetworking-plugins": "cni-plugins",
        "iperf3": "iperf",
        "libcap2-bin": "libcap-progs",
        "openssh-client": "openssh-clients",
        "qemu-system-x86": "qemu-x86",
        "util-linux-extra": "util-linux",
    },
}
"""The names that differ from Debian's, by package manager."""


def package_manager() -> str:
    """Return the package manager of this system: apt-get, dnf, pacman or zypper; empty if it has none."""
    return next((name for name in (DEBIAN, *OTHERS) if shutil.which(name)), "")


def names_for(manager: str, packages: Iterable[str]) -> list[str]:
    """Return the names that a package manager has for Debian's packages, each once, sorted."""
    names = OTHERS.get(manager, {})
    return sorted({names.get(package, package) for package in packages})
