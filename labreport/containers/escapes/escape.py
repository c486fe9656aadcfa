"""An escape, tried: what it aims at, the marker that would prove it, and what happened, seen from the host.

A marker decides, never an exit status: under Kata a container can report success and have reached its guest
only, and one that could not be started has proved nothing.
"""

import re
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from labreport.capture.command import EVERYTHING, CommandFailedError
from labreport.capture.run import CaptureError, Out, Run
from labreport.containers.containerd import ctr
from labreport.containers.containerd.private import ROOTS, containerd
from labreport.containers.escapes.host_watch import HostWatch
from labreport.containers.kata import configuration as kata_configuration

REACHED = "reached the host"
MISSED = "did not reach the host"
PROVED_NOTHING = "proved nothing: the container did not start"

RUNTIMES = ctr.RUNTIMES
EVERY_STATUS = tuple(range(1, 256))
MARKER = re.compile(r"marker-[0-9a-f]{16}")

CAPABILITIES = (
    "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE "
    "NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT "
    "SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE "
    "AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ "
    "PERFMON BPF CHECKPOINT_RESTORE"
)
"""Every capability that Linux 6.12 has (include/uapi/linux/capability.h)."""

ALL_CAPABILITIES = tuple(word for one in CAPABILITIES.split() for word in ("--cap-add", f"CAP_{one}"))
"""What root on a host has, given under both runtimes in the same words. `--privileged` is more than that, and
does not start under Kata where /dev has a node that /sys/dev does not know."""

NO_HOST_PATH = "get host path failed"
"""What Kata says of such a node (3.23: crates/hypervisor/src/device/util.rs, get_host_path)."""


@dataclass(frozen=True)
class Field:
    """What an escape works with: the marker, drawn for this try, and two places on the host that are watched.

    `folder` is an empty one of the lab's own; `file`, in /etc, is not there before. `image` is a name in
    lab.yml.
    """

    marker: str
    folder: Path
    file: Path
    image: str

    @property
    def started(self) -> str:
        """What the container says first: that it started at all."""
        return self.marker.replace("marker", "started")


@dataclass(frozen=True)
class Escape:
    """One way of trying.

    `target` and `proof` are words: what it aims at, and what would prove that it got there. `script` is the
    shell that runs in the container, `look` the command that shows the host from outside afterwards; without
    it the proof is in what the container prints. `shows` is the pattern that proves it, the marker if it is
    empty. `options` are ctr's. `not_started` is the pattern by which a start that the runtime is known to
    refuse is told from a mishap. `changes` are patterns of the host's lines that a success accounts for.
    """

    field: Field
    target: str
    proof: str
    script: str
    look: Sequence[str] = ()
    shows: str = ""
    options: Sequence[str] = ()
    not_started: str = ""
    changes: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.field.marker in " ".join(self.look or [self.script]):
            raise CaptureError("what is to find the marker names it: an error message would prove the escape")


def field(run: Run, image: str) -> Field:
    """Return a field with a marker of its own; what is made in its places is gone after the collect."""
    run.resource(containerd)  # its folder is removed at the end
    folder = ROOTS / run.name / "host-folder"
    with suppress(FileExistsError):
        folder.mkdir()
    for left in folder.iterdir():
        left.unlink()
    file = Path("/etc", f"{run.name}-escaped")
    run.undo(["rm", "-f", str(file)])
    return Field(f"marker-{secrets.token_hex(8)}", folder, file, image)


def attempt(run: Run, out: Out, escape: Escape, runtime: str) -> str:
    """Try an escape under a runtime and write all that was seen; return REACHED, MISSED or PROVED_NOTHING.

    Raise CommandFailedError if the container did not start for a reason that is not foreseen, CaptureError if
    the host differs in more, or in less, than the result says. The file in /etc is removed.
    """
    given, watch = escape.field, HostWatch(run, escape.field.folder)
    out.line(f"target: {escape.target}")
    out.line(f"proof: {escape.proof}")
    watch.look(out, "before")
    out.line("--- the container")
    if runtime == ctr.KATA:
        kata_configuration.note(run)
    words = ("sh", "-c", f"echo {given.started}\n{escape.script}")
    command = ctr.IN_NEW[runtime](*words, image=given.image, options=tuple(escape.options))
    volatile = rf"{MARKER.pattern}|{given.started}"
    said = out.run(command, answered=EVERY_STATUS, stderr=True, volatile=volatile).text
    seen = said
    if escape.look:
        out.line("--- the host, looked at from outside")
        seen = out.run(escape.look, answered=EVERY_STATUS, stderr=True, volatile=EVERYTHING).text
    watch.look(out, "after")
    differs = watch.differences(out)
    verdict = judge(said, seen, given.started, escape.shows or given.marker)
    out.line(f"=> {verdict}")
    given.file.unlink(missing_ok=True)
    if verdict == PROVED_NOTHING and not (escape.not_started and re.search(escape.not_started, said)):
        raise CommandFailedError(f"the container did not start: {said.strip()[-300:]}")
    account(differs, escape.changes if verdict == REACHED else ())
    return verdict


def judge(said: str, seen: str, started: str, shows: str) -> str:
    r"""Return what a try comes to: the marker decides; without it, the container must at least have started.

    >>> judge("started-1\n", "untouched", "started-1", "marker-1")
    'did not reach the host'
    """
    if re.search(shows, seen):
        return REACHED
    return MISSED if started in said else PROVED_NOTHING


def account(differs: Sequence[str], changes: Sequence[str]) -> None:
    """Raise CaptureError unless the host differs in exactly what `changes` say: each, and nothing else."""
    unexplained = [line for line in differs if not any(re.search(one, line) for one in changes)]
    if unexplained:
        raise CaptureError(f"the host differs in what the result does not say: {'; '.join(unexplained[:5])}")
    if absent := [one for one in changes if not any(re.search(one, line) for line in differs)]:
        raise CaptureError(f"the host does not show what the result says: {'; '.join(absent)}")
