"""What a series shows: statistics of each contender and their ratio, as values, a table and sentences."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from labreport.report.series import MedianEstimate, Sample, Series, SeriesError, median_estimate
from labreport.report.series.statistics import CONFIDENCE, Modes, Trend, modes, outliers, trend
from labreport.report.tables import Table
from labreport.report.values import Quantity

_DIGITS = 4
_SECOND = Fraction(1)
_HEAD = ("", "runs", "failed", "median", f"{CONFIDENCE:.0%} interval of the median")


@dataclass(frozen=True)
class ContenderStats:
    """The statistics of one contender; `seconds` is None if all its runs failed.

    No successful run is left out of the median: outliers are kept.
    """

    name: str
    runs: int
    failed: tuple[Sample, ...]
    seconds: MedianEstimate | None
    outliers: tuple[Sample, ...]
    trend: Trend | None
    modes: Modes | None


@dataclass(frozen=True)
class Comparison:
    """A series' contenders, and the ratio of the last to the first by pairs, or why there is none."""

    contenders: tuple[ContenderStats, ...]
    ratio: MedianEstimate | None
    no_ratio: str = ""

    @property
    def shows_no_difference(self) -> bool:
        """Whether the confidence interval of the ratio contains 1."""
        ratio = self.ratio
        return bool(ratio and ratio.low and ratio.high and ratio.low.exact <= 1 <= ratio.high.exact)


def compare(series: Series) -> Comparison:
    """Return the statistics of a series."""
    contenders = tuple(_contender_stats(series, name) for name in series.names)
    if len(contenders) == 1:
        return Comparison(contenders, None, "the series has one contender only")
    try:
        ratios = series.ratios(series.names[-1], series.names[0])
    except SeriesError as error:
        return Comparison(contenders, None, error.what)
    if not ratios:
        return Comparison(contenders, None, "there is no run in which both succeeded")
    return Comparison(contenders, median_estimate(ratios))


def _contender_stats(series: Series, name: str) -> ContenderStats:
    samples, answered = series.of(name), series.answered(name)
    values = [float(sample.seconds.exact) for sample in answered]
    return ContenderStats(
        name,
        len(samples),
        tuple(sample for sample in samples if not sample.answered),
        median_estimate([sample.seconds for sample in answered]) if answered else None,
        tuple(answered[index] for index in outliers(values)),
        trend(values),
        modes(values),
    )


def four_digits(value: Quantity) -> str:
    """Return a value with at most four significant digits, times below a second in ms.

    >>> from decimal import Decimal
    >>> four_digits(Quantity(Decimal("0.162374"), "s")), four_digits(Quantity(Decimal("12.812374"), "s"))
    ('162.4 ms', '12.81 s')
    """
    if value.unit == "s" and abs(value.exact) < _SECOND:
        value = value.to("ms")
    whole = len(str(int(abs(value.exact)))) if abs(value.exact) >= 1 else 0
    return str(value.rounded(max(_DIGITS - whole, 0)))


def _interval_words(estimate: MedianEstimate) -> str:
    """Return a confidence interval such as `2.61 to 2.90`; empty if there is none."""
    if not estimate.low or not estimate.high:
        return ""
    return f"{four_digits(estimate.low)} to {four_digits(estimate.high)}"


def comparison_table(comparison: Comparison) -> Table:
    """Return a row for each contender, and one for the ratio."""
    rows = [_row(one.name, one.runs, len(one.failed), one.seconds) for one in comparison.contenders]
    if comparison.ratio:
        name = f"{comparison.contenders[-1].name} / {comparison.contenders[0].name}, pair by pair"
        rows.append(_row(name, comparison.ratio.count, "", comparison.ratio))
    return Table.of(_HEAD, rows)


def _row(name: str, runs: int, failed: int | str, estimate: MedianEstimate | None) -> tuple[object, ...]:
    interval = _interval_words(estimate) if estimate else ""
    median = four_digits(estimate.median) if estimate else "none"
    return (name, runs, failed, median, interval or "too few runs")


def sentences(comparison: Comparison) -> list[str]:
    """Return the ratio as a sentence, then one for each property that a median hides."""
    remarks = [remark for one in comparison.contenders for remark in _remarks(one)]
    return [_ratio_sentence(comparison), *remarks]


def _ratio_sentence(comparison: Comparison) -> str:
    first, last = comparison.contenders[0].name, comparison.contenders[-1].name
    ratio = comparison.ratio
    if ratio is None:
        return f"There is no ratio: {comparison.no_ratio}."
    pairs = "1 pair" if ratio.count == 1 else f"{ratio.count} pairs"
    times = f"{last} took {four_digits(ratio.median)} times as long as {first}"
    if ratio.low is None:
        return f"{times} (median of {pairs}; too few for an interval)."
    interval = f"{CONFIDENCE:.0%} interval {_interval_words(ratio)}, {pairs}"
    if comparison.shows_no_difference:
        return f"These runs show no difference between {first} and {last}: {times} ({interval})."
    return f"{times} ({interval})."


def _remarks(contender: ContenderStats) -> Iterator[str]:
    """Yield a sentence for failed runs, outliers, a trend and two modes."""
    name = contender.name
    if contender.failed:
        count, runs = len(contender.failed), ", ".join(map(_failed_run, contender.failed))
        yield f"{name}: {count} of {contender.runs} runs failed, and the median excludes them: {runs}."
    if contender.outliers:
        yield f"{name}: outliers (kept): {_runs_with_seconds(contender.outliers)}."
    if contender.trend:
        direction = "upward" if contender.trend.change > 0 else "downward"
        change = f"{contender.trend.change:+.0%} over the series (p = {contender.trend.p:.2g})"
        yield f"{name}: a significant {direction} trend: {change}."
    if contender.modes:
        found = contender.modes
        above = contender.runs - len(contender.failed) - found.below
        groups = f"{found.below} runs up to {found.low:.4g} s, {above} runs from {found.high:.4g} s"
        yield f"{name}: two modes, which one median does not describe: {groups}."


def _failed_run(sample: Sample) -> str:
    return f"run {sample.run} (exit status {sample.exit_status} after {four_digits(sample.seconds)})"


def _runs_with_seconds(samples: Iterable[Sample]) -> str:
    return ", ".join(f"run {sample.run} ({four_digits(sample.seconds)})" for sample in samples)


def noise_sentence(comparison: Comparison) -> str:
    """Return the noise of the host as a sentence; the series is of one command against itself."""
    ratio = comparison.ratio
    if ratio is None or ratio.low is None:
        return "The noise of the host is unknown: the same command against itself gave no interval."
    interval = f"{CONFIDENCE:.0%} interval {_interval_words(ratio)}, {ratio.count} pairs"
    times = f"the same command took {four_digits(ratio.median)} times as long as itself"
    return f"The noise of the host: {times} ({interval})."
