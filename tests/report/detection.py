"""How often the test of two series finds a planted step, and how often it cries wolf: in recorded noise."""

import random
from pathlib import Path

from report.changes.sampled import ALPHA, noise_floor
from report.permutation import shift
from report.series import Series, read_series

RECORDED = Path(__file__).parent / "cases" / "noise.csv"
RUNS = (10, 20, 30)
STEPS = (0.0, 0.05, 0.1, 0.2)
TRIALS = 200


def recorded() -> Series:
    """Return the noise as it was recorded: one command against itself, 300 runs."""
    return read_series(RECORDED.read_text())


def rate(runs: int, step: float) -> float:
    """Return how often a step is found with `runs` samples on each side, and as many pairs of noise."""
    noise = recorded()
    seconds = [float(one.seconds.exact) for one in noise.samples]
    numbers = sorted({one.run for one in noise.samples})
    draw = random.Random(f"{runs} {step}")  # noqa: S311 - the same trials each time
    found = 0
    for _trial in range(TRIALS):
        drawn = draw.sample(seconds, 2 * runs)
        pairs = set(draw.sample(numbers, runs))
        beside = Series(tuple(one for one in noise.samples if one.run in pairs))
        floor = noise_floor({"noise.csv": beside}) or 0.0
        found += shift(drawn[:runs], [value * (1 + step) for value in drawn[runs:]], floor).p < ALPHA
    return found / TRIALS


def table() -> str:
    """Return the rates as docs/reference/diff.md has them."""
    heads = ["runs on each side", "no step", *(f"step of {step:.0%}" for step in STEPS[1:])]
    rows = [heads, ["---"] * len(heads)]
    rows += [[str(runs), *(f"{rate(runs, step):.1%}" for step in STEPS)] for runs in RUNS]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)
