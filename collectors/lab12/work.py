"""Task 4, beyond the start: work on the processor and on files in a container that runs already."""

from collections.abc import Sequence
from contextlib import ExitStack

from collectors.lab12.quiet import quiet
from collectors.lab12.smoke import KATA_NEEDS, smoke
from labreport.capture import Run, collector
from labreport.capture.command import Attempt
from labreport.capture.run import Out
from labreport.capture.series import HYPERFINE, Contender, series, series_files
from labreport.containers.container import Container, container
from labreport.containers.containerd.ctr import KATA, RUNC, RUNTIMES
from labreport.containers.needs import CONTAINERS, image
from labreport.containers.needs import KATA as KATA_NEED

ZEROS = ("dd", "if=/dev/zero", "bs=1M")
FILE = "/root/zeros"


@collector(
    edition=2025,
    task=4,
    writes=series_files("bench/cpu"),
    needs=[*KATA_NEEDS, HYPERFINE],
    after=[smoke],
)
def cpu_work(run: Run) -> None:
    """Work that needs the processor alone, SHA-256 of zeros, in containers that run already."""
    size = run.setting("cpu.mebibytes", int)
    work = ("sh", "-c", f"{' '.join(ZEROS)} count={size} 2>/dev/null | sha256sum")
    _series_inside(run, "bench/cpu", work, run.setting("cpu.runs", int))


@collector(
    edition=2025,
    task=4,
    writes=series_files("bench/write"),
    needs=[*KATA_NEEDS, HYPERFINE],
    after=[smoke],
)
def file_write(run: Run) -> None:
    """A write to the container's root file system that ends when it is on the disk (fsync)."""
    work = (*ZEROS, f"count={run.setting('io.mebibytes', int)}", f"of={FILE}", "conv=fsync")
    _series_inside(run, "bench/write", work, run.setting("io.runs", int))


def _series_inside(run: Run, name: str, work: Sequence[str], runs: int) -> None:
    """Time `work` in a container under each runtime, in turn."""
    quiet(run)
    with ExitStack() as stack:
        contenders = []
        for runtime, kind in RUNTIMES.items():
            inside = stack.enter_context(container(run, kind, "alpine", "sleep", "3600", network=False))
            contenders.append(_contender(runtime, inside, work))
        series(run, name, contenders, runs, run.setting("work.limit_seconds", int))


def _contender(name: str, inside: Container, work: Sequence[str]) -> Contender:
    """Return the work as an exec; one that does not end is put away with its container."""
    command = inside.exec(*work)
    return Contender(name, command, lambda run: Attempt(command(run), lambda: None))


@collector(
    edition=2026,
    task=3,
    writes=["results/io-bench.txt"],
    needs=[CONTAINERS, KATA_NEED, image("alpine-3.20")],
    after=[smoke],
)
def io_bench(run: Run) -> None:
    """The sheet's dd, which copies memory and meets no disk; a write that meets one, and reading it again."""
    quiet(run)
    size = run.setting("io.mebibytes", int)
    with run.file("results/io-bench.txt") as out, ExitStack() as stack:
        inside = {
            heading: stack.enter_context(container(run, kind, "alpine-3.20", "sleep", "3600", network=False))
            for heading, kind in (("runc", RUNC), ("Kata", KATA))
        }
        _each(out, inside, "dd from zero to null: memory is copied, no disk is met",
              (*ZEROS, "count=100", "of=/dev/null"))  # fmt: skip
        _each(out, inside, f"{size} MiB written, until they are on the disk (fsync)",
              (*ZEROS, f"count={size}", f"of={FILE}", "conv=fsync"))  # fmt: skip
        _each(out, inside, f"the same {size} MiB read again, from a cache on the way",
              ("dd", f"if={FILE}", "bs=1M", "of=/dev/null"))  # fmt: skip


def _each(out: Out, inside: dict[str, Container], title: str, argv: Sequence[str]) -> None:
    """Run a command in each container, under a heading of its own.

    Not every busybox has a dd that says how long it took: `time` does, in hundredths of a second.
    """
    out.line(f"=== {title} ===")
    for heading, one in inside.items():
        out.line(f"{heading}:")
        out.run(one.exec("time", *argv), stderr=True, expect="^real")
