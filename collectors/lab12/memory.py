"""Task 4, beyond the sheet: the memory of an idle container, under both runtimes."""

from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

from collectors.lab12.quiet import quiet
from collectors.lab12.smoke import KATA_NEEDS, smoke
from labreport.capture import Out, Run, collector
from labreport.capture.cleanup import leaks
from labreport.containers.container import Container, container
from labreport.containers.ctr import RUNTIMES
from labreport.containers.kata.installation import kata

MEMINFO = ["grep", "-E", "^(MemTotal|MemAvailable):", "/proc/meminfo"]
CONFIGURED = "^(default_memory|default_vcpus|shared_fs) *="
PSS = 'FNR == 1 && FILENAME ~ /comm$/ {name = $1} $1 == "Pss:" {print row "," name "," $2}'
"""awk program that prints a process's name and its proportional set size in KiB (proc(5), smaps_rollup). In
that size, a page that n processes share counts as 1/n."""


@collector(
    edition=2025,
    task=4,
    writes=["bench/memory.csv", "bench/memory-host.txt"],
    needs=KATA_NEEDS,
    after=[smoke],
)
def memory(run: Run) -> None:
    """Memory of one, two and four idle containers: of each process that a container has on the host."""
    quiet(run)
    each = run.setting("memory.mebibytes_each", int)
    with run.file("bench/memory-host.txt") as host_out, run.file("bench/memory.csv") as out:
        host_out.line("Nothing runs yet:")
        host_out.run(MEMINFO)
        used = kata(run)
        if used.configuration:
            host_out.line("Kata's configuration:")
            host_out.run([*used.inside, "grep", "-E", CONFIGURED, str(used.configuration)])
        out.line("runtime,containers,container,process,pss_kib")
        for name, runtime in RUNTIMES.items():
            for count in run.setting("memory.containers", list):
                if _available_mebibytes() < each * count:
                    host_out.line(f"{count} under {name} are left out: {each} MiB for each are not free")
                    continue
                with ExitStack() as stack:
                    idle = [stack.enter_context(_idle(run, runtime)) for _ in range(count)]
                    for number, box in enumerate(idle, 1):
                        _measure(out, box, f"{name},{count},{number}")
                    host_out.line(f"With {count} under {name}:")
                    host_out.run(MEMINFO)


def _idle(run: Run, runtime: str) -> AbstractContextManager[Container]:
    """Return an idle container without a network."""
    return container(run, runtime, "alpine", "sleep", "3600", network=False)


def _measure(out: Out, box: Container, row: str) -> None:
    """Write a row for each process of a container: its shim, its VMM, and under runc what runs inside.

    `row` is the beginning of the row: runtime, number of containers, number of this container.
    """
    for pid in sorted(leaks.processes(box.id)):
        out.run(["awk", "-v", f"row={row}", PSS, f"/proc/{pid}/comm", f"/proc/{pid}/smaps_rollup"])


def _available_mebibytes() -> int:
    """Return the memory that is available on this host in MiB."""
    rows = (line.split() for line in Path("/proc/meminfo").read_text().splitlines())
    return next(int(row[1]) >> 10 for row in rows if row[0] == "MemAvailable:")
