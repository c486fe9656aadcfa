"""A containerd that answers, whoever started it, and the words in which ctr asks it."""

import re
from dataclasses import dataclass
from pathlib import Path

SHIMS = Path("/run/containerd")
"""Shims of every containerd put their sockets and runc's state here, whatever its own folders are."""


@dataclass(frozen=True)
class Containerd:
    """A containerd that answers: its socket, our namespace, where ctr puts its FIFOs, where logs go.

    `snapshotter` is empty where containerd's own choice (overlayfs) works here.
    """

    address: Path
    namespace: str
    fifos: Path
    logs: Path
    snapshotter: str = ""

    def ctr(self, *words: str) -> list[str]:
        """Return the argv of a ctr command in our namespace."""
        return ["ctr", "--address", str(self.address), "--namespace", self.namespace, *words]

    def snapshots(self) -> list[str]:
        """Return the option that names the snapshotter, if one must be named."""
        return ["--snapshotter", self.snapshotter] if self.snapshotter else []


def snapshotter(plugins: str) -> str:
    """Return which snapshotter must be named, from `ctr plugins ls`: none where overlayfs is ok, else native.

    >>> snapshotter("io.containerd.snapshotter.v1  overlayfs  linux/amd64  ok")
    ''
    >>> snapshotter("io.containerd.snapshotter.v1  overlayfs  linux/amd64  skip")
    'native'
    """
    return "" if re.search(r"snapshotter\S*\s+overlayfs\s.*\bok\s*$", plugins, re.MULTILINE) else "native"
