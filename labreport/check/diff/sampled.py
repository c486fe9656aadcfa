"""The series of a set, and whether one of them is not what it was, by more than its host's noise."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from labreport.contract.reader import EvidenceError
from labreport.report.series.permutation import shift
from labreport.report.series.series import COLUMNS, Sample, Series, SeriesError, read_series
from labreport.report.series.statistics import interval_of_median, median
from labreport.report.source.evidence import Evidence, recorded
from labreport.report.source.slices import as_text
from labreport.report.values.quantity import Quantity, decimal

ALPHA = 0.01
"""How often a series that has not changed may be said to have: with five series a week, twice in a year."""

FEWEST_NUMBERS = 5
"""A file of fewer numbers is a count or two, no series."""

NOISE = "noise.csv"
"""The file of the series of one command against itself: the ratio that it has by chance is the noise."""


@dataclass(frozen=True)
class SeriesChange:
    """One contender of a series, before and after; `beyond` is None where they are too few to say.

    `ratio` is that of the medians; `floor` the least effect that was asked for, as a share.
    """

    file: str
    name: str
    before: float
    after: float
    counts: tuple[int, int]
    failed: tuple[int, int]
    ratio: float
    p: float
    floor: float
    beyond: bool | None


def series_of(evidence: Evidence, name: str) -> dict[str, Series]:
    """Return the series of the set `name` by file: CSVs of runs, and numbers alone, one a line."""
    found = {}
    for path in filter(recorded, evidence.set(name).files()):
        try:
            found[path] = _series(as_text(evidence.content(name, path).data) or "")
        except (EvidenceError, SeriesError):
            continue
    return found


def noise_floor(*sides: Mapping[str, Series]) -> float | None:
    """Return the largest share by which the same command differs from itself on any side; None if not known.

    It is the end that lies further from 1 of the exact interval of the median ratio of a series called
    noise.csv.
    """
    floors = [
        floor
        for side in sides
        for path, series in side.items()
        if PurePosixPath(path).name == NOISE and (floor := _floor(series)) is not None
    ]
    return max(floors, default=None)


def _floor(series: Series) -> float | None:
    first, last = series.names[0], series.names[-1]
    try:
        pairs = [float(one.exact) for one in series.ratios(last, first)]
    except SeriesError:
        return None
    found = interval_of_median(pairs)
    return None if found is None else max(found.high, 1 / found.low) - 1


def noise_drift(before: Mapping[str, Series], after: Mapping[str, Series]) -> float:
    """Return by which share the same command, a series called noise.csv, is another on the other side."""
    drifts = [0.0]
    for path in before.keys() & after.keys():
        if PurePosixPath(path).name == NOISE:
            old, new = (
                median([float(one.seconds.exact) for one in side[path].samples if one.answered])
                for side in (before, after)
            )
            drifts.append(max(new / old, old / new) - 1)
    return max(drifts)


def least_effect(before: Mapping[str, Series], after: Mapping[str, Series]) -> float:
    """Return what a change has to exceed: the noise within both sides, times the host's drift between them.

    0 where no noise is known.
    """
    return (1 + (noise_floor(before, after) or 0.0)) * (1 + noise_drift(before, after)) - 1


def series_changes(before: Mapping[str, Series], after: Mapping[str, Series]) -> Iterator[SeriesChange]:
    """Yield how each contender of each series that both sides have stands to its earlier self."""
    within, least = noise_floor(before, after) or 0.0, least_effect(before, after)
    for path in sorted(before.keys() & after.keys()):
        old, new = before[path], after[path]
        floor = within if PurePosixPath(path).name == NOISE else least
        for name in [one for one in new.names if one in old.names]:
            if change := contender_change(path, name, old, new, floor):
                yield change


def contender_change(
    path: str, name: str, before: Series, after: Series, floor: float
) -> SeriesChange | None:
    """Return how one contender stands to its earlier self; None where on a side no run of it ended well."""
    old, new = ([float(one.exact) for one in side.seconds(name)] for side in (before, after))
    if not old or not new:
        return None
    found = shift(old, new, floor)
    lost = (len(before.of(name)) - len(old), len(after.of(name)) - len(new))
    counts = (len(old), len(new))
    smallest = 2 / math.comb(sum(counts), counts[0])
    beyond = None if smallest >= ALPHA else found.p < ALPHA
    middle = (found.before, found.after)
    return SeriesChange(path, name, *middle, counts, lost, found.ratio, found.p, floor, beyond)


def _series(text: str) -> Series:
    """Return the series of a CSV, or of numbers alone, one a line; raise SeriesError where it is neither."""
    if text.startswith(COLUMNS[0]):
        return read_series(text)
    lines = text.splitlines()
    if len(lines) < FEWEST_NUMBERS:
        raise SeriesError("so few lines are no series")
    try:
        numbers = [Quantity(decimal(line), "s") for line in lines]
    except (ValueError, ArithmeticError) as error:
        raise SeriesError(f"no series: {error}") from error
    if min(one.value for one in numbers) <= 0:
        raise SeriesError("a run that took no time is no measurement")
    return Series(tuple(Sample(number, 1, "", one, "0") for number, one in enumerate(numbers, 1)))


def same_but_for_noise(before: bytes, after: bytes, floor: float) -> bool:
    """Return whether two files are series of the same contenders of which none changed beyond the noise.

    Neither may have a run that failed more often than before, nor too few samples to say.
    """
    try:
        old, new = (_series(as_text(data) or "") for data in (before, after))
    except SeriesError:
        return False
    if old.names != new.names:
        return False
    changes = [contender_change("", name, old, new, floor) for name in new.names]
    return bool(changes) and all(
        one is not None and one.beyond is False and one.failed[0] == one.failed[1] for one in changes
    )
