"""What identifies this machine and its people: names, home folders, serial numbers, private mirrors."""

import os
import pwd
import re
import socket
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

FIRST_PERSON = 1000
NOBODY = 65534

COMMON = frozenset({
    "admin", "arch", "centos", "debian", "fedora", "guest", "host", "kali", "linux", "localhost", "root",
    "runner", "student", "ubuntu", "user", "vagrant", "virtual", "vm",
})  # fmt: skip
"""Names of users and hosts that many machines share. They identify nobody, and kernel logs contain them."""

PUBLIC_SUFFIXES = ("debian.org", "ubuntu.com", "pypi.org", "pythonhosted.org", "github.com", "crates.io",
                   "golang.org", "npmjs.org", "docker.io", "docker.com", "quay.io", "ghcr.io", "maven.org",
                   "apache.org", "rust-lang.org")  # fmt: skip
"""Hosts that package tools use everywhere. Any other host in their configuration is a private mirror."""

MIRROR_FILES = ("/etc/pip.conf", "~/.config/pip/pip.conf", "~/.pip/pip.conf", "~/.cargo/config.toml",
                "~/.cargo/config", "~/.npmrc", "/etc/npmrc", "~/.gitconfig", "/etc/gitconfig",
                "~/.config/go/env", "~/.m2/settings.xml", "/etc/apt/sources.list",
                "$CARGO_HOME/config.toml", "$CARGO_HOME/config", "$GIT_CONFIG_GLOBAL")  # fmt: skip
MIRROR_VARIABLES = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "GOPROXY", "NPM_CONFIG_REGISTRY", "HTTP_PROXY",
                    "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY")  # fmt: skip

PRIVATE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*[.-][A-Za-z0-9.-]*[A-Za-z0-9]")
"""A mirror's name that identifies something. A single word, such as `proxy`, occurs in every log."""

MACHINE_FILES = ("/etc/machine-id", "/var/lib/dbus/machine-id", "/sys/class/dmi/id/product_uuid")
SERIAL_FILES = ("/sys/class/dmi/id/*_serial", "/sys/class/nvme/*/serial", "/sys/block/*/device/serial",
                "/sys/firmware/devicetree/base/serial-number")  # fmt: skip
SERIAL = re.compile(r"(?=.*\d)[A-Za-z0-9][A-Za-z0-9_.:-]{5,63}")
"""A serial number that identifies something: `Not Specified`, `None` and `0` do not."""


@dataclass(frozen=True)
class Identity:
    """What identifies a machine and its people. `folders` are pairs of a path and its mask."""

    users: frozenset[str] = frozenset()
    homes: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()
    mirrors: frozenset[str] = frozenset()
    folders: tuple[tuple[str, str], ...] = ()
    machine_ids: frozenset[str] = frozenset()
    serials: frozenset[str] = frozenset()


def identity(root: Path) -> Identity:
    """Return what identifies this machine. `root` is the project's folder, whose mask is `.`."""
    people = [user for user in pwd.getpwall() if user.pw_uid >= FIRST_PERSON and user.pw_uid != NOBODY]
    name = socket.gethostname()
    machine_ids = {
        text.lower() for text in _contents(MACHINE_FILES) if re.fullmatch(r"[0-9A-Fa-f-]{32,36}", text)
    }
    return Identity(
        users=frozenset(user.pw_name for user in people) - COMMON,
        homes=frozenset(user.pw_dir for user in people if user.pw_dir.count("/") > 1),
        hosts=frozenset({name, name.split(".")[0]}) - COMMON,
        mirrors=frozenset(_mirrors()),
        folders=tuple((path, ".") for path in sorted({str(root.resolve()), str(root.absolute())})),
        machine_ids=frozenset(machine_ids | {text.upper() for text in machine_ids}),
        serials=frozenset(text for text in _contents(SERIAL_FILES) if SERIAL.fullmatch(text)),
    )


def _contents(patterns: Iterable[str]) -> Iterable[str]:
    """Yield the contents of the files that this user may read, without white space and NUL around."""
    for path in sorted(path for pattern in patterns for path in Path("/").glob(pattern.lstrip("/"))):
        with suppress(OSError):
            yield path.read_text(errors="replace").strip(" \t\n\0")


def _mirrors() -> Iterable[str]:
    """Yield the hosts of the private package mirrors and proxies in this machine's configuration."""
    texts = [os.environ.get(name, "") for name in MIRROR_VARIABLES]
    lists = Path("/etc/apt/sources.list.d")
    files = [Path(os.path.expandvars(file)).expanduser() for file in MIRROR_FILES]
    files += sorted(lists.glob("*")) if lists.is_dir() else []
    for file in files:
        with suppress(OSError):
            texts.append(file.read_text(errors="replace"))
    for host in re.findall(r"://(?:[^/@\s\"']*@)?([A-Za-z0-9.-]+)", "\n".join(texts)):
        known = host in {"localhost", "127.0.0.1"} or any(
            host == public or host.endswith(f".{public}") for public in PUBLIC_SUFFIXES
        )
        if not known and PRIVATE_NAME.fullmatch(host):
            yield host
