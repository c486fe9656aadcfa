"""Task 4: work of the processor and the disk in containers that run already."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

from collectors.lab12.quiet import quiet
from collectors.lab12.smoke import KATA_NEEDS, smoke
from labreport.capture import Attempt, Out, Run, collector
from labreport.capture.series import HYPERFINE, Contender, series, series_files
from labreport.containers.container import Container, container
from labreport.containers.ctr import KATA, RUNC, RUNTIMES
from labreport.containers.kata.runtime import KATA as KATA_NEED
from labreport.containers.needs import CONTAINERS, image

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
    """Processor work, the SHA-256 of zeros, in containers that run already."""
    size = run.setting("cpu.mebibytes", int)
    work = ("sh", "-c", f"{' '.join(ZEROS)} count={size} 2>/dev/null | sha256sum")
    with _running(run) as inside:
        _series_inside(run, "bench/cpu", inside, work, run.setting("cpu.runs", int))


@collector(
    edition=2025,
    task=4,
    writes=[*series_files("bench/write"), "bench/write-inside.txt"],
    needs=[*KATA_NEEDS, HYPERFINE],
    after=[smoke],
)
def file_write(run: Run) -> None:
    """A write to the container's root file system, until the data is on the disk (fsync).

    The series times the whole `ctr exec`. After it, each container makes the same write once more and times
    it itself: the difference is what the exec takes.
    """
    work = (*ZEROS, f"count={run.setting('io.mebibytes', int)}", f"of={FILE}", "conv=fsync")
    with _running(run) as inside:
        _series_inside(run, "bench/write", inside, work, run.setting("io.runs", int))
        with run.file("bench/write-inside.txt") as out:
            _each(out, inside, "the same write once more, timed inside", work)


@contextmanager
def _running(run: Run) -> Iterator[dict[str, Container]]:
    """Start a container without a network under each runtime; tear both down at the end."""
    quiet(run)
    with ExitStack() as stack:
        yield {
            runtime: stack.enter_context(container(run, kind, "alpine", "sleep", "3600", network=False))
            for runtime, kind in RUNTIMES.items()
        }


def _series_inside(
    run: Run, name: str, inside: Mapping[str, Container], work: Sequence[str], runs: int
) -> None:
    """Time the command `work` in a running container under each runtime, in turn."""
    contenders = [_contender(runtime, box, work) for runtime, box in inside.items()]
    series(run, name, contenders, runs, run.setting("work.limit_seconds", int))


def _contender(name: str, inside: Container, work: Sequence[str]) -> Contender:
    """Return an exec of the work as a contender. One that hangs ends when its container is torn down."""
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
    """The sheet's dd, which copies memory and uses no disk; then a write to the disk, and reading it back."""
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


def _each(out: Out, inside: Mapping[str, Container], title: str, argv: Sequence[str]) -> None:
    """Run a command in each container, below the heading of its runtime.

    `time` measures it, in hundredths of a second, because not every busybox has a dd that prints its time.
    """
    out.line(f"=== {title} ===")
    for heading, box in inside.items():
        out.line(f"{heading}:")
        out.run(box.exec("time", *argv), stderr=True, expect="^real")
