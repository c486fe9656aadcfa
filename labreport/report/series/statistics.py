"""What samples of a few runs say: medians, exact intervals, ratios of pairs, and what is odd among them.

Pure functions of plain numbers (floats, or Fractions where the evidence's precision matters). Nothing is
resampled, nothing assumed of how the samples are distributed, and nothing is ever left out.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Generic, TypeVar

Number = TypeVar("Number", float, Fraction)

CONFIDENCE = 0.95
OUTLIER_SCORE = 3.5
CLUSTER_RATIO = 14.0
TREND_P = 0.01
FEWEST_FOR_SHAPE = 10
"""With fewer samples neither a drift nor a second mode can be told from chance."""


@dataclass(frozen=True)
class Interval(Generic[Number]):
    """An interval of a median, from the `rank`-th smallest to the `rank`-th largest sample, both included.

    `coverage` is the exact probability that it holds the median, for any continuous distribution; rounded
    samples only make it larger.
    """

    low: Number
    high: Number
    rank: int
    coverage: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Trend:
    """A trend in the order of the runs: `change` is the whole series' as a share of its median."""

    change: float
    p: float


@dataclass(frozen=True)
class Modes:
    """Two groups of samples with nothing between them: how many are in the lower one, and the gap's ends."""

    below: int
    low: float
    high: float


def median(values: Sequence[Number]) -> Number:
    """Return the middle value, or the mean of the two in the middle; raise ValueError for none."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no samples have no median")
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def coverage(count: int, rank: int) -> float:
    """Return how surely the median is between the `rank`-th smallest and the `rank`-th largest of `count`.

    1 - 2 P(B < rank), B binomial of `count` and 1/2: H. A. David, H. N. Nagaraja, Order Statistics, 3rd ed.
    (2003), section 7.1; J.-Y. Le Boudec, Performance Evaluation (2010), theorem 2.1.

    >>> round(coverage(12, 3), 4)
    0.9614
    """
    return 1 - sum(math.comb(count, below) for below in range(rank)) / 2.0 ** (count - 1)


def interval_of_median(values: Sequence[Number], confidence: float = CONFIDENCE) -> Interval[Number] | None:
    """Return the shortest interval of order statistics that has `confidence`; None for too few samples.

    For 95 % six are needed. See `coverage`.
    """
    ranks = [rank for rank in range(1, len(values) // 2 + 1) if coverage(len(values), rank) >= confidence]
    if not ranks:
        return None
    ordered, rank = sorted(values), ranks[-1]
    return Interval(ordered[rank - 1], ordered[-rank], rank, coverage(len(values), rank))


def ratios(pairs: Sequence[tuple[Number, Number]]) -> list[Number]:
    """Return, pair by pair, how many times the first the second is; raise ValueError for a first of zero."""
    if any(first <= 0 for first, _second in pairs):
        raise ValueError("a sample that took no time has no ratio")
    return [second / first for first, second in pairs]


def percentile(values: Sequence[Number], percent: float) -> Number:
    """Return the smallest sample that at least `percent` of all do not exceed: a sample, never a mean.

    Definition 1 of R. J. Hyndman and Y. Fan, Sample quantiles in statistical packages, The American
    Statistician 50 (1996).
    """
    if not values:
        raise ValueError("no samples have no percentile")
    return sorted(values)[max(math.ceil(len(values) * percent / 100), 1) - 1]


def outliers(values: Sequence[float]) -> list[int]:
    """Return which samples stand apart, by index: modified z-score over 3.5.

    B. Iglewicz and D. Hoaglin, How to Detect and Handle Outliers (1993): 0.6745 |x - median| / MAD; hyperfine
    has the same score and warns from ten standard deviations on. Where more than half of the samples are
    equal, as rounded ones may be, the MAD is zero, and the mean deviation stands in.
    """
    if not values:
        return []
    middle = median(values)
    deviations = [abs(value - middle) for value in values]
    scale = median(deviations) / 0.6745 or 1.2533 * sum(deviations) / len(deviations)
    return [index for index, one in enumerate(deviations) if scale and one / scale > OUTLIER_SCORE]


def trend(values: Sequence[float]) -> Trend | None:
    """Return the trend of samples in the order in which they were taken; None where chance would do.

    H. B. Mann, Nonparametric tests against trend, Econometrica 13 (1945), and M. G. Kendall, with his
    correction for ties; the change is by the slope of P. K. Sen, JASA 63 (1968).
    """
    count = len(values)
    if count < FEWEST_FOR_SHAPE or not median(values):
        return None
    steps = [(j - i, values[j] - values[i]) for i in range(count) for j in range(i + 1, count)]
    score = sum((rise > 0) - (rise < 0) for _apart, rise in steps)
    tied = [values.count(value) for value in set(values)]
    variance = (_kendall(count) - sum(_kendall(ties) for ties in tied)) / 18
    if not variance or not score:
        return None
    z = (abs(score) - 1) / math.sqrt(variance)
    p = math.erfc(z / math.sqrt(2))
    slope = median([rise / apart for apart, rise in steps])
    return Trend(slope * (count - 1) / median(values), p) if p < TREND_P else None


def _kendall(count: int) -> int:
    return count * (count - 1) * (2 * count + 5)


def modes(values: Sequence[float]) -> Modes | None:
    """Return the two groups into which samples fall, None where they are one; a quarter of all makes a group.

    L. Engelman and J. A. Hartigan, Percentage points of a test for clusters, JASA 64 (1969): the split with
    the largest ratio of the sum of squares between the groups to that within. Their points are for normal
    samples; ours is so high that skewed and flat ones, too, have it by chance once in a hundred series.
    Rounding is part of the variance within, after Sheppard: two neighbouring milliseconds are no two modes.
    """
    count = len(values)
    if count < FEWEST_FOR_SHAPE:
        return None
    ordered = sorted(values)
    rises = [step for a, b in pairwise(ordered) if (step := b - a) > 0]
    rounding = count * min(rises, default=0.0) ** 2 / 12
    fewest = math.ceil(count / 4)
    best, below, total = 0.0, 0, _squares(ordered)
    for split in range(fewest, count - fewest + 1):
        within = _squares(ordered[:split]) + _squares(ordered[split:])
        ratio = (total - within) / (within + rounding) if rises else 0.0
        if ratio > best:
            best, below = ratio, split
    return Modes(below, ordered[below - 1], ordered[below]) if best > CLUSTER_RATIO else None


def _squares(values: Sequence[float]) -> float:
    """Return the sum of the squared distances from the mean."""
    mean = sum(values) / len(values)
    return sum((value - mean) ** 2 for value in values)
