"""Series with a planted property: a failed run, an outlier, a trend, a second mode, no difference."""

import random
from collections.abc import Callable

RUNS = 12
HEAD = "run,order,runtime,seconds,exit_status\n"
Row = tuple[float, int]


def series(runc: Callable[[int], Row], kata: Callable[[int], Row]) -> str:
    """Return a series of two contenders with twelve runs each, which take turns to be first."""
    rows = []
    for run in range(1, RUNS + 1):
        pair = [("runc", *runc(run)), ("kata", *kata(run))]
        for order, (name, seconds, status) in enumerate(pair if run % 2 else reversed(pair), 1):
            rows.append(f"{run},{order},{name},{seconds:.6f},{status}\n")
    return HEAD + "".join(rows)


def around(seconds: float, seed: int) -> Callable[[int], Row]:
    """Return successful runs with a hundredth of noise around a duration."""
    dice = random.Random(seed)  # noqa: S311 - seeded draws
    values = [dice.gauss(seconds, seconds / 100) for _ in range(RUNS + 1)]
    return lambda run: (values[run], 0)


def planted(what: str) -> str:
    """Return a series of runc at 0.4 s and Kata at 1.6 s; `what` is planted in the runs of Kata."""
    kata = around(1.6, 2)
    plants: dict[str, Callable[[int], Row]] = {
        "nothing": kata,
        "failure": lambda run: (0.06, 1) if run == 5 else kata(run),
        "hang": lambda run: (120.0, 124) if run == 5 else kata(run),
        "outlier": lambda run: (4.8, 0) if run == 5 else kata(run),
        "drift": lambda run: (kata(run)[0] + 0.05 * run, 0),
        "modes": lambda run: (kata(run)[0] + (0.8 if run % 3 == 0 else 0), 0),
        "same": around(0.4, 3),
    }
    return series(around(0.4, 1), plants[what])
