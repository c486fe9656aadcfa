"""The configuration of a private containerd."""

from pathlib import Path

from labreport.capture.run import CaptureError

SOCKET_BYTES = 107 - len(".ttrpc")
"""The longest address in bytes. The path of a Unix socket has at most 107 bytes, and containerd appends
`.ttrpc` to its address for a second socket."""

DISABLED_PLUGINS = (
    "io.containerd.grpc.v1.cri",
    "io.containerd.cri.v1.images",
    "io.containerd.cri.v1.runtime",
    "io.containerd.podsandbox.controller.v1.podsandbox",
    "io.containerd.sandbox.controller.v1.podsandbox",
    "io.containerd.internal.v1.opt",
    "io.containerd.nri.v1.nri",
    "io.containerd.snapshotter.v1.aufs",
    "io.containerd.snapshotter.v1.blockfile",
    "io.containerd.snapshotter.v1.btrfs",
    "io.containerd.snapshotter.v1.devmapper",
    "io.containerd.snapshotter.v1.erofs",
    "io.containerd.snapshotter.v1.zfs",
    "io.containerd.tracing.processor.v1.otlp",
    "io.containerd.internal.v1.tracing",
)
"""Plugins of containerd 1.6 to 2.x that `ctr` does not use. The plugin `opt` would create /opt/containerd."""


def config_text(*, root: Path, state: Path, address: Path) -> str:
    """Return a configuration with these folders and this socket, without CRI.

    It has version 2 of the format. containerd 1.x reads that version, and 2.x converts it (tested with
    2.4.2). Format: docs/man/containerd-config.toml.5.md of containerd. Raise CaptureError if `address` is too
    long for a Unix socket.
    """
    if len(str(address).encode()) > SOCKET_BYTES:
        raise CaptureError(
            f"{address}: too long for a socket: at most {SOCKET_BYTES} bytes", "choose a shorter folder"
        )
    disabled = "".join(f'  "{plugin}",\n' for plugin in DISABLED_PLUGINS)
    return (
        "version = 2\n"
        f'root = "{root}"\n'
        f'state = "{state}"\n'
        f"disabled_plugins = [\n{disabled}]\n\n"
        f'[grpc]\n  address = "{address}"\n'
    )
