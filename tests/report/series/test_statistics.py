"""Medians, exact intervals, and what is odd: against the binomial formula, and by seeded draws."""

import math
import random
from collections.abc import Callable
from fractions import Fraction

import pytest

from labreport.report.series.statistics import (
    coverage,
    interval_of_median,
    median,
    modes,
    outliers,
    percentile,
    trend,
)

DRAWS = 2000
Draw = Callable[[random.Random], float]

DISTRIBUTIONS: dict[str, tuple[Draw, float]] = {
    "normal": (lambda dice: dice.gauss(1.62, 0.08), 1.62),
    "skewed": (lambda dice: dice.lognormvariate(0.0, 0.3), 1.0),
    "flat": (lambda dice: dice.uniform(0.15, 0.19), 0.17),
}
"""How to draw one sample, and the median of all."""


@pytest.mark.parametrize("count", [6, 7, 10, 11, 12, 15, 24, 50])
def test_coverage_is_the_binomials(count: int) -> None:
    """The interval's probability is that of rank to count - rank successes in fair throws, summed exactly."""
    for rank in range(1, count // 2 + 1):
        between = Fraction(sum(math.comb(count, k) for k in range(rank, count - rank + 1)), 2**count)
        assert coverage(count, rank) == pytest.approx(float(between), abs=1e-12)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
@pytest.mark.parametrize("count", [6, 12, 15])
def test_the_interval_holds_the_median_as_often_as_it_says(name: str, count: int) -> None:
    """In 2,000 seeded draws rounded to milliseconds: not rarer than stated, and not much oftener."""
    draw, true = DISTRIBUTIONS[name]
    dice = random.Random(f"{name} {count}")  # noqa: S311 - seeded draws
    held, stated = 0, 0.0
    for _ in range(DRAWS):
        found = interval_of_median([round(draw(dice), 3) for _ in range(count)])
        assert found is not None
        held += true in found
        stated = found.coverage
    spread = math.sqrt(stated * (1 - stated) / DRAWS)
    assert stated >= 0.95
    assert stated - 3 * spread <= held / DRAWS <= stated + 3 * spread + 0.01


def test_the_interval_is_the_shortest_that_is_sure_enough() -> None:
    """One rank further in, it would be less sure than asked; too few samples have none at all."""
    for count in range(6, 60):
        found = interval_of_median([float(number) for number in range(count)])
        assert found is not None
        assert found.coverage >= 0.95
        assert coverage(count, found.rank + 1) < 0.95
        assert (found.low, found.high) == (found.rank - 1, count - found.rank)
    assert interval_of_median([1.0, 2.0, 3.0, 4.0, 5.0]) is None
    assert interval_of_median([1.0] * 5, 0.9) is not None


def test_medians_and_percentiles() -> None:
    """Exact in Fractions; a percentile is a sample."""
    assert median([3.0, 1.0, 2.0]) == 2
    assert median([Fraction(1, 3), Fraction(2, 3)]) == Fraction(1, 2)
    assert [percentile([4.0, 1.0, 3.0, 2.0], percent) for percent in (0, 25, 26, 50, 75, 99, 100)] == [
        1, 1, 2, 2, 3, 4, 4
    ]  # fmt: skip
    with pytest.raises(ValueError, match="no median"):
        median([])
    with pytest.raises(ValueError, match="no percentile"):
        percentile([], 50)


def test_outliers_are_named_and_only_they() -> None:
    """One far sample is found among spread, and among equal ones; equal ones have none."""
    assert outliers([1.60, 1.62, 1.61, 1.63, 1.59, 9.0, 1.6]) == [5]
    assert outliers([0.162] * 9 + [0.5]) == [9]
    assert outliers([0.162] * 9) == []
    assert outliers([]) == []


def test_a_drift_is_found_with_its_size() -> None:
    """A series that creeps up by a tenth, noise on it; the same values in another order have none."""
    dice = random.Random(13)  # noqa: S311 - seeded draws
    values = [1.6 + 0.16 * run / 11 + dice.gauss(0, 0.01) for run in range(12)]
    found = trend(values)
    assert found is not None
    assert found.change == pytest.approx(0.1, abs=0.03)
    assert found.p < 0.01
    falling = trend(values[::-1])
    assert falling is not None
    assert falling.change < 0
    assert trend(values[::2] + values[::-2]) is None
    assert trend([1.0] * 12) is None
    assert trend([0.0] * 12) is None
    assert trend([float(run) for run in range(9)]) is None


def test_a_second_mode_is_found_with_its_gap() -> None:
    """Two groups are told, with what is between them; one group, or one far sample, is no second mode."""
    dice = random.Random(13)  # noqa: S311 - seeded draws
    values = [round(dice.gauss(1.6 if run % 3 else 2.4, 0.03), 3) for run in range(12)]
    found = modes(values)
    assert found is not None
    assert found.below == 8
    assert found.low < 1.8
    assert found.high > 2.2
    assert modes([1.6, 1.61, 1.59, 1.6, 1.62, 1.58, 1.6, 1.61, 1.6, 1.59, 1.6, 9.0]) is None
    assert modes([0.161, 0.162] * 6) is None
    assert modes([1.0] * 12) is None
    assert modes([1.0, 2.0] * 4) is None


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_chance_is_seldom_called_a_drift_or_a_second_mode(name: str) -> None:
    """In 2,000 seeded series of twelve draws of one kind, either is said in at most two of a hundred."""
    draw, _true = DISTRIBUTIONS[name]
    dice = random.Random(name)  # noqa: S311 - seeded draws
    drifts = shapes = 0
    for _ in range(DRAWS):
        values = [round(draw(dice), 3) for _ in range(12)]
        drifts += trend(values) is not None
        shapes += modes(values) is not None
    assert 0 < drifts <= 0.02 * DRAWS
    assert shapes <= 0.02 * DRAWS
