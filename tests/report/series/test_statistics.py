"""Statistics equal their formulas, and have the error rates that they state."""

import math
import random
from collections.abc import Callable
from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labreport.report.series.statistics import (
    EXACT_UP_TO,
    coverage,
    interval_of_median,
    median,
    modes,
    outliers,
    p_of_larger,
    percentile,
    shift,
    trend,
)
from tests.project import REPO
from tests.report.series.detection import LATER, RECORDED, recorded, table

DRAWS = 2000
VALUES = st.lists(st.integers(1, 6).map(float), min_size=1, max_size=5)
Draw = Callable[[random.Random], float]

DISTRIBUTIONS: dict[str, tuple[Draw, float]] = {
    "normal": (lambda dice: dice.gauss(1.62, 0.08), 1.62),
    "skewed": (lambda dice: dice.lognormvariate(0.0, 0.3), 1.0),
    "flat": (lambda dice: dice.uniform(0.15, 0.19), 0.17),
}
"""How to draw one sample, and the median of all."""


@pytest.mark.parametrize("count", [6, 7, 10, 11, 12, 15, 24, 50])
def test_coverage_is_the_binomials(count: int) -> None:
    """The coverage equals the sum of binomial probabilities from rank to count - rank."""
    for rank in range(1, count // 2 + 1):
        between = Fraction(sum(math.comb(count, k) for k in range(rank, count - rank + 1)), 2**count)
        assert coverage(count, rank) == pytest.approx(float(between), abs=1e-12)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
@pytest.mark.parametrize("count", [6, 12, 15])
def test_the_interval_holds_the_median_as_often_as_it_says(name: str, count: int) -> None:
    """In 2,000 seeded draws, rounded to milliseconds, the coverage is as stated."""
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
    """The next shorter interval has too little coverage. Too few samples have no interval."""
    for count in range(6, 60):
        found = interval_of_median([float(number) for number in range(count)])
        assert found is not None
        assert found.coverage >= 0.95
        assert coverage(count, found.rank + 1) < 0.95
        assert (found.low, found.high) == (found.rank - 1, count - found.rank)
    assert interval_of_median([1.0, 2.0, 3.0, 4.0, 5.0]) is None
    assert interval_of_median([1.0] * 5, 0.9) is not None


def test_medians_and_percentiles() -> None:
    """Medians are exact in Fractions. A percentile is a sample."""
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
    """One distant sample is an outlier, among equal samples, too. Equal samples have none."""
    assert outliers([1.60, 1.62, 1.61, 1.63, 1.59, 9.0, 1.6]) == [5]
    assert outliers([0.162] * 9 + [0.5]) == [9]
    assert outliers([0.162] * 9) == []
    assert outliers([]) == []


def test_a_drift_is_found_with_its_size() -> None:
    """A trend of a tenth is found in noise. The same values in another order have none."""
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
    """Two clusters are found with the gap between them. One outlier is not a second mode."""
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
    """In 2,000 seeded series without trend or mode, at most 2 % have one."""
    draw, _true = DISTRIBUTIONS[name]
    dice = random.Random(name)  # noqa: S311 - seeded draws
    drifts = shapes = 0
    for _ in range(DRAWS):
        values = [round(draw(dice), 3) for _ in range(12)]
        drifts += trend(values) is not None
        shapes += modes(values) is not None
    assert 0 < drifts <= 0.02 * DRAWS
    assert shapes <= 0.02 * DRAWS


def counted(first: list[float], second: list[float]) -> float:
    """Return the same probability by enumeration of all choices."""
    both = [*first, *second]
    ranks = [
        sum(other < one for other in both) + (sum(other == one for other in both) + 1) / 2 for one in both
    ]
    seen = sum(ranks[len(first) :])
    sums = [sum(chosen) for chosen in combinations(ranks, len(second))]
    return sum(one >= seen for one in sums) / len(sums)


@given(VALUES, VALUES)
def test_it_is_every_order_counted(first: list[float], second: list[float]) -> None:
    """The exact p-value equals that of an enumeration, with ties, too."""
    assert p_of_larger(first, second) == pytest.approx(counted(first, second))


def test_a_published_table() -> None:
    """Wilcoxon's rank sum without overlap has p = 1/252 for 5 and 5 samples, and 1/70 for 4 and 4."""
    assert p_of_larger([1.0, 2, 3, 4, 5], [6.0, 7, 8, 9, 10]) == pytest.approx(1 / 252)
    assert p_of_larger([1.0, 2, 3, 4], [5.0, 6, 7, 8]) == pytest.approx(1 / 70)


def test_many_samples_are_as_good_as_counted() -> None:
    """The normal approximation continues the exact p-value without a jump."""
    few = [float(value * 7919 % 101 + 1) for value in range(EXACT_UP_TO // 2)]
    more = [*few, 50.0]
    exact = p_of_larger(few, [value + 12 for value in few])
    normal = p_of_larger(more, [value + 12 for value in more])
    assert exact == pytest.approx(normal, rel=0.15)


def test_up_and_down_are_alike() -> None:
    """A step up and the same step down have the same p-value."""
    old, new = [1.0, 1.1, 1.2, 1.05, 1.15, 1.12], [1.5, 1.6, 1.7, 1.55, 1.65, 1.62]
    assert shift(old, new, 0.1).p == pytest.approx(shift(new, old, 0.1).p)
    assert shift(old, new).ratio == pytest.approx(1.61 / 1.11)


def test_a_least_effect_is_asked_for() -> None:
    """A step of 5 % in quiet samples is significant, but not against a least effect of 10 %."""
    old = [1 + n / 1000 for n in range(10)]
    new = [value * 1.05 for value in old]
    assert shift(old, new).p < 0.001
    assert shift(old, new, 0.1).p == 1.0


@pytest.mark.parametrize(
    ("old", "new", "least"), [([], [1.0], 0), ([1.0], [], 0), ([0.0], [1.0], 0), ([1.0], [1.0], -1)]
)
def test_what_is_no_series_is_refused(old: list[float], new: list[float], least: float) -> None:
    """An empty series, a sample of zero and a negative least effect are errors."""
    with pytest.raises(ValueError, match="positive samples"):
        shift(old, new, least)


@pytest.mark.slow
def test_the_page_tells_the_rates() -> None:
    """The table in manual/reference/diff.md equals the rates, and larger steps are detected more often."""
    told, page = table(), (REPO / "docs" / "manual" / "reference" / "diff.md").read_text()
    assert told in page
    words = " ".join(page.split())
    then, later = ([float(one.seconds.exact) for one in recorded(path).samples] for path in (RECORDED, LATER))
    assert f"slowest run took {max(then) / median(then):.0f} times the median" in words
    assert f"{median(later) / median(then):.1f} times as long" in words
    for row in told.splitlines()[2:]:
        none, *steps, shifted, undrifted = [
            float(cell.rstrip("% ")) for cell in row.strip("|").split("|")[1:]
        ]
        assert none <= 1
        assert steps == sorted(steps)
        assert shifted <= 1 < undrifted
