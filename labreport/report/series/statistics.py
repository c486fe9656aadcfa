"""Statistics of few samples: medians with exact intervals, percentiles, outliers, trend and modes.

Pure functions of floats, or of Fractions if the evidence's precision matters. They assume no distribution,
resample nothing and remove no sample.
"""

import math
from collections import Counter
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
"""With fewer samples, neither a trend nor a second mode can be told from chance."""


@dataclass(frozen=True)
class Interval(Generic[Number]):
    """A confidence interval of a median: from the `rank`-th smallest to the `rank`-th largest sample.

    `coverage` is the exact probability that it contains the median of a continuous distribution. Rounded
    samples only make the probability larger.
    """

    low: Number
    high: Number
    rank: int
    coverage: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Trend:
    """A trend over the runs: the `change` from first to last as a share of the median, and its p-value."""

    change: float
    p: float


@dataclass(frozen=True)
class Modes:
    """Two clusters: how many samples are in the lower one, its maximum, and the minimum of the other."""

    below: int
    low: float
    high: float


def median(values: Sequence[Number]) -> Number:
    """Return the median; raise ValueError for no values."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no samples have no median")
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def coverage(count: int, rank: int) -> float:
    """Return the probability that the `rank`-th smallest and largest of `count` samples enclose the median.

    It is 1 - 2 P(B < rank), with B binomial of `count` and 1/2: H. A. David, H. N. Nagaraja, Order
    Statistics, 3rd ed. (2003), section 7.1; J.-Y. Le Boudec, Performance Evaluation (2010), theorem 2.1.

    >>> round(coverage(12, 3), 4)
    0.9614
    """
    return 1 - sum(math.comb(count, below) for below in range(rank)) / 2.0 ** (count - 1)


def interval_of_median(values: Sequence[Number], confidence: float = CONFIDENCE) -> Interval[Number] | None:
    """Return the shortest interval of order statistics that has `confidence`; None for too few samples.

    95 % needs six samples. See `coverage`.
    """
    ranks = [rank for rank in range(1, len(values) // 2 + 1) if coverage(len(values), rank) >= confidence]
    if not ranks:
        return None
    ordered, rank = sorted(values), ranks[-1]
    return Interval(ordered[rank - 1], ordered[-rank], rank, coverage(len(values), rank))


def percentile(values: Sequence[Number], percent: float) -> Number:
    """Return the smallest sample that at least `percent` of all samples do not exceed.

    It is always a sample: definition 1 of R. J. Hyndman and Y. Fan, Sample quantiles in statistical packages,
    The American Statistician 50 (1996). Raise ValueError for no values.
    """
    if not values:
        raise ValueError("no samples have no percentile")
    return sorted(values)[max(math.ceil(len(values) * percent / 100), 1) - 1]


def outliers(values: Sequence[float]) -> list[int]:
    """Return the indexes of the outliers: samples with a modified z-score over 3.5.

    The score is 0.6745 |x - median| / MAD: B. Iglewicz and D. Hoaglin, How to Detect and Handle Outliers
    (1993). If more than half of the samples are equal, the MAD is zero, and the mean deviation replaces it.
    """
    if not values:
        return []
    middle = median(values)
    deviations = [abs(value - middle) for value in values]
    scale = median(deviations) / 0.6745 or 1.2533 * sum(deviations) / len(deviations)
    scores = [deviation / scale if scale else 0.0 for deviation in deviations]
    return [index for index, score in enumerate(scores) if score > OUTLIER_SCORE]


def trend(values: Sequence[float]) -> Trend | None:
    """Return the trend of samples in the order in which they were taken; None if it is not significant.

    The test is H. B. Mann, Nonparametric tests against trend, Econometrica 13 (1945), with M. G. Kendall's
    correction for ties. The change is the slope of P. K. Sen, JASA 63 (1968), over the whole series.
    """
    count = len(values)
    if count < FEWEST_FOR_SHAPE or not median(values):
        return None
    steps = [(j - i, values[j] - values[i]) for i in range(count) for j in range(i + 1, count)]
    score = sum((rise > 0) - (rise < 0) for _distance, rise in steps)
    ties = [values.count(value) for value in set(values)]
    variance = (_kendall(count) - sum(map(_kendall, ties))) / 18
    if not variance or not score:
        return None
    z = (abs(score) - 1) / math.sqrt(variance)
    p = math.erfc(z / math.sqrt(2))
    slope = median([rise / distance for distance, rise in steps])
    return Trend(slope * (count - 1) / median(values), p) if p < TREND_P else None


def _kendall(count: int) -> int:
    return count * (count - 1) * (2 * count + 5)


def modes(values: Sequence[float]) -> Modes | None:
    """Return the two clusters of the samples; None if they form one. A cluster has a quarter of all or more.

    The split has the largest ratio of the sum of squares between the clusters to that within them:
    L. Engelman and J. A. Hartigan, Percentage points of a test for clusters, JASA 64 (1969). Their critical
    values are for normal samples. Ours is higher: skewed and uniform samples exceed it once in a hundred
    series. The variance within includes the rounding error after Sheppard, so that two neighbouring
    milliseconds are not two modes.
    """
    count = len(values)
    if count < FEWEST_FOR_SHAPE:
        return None
    ordered = sorted(values)
    rises = [step for a, b in pairwise(ordered) if (step := b - a) > 0]
    if not rises:
        return None
    rounding = count * min(rises) ** 2 / 12
    smallest = math.ceil(count / 4)
    best, below, total = 0.0, 0, _squares(ordered)
    for split in range(smallest, count - smallest + 1):
        within = _squares(ordered[:split]) + _squares(ordered[split:])
        ratio = (total - within) / (within + rounding)
        if ratio > best:
            best, below = ratio, split
    return Modes(below, ordered[below - 1], ordered[below]) if best > CLUSTER_RATIO else None


def _squares(values: Sequence[float]) -> float:
    """Return the sum of the squared distances from the mean."""
    mean = sum(values) / len(values)
    return sum((value - mean) ** 2 for value in values)


EXACT_UP_TO = 40
"""Up to so many samples of both series together, a p-value is exact; beyond, its distribution is normal."""


@dataclass(frozen=True)
class Shift:
    """The medians of two series, and the two-sided p-value of their difference."""

    before: float
    after: float
    p: float

    @property
    def ratio(self) -> float:
        """The new median divided by the old one."""
        return self.after / self.before


def shift(old: Sequence[float], new: Sequence[float], least: float = 0.0) -> Shift:
    """Return how `new` differs from `old`; a small `p` means by more than the share `least`, up or down.

    The null hypothesis is that `new` is at most 1 + `least` times and at least 1 / (1 + `least`) times as
    large. A permutation test by rank sum compares `new` with `old` at each bound; `p` is twice the smaller
    result: E. J. G. Pitman, Significance tests which may be applied to samples from any populations, JRSS
    Suppl. 4 (1937); F. Wilcoxon, Biometrics Bulletin 1 (1945). Raise ValueError for an empty series, a sample
    that is not positive, or a negative `least`.
    """
    if not old or not new or min(*old, *new) <= 0 or least < 0:
        raise ValueError("two series of positive samples and a least effect of 0 or more are needed")
    bound = 1 + least
    larger = p_of_larger([value * bound for value in old], new)
    smaller = p_of_larger(new, [value / bound for value in old])
    return Shift(median(old), median(new), min(1.0, 2 * min(larger, smaller)))


def p_of_larger(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the probability that `second` has at least its rank sum, if all orders are equally likely."""
    ranks = _doubled_ranks([*first, *second])
    observed, count = sum(ranks[len(first) :]), len(second)
    exact = len(ranks) <= EXACT_UP_TO
    return _exact_p(ranks, count, observed) if exact else _normal_p(ranks, count, observed)


def _doubled_ranks(values: Sequence[float]) -> list[int]:
    """Return twice the rank of each value. Ties share their mean rank, which is whole when doubled."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for index in order[start:end]:
            ranks[index] = start + end + 1
        start = end
    return ranks


def _exact_p(ranks: Sequence[int], count: int, observed: int) -> float:
    """Return the share of all choices of `count` ranks whose sum is `observed` or more.

    `choices[size]` counts the choices of `size` ranks by their sum. Each rank extends the choices of one
    rank fewer.
    """
    choices = [Counter({0: 1}), *(Counter[int]() for _ in range(count))]
    for rank in ranks:
        for size in range(count, 0, -1):
            for total, number in choices[size - 1].items():
                choices[size][total + rank] += number
    extreme = sum(number for total, number in choices[count].items() if total >= observed)
    return extreme / math.comb(len(ranks), count)


def _normal_p(ranks: Sequence[int], count: int, observed: int) -> float:
    """Return the normal approximation of `_exact_p`, corrected for ties and continuity."""
    total = len(ranks)
    mean = sum(ranks) / total
    variance = count * (total - count) / (total - 1) * (sum((rank - mean) ** 2 for rank in ranks) / total)
    return 0.5 * math.erfc((observed - 1 - count * mean) / math.sqrt(2 * variance)) if variance else 1.0
