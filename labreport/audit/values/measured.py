"""The numbers in the evidence: each with its unit, its place, and the words that say what it is."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from statistics import median

from labreport.audit.evidence import EvidenceFile
from labreport.report.values import UNITS, Dimension

WORD = re.compile(r"[^\W\d_]{2,}")
_LABEL_UNITS = {
    "seconds": "s", "secs": "s", "ms": "ms", "milliseconds": "ms", "us": "µs",
    "microseconds": "µs", "bytes": "B",
    "kib": "KiB", "mib": "MiB", "kb": "kB", "mb": "MB", "requests/sec": "requests/s", "percent": "%",
}  # fmt: skip
"""The units that a column of a table, or a key of JSON, is named after."""
_KEY = re.compile(r"(?<![\w.])([A-Za-z]\w{0,20})\s?=\s?\W?$")
_SEPARATOR = re.compile(r"[,;|\n()]|\.\s|\d\s|\s{2,}")
LONGEST_LABEL, _FRACTION_DIGITS = 60, 3
PARTS = frozenset({"user", "sys", "usr", "system", "external", "level", "msg", "time"})
"""Labels of values that are a part of another, or of a line of a log."""
_SAME = {
    "average": "avg", "averages": "avg", "averaged": "avg", "mean": "avg", "minimum": "min", "maximum": "max",
    "fastest": "min", "slowest": "max", "medians": "median", "container": "containers", "module": "modules",
    "entry": "entries", "request": "requests",
}  # fmt: skip
"""Words that mean the same as a shorter or a plural one."""
_COMPOUND = re.compile(r"[^\W\d_]{2,20}(?:-[^\W\d_]{2,20}){1,3}")
_STOP_TEXT = """
the of and in is to for a an on at by with this it as from or that uses use real took takes take was
were has had have shows show showed here only around still just about value values result results run which
its one than
"""
_STOP = frozenset(_STOP_TEXT.split())


@dataclass(frozen=True)
class Measured:
    """A number in a file, in base units if it has a unit. `written` is how the file has it.

    `labels` are the words before it on its line and in the heading above; `topic` those of the file's name.
    """

    value: float
    unit: str
    written: str
    file: EvidenceFile
    line: int
    labels: frozenset[str]
    topic: frozenset[str]
    decimals: int = 0
    headline: bool = True
    """Whether it may be what the file is about, and not a part of it such as user and system time."""
    statistic: str = ""
    """How it is calculated from a group of rows; empty for a number that is in the file."""
    simple: bool = False
    """Whether one or two cells name that group, and the first of them is no number."""

    @property
    def is_part(self) -> bool:
        """Whether it is a part of another value, such as user and system time."""
        return not self.labels.isdisjoint(PARTS)

    @property
    def dimension(self) -> Dimension:
        """What is measured; a plain number and a share have none."""
        return UNITS[self.unit].dimension if self.unit in UNITS else Dimension()

    @property
    def place(self) -> str:
        """The file and the line."""
        return f"{self.file.path}:{self.line}"


@dataclass(frozen=True)
class Numbers:
    """All numbers of the evidence."""

    all: tuple[Measured, ...] = ()

    @cached_property
    def by_file(self) -> dict[str, list[Measured]]:
        """The numbers of each file, by path."""
        found: dict[str, list[Measured]] = defaultdict(list)
        for one in self.all:
            found[one.file.path].append(one)
        return dict(found)

    @cached_property
    def by_dimension(self) -> dict[Dimension, list[Measured]]:
        """The numbers with a unit, by what is measured."""
        found: dict[Dimension, list[Measured]] = defaultdict(list)
        for one in self.all:
            if one.unit:
                found[one.dimension].append(one)
        return dict(found)

    @cached_property
    def bare_fractions(self) -> list[Measured]:
        """The numbers without a unit that have three decimals or more: times, as `curl` prints them."""
        return [one for one in self.all if not one.unit and one.decimals >= _FRACTION_DIGITS]

    @cached_property
    def plain(self) -> dict[float, list[Measured]]:
        """The numbers without a unit, by value."""
        found: dict[float, list[Measured]] = defaultdict(list)
        for one in self.all:
            if not one.unit:
                found[one.value].append(one)
        return dict(found)


def unit_of_label(label: str) -> str:
    """Return the unit that a label ends in: `seconds`, `pss_kib`; empty if it names none.

    >>> unit_of_label("pss_kib"), unit_of_label("Requests/sec"), unit_of_label("order")
    ('KiB', 'requests/s', '')
    """
    words = re.findall(r"[A-Za-z/]+", label)
    if not words:
        return ""
    if "_".join(words[-3:]).lower() == "bits_per_second":
        return "bit/s"
    return _LABEL_UNITS.get(words[-1].lower(), "")


def words_of(text: str) -> frozenset[str]:
    """Return the words of a text that can say what a number is, in small letters."""
    joined = " ".join(found[0].replace("-", "") for found in _COMPOUND.finditer(text))
    words = (word.lower() for word in WORD.findall(f"{text} {joined}"))
    return frozenset(_SAME.get(word, word) for word in words) - _STOP


def topic_of(file: EvidenceFile) -> frozenset[str]:
    """Return the words in the path of a file."""
    return words_of(re.sub(r"[^A-Za-z]", " ", file.path.rsplit(".", 1)[0]))


def label_of(before: str) -> frozenset[str]:
    """Return the words directly before a number that say what it is: `avg` of `…, avg=`.

    >>> sorted(label_of("Results (port 3012), n=")), sorted(label_of("- Host kernel modules: "))
    (['n'], ['host', 'kernel', 'modules'])
    """
    before = before[-LONGEST_LABEL:].rstrip(" \t*_`|:(\"'")
    if key := _KEY.search(before):
        return frozenset({key[1].lower()})
    return words_of(_SEPARATOR.split(before)[-1])


def statistics(values: Iterable[Measured]) -> Iterator[tuple[str, float]]:
    """Yield the mean and the median of a series of values, with their names."""
    series = [one.value for one in values]
    if len(series) > 2:  # noqa: PLR2004 # two values are a pair
        yield f"mean of {len(series)} values", sum(series) / len(series)
        yield f"median of {len(series)} values", float(median(series))
