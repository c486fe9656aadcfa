"""The names of packages in distributions other than Debian, whose names the needs of collectors have.

These names were tried on Debian only. Those of the others are as their package lists have them.
"""

from collections.abc import Iterable, Mapping

from labreport.capture import recorder
from labreport.capture.program import which

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


INSTALL: Mapping[str, str] = {
    DEBIAN: "apt-get install",
    "dnf": "dnf install",
    "pacman": "pacman -S",
    "zypper": "zypper install",
}

RPMS = ("rpm", "--query", "--all", "--queryformat", "installed %{NAME}\\n")
LISTS: Mapping[str, tuple[str, ...]] = {
    DEBIAN: ("dpkg-query", "--show", "--showformat", "${db:Status-Status} ${Package}\\n"),
    "dnf": RPMS,
    "pacman": ("pacman", "--query", "--quiet"),
    "zypper": RPMS,
}
"""The commands that list packages, one a line: its name is the last word, and its state, if any, is first."""


def package_manager() -> str:
    """Return the package manager of this system: apt-get, dnf, pacman or zypper; empty if it has none."""
    return next((name for name in (DEBIAN, *OTHERS) if which(name)), "")


def names_for(manager: str, packages: Iterable[str]) -> list[str]:
    """Return the names that a package manager has for Debian's packages, each once, sorted."""
    names = OTHERS.get(manager, {})
    return sorted({names.get(package, package) for package in packages})


def not_installed(manager: str, packages: Iterable[str]) -> list[str]:
    """Return those of Debian's packages that are not installed here, as this package manager names them.

    Without a package manager, or if it does not answer, none counts as installed.
    """
    lines = recorder.output(LISTS[manager]).splitlines() if manager else []
    words = [line.split() for line in lines if line]
    installed = {word[-1] for word in words if word[0] in {"installed", word[-1]}}
    return [name for name in names_for(manager, packages) if name not in installed]


def install_command(packages: Iterable[str]) -> str:
    """Return the command that installs Debian's packages on this host, or which packages to install."""
    manager = package_manager()
    return f"{INSTALL.get(manager, 'install')} {' '.join(names_for(manager, packages))}"
