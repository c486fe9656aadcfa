"""What a series shows: statistics of each contender and ratios of pairs, as values, a table and sentences."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from labreport.report.series import MedianEstimate, Sample, Series, SeriesError, median_estimate
from labreport.report.series.statistics import CONFIDENCE, Modes, Trend, modes, outliers, trend
from labreport.report.tables import Table
from labreport.report.values import Quantity

_DIGITS = 4
_SECOND = Fraction(1)
MOST_PAIRS = 30


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
class PairStats:
    """The ratio of one contender to another by pairs, or why there is none."""

    name: str
    base: str
    ratio: MedianEstimate | None
    no_ratio: str = ""

    @property
    def shows_no_difference(self) -> bool:
        """Whether the confidence interval of the ratio contains 1."""
        ratio = self.ratio
        return bool(ratio and ratio.low and ratio.high and ratio.low.exact <= 1 <= ratio.high.exact)


@dataclass(frozen=True)
class Comparison:
    """A series' contenders, and the pairs that are compared. `runs` is what the samples are called."""

    contenders: tuple[ContenderStats, ...]
    pairs: tuple[PairStats, ...]
    runs: str = "runs"


PairNames = Sequence[tuple[str, str]]
"""The names of contenders and of what each is compared with."""


def compare(
    series: Series, *, base: str | None = None, pairs: PairNames | None = None, runs: str = "runs"
) -> Comparison:
    """Return the statistics of a series, and of `pairs`: else of each contender beside `base`, the first one.

    Raise SeriesError for a contender that is not there, and for more pairs than anybody would read.
    """
    if pairs is None:
        base = series.names[0] if base is None else base
        pairs = [(name, base) for name in series.names if series.of(base) and name != base]
    if len(pairs) > MOST_PAIRS:
        raise SeriesError(f"{len(pairs)} pairs, at most {MOST_PAIRS}", "name some with pairs=")
    contenders = tuple(_contender_stats(series, name) for name in series.names)
    return Comparison(contenders, tuple(_pair_stats(series, *pair) for pair in pairs), runs)


def _pair_stats(series: Series, name: str, base: str) -> PairStats:
    for one in (name, base):
        series.of(one)
    try:
        ratios = series.ratios(name, base)
    except SeriesError as error:
        return PairStats(name, base, None, error.what)
    if not ratios:
        return PairStats(name, base, None, "there is no run in which both succeeded")
    return PairStats(name, base, median_estimate(ratios))


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
    """Return a row for each contender, and one for the ratio of each pair."""
    head = ("", comparison.runs, "failed", "median", f"{CONFIDENCE:.0%} interval of the median")
    rows = [
        _row(one.name, one.runs, len(one.failed), one.seconds, comparison.runs)
        for one in comparison.contenders
    ]
    rows += [
        _row(f"{pair.name} / {pair.base}, pair by pair", pair.ratio.count, "", pair.ratio, "pairs")
        for pair in comparison.pairs
        if pair.ratio
    ]
    return Table.of(head, rows)


def _row(
    name: str, runs: int, failed: int | str, estimate: MedianEstimate | None, noun: str
) -> tuple[object, ...]:
    interval = _interval_words(estimate) if estimate else ""
    median = four_digits(estimate.median) if estimate else "none"
    return (name, runs, failed, median, interval or f"too few {noun}")


def sentences(comparison: Comparison) -> list[str]:
    """Return the ratio of each pair as a sentence, then one for each property that a median hides."""
    told = [_ratio_sentence(pair, comparison.runs) for pair in comparison.pairs]
    if not told:
        told = ["There is no ratio: the series has one contender only."]
    if sum(pair.ratio is not None and pair.ratio.low is not None for pair in comparison.pairs) > 1:
        told.append(f"Each interval holds with {CONFIDENCE:.0%} by itself, not all of them at once.")
    return told + [remark for one in comparison.contenders for remark in _remarks(one, comparison.runs)]


def listed(names: Sequence[str]) -> str:
    """Return names as a sentence has them.

    >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _ratio_sentence(pair: PairStats, noun: str) -> str:
    name, base, ratio = pair.name, pair.base, pair.ratio
    if ratio is None:
        return f"There is no ratio of {name} to {base}: {pair.no_ratio}."
    pairs = "1 pair" if ratio.count == 1 else f"{ratio.count} pairs"
    times = f"{name} took {four_digits(ratio.median)} times as long as {base}"
    if ratio.low is None:
        return f"{times} (median of {pairs}; too few for an interval)."
    interval = f"{CONFIDENCE:.0%} interval {_interval_words(ratio)}, {pairs}"
    if pair.shows_no_difference:
        return f"These {noun} show no difference between {base} and {name}: {times} ({interval})."
    return f"{times} ({interval})."


def _remarks(contender: ContenderStats, noun: str) -> Iterator[str]:
    """Yield a sentence for failed runs, outliers, a trend and two modes."""
    name = contender.name
    if contender.failed:
        count, runs = len(contender.failed), ", ".join(map(_failed_run, contender.failed))
        yield f"{name}: {count} of {contender.runs} {noun} failed, and the median excludes them: {runs}."
    if contender.outliers:
        yield f"{name}: outliers (kept): {_runs_with_seconds(contender.outliers)}."
    if contender.trend:
        direction = "upward" if contender.trend.change > 0 else "downward"
        change = f"{contender.trend.change:+.0%} over the series (p = {contender.trend.p:.2g})"
        yield f"{name}: a significant {direction} trend: {change}."
    if contender.modes:
        found = contender.modes
        above = contender.runs - len(contender.failed) - found.below
        groups = f"{found.below} {noun} up to {found.low:.4g} s, {above} {noun} from {found.high:.4g} s"
        yield f"{name}: two modes, which one median does not describe: {groups}."


def _failed_run(sample: Sample) -> str:
    return f"run {sample.run} (exit status {sample.exit_status} after {four_digits(sample.seconds)})"


def _runs_with_seconds(samples: Iterable[Sample]) -> str:
    return ", ".join(f"run {sample.run} ({four_digits(sample.seconds)})" for sample in samples)


def noise_sentence(comparison: Comparison) -> str:
    """Return the noise of the host as sentences; the series is of one command against itself."""
    told = [_noise(pair.ratio) for pair in comparison.pairs if pair.ratio and pair.ratio.low]
    if not told or len(told) < len(comparison.pairs):
        told.append("The noise of the host is unknown: the same command against itself gave no interval.")
    return " ".join(told)


def _noise(ratio: MedianEstimate) -> str:
    interval = f"{CONFIDENCE:.0%} interval {_interval_words(ratio)}, {ratio.count} pairs"
    times = f"the same command took {four_digits(ratio.median)} times as long as itself"
    return f"The noise of the host: {times} ({interval})."
