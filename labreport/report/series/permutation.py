"""Are two series of samples further apart than a least effect, beyond what chance would do? Exactly."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from labreport.report.series.statistics import median

EXACT_UP_TO = 60
"""With more samples in all, the rank sum's distribution is as good as normal, and takes long to count."""


@dataclass(frozen=True)
class Shift:
    """How two series differ: their medians, and the two-sided `p` of the test."""

    before: float
    after: float
    p: float

    @property
    def ratio(self) -> float:
        """How many times the old median the new one is."""
        return self.after / self.before


def shift(old: Sequence[float], new: Sequence[float], least: float = 0.0) -> Shift:
    """Return how far `new` is from `old`; small `p` says: by more than the share `least`, up or down.

    The null hypothesis is that `new` is at most 1 + `least` times as large, and at least 1 / (1 + `least`).
    Each side is a permutation test by rank sum of `new` against `old` moved to that side's edge, and `p` is
    twice the smaller one: E. J. G. Pitman, Significance tests which may be applied to samples from any
    populations, JRSS Suppl. 4 (1937); F. Wilcoxon, Biometrics Bulletin 1 (1945). Raises ValueError for an
    empty series, one that is not positive, or a negative `least`.
    """
    if not old or not new or min(*old, *new) <= 0 or least < 0:
        raise ValueError("two series of positive samples and a least effect of 0 or more are needed")
    edge = 1 + least
    larger = at_least([value * edge for value in old], new)
    smaller = at_least(new, [value / edge for value in old])
    return Shift(median(old), median(new), min(1.0, 2 * min(larger, smaller)))


def at_least(first: Sequence[float], second: Sequence[float]) -> float:
    """Return how likely `second` has its rank sum among both, or a larger one, if all orders are alike."""
    ranks = _doubled_ranks([*first, *second])
    seen, count = sum(ranks[len(first) :]), len(second)
    if len(ranks) > EXACT_UP_TO:
        return _normal(ranks, count, seen)
    return _exact(ranks, count, seen)


def _doubled_ranks(values: Sequence[float]) -> list[int]:
    """Return twice the rank of each value; ties share the mean of theirs, which is then whole, too."""
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


def _exact(ranks: Sequence[int], count: int, seen: int) -> float:
    """Return the share of all choices of `count` ranks whose sum is `seen` or more.

    The number of choices of k ranks by their sum is kept as one whole number, a field of bits for each sum:
    adding a rank to all of them is a shift.
    """
    width = math.comb(len(ranks), count).bit_length()
    chosen = [1] + [0] * count
    for rank in ranks:
        for size in range(count, 0, -1):
            chosen[size] += chosen[size - 1] << (rank * width)
    tail, field, total = chosen[count] >> (seen * width), (1 << width) - 1, 0
    while tail:
        total += tail & field
        tail >>= width
    return total / math.comb(len(ranks), count)


def _normal(ranks: Sequence[int], count: int, seen: int) -> float:
    """Return the same by the normal distribution, with the ties' own variance and half a step less."""
    total = len(ranks)
    mean = sum(ranks) / total
    variance = count * (total - count) / (total - 1) * (sum((rank - mean) ** 2 for rank in ranks) / total)
    return 0.5 * math.erfc((seen - 1 - count * mean) / math.sqrt(2 * variance)) if variance else 1.0
