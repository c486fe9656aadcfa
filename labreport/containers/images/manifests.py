"""What containerd says of the images it has: what a name points to, and which manifest of it runs here."""

import json
from typing import Any

from labreport.capture import recorder
from labreport.capture.run import CaptureError
from labreport.containers.containerd.server import Containerd
from labreport.containers.images import busybox


def listed(server: Containerd) -> dict[str, str]:
    """Return containerd's images: name to the digest of what it points to."""
    return parse_images(recorder.output(server.ctr("images", "ls")))


def parse_images(table: str) -> dict[str, str]:
    r"""Return name and digest of each row of `ctr images ls` (REF TYPE DIGEST SIZE …).

    >>> parse_images("REF TYPE DIGEST SIZE\na.b/c:1 application/x sha256:00 2.0 MiB linux/amd64 -")
    {'a.b/c:1': 'sha256:00'}
    """
    rows = (line.split() for line in table.splitlines()[1:])
    return {row[0]: row[2] for row in rows if len(row) > 2}  # noqa: PLR2004 - the third column


def target(server: Containerd, name: str) -> str:
    """Return the digest that an image's name points to; raise CaptureError."""
    try:
        return listed(server)[name]
    except KeyError:
        raise CaptureError(f"containerd does not list {name}, which it has just taken in") from None


def platform_manifest(server: Containerd, digest: str) -> str:
    """Return the digest of the manifest that runs here: `digest` itself, or this platform's from an index."""
    content = json.loads(recorder.output(server.ctr("content", "get", digest)) or "{}")
    if "manifests" not in content:
        return digest
    return choose(content["manifests"], busybox.architecture()) or digest


def choose(manifests: list[dict[str, Any]], architecture: str) -> str:
    """Return the digest of the first manifest for Linux on `architecture`; empty if there is none."""
    for manifest in manifests:
        where = manifest.get("platform", {})
        if where.get("os") == "linux" and where.get("architecture") == architecture:
            return str(manifest["digest"])
    return ""
