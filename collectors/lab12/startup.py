"""Task 4: how long a container takes from start to end, under both runtimes."""

from collections.abc import Sequence
from functools import partial

from collectors.lab12.quiet import quiet
from collectors.lab12.smoke import KATA_NEEDS, smoke
from labreport.capture import Run, collector
from labreport.capture.command import Attempt
from labreport.capture.host import on_path
from labreport.capture.series import HYPERFINE, Contender, series, series_files
from labreport.containers.containerd.ctr import IN_NEW, KATA, RUNC, RUNTIMES, once, one_more_try
from labreport.containers.needs import CONTAINERS, image
from labreport.containers.needs import KATA as KATA_NEED

BASH = on_path("bash", packages=("bash",))
ECHO = ("echo", "test")

TIME = r"""TIMEFORMAT=$'real\t%3lR'; time "$@" >/dev/null"""
"""The shell keyword prints what the sheet greps for; there it goes to the terminal, past the pipe."""

NUMBERED = (
    '$3 == name && $5 == 0 {printf "%d: %.3f s\\n", $1, $4}'
    ' $3 == name && $5 != 0 {printf "%d: failed after %.3f s, exit status %s\\n", $1, $4, $5}'
)


def contender(name: str, runtime: str, image: str) -> Contender:
    """Return a start of `echo test` under a runtime, and its end."""
    warm_up = IN_NEW[runtime](*ECHO, image=image)
    return Contender(name, warm_up, partial(once, runtime=runtime, image=image, options=(), argv=ECHO))


def both(image: str) -> list[Contender]:
    """Return the start under runc and the one under Kata."""
    return [contender(name, runtime, image) for name, runtime in RUNTIMES.items()]


def _series(run: Run, name: str, contenders: Sequence[Contender], runs: str) -> None:
    """Time the contenders in turn, as often as the setting `runs` says."""
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
    """Start-up of `echo test` under runc and Kata in turn: every sample, from ctr's start to its end."""
    _series(run, "bench/startup", both("alpine"), "startup.runs")


@collector(
    edition=2025,
    task=4,
    writes=series_files("bench/noise"),
    needs=[CONTAINERS, image("alpine"), HYPERFINE],
)
def noise(run: Run) -> None:
    """The host's noise: the same start under runc against itself, as the series of both runtimes is made."""
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
    """The sheet's own measurement, once each: what bash's `time` says of `echo test`."""
    quiet(run)
    with run.file("bench/startup.txt") as out:
        out.line("runc:")
        out.run(lambda run: _timed(once(run, RUNC, "alpine", (), ECHO)).argv, stderr=True, expect="^real")
        out.line("Kata:")
        start = one_more_try(lambda run: _timed(once(run, KATA, "alpine", (), ECHO)))
        out.run(start, stderr=True, expect="^real")


def _timed(attempt: Attempt) -> Attempt:
    return Attempt(["bash", "-c", TIME, "time", *attempt.argv], attempt.clear)


@collector(
    edition=2026,
    task=3,
    writes=[*series_files("results/startup"), "results/startup-bench.txt"],
    needs=[CONTAINERS, KATA_NEED, image("alpine-3.20"), HYPERFINE],
    after=[smoke],
)
def startup_bench(run: Run) -> None:
    """Start-up of `echo test`, numbered as the sheet of 2026 has it; the samples beside it."""
    contenders = both("alpine-3.20")
    _series(run, "results/startup", contenders, "startup_bench.runs")
    with run.file("results/startup-bench.txt") as out:
        for heading, one in zip(("runc", "Kata"), contenders, strict=True):
            out.line(f"{heading}:")
            out.run(["awk", "-F", ",", "-v", f"name={one.name}", NUMBERED, "results/startup.csv"])
