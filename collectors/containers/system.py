"""The host's own containerd: used in a namespace of the run, restarted when it is configured anew."""

from collections.abc import Sequence
from pathlib import Path

from collectors.engine import recorder

SOCKET = Path("/run/containerd/containerd.sock")

CLEAR = """
c() { ctr --address "$address" --namespace "$namespace" "$@"; }
address=$1 namespace=$2
for one in $(c tasks ls --quiet); do c tasks rm --force "$one"; done
for one in $(c containers ls --quiet); do c containers rm "$one"; done
for one in $(c images ls --quiet); do c images rm --sync "$one"; done
for one in $(c leases ls --quiet); do c leases rm --sync "$one"; done
for _try in 1 2 3 4 5 6 7 8 9 10; do
    for one in $(c snapshots ls | awk 'NR > 1 {print $1}'); do c snapshots rm "$one"; done
    c content ls --quiet | while read -r one; do c content rm "$one"; done
    ctr --address "$address" namespaces rm "$namespace" && exit
    sleep 0.5
done
"""
"""Removes all that a namespace has, and the namespace: a snapshot goes when none is on top of it."""


def clear_namespace(address: Path, namespace: str) -> list[str]:
    """Return the command that removes a namespace of a containerd with all that is in it."""
    return ["sh", "-c", CLEAR, "clear", str(address), namespace]


def restart() -> Sequence[str]:
    """Return the command that restarts this host's containerd; empty where no systemd runs it."""
    if recorder.output(["systemctl", "is-active", "containerd"]) == "active":
        return ["systemctl", "restart", "containerd"]
    return []


def answers() -> bool:
    """Return whether this host's containerd answers."""
    return bool(recorder.output(["ctr", "--address", str(SOCKET), "version"], timeout=5))
