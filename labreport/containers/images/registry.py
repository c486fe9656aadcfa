"""Which hosts to ask for an image, in which order, and how containerd is told about them."""

import os
import re
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from labreport.capture import reach
from labreport.contract.errors import LabError
from labreport.contract.lab_config import MAX_PORT

MIRROR = "LAB_REGISTRY_MIRROR"
"""The environment variable that names a mirror, as host:port. It is asked over https, or http on loopback."""

PULL_SECONDS = 900.0
HUB = "docker.io"
HUB_HOST = "registry-1.docker.io"


class MirrorError(LabError):
    """A mirror that is not named as host:port."""


@dataclass(frozen=True)
class ImageReference:
    """The parts of an image's name."""

    registry: str
    repository: str
    tag: str

    def at(self, digest: str) -> str:
        """Return the full reference with a digest, as containerd writes it."""
        return f"{self.registry}/{self.repository}:{self.tag}@{digest}"


@dataclass(frozen=True)
class RegistryHost:
    """A host that is asked for images. `label` is its name in records and messages."""

    label: str
    name: str
    port: int
    scheme: str
    is_mirror: bool


def parse_reference(text: str) -> ImageReference:
    """Return the parts of a reference, with Docker's defaults for what it leaves out.

    >>> parse_reference("alpine:3.19")
    ImageReference(registry='docker.io', repository='library/alpine', tag='3.19')
    >>> parse_reference("quay.io/x/y")
    ImageReference(registry='quay.io', repository='x/y', tag='latest')
    """
    first, _slash, rest = text.partition("/")
    if not rest or not (set(first) & {".", ":"} or first == "localhost"):
        first, rest = HUB, text
    repository, _colon, tag = rest.partition(":")
    if first == HUB and "/" not in repository:
        repository = f"library/{repository}"
    return ImageReference(first, repository, tag or "latest")


def hosts(reference: ImageReference, mirror: str) -> list[RegistryHost]:
    """Return the hosts to ask for an image, in order: the mirror if there is one, then the registry.

    Raise MirrorError if `mirror` is not host:port. An empty text is no mirror.
    """
    name, _colon, port = reference.registry.partition(":")
    own = HUB_HOST if reference.registry == HUB else name
    registry = RegistryHost(f"registry {reference.registry}", own, int(port or 443), "https", is_mirror=False)
    if not mirror:
        return [registry]
    found = re.fullmatch(r"([A-Za-z0-9._-]+|\[[0-9a-fA-F:]+\]):(\d{1,5})", mirror)
    if found is None or int(found[2]) > MAX_PORT:
        raise MirrorError(f"{MIRROR} is {mirror!r}", "name a mirror as host:port, or unset it")
    scheme = "http" if is_loopback(found[1]) else "https"
    return [
        RegistryHost(f"mirror of {reference.registry}", found[1], int(found[2]), scheme, is_mirror=True),
        registry,
    ]


def is_loopback(host: str) -> bool:
    """Return whether a host name or address is this machine's."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def hosts_toml(host: RegistryHost) -> str:
    """Return a hosts.toml that makes containerd ask `host` instead of a registry.

    Format: docs/hosts.md of containerd.
    """
    url = f"{host.scheme}://{host.name}:{host.port}"
    return f'server = "{url}"\n\n[host."{url}"]\n  capabilities = ["pull", "resolve"]\n'


def mirror_options(folder: Path, reference: ImageReference, host: RegistryHost) -> list[str]:
    """Return the options of `ctr images pull` for a host. Write a mirror's hosts.toml below `folder`."""
    if not host.is_mirror:
        return []
    below = folder / reference.registry
    below.mkdir(parents=True, exist_ok=True)
    (below / "hosts.toml").write_text(hosts_toml(host))
    return ["--hosts-dir", str(folder)]


def unreachable(host: RegistryHost) -> str:
    """Return why a host takes no connection, or an empty text."""
    return reach.unreachable(host.name.strip("[]"), host.port)


def mirror() -> str:
    """Return the mirror that the environment names as host:port, or an empty text."""
    return os.environ.get(MIRROR, "")
