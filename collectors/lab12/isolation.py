"""Task 3: kernel log, /proc, network and modules that a container under Kata sees."""

from collectors.lab12.comparison import MODULES, PROC_ENTRIES
from collectors.lab12.smoke import KATA_NEEDS, smoke
from labreport.capture import Run, collector
from labreport.containers.container import container
from labreport.containers.ctr import KATA, in_kata

COUNT = r"^\d+$"
"""Pattern for a count that changes from run to run: each process is an entry in /proc."""

ADDRESS = r"(?<=link/ether )\S+|(?<=inet )\d\S+|(?<=brd )\d\S+|(?<=inet6 )fe80\S+"
"""Pattern for the addresses of a container, which change from run to run."""


@collector(edition=2025, task=3, writes=["isolation/dmesg.txt"], needs=KATA_NEEDS, after=[smoke])
def dmesg(run: Run) -> None:
    """The first kernel messages inside the Kata guest, which has its own boot log."""
    with run.file("isolation/dmesg.txt") as out:
        out.line("=== dmesg Access Test ===")
        out.line("Kata VM (separate kernel boot logs):")
        out.run(in_kata("dmesg"), head=5)


@collector(edition=2025, task=3, writes=["isolation/proc.txt"], needs=KATA_NEEDS, after=[smoke])
def proc(run: Run) -> None:
    """The number of entries in /proc on the host and in the guest."""
    with run.file("isolation/proc.txt") as out:
        out.line("=== /proc Entries Count ===")
        out.line("Host:")
        out.run(PROC_ENTRIES, volatile=COUNT)
        out.line("Kata VM:")
        out.run(in_kata(*PROC_ENTRIES), volatile=COUNT)


@collector(
    edition=2025,
    task=3,
    writes=["isolation/network.txt"],
    needs=KATA_NEEDS,
    after=[smoke],
    keep=["ip", "mac"],
)
def network(run: Run) -> None:
    """The network interfaces inside the guest, with the addresses of the container."""
    with (
        container(run, KATA, "alpine", "sleep", "600", network=True) as guest,
        run.file("isolation/network.txt") as out,
    ):
        out.line("=== Network Interfaces ===")
        out.line("Kata VM network:")
        out.run(guest.exec("ip", "addr"), volatile=ADDRESS)


@collector(edition=2025, task=3, writes=["isolation/modules.txt"], needs=KATA_NEEDS, after=[smoke])
def modules(run: Run) -> None:
    """The number of entries in /sys/module on the host and in the guest."""
    with run.file("isolation/modules.txt") as out:
        out.line("=== Kernel Modules Count ===")
        out.line("Host kernel modules:")
        out.run(MODULES)
        out.line("Kata guest kernel modules:")
        out.run(in_kata(*MODULES))
