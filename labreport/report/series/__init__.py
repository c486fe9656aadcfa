"""Series of timed runs and their statistics, as pure functions from values to values."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from labreport.contract.errors import LabError
from labreport.report.series.statistics import interval_of_median
from labreport.report.values import Quantity, decimal

COLUMNS = ("run", "order", "NAME", "seconds", "exit_status")
"""The first columns of a series. NAME is the lab's own word for what it compares, such as `tool`."""
_NAME = COLUMNS.index("NAME")
_TWO = Quantity(Decimal(2), "")


class SeriesError(LabError):
    """A CSV that is not a series, or a series that lacks what is asked of it."""


@dataclass(frozen=True)
class Sample:
    """One run: the number of its pair, its place in the pair, the contender, its duration and exit status."""

    run: int
    order: int
    name: str
    seconds: Quantity
    exit_status: str

    @property
    def answered(self) -> bool:
        """Whether the run succeeded. The time of a failed run is no measurement."""
        return self.exit_status == "0"


@dataclass(frozen=True)
class MedianEstimate:
    """A median with its exact confidence interval; `low` and `high` are None for fewer than six values."""

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
        """The contenders, in the order of the first run."""
        return tuple(dict.fromkeys(sample.name for sample in self.samples))

    def of(self, name: str) -> list[Sample]:
        """Return the samples of one contender; raise SeriesError if there are none."""
        found = [sample for sample in self.samples if sample.name == name]
        if not found:
            raise SeriesError(f"no {name!r} in the series", f"use one of: {', '.join(self.names)}")
        return found

    def answered(self, name: str) -> list[Sample]:
        """Return the successful samples of one contender."""
        return [sample for sample in self.of(name) if sample.answered]

    def seconds(self, name: str) -> list[Quantity]:
        """Return the durations of the successful samples of one contender."""
        return [sample.seconds for sample in self.answered(name)]

    def ratios(self, name: str, base: str) -> list[Quantity]:
        """Return the duration of `name` divided by that of `base`, for each run in which both succeeded.

        Raise SeriesError if a run has several samples of one contender, so that they form no pairs.
        """
        bases, others = self._by_run(base), self._by_run(name)
        pairs = [(bases[run], others[run]) for run in bases if run in others]
        return [other.seconds / one.seconds for one, other in pairs if one.answered and other.answered]

    def _by_run(self, name: str) -> dict[int, Sample]:
        by_run = {sample.run: sample for sample in self.of(name)}
        if len(by_run) != len(self.of(name)):
            raise SeriesError(f"a run has several samples of {name}, so they form no pairs")
        return by_run


def median_estimate(values: Sequence[Quantity]) -> MedianEstimate:
    """Return the median and its interval, with the evidence's digits; raise SeriesError for no values."""
    if not values:
        raise SeriesError("none of its runs succeeded, so there is no median")
    ordered = sorted(values, key=lambda value: value.exact)
    half = len(ordered) // 2
    median = ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / _TWO
    interval = interval_of_median([value.exact for value in ordered])
    if interval is None:
        return MedianEstimate(median, None, None, 0.0, len(ordered))
    low, high = ordered[interval.rank - 1], ordered[-interval.rank]
    return MedianEstimate(median, low, high, interval.coverage, len(ordered))


def read_series(text: str) -> Series:
    r"""Return the series in a CSV; raise SeriesError that names the line.

    >>> two = "run,order,tool,seconds,exit_status\n1,1,zstd,0.412,0\n1,2,gzip,1.620,0\n"
    >>> [str(ratio) for ratio in read_series(two).ratios("gzip", "zstd")]
    ['3.93']
    """
    try:
        rows = list(csv.reader(text.splitlines(), strict=True))
    except csv.Error as error:
        raise SeriesError(f"not CSV: {error}") from error
    head = tuple(rows[0][: len(COLUMNS)]) if rows else ()
    if len(head) < len(COLUMNS) or (*head[:_NAME], "NAME", *head[_NAME + 1 :]) != COLUMNS:
        raise SeriesError(f"its first line is not {','.join(COLUMNS)}")
    samples = [_sample(row, line) for line, row in enumerate(rows[1:], 2)]
    if not samples:
        raise SeriesError("it has no samples")
    return Series(tuple(sorted(samples, key=lambda sample: (sample.run, sample.order))))


def _sample(row: list[str], line: int) -> Sample:
    if len(row) < len(COLUMNS):
        raise SeriesError(f"line {line} has {len(row)} cells, and needs {len(COLUMNS)}")
    run, order, name, seconds, exit_status = row[: len(COLUMNS)]
    try:
        sample = Sample(int(run), int(order), name, Quantity(decimal(seconds), "s"), exit_status)
    except (ValueError, ArithmeticError) as error:
        raise SeriesError(f"line {line}: {error}") from error
    if sample.answered and sample.seconds.value <= 0:
        raise SeriesError(f"line {line}: a duration of 0 is no measurement")
    return sample
