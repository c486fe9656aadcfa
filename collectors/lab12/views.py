"""Task 3 and beyond: the same questions of host, runc and Kata, with and without a seccomp profile."""

from collectors.lab12.questions import KERNEL, LEAKS, MACHINE, PRIVILEGES
from collectors.lab12.smoke import KATA_NEEDS, smoke
from labreport.capture import Run, collector
from labreport.containers.probes.asking import BETWEEN, ask_all

IMAGE = "alpine"


@collector(edition=2025, task=3, writes=["isolation/kernel-view.txt"], needs=KATA_NEEDS, after=[smoke])
def kernel_view(run: Run) -> None:
    """Whose kernel is it: release, boot, log, modules, settings, flaws of the processor."""
    ask_all(run, "isolation/kernel-view.txt", KERNEL, IMAGE)


@collector(edition=2025, task=3, writes=["isolation/privileges.txt"], needs=KATA_NEEDS, after=[smoke])
def privileges(run: Run) -> None:
    """What the container may do: capabilities, seccomp, namespaces, security module."""
    ask_all(run, "isolation/privileges.txt", PRIVILEGES, IMAGE)


@collector(edition=2025, task=3, writes=["isolation/machine-view.txt"], needs=KATA_NEEDS, after=[smoke])
def machine_view(run: Run) -> None:
    """What the container sees of a machine: processors, memory, processes, cgroup, mounts, devices."""
    ask_all(run, "isolation/machine-view.txt", MACHINE, IMAGE)


@collector(edition=2025, task=3, writes=["isolation/leaks.txt"], needs=KATA_NEEDS, after=[smoke])
def leaks(run: Run) -> None:
    """What /proc and /sys let through: read on the host before and after, in the containers in between."""
    ask_all(run, "isolation/leaks.txt", LEAKS, IMAGE, BETWEEN)
