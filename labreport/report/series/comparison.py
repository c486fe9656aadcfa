"""What a series says, in numbers and in sentences: the same values whether as text, table or picture."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from labreport.report.series.series import MedianEstimate, Sample, Series, SeriesError, median_estimate
from labreport.report.series.statistics import CONFIDENCE, Modes, Trend, modes, outliers, trend
from labreport.report.tables.table import Cell, Table
from labreport.report.values.quantity import Quantity

_DIGITS = 4
_SECOND = Fraction(1)


@dataclass(frozen=True)
class ContenderStats:
    """One of what a series compares; `seconds` is None where none of its runs ended well."""

    name: str
    runs: int
    failed: tuple[Sample, ...]
    seconds: MedianEstimate | None
    outliers: tuple[Sample, ...]
    trend: Trend | None
    modes: Modes | None


@dataclass(frozen=True)
class Comparison:
    """A series' contenders; the last against the first, pair by pair, or why there is no ratio."""

    contenders: tuple[ContenderStats, ...]
    ratio: MedianEstimate | None
    no_ratio: str = ""

    @property
    def sees_no_difference(self) -> bool:
        """Whether the ratio's interval holds 1: what these runs cannot tell apart."""
        ratio = self.ratio
        return bool(ratio and ratio.low and ratio.high and ratio.low.exact <= 1 <= ratio.high.exact)


def compare(series: Series) -> Comparison:
    """Return what a series says."""
    contenders = tuple(_contender(series, name) for name in series.names)
    if len(contenders) == 1:
        return Comparison(contenders, None, "there is nothing to compare it with")
    try:
        ratios = series.ratios(series.names[-1], series.names[0])
    except SeriesError as error:
        return Comparison(contenders, None, str(error))
    if not ratios:
        return Comparison(contenders, None, "in no run did both end well")
    return Comparison(contenders, median_estimate(ratios))


def _contender(series: Series, name: str) -> ContenderStats:
    samples, answered = series.of(name), series.answered(name)
    values = [float(one.seconds.exact) for one in answered]
    return ContenderStats(
        name,
        len(samples),
        tuple(one for one in samples if not one.answered),
        median_estimate([one.seconds for one in answered]) if answered else None,
        tuple(answered[index] for index in outliers(values)),
        trend(values),
        modes(values),
    )


def four_digits(value: Quantity) -> str:
    """Return a value with four digits, or with those that the evidence has: `2.812 s`, `162.4 ms`, `3.412`.

    >>> from decimal import Decimal
    >>> four_digits(Quantity(Decimal("0.162374"), "s")), four_digits(Quantity(Decimal("12.812374"), "s"))
    ('162.4 ms', '12.81 s')
    """
    if value.unit == "s" and abs(value.exact) < _SECOND:
        value = value.to("ms")
    whole = len(str(int(abs(value.exact)))) if abs(value.exact) >= 1 else 0
    return str(value.rounded(max(_DIGITS - whole, 0)))


def interval_words(found: MedianEstimate) -> str:
    """Return an interval as a cell has it; empty where there is none."""
    return f"{four_digits(found.low)} to {four_digits(found.high)}" if found.low and found.high else ""


def comparison_table(found: Comparison) -> Table:
    """Return a row for each contender and one for the ratio."""
    head = ("", "runs", "failed", "median", f"{CONFIDENCE:.0%} interval of the median")
    rows = [_row(one.name, one.runs, len(one.failed), one.seconds) for one in found.contenders]
    if found.ratio:
        names = f"{found.contenders[-1].name} / {found.contenders[0].name}, pair by pair"
        rows.append(_row(names, found.ratio.count, None, found.ratio))
    return Table(head, tuple(rows))


def _row(name: str, runs: int, failed: int | None, found: MedianEstimate | None) -> tuple[Cell, ...]:
    median, interval = (four_digits(found.median), interval_words(found)) if found else ("none", "")
    return (
        Cell(name),
        Cell(str(runs)),
        Cell("" if failed is None else str(failed)),
        Cell(median),
        Cell(interval or "too few runs for one"),
    )


def sentences(found: Comparison) -> list[str]:
    """Return what follows: the ratio first, then all that a median does not tell."""
    told = [_ratio_sentence(found)]
    for one in found.contenders:
        told += _oddities(one)
    return told


def _ratio_sentence(found: Comparison) -> str:
    first, last = found.contenders[0].name, found.contenders[-1].name
    ratio = found.ratio
    if ratio is None:
        return f"There is no ratio: {found.no_ratio}."
    pairs = "1 pair" if ratio.count == 1 else f"{ratio.count} pairs"
    times = f"{last} took {four_digits(ratio.median)} times as long as {first}"
    if ratio.low is None:
        return f"{times}, by the median of {pairs}: too few for an interval."
    interval = f"{CONFIDENCE:.0%} interval {interval_words(ratio)}, {pairs}"
    if found.sees_no_difference:
        return f"No difference between {first} and {last} that these runs could see: {times} ({interval})."
    return f"{times} ({interval})."


def _oddities(one: ContenderStats) -> Iterable[str]:
    """Yield what a reader must know beside a contender's median: nothing of it was left out for it."""
    if one.failed:
        ended = ", ".join(f"run {bad.run} with exit status {bad.exit_status} after {four_digits(bad.seconds)}"
                          for bad in one.failed)  # fmt: skip
        yield f"{one.name}: {len(one.failed)} of {one.runs} runs failed and are in no median: {ended}."
    if one.outliers:
        apart = ", ".join(f"run {far.run} ({four_digits(far.seconds)})" for far in one.outliers)
        yield f"{one.name}: apart from the others, and in the median all the same: {apart}."
    if one.trend:
        way = "slower" if one.trend.change > 0 else "faster"
        change = f"{abs(one.trend.change):.0%} {way} from the first run to the last"
        yield f"{one.name}: {change}, which chance seldom does (p = {one.trend.p:.2g})."
    if one.modes:
        above = one.runs - len(one.failed) - one.modes.below
        groups = (
            f"{one.modes.below} runs of up to {one.modes.low:.4g} s, {above} from {one.modes.high:.4g} s on"
        )
        yield f"{one.name}: two groups, {groups}: one median stands for neither."


def noise_sentence(found: Comparison) -> str:
    """Return in a sentence what the same command against itself says of the host: its noise."""
    ratio = found.ratio
    if ratio is None or ratio.low is None:
        return "The host's noise is not known: the same command against itself gave no interval."
    pairs = f"{CONFIDENCE:.0%} interval {interval_words(ratio)}, {ratio.count} pairs"
    return (
        f"The same command against itself on this host: {four_digits(ratio.median)} times as long ({pairs})."
    )
