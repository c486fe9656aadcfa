"""Task 2: kernel and processor of the host, which a container under runc shares, and of Kata's guest."""

from collectors.lab12.smoke import KATA_NEEDS, smoke
from labreport.capture import Run, collector
from labreport.containers.ctr import in_kata

CPU_MODEL = ("grep", "-m", "1", "model name", "/proc/cpuinfo")
PROC_ENTRIES = ("sh", "-c", "ls /proc | wc -l")
MODULES = ("sh", "-c", "ls /sys/module | wc -l")


@collector(edition=2025, task=2, writes=["analysis/host.txt"])
def host_side(run: Run) -> None:
    """The host's half of every comparison. It needs neither containers nor Kata."""
    with run.file("analysis/host.txt") as out:
        out.line("Host kernel (runc uses this):")
        out.run(["uname", "-r"])
        out.line("Host CPU:")
        out.run(CPU_MODEL)
        out.line("Entries in /proc:")
        out.run(PROC_ENTRIES, volatile=r"^\d+$")
        out.line("Entries in /sys/module:")
        out.run(MODULES)


@collector(edition=2025, task=2, writes=["kata/kernel.txt"], needs=KATA_NEEDS, after=[smoke])
def kernel(run: Run) -> None:
    """The release of the kernel that a container under Kata sees."""
    with run.file("kata/kernel.txt") as out:
        out.run(in_kata("uname", "-r"))


@collector(edition=2025, task=2, writes=["kata/cpu.txt"], needs=KATA_NEEDS, after=[smoke])
def cpu(run: Run) -> None:
    """The processor that a container under Kata sees."""
    with run.file("kata/cpu.txt") as out:
        out.run(in_kata(*CPU_MODEL))


@collector(
    edition=2025,
    task=2,
    writes=["analysis/kernel-comparison.txt"],
    needs=KATA_NEEDS,
    after=[smoke, host_side],
)
def kernel_comparison(run: Run) -> None:
    """The host's kernel beside the guest's."""
    with run.file("analysis/kernel-comparison.txt") as out:
        out.line("=== Kernel Version Comparison ===")
        out.line("Host kernel (runc uses this):")
        out.run(["uname", "-r"])
        out.line("Kata guest kernel:")
        out.run(in_kata("cat", "/proc/version"))


@collector(
    edition=2025, task=2, writes=["analysis/cpu-comparison.txt"], needs=KATA_NEEDS, after=[smoke, host_side]
)
def cpu_comparison(run: Run) -> None:
    """The host's processor beside the one that the guest sees."""
    with run.file("analysis/cpu-comparison.txt") as out:
        out.line("=== CPU Model Comparison ===")
        out.line("Host CPU:")
        out.run(CPU_MODEL)
        out.line("Kata VM CPU:")
        out.run(in_kata(*CPU_MODEL))
