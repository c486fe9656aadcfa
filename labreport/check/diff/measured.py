"""Changes of measured values: series that changed by more than the noise of their host, and facts."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from labreport.contract.folder import EvidenceError
from labreport.contract.text import as_text
from labreport.report.facts.facts import FACTS_FILE, Fact
from labreport.report.facts.readings import NoValue, Reading
from labreport.report.pages.render import RenderPass
from labreport.report.problems import FaultError
from labreport.report.series import COLUMNS, Sample, Series, SeriesError, read_series
from labreport.report.series.statistics import interval_of_median, median, shift
from labreport.report.source.evidence import Evidence
from labreport.report.source.evidence_set import is_evidence
from labreport.report.values import Quantity, decimal

ALPHA = 0.01
"""The rate of false alarms for one series. With five series a week, that is two or three a year."""

FEWEST_NUMBERS = 5
"""The smallest number of lines that make a series; a shorter file is a count or two."""

NOISE = "noise.csv"
"""The name of a series that times one command against itself; it measures the noise of the host."""

SERIES = "series "
"""The `read` of a fact that is computed from a series starts with this word."""


@dataclass(frozen=True)
class SeriesChange:
    """The runs of one contender in a series, before and after.

    `before` and `after` are medians in seconds, and `ratio` is after / before. `counts` are the successful
    runs, `failed` the others. `floor` is the least effect that was tested, as a share. `beyond` says whether
    the change is beyond the noise; None if there are too few runs to decide.
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
    """Return the series of the set `name` by file: CSV files of runs, and files with one number a line."""
    series = {}
    for path in filter(is_evidence, evidence.set(name).files()):
        try:
            series[path] = _series(as_text(evidence.content(name, path).data) or "")
        except (EvidenceError, SeriesError):
            continue
    return series


def _series(text: str) -> Series:
    """Return the series in a CSV, or in a file with one number a line; raise SeriesError."""
    if text.startswith(COLUMNS[0]):
        return read_series(text)
    lines = text.splitlines()
    if len(lines) < FEWEST_NUMBERS:
        raise SeriesError("a series has at least 5 lines")
    try:
        numbers = [Quantity(decimal(line), "s") for line in lines]
    except (ValueError, ArithmeticError) as error:
        raise SeriesError(f"not a series: {error}") from error
    if min(number.value for number in numbers) <= 0:
        raise SeriesError("a run takes more than 0 seconds")
    return Series(tuple(Sample(number, 1, "", one, "0") for number, one in enumerate(numbers, 1)))


def noise_floor(*sides: Mapping[str, Series]) -> float | None:
    """Return the largest share by which a command differs from itself within a side; None if unknown.

    The exact interval of the median ratio in noise.csv has two bounds; the share is from the one that is
    further from 1.
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
        ratios = [float(ratio.exact) for ratio in series.ratios(last, first)]
    except SeriesError:
        return None
    interval = interval_of_median(ratios)
    return None if interval is None else max(interval.high, 1 / interval.low) - 1


def noise_drift(before: Mapping[str, Series], after: Mapping[str, Series]) -> float:
    """Return the share by which the median of noise.csv differs between the sides; 0 if it is unknown."""
    drifts = [0.0]
    for path in before.keys() & after.keys():
        if PurePosixPath(path).name == NOISE:
            old, new = (
                median([float(sample.seconds.exact) for sample in side[path].samples if sample.answered])
                for side in (before, after)
            )
            drifts.append(max(new / old, old / new) - 1)
    return max(drifts)


def least_effect(before: Mapping[str, Series], after: Mapping[str, Series]) -> float:
    """Return the share by which a series must change: the noise within the sides, and the drift between them.

    It is 0 if there is no noise.csv.
    """
    return (1 + (noise_floor(before, after) or 0.0)) * (1 + noise_drift(before, after)) - 1


def series_changes(before: Mapping[str, Series], after: Mapping[str, Series]) -> Iterator[SeriesChange]:
    """Yield the comparison of each contender that a series has on both sides."""
    within, least = noise_floor(before, after) or 0.0, least_effect(before, after)
    for path in sorted(before.keys() & after.keys()):
        old, new = before[path], after[path]
        floor = within if PurePosixPath(path).name == NOISE else least
        for name in [name for name in new.names if name in old.names]:
            if change := contender_change(path, name, old, new, floor):
                yield change


def contender_change(
    path: str, name: str, before: Series, after: Series, floor: float
) -> SeriesChange | None:
    """Return the comparison of one contender with its old runs; None if a side has no successful run."""
    old, new = ([float(seconds.exact) for seconds in side.seconds(name)] for side in (before, after))
    if not old or not new:
        return None
    counts = (len(old), len(new))
    failed = (len(before.of(name)) - len(old), len(after.of(name)) - len(new))
    tested = shift(old, new, floor)
    smallest_p = 2 / math.comb(sum(counts), counts[0])
    beyond = None if smallest_p >= ALPHA else tested.p < ALPHA
    medians = (tested.before, tested.after)
    return SeriesChange(path, name, *medians, counts, failed, tested.ratio, tested.p, floor, beyond)


def same_but_for_noise(before: bytes, after: bytes, floor: float) -> bool:
    """Return whether two files are series of the same contenders, and none changed beyond the noise.

    It is False if the number of failed runs differs, or if there are too few runs to decide.
    """
    try:
        old, new = (_series(as_text(data) or "") for data in (before, after))
    except SeriesError:
        return False
    if old.names != new.names:
        return False
    changes = [contender_change("", name, old, new, floor) for name in new.names]
    return bool(changes) and all(
        change is not None and change.beyond is False and change.failed[0] == change.failed[1]
        for change in changes
    )


class ChangeVerdict(StrEnum):
    """How a fact changed."""

    CHANGED = "changed"
    BEYOND = "beyond the noise"
    WITHIN = "within the noise"
    VOLATILE = "differs from run to run, not judged"
    NEW = "new"
    LOST = "lost"


@dataclass(frozen=True)
class FactChange:
    """A fact whose value changed; `share` is the relative change of a number, None for other values."""

    name: str
    before: str
    after: str
    share: float | None
    verdict: ChangeVerdict


def fact_changes(
    lab: str, old: RenderPass, new: RenderPass, series: Iterable[SeriesChange]
) -> Iterator[FactChange]:
    """Yield each fact of a lab whose value changed; none if there is no valid facts.yml."""
    if not (new.docs / "labs" / lab / FACTS_FILE).is_file():
        return
    try:
        before, after = old.lab_facts(lab), new.lab_facts(lab)
    except FaultError:
        return
    beyond_noise: dict[str, bool] = {}
    for change in series:
        beyond_noise[change.file] = beyond_noise.get(change.file, False) or bool(change.beyond)
    for name, fact in after.facts.facts.items():
        was, now = before.all[name], after.all[name]
        if _text(was) != _text(now):
            verdict = _verdict(fact, was, now, beyond_noise)
            yield FactChange(name, _cell_text(was), _cell_text(now), _share(was, now), verdict)


def _verdict(
    fact: Fact, was: Reading | NoValue, now: Reading | NoValue, beyond_noise: Mapping[str, bool]
) -> ChangeVerdict:
    if isinstance(was, NoValue):
        return ChangeVerdict.NEW
    if isinstance(now, NoValue):
        return ChangeVerdict.LOST
    if fact.file in beyond_noise and (fact.read.startswith(SERIES) or isinstance(now.read, tuple)):
        return ChangeVerdict.BEYOND if beyond_noise[fact.file] else ChangeVerdict.WITHIN
    return ChangeVerdict.VOLATILE if fact.volatile else ChangeVerdict.CHANGED


def _text(reading: Reading | NoValue) -> str:
    """Return everything that was read."""
    if isinstance(reading, NoValue):
        return f"none ({reading.absence})"
    return " ".join(map(str, reading.read)) if isinstance(reading.read, tuple) else str(reading.read)


def _cell_text(reading: Reading | NoValue) -> str:
    """Return a reading for a table; of several values, their number."""
    if isinstance(reading, Reading) and isinstance(reading.read, tuple):
        return f"{len(reading.read)} values"
    return _text(reading)


def _share(was: Reading | NoValue, now: Reading | NoValue) -> float | None:
    """Return the relative change of a number, as a share."""
    if isinstance(was, NoValue) or isinstance(now, NoValue):
        return None
    old, new = was.read, now.read
    if not isinstance(old, Quantity) or not isinstance(new, Quantity) or not old.exact:
        return None
    return float(new.exact / old.exact) - 1
