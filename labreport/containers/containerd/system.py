"""The host's own containerd: used in a namespace of the run, restarted when it is configured anew."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from labreport.capture import recorder
from labreport.capture.command import CommandFailedError
from labreport.capture.host_changes.ledger import Ledger
from labreport.capture.run import CaptureError, Run

SOCKET = Path("/run/containerd/containerd.sock")
READY_SECONDS = 60.0
JOURNAL = ("journalctl", "--unit", "containerd", "--lines", "3", "--no-pager", "--output", "cat")

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
    active = recorder.output(["systemctl", "is-active", "containerd"]) == "active"
    return ["systemctl", "restart", "containerd"] if active else []


def _failed() -> bool:
    return recorder.output(["systemctl", "is-failed", "containerd"]) == "failed"


@contextmanager
def tried(host: Ledger, config: Path, argv: Sequence[str]) -> Iterator[None]:
    """Have a configuration as it is now again, if what is done with it meanwhile fails; `argv` restarts."""
    before = config.read_bytes() if config.exists() else None
    try:
        yield
    except Exception:
        now = config.read_bytes() if config.exists() else None
        if now != before:
            if before is None:
                host.remove(config)
            else:
                host.write(config, before)
            if argv:
                recorder.output(argv, timeout=READY_SECONDS)
        raise


def start_anew(run: Run, argv: Sequence[str]) -> None:
    """Restart containerd and wait until it answers; raise CaptureError with the end of its journal."""
    how = "it gives no answer"
    try:
        run.command(argv, timeout=READY_SECONDS)
        with suppress(CaptureError):
            run.wait_until(lambda: answers() or _failed(), "containerd", READY_SECONDS)
    except CommandFailedError as error:
        how = error.how
    if not answers():
        said = " / ".join(line.strip()[:300] for line in recorder.output(JOURNAL).splitlines())
        raise CaptureError(
            f"containerd does not come up with it: {how}: {said or 'its journal is empty'}; "
            "the configuration is as it was again"
        )


def answers() -> bool:
    """Return whether this host's containerd answers."""
    return SOCKET.exists() and bool(recorder.output(["ctr", "--address", str(SOCKET), "version"], timeout=5))
