"""Edition 2026, task 4: escapes to what the host has: a folder, a device, a process, its log.

Every escape is tried with the same options under both runtimes. What a success changes on the host is undone
before the next attempt.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from collectors.lab12.sheet_2026 import IMAGE, NEEDS
from collectors.lab12.smoke import smoke
from labreport.capture import Run, collector
from labreport.containers.ctr import RUNTIMES
from labreport.containers.escapes import (
    ALL_CAPABILITIES,
    NO_HOST_PATH,
    Escape,
    Trial,
    attempt,
    attempt_in_each,
    new_trial,
)

HOST_PIDS = ("--with-ns", "pid:/proc/1/ns/pid")
"""Options of `ctr run` that put a container into the host's process namespace."""

OWN_PROC = "mkdir -p /own-proc && mount -t proc proc /own-proc"
"""Mounts a second /proc, which needs CAP_SYS_ADMIN. Nothing in it is masked or read-only."""


def mounted(trial: Trial) -> list[str]:
    """Return the option of `ctr run` that mounts the trial's folder of the host at /host."""
    return ["--mount", f"type=bind,src={trial.folder},dst=/host,options=rbind:rw"]


def to_host_folder(trial: Trial, *, privileged: bool) -> Escape:
    """Return an escape that writes through a bind mount, as in the sheet, with or without --privileged."""
    (trial.folder / "file").write_text("untouched\n")
    return Escape(
        trial,
        target="a file in a folder of the host that is mounted into the container",
        proof="the host's file, read from outside afterwards, holds the marker",
        script=f"echo {trial.marker} >/host/file",
        look=["cat", str(trial.folder / "file")],
        options=[*(["--privileged"] if privileged else []), *mounted(trial)],
        not_started=NO_HOST_PATH if privileged else "",
        changes=[rf"^[+-]{trial.folder}/file "],
    )


@collector(
    edition=2026,
    task=4,
    writes=["results/runc-escape-attempt.txt", "results/kata-escape-attempt.txt"],
    needs=NEEDS,
    after=[smoke],
    role="escape",
)
def host_folder(run: Run) -> None:
    """A host folder mounted into the container: does a write reach the host's file?"""
    for name, runtime in RUNTIMES.items():
        with run.file(f"results/{name}-escape-attempt.txt") as out:
            for privileged in (True, False):
                out.line(f"=== {name}, {'' if privileged else 'not '}privileged ===")
                attempt(run, out, to_host_folder(new_trial(run, IMAGE), privileged=privileged), runtime)


@contextmanager
def loop_device(run: Run, trial: Trial) -> Iterator[str]:
    """Create a loop device on the host whose first bytes are the marker; yield its minor number."""
    disk = trial.folder / "disk"
    disk.write_bytes(trial.marker.encode().ljust(1 << 20, b"\n"))
    device = run.command(["losetup", "--find", "--show", str(disk)]).text.strip()
    undo = run.undo(["losetup", "--detach", device])
    try:
        yield device.removeprefix("/dev/loop")
    finally:
        undo()


@collector(
    edition=2026, task=4, writes=["escapes/host-device.txt"], needs=NEEDS, after=[smoke], role="escape"
)
def host_device(run: Run) -> None:
    """A device node for a disk of the host: can a container read the disk?"""
    ways = {"every capability": (ALL_CAPABILITIES, ""), "privileged": (("--privileged",), NO_HOST_PATH)}
    with run.file("escapes/host-device.txt") as out:
        for title, (options, not_started) in ways.items():
            for name, runtime in RUNTIMES.items():
                trial = new_trial(run, IMAGE)
                with loop_device(run, trial) as number:
                    escape = Escape(
                        trial,
                        target="a block device of the host, whose first bytes are the marker",
                        proof="the container prints the marker, which it was not told",
                        script=f"mknod /node b 7 {number} && head -c 64 /node",
                        options=options,
                        not_started=not_started,
                    )
                    out.line(f"=== {name}, {title} ===")
                    attempt(run, out, escape, runtime)


def into_process_1(trial: Trial) -> Escape:
    """Return an escape that enters the mount namespace of process 1 and writes a file there."""
    return Escape(
        trial,
        target="the mount namespace of the host's process 1, whose process namespace is given",
        proof="a file in the host's /etc holds the marker",
        script=f"nsenter --target 1 --mount -- sh -c 'echo {trial.marker} >{trial.file}'",
        look=["cat", str(trial.file)],
        options=[*ALL_CAPABILITIES, *HOST_PIDS],
        changes=[rf"^\+{trial.file} "],
    )


@collector(edition=2026, task=4, writes=["escapes/nsenter.txt"], needs=NEEDS, after=[smoke], role="escape")
def nsenter(run: Run) -> None:
    """Entering the mount namespace of process 1: is it the host's process 1?"""
    attempt_in_each(run, "escapes/nsenter.txt", IMAGE, into_process_1)


def kernel_log(run: Run, trial: Trial) -> list[str]:
    """Write a line to the host's kernel log; return the command that prints the log from that line on."""
    fence = trial.started.replace("started", "fence")
    run.command(["sh", "-c", 'echo "$1" >/dev/kmsg', "fence", fence])
    return ["sh", "-c", f"dmesg | sed -n '/{fence}/,$p'"]


@collector(edition=2026, task=4, writes=["escapes/kmsg.txt"], needs=NEEDS, after=[smoke], role="escape")
def kmsg(run: Run) -> None:
    """A line written to /dev/kmsg: does it reach the host's kernel log?"""

    def write(trial: Trial) -> Escape:
        return Escape(
            trial,
            target="the host's kernel log, through a node of /dev/kmsg that the container is given",
            proof="the host's kernel log has a line with the marker",
            script=f"echo {trial.marker} >/dev/kmsg",
            look=kernel_log(run, trial),
            options=["--device", "/dev/kmsg"],
        )

    attempt_in_each(run, "escapes/kmsg.txt", IMAGE, write)


@collector(edition=2026, task=4, writes=["escapes/sysrq.txt"], needs=NEEDS, after=[smoke], role="escape")
def sysrq(run: Run) -> None:
    """A request to the kernel by sysrq: does the host's kernel answer?"""

    def press(trial: Trial) -> Escape:
        return Escape(
            trial,
            target="the host's kernel, asked by sysrq for its list of keys (h), which harms nothing",
            proof="the list stands in the host's kernel log, after a line that was written before the try",
            script=f"{OWN_PROC} && echo h >/own-proc/sysrq-trigger",
            look=kernel_log(run, trial),
            shows="sysrq: HELP",
            options=ALL_CAPABILITIES,
        )

    attempt_in_each(run, "escapes/sysrq.txt", IMAGE, press)
