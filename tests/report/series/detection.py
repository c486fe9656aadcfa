"""How often the test of two series detects a planted step, and how often it reports a step that is none."""

import random
from pathlib import Path

from labreport.check.diff.measured import ALPHA, least_effect, noise_floor
from labreport.report.series import Series, read_series
from labreport.report.series.statistics import shift

RECORDED = Path(__file__).parent / "cases" / "noise.csv"
LATER = RECORDED.with_name("noise-later.csv")
"""The same command on the same machine in another hour, when it was busier."""

RUNS = (10, 20, 30)
STEPS = (0.0, 0.05, 0.1, 0.2)
TRIALS = 200


def recorded(path: Path = RECORDED) -> Series:
    """Return the recorded noise: 300 runs of one command against itself."""
    return read_series(path.read_text())


def rate(runs: int, step: float, *, later: bool = False, drift: bool = True) -> float:
    """Return how often a step is detected with `runs` samples on each side, and as many pairs of noise.

    `later` draws the new side from another hour. Without `drift`, the change of the noise itself is ignored.
    """
    hours = (recorded(), recorded(LATER if later else RECORDED))
    draw = random.Random(f"{runs} {step}")  # noqa: S311 - the same trials each time
    found = 0
    for _trial in range(TRIALS):
        old, new = drawn(draw, hours, runs)
        noise = [{"noise.csv": pairs(draw, hour, runs)} for hour in hours]
        floor = least_effect(*noise) if drift else noise_floor(*noise) or 0.0
        found += shift(old, [value * (1 + step) for value in new], floor).p < ALPHA
    return found / TRIALS


def drawn(draw: random.Random, hours: tuple[Series, Series], runs: int) -> tuple[list[float], list[float]]:
    """Return samples of both sides. If both are of one hour, no sample is on both."""
    before, after = ([float(one.seconds.exact) for one in hour.samples] for hour in hours)
    if hours[0] != hours[1]:
        return draw.sample(before, runs), draw.sample(after, runs)
    both = draw.sample(before, 2 * runs)
    return both[:runs], both[runs:]


def pairs(draw: random.Random, hour: Series, runs: int) -> Series:
    """Return `runs` pairs of one command against itself."""
    chosen = set(draw.sample(sorted({one.run for one in hour.samples}), runs))
    return Series(tuple(one for one in hour.samples if one.run in chosen))


def table() -> str:
    """Return the rates as the table in manual/reference/diff.md."""
    heads = ["runs on each side", "no step", *(f"step of {step:.0%}" for step in STEPS[1:])]
    heads += ["no step, another hour", "the same, drift left out"]
    rows = [heads, ["---"] * len(heads)]
    for runs in RUNS:
        rates = [rate(runs, step) for step in STEPS]
        rates += [rate(runs, 0.0, later=True, drift=drift) for drift in (True, False)]
        rows.append([str(runs), *(f"{one:.1%}" for one in rates)])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)
