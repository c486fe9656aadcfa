"""Task 4, beyond the sheet: what an idle container costs in memory, under both runtimes."""

from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

from collectors.lab12.install import CONFIGURATION
from collectors.lab12.quiet import quiet
from collectors.lab12.smoke import KATA_NEEDS, smoke
from labreport.capture import Run, collector
from labreport.capture.cleanup import leaks
from labreport.capture.run import Out
from labreport.containers.container import Container, container
from labreport.containers.containerd.ctr import RUNTIMES

MEMINFO = ["grep", "-E", "^(MemTotal|MemAvailable):", "/proc/meminfo"]
CONFIGURED = "^(default_memory|default_vcpus|shared_fs) *="
PSS = 'FNR == 1 && FILENAME ~ /comm$/ {name = $1} $1 == "Pss:" {print row "," name "," $2}'
"""The proportional set size: a page that several share counts in parts (proc(5), smaps_rollup), in KiB."""


@collector(
    edition=2025,
    task=4,
    writes=["bench/memory.csv", "bench/memory-host.txt"],
    needs=KATA_NEEDS,
    after=[smoke],
)
def memory(run: Run) -> None:
    """Memory of one, two and four idle containers: every process that a container has on the host."""
    quiet(run)
    each = run.setting("memory.mebibytes_each", int)
    with run.file("bench/memory-host.txt") as told, run.file("bench/memory.csv") as out:
        told.line("Nothing runs yet:")
        told.run(MEMINFO)
        if CONFIGURATION.exists():
            told.line("Kata's configuration:")
            told.run(["grep", "-E", CONFIGURED, str(CONFIGURATION)])
        out.line("runtime,containers,container,process,pss_kib")
        for name, runtime in RUNTIMES.items():
            for count in run.setting("memory.containers", list):
                if _available_mebibytes() < each * count:
                    told.line(f"{count} under {name} are left out: {each} MiB for each are not free")
                    continue
                with ExitStack() as stack:
                    idle = [stack.enter_context(_idle(run, runtime)) for _ in range(count)]
                    for number, one in enumerate(idle, 1):
                        _measure(out, one, f"{name},{count},{number}")
                    told.line(f"With {count} under {name}:")
                    told.run(MEMINFO)


def _idle(run: Run, runtime: str) -> AbstractContextManager[Container]:
    return container(run, runtime, "alpine", "sleep", "3600", network=False)


def _measure(out: Out, one: Container, row: str) -> None:
    """Write a row for each process of a container: its shim, its monitor, what runs inside under runc."""
    for pid in sorted(leaks.processes(one.id)):
        out.run(["awk", "-v", f"row={row}", PSS, f"/proc/{pid}/comm", f"/proc/{pid}/smaps_rollup"])


def _available_mebibytes() -> int:
    rows = (line.split() for line in Path("/proc/meminfo").read_text().splitlines())
    return next(int(row[1]) >> 10 for row in rows if row[0] == "MemAvailable:")
