"""A series as the lab's CSV has it: every run of what is compared, the failed ones, too.

`run,order,runtime,seconds,exit_status`, and whatever columns come behind. Pure: text in, values out.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from labreport.report.series.statistics import interval_of_median
from labreport.report.values.quantity import Quantity, decimal

COLUMNS = ("run", "order", "runtime", "seconds", "exit_status")
_TWO = Quantity(Decimal(2), "")


class SeriesError(ValueError):
    """A text that is no series, or has not what is asked of it; the text says what is wrong."""


@dataclass(frozen=True)
class Sample:
    """One run: its pair's number and its place in it, what was run, how long it took, how it ended."""

    run: int
    order: int
    name: str
    seconds: Quantity
    exit_status: str

    @property
    def answered(self) -> bool:
        """Whether it ended as it should: only then is its time one of what was asked."""
        return self.exit_status == "0"


@dataclass(frozen=True)
class MedianEstimate:
    """A median, and the ends of its exact interval; None where the values are too few for one."""

    median: Quantity
    low: Quantity | None
    high: Quantity | None
    coverage: float
    count: int


@dataclass(frozen=True)
class Series:
    """The samples in the order in which they were taken."""

    samples: tuple[Sample, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What was compared, in the order of the first run."""
        return tuple(dict.fromkeys(one.name for one in self.samples))

    def of(self, name: str) -> list[Sample]:
        """Return the samples of one contender; raise SeriesError if it has none."""
        found = [one for one in self.samples if one.name == name]
        if not found:
            raise SeriesError(f"no {name!r} in the series: it has {', '.join(self.names)}")
        return found

    def answered(self, name: str) -> list[Sample]:
        """Return those of a contender that ended well."""
        return [one for one in self.of(name) if one.answered]

    def seconds(self, name: str) -> list[Quantity]:
        """Return the seconds of those that ended well."""
        return [one.seconds for one in self.answered(name)]

    def ratios(self, name: str, base: str) -> list[Quantity]:
        """Return, for each run in which both ended well, how many times as long as `base` `name` took.

        Raises SeriesError where a run has several samples of one: those are no pairs.
        """
        first, second = self._by_run(base), self._by_run(name)
        both = [run for run in first if run in second and first[run].answered and second[run].answered]
        return [second[run].seconds / first[run].seconds for run in both]

    def _by_run(self, name: str) -> dict[int, Sample]:
        found = {one.run: one for one in self.of(name)}
        if len(found) != len(self.of(name)):
            raise SeriesError(f"a run has several samples of {name}: they are no pairs")
        return found


def median_estimate(values: Sequence[Quantity]) -> MedianEstimate:
    """Return the median with its exact interval, with the digits of the evidence; raise SeriesError."""
    if not values:
        raise SeriesError("none of its runs ended well: there is no median")
    ordered = sorted(values, key=lambda one: one.exact)
    half = len(ordered) // 2
    median = ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / _TWO
    found = interval_of_median([one.exact for one in ordered])
    if found is None:
        return MedianEstimate(median, None, None, 0.0, len(ordered))
    low, high = ordered[found.rank - 1], ordered[-found.rank]
    return MedianEstimate(median, low, high, found.coverage, len(ordered))


def read_series(text: str) -> Series:
    r"""Return the series of a CSV; raise SeriesError with the line of what is wrong.

    >>> two = "run,order,runtime,seconds,exit_status\n1,1,runc,0.412,0\n1,2,kata,1.620,0\n"
    >>> [str(one) for one in read_series(two).ratios("kata", "runc")]
    ['3.93']
    """
    try:
        rows = list(csv.reader(text.splitlines(), strict=True))
    except csv.Error as error:
        raise SeriesError(f"no CSV: {error}") from error
    if not rows or tuple(rows[0][: len(COLUMNS)]) != COLUMNS:
        raise SeriesError(f"its first line is not {','.join(COLUMNS)}")
    samples = [_sample(row, line) for line, row in enumerate(rows[1:], 2)]
    if not samples:
        raise SeriesError("it has no samples")
    return Series(tuple(sorted(samples, key=lambda one: (one.run, one.order))))


def _sample(row: list[str], line: int) -> Sample:
    if len(row) < len(COLUMNS):
        raise SeriesError(f"line {line} has {len(row)} cells: {len(COLUMNS)} are wanted")
    run, order, name, seconds, exit_status = row[: len(COLUMNS)]
    try:
        found = Sample(int(run), int(order), name, Quantity(decimal(seconds), "s"), exit_status)
    except (ValueError, ArithmeticError) as error:
        raise SeriesError(f"line {line}: {error}") from error
    if found.answered and found.seconds.value <= 0:
        raise SeriesError(f"line {line}: a run that took no time is no measurement")
    return found
