"""A permutation test: do two series differ by more than a least effect?"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from labreport.report.series.statistics import median

EXACT_UP_TO = 40
"""The most samples of both series together; more are as good as normally distributed."""


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

    `choices[size]` counts the choices of `size` ranks by their sum. A rank extends those one smaller.
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
