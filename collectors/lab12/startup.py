"""Task 4: the start-up time of a container, under both runtimes."""

from collections.abc import Sequence
from functools import partial

from collectors.lab12.quiet import quiet
from collectors.lab12.smoke import KATA_NEEDS, smoke
from labreport.capture import Attempt, Run, collector, on_path
from labreport.capture.series import HYPERFINE, Contender, series, series_files
from labreport.containers.ctr import IN_NEW, KATA, RUNC, RUNTIMES, new_container, retry_on_hang
from labreport.containers.kata.runtime import KATA as KATA_NEED
from labreport.containers.needs import CONTAINERS, image

BASH = on_path("bash", packages=("bash",))
ECHO = ("echo", "test")

TIME = r"""TIMEFORMAT=$'real\t%3lR'; time "$@" >/dev/null"""
"""bash script that prints the `real` line that the sheet greps for. In the sheet, that line goes to the
terminal and not into the pipe."""

NUMBERED = (
    '$3 == name && $5 == 0 {printf "%d: %.3f s\\n", $1, $4}'
    ' $3 == name && $5 != 0 {printf "%d: failed after %.3f s, exit status %s\\n", $1, $4, $5}'
)
"""awk program that prints the samples of one contender as the sheet of 2026 numbers them."""


def contender(name: str, runtime: str, image: str) -> Contender:
    """Return the start of a container that runs `echo test` under a runtime and ends, as a contender."""
    warm_up = IN_NEW[runtime](*ECHO, image=image)
    return Contender(
        name, warm_up, partial(new_container, runtime=runtime, image=image, options=(), argv=ECHO)
    )


def both(image: str) -> list[Contender]:
    """Return the contenders runc and kata."""
    return [contender(name, runtime, image) for name, runtime in RUNTIMES.items()]


def _series(run: Run, name: str, contenders: Sequence[Contender], runs: str) -> None:
    """Time the contenders in turn. `runs` is the key of the setting with the number of runs."""
    quiet(run)
    series(run, name, contenders, run.setting(runs, int), run.setting("startup.limit_seconds", int))


@collector(
    edition=2025,
    task=4,
    writes=series_files("bench/startup"),
    needs=[*KATA_NEEDS, HYPERFINE],
    after=[smoke],
)
def startup(run: Run) -> None:
    """Start-up time of `echo test` under runc and Kata in turn: the run time of ctr, for every sample."""
    _series(run, "bench/startup", both("alpine"), "startup.runs")


@collector(
    edition=2025,
    task=4,
    writes=series_files("bench/noise"),
    needs=[CONTAINERS, image("alpine"), HYPERFINE],
)
def noise(run: Run) -> None:
    """The noise of the host: the same start under runc, measured against itself."""
    contenders = [contender(name, RUNC, "alpine") for name in ("runc", "runc again")]
    _series(run, "bench/noise", contenders, "noise.runs")


@collector(
    edition=2025,
    task=4,
    writes=["bench/startup.txt"],
    needs=[*KATA_NEEDS, BASH],
    after=[startup],
)
def startup_once(run: Run) -> None:
    """The sheet's own measurement of `echo test`: one sample for each runtime, by bash's `time`."""
    quiet(run)
    with run.file("bench/startup.txt") as out:
        out.line("runc:")
        out.run(
            lambda run: _timed(new_container(run, RUNC, "alpine", (), ECHO)).argv, stderr=True, expect="^real"
        )
        out.line("Kata:")
        start = retry_on_hang(lambda run: _timed(new_container(run, KATA, "alpine", (), ECHO)))
        out.run(start, stderr=True, expect="^real")


def _timed(attempt: Attempt) -> Attempt:
    """Return an attempt that is timed by bash."""
    return Attempt(["bash", "-c", TIME, "time", *attempt.argv], attempt.clear)


@collector(
    edition=2026,
    task=3,
    writes=[*series_files("results/startup"), "results/startup-bench.txt"],
    needs=[CONTAINERS, KATA_NEED, image("alpine-3.20"), HYPERFINE],
    after=[smoke],
)
def startup_bench(run: Run) -> None:
    """Start-up time of `echo test`, numbered as in the sheet of 2026, and all samples."""
    contenders = both("alpine-3.20")
    _series(run, "results/startup", contenders, "startup_bench.runs")
    with run.file("results/startup-bench.txt") as out:
        for heading, timed in zip(("runc", "Kata"), contenders, strict=True):
            out.line(f"{heading}:")
            out.run(["awk", "-F", ",", "-v", f"name={timed.name}", NUMBERED, "results/startup.csv"])
