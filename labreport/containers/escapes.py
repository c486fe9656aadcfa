"""Attempts to escape from a container, each judged by a marker that it may leave on the host.

The exit status proves nothing: under Kata a container can report success after it has reached only its guest,
and a container that did not start has shown nothing about its runtime.
"""

import re
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from labreport.capture.command import EVERYTHING, CommandFailedError
from labreport.capture.out import Out
from labreport.capture.run import CaptureError, Run
from labreport.containers import ctr
from labreport.containers.containerd.server import ROOTS, containerd
from labreport.containers.kata.installation import note_configuration

REACHED = "reached the host"
MISSED = "did not reach the host"
PROVED_NOTHING = "proved nothing: the container did not start"

ANY_STATUS = tuple(range(1, 256))
MARKER = re.compile(r"marker-[0-9a-f]{16}")

CAPABILITIES = (
    "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE "
    "NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT "
    "SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE "
    "AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ "
    "PERFMON BPF CHECKPOINT_RESTORE"
)
"""All capabilities of Linux 6.12 (include/uapi/linux/capability.h)."""

ALL_CAPABILITIES = tuple(word for name in CAPABILITIES.split() for word in ("--cap-add", f"CAP_{name}"))
"""Options of `ctr run` that give a container what root on a host has. `--privileged` gives more, and under
Kata a container does not start with it if /dev has a node that /sys/dev does not have."""

NO_HOST_PATH = "get host path failed"
"""Kata's message about such a node (3.23: crates/hypervisor/src/device/util.rs, get_host_path)."""

WATCHED_TREES = ("/etc", "/usr/local", "/boot")
"""A changed file here can take over a host. Files up to 1 MiB are compared by hash, larger ones by size and
time."""

RESTLESS = (
    r"fs\.(aio-nr|dentry-state|file-nr|inode-nr|inode-state)|fs\.quota\..*|kernel\.(ns_last_pid|random\..*|pty\.nr)"
    r"|kernel\.(sched_domain|firmware_config|keys)\..*|kernel\.tainted|net\..*\.(conf|neigh)\..*"
    r"|net\.netfilter\.nf_conntrack_(count|buckets)|net\.ipv[46]\.(route|netfilter)\..*|vm\.stat.*"
)
"""Kernel settings that are not compared: counters, and those that come and go with network interfaces."""

SNAPSHOT = r"""
folder=$1; shift
{
    find "$@" -xdev ! -type f -printf '%p %y %m %U:%G %l\n'
    find "$@" -xdev -type f -size +1024k -printf '%p f %m %U:%G %s %T@\n'
    find "$@" -xdev -type f ! -size +1024k -printf '%p f %m %U:%G\n'
    find "$@" -xdev -type f ! -size +1024k -exec sha256sum {} + | sed 's/^\([^ ]*\)  \(.*\)$/\2 sha256 \1/'
} 2>/dev/null | sort >"$folder/files"
cut -d ' ' -f 1-4 /proc/1/mounts | sort >"$folder/mounts"
cut -d ' ' -f 1 /proc/modules | sort >"$folder/modules"
sysctl -a 2>/dev/null | grep -Ev "^($RESTLESS) = " | sort >"$folder/sysctl"
"""
COUNT = """
cd "$1"; shift
for one in "$@"; do echo "$one: $(wc -l <$one) lines, sha256 $(sha256sum <$one | cut -c 1-64)"; done
"""
DIFFER = 'cd "$1" && shift && for one in "$@"; do diff -U 0 --label "$one before" --label "$one after" before/$one after/$one; done; true'  # fmt: skip  # noqa: E501
KINDS = ("files", "mounts", "modules", "sysctl")
DRAWN = r"[0-9a-f]{64}$|^@@ .*|marker-[0-9a-f]{16}"
"""The parts of a difference that change from run to run: the hash of a file with the marker, and line
numbers."""


@dataclass(frozen=True)
class Trial:
    """The marker of one attempt, and two places on the host that are watched.

    `folder` is an empty folder of the lab's own. `file` is a path in /etc at which nothing exists. `image` is
    a name under `images` in lab.yml.
    """

    marker: str
    folder: Path
    file: Path
    image: str

    @property
    def started(self) -> str:
        """What the container prints first, to show that it has started."""
        return self.marker.replace("marker", "started")


@dataclass(frozen=True)
class Escape:
    """One way to try an escape.

    `target` and `proof` are for the evidence file: what is attacked, and what would prove success. `script`
    is the shell script that runs in the container. `look` is a command that shows the host afterwards;
    without it, the proof is in what the container prints. `shows` is the pattern that proves success; the
    default is the marker. `options` are options of `ctr run`. `not_started` is a pattern for the message of a
    runtime that is known to refuse such a container. `changes` are patterns for the differences that a
    success makes on the host.
    """

    trial: Trial
    target: str
    proof: str
    script: str
    look: Sequence[str] = ()
    shows: str = ""
    options: Sequence[str] = ()
    not_started: str = ""
    changes: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.trial.marker in " ".join(self.look or [self.script]):
            raise CaptureError(
                "the command that looks for the marker contains it: an error message would prove the escape",
                "have it find the marker without naming it",
            )


class HostWatch:
    """Compares the host before and after an attempt: files, mounts, modules and kernel settings.

    `folder` is watched besides WATCHED_TREES. What changes without an escape, such as a counter, is left out.
    """

    def __init__(self, run: Run, folder: Path) -> None:
        self._run = run
        self._trees = [*(tree for tree in WATCHED_TREES if Path(tree).is_dir()), str(folder)]
        self._folder = run.folder / "host-watch"

    def take_snapshot(self, out: Out, when: str) -> None:
        """Record the state of the host; write the number of lines of each kind, and their hash.

        `when` is "before" or "after". Raise CaptureError if a kind is empty, because nothing could be
        compared.
        """
        place = self._folder / when
        place.mkdir(parents=True, exist_ok=True)
        env = {"RESTLESS": RESTLESS, "LC_ALL": "C"}
        self._run.command(["sh", "-c", SNAPSHOT, "look", str(place), *self._trees], env=env)
        if empty := [kind for kind in KINDS if kind != "modules" and not (place / kind).read_bytes()]:
            raise CaptureError(f"the host shows no {' and no '.join(empty)}: nothing could be compared")
        out.line(f"--- the host {when}")
        out.run(["sh", "-c", COUNT, "count", str(place), *KINDS], volatile=r"\d+ lines, sha256 .*")

    def differences(self, out: Out) -> list[str]:
        """Write what differs between the two snapshots; return the lines that only one of them has.

        Each begins with `-` (before) or `+` (after).
        """
        out.line("--- what differs on the host")
        diff = out.run(["sh", "-c", DIFFER, "differ", str(self._folder), *KINDS], volatile=DRAWN)
        changed = (line for line in diff.text.splitlines() if line[:1] in "+-")
        lines = [line for line in changed if not line.startswith(("+++ ", "--- "))]
        if not lines:
            out.line("nothing")
        return lines


def new_trial(run: Run, image: str) -> Trial:
    """Return a trial with a new marker. Files at its two places are removed at the end of the collect."""
    run.resource(containerd)  # creates the folder of the run in ROOTS, and removes it at the end
    folder = ROOTS / run.name / "host-folder"
    with suppress(FileExistsError):
        folder.mkdir()
    for leftover in folder.iterdir():
        leftover.unlink()
    file = Path("/etc", f"{run.name}-escaped")
    run.undo(["rm", "-f", str(file)])
    return Trial(f"marker-{secrets.token_hex(8)}", folder, file, image)


def attempt_in_each(run: Run, path: str, image: str, escape: Callable[[Trial], Escape]) -> None:
    """Try an escape under runc, then under Kata, each with a new trial; write the evidence file `path`."""
    with run.file(path) as out:
        for name, runtime in ctr.RUNTIMES.items():
            out.line(f"=== {name} ===")
            attempt(run, out, escape(new_trial(run, image)), runtime)


def attempt(run: Run, out: Out, escape: Escape, runtime: str) -> str:
    """Try an escape under a runtime and write what was seen; return REACHED, MISSED or PROVED_NOTHING.

    The file in /etc is removed afterwards. Raise CommandFailedError if the container did not start for an
    unknown reason, CaptureError if what differs on the host does not fit the verdict.
    """
    trial, watch = escape.trial, HostWatch(run, escape.trial.folder)
    out.line(f"target: {escape.target}")
    out.line(f"proof: {escape.proof}")
    watch.take_snapshot(out, "before")
    out.line("--- the container")
    if runtime == ctr.KATA:
        note_configuration(run)
    words = ("sh", "-c", f"echo {trial.started}\n{escape.script}")
    command = ctr.IN_NEW[runtime](*words, image=trial.image, options=tuple(escape.options))
    volatile = rf"{MARKER.pattern}|{trial.started}"
    printed = out.run(command, answered=ANY_STATUS, stderr=True, volatile=volatile).text
    seen = printed
    if escape.look:
        out.line("--- the host, looked at from outside")
        seen = out.run(escape.look, answered=ANY_STATUS, stderr=True, volatile=EVERYTHING).text
    watch.take_snapshot(out, "after")
    differences = watch.differences(out)
    verdict = judge(printed, seen, trial.started, escape.shows or trial.marker)
    out.line(f"=> {verdict}")
    trial.file.unlink(missing_ok=True)
    if verdict == PROVED_NOTHING and not (escape.not_started and re.search(escape.not_started, printed)):
        raise CommandFailedError(f"the container did not start: {printed.strip()[-300:]}")
    check_differences(differences, escape.changes if verdict == REACHED else ())
    return verdict


def judge(printed: str, seen: str, started: str, shows: str) -> str:
    r"""Return the verdict on an attempt.

    `printed` is the output of the container, `seen` the text in which the pattern `shows` proves success.
    Without that proof, the attempt counts only if the container has printed `started`.

    >>> judge("started-1\n", "untouched", "started-1", "marker-1")
    'did not reach the host'
    """
    if re.search(shows, seen):
        return REACHED
    return MISSED if started in printed else PROVED_NOTHING


def check_differences(differences: Sequence[str], changes: Sequence[str]) -> None:
    """Raise CaptureError unless each difference matches a pattern, and each pattern a difference."""
    unexplained = [line for line in differences if not any(re.search(change, line) for change in changes)]
    if unexplained:
        raise CaptureError(f"the host differs in what the result does not say: {'; '.join(unexplained[:5])}")
    if absent := [change for change in changes if not any(re.search(change, line) for line in differences)]:
        raise CaptureError(f"the host does not show what the result says: {'; '.join(absent)}")
