"""The name of a column in words, and its unit: `rss_kib` is rss in KiB, `latency (ms)` is latency in ms."""

import re
from dataclasses import dataclass
from functools import lru_cache

from labreport.report.problems import FaultError, one_line
from labreport.report.values import UNITS, Dimension, Quantity, UnitError, symbol

_SPELLED = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("ms", "msec", "millis", "millisecond", "milliseconds"), "ms"),
    **dict.fromkeys(("us", "usec", "micros", "microsecond", "microseconds"), "µs"),
    **dict.fromkeys(("ns", "nsec", "nanos", "nanosecond", "nanoseconds"), "ns"),
    **dict.fromkeys(("minutes", "mins"), "min"),
    **dict.fromkeys(("hours", "hrs"), "h"),
    **dict.fromkeys(("byte", "bytes"), "B"),
    **dict.fromkeys(("percent", "pct"), "%"),
    **{unit.lower(): unit for unit in ("KiB", "MiB", "GiB", "TiB")},
}
"""The last word of a column's name that is its unit. `kb` is none: it can be 1000 or 1024."""
_MEASURED = {Dimension(time=1): "time", Dimension(data=1): "size"}
_MINIMUM = "min"
"""At the end of a name it is the smallest value; `time (min)` is in minutes."""
_IN_BRACKETS = re.compile(r"(.*\S)\s*[(\[]([^()\[\]]{1,12})[)\]]")
_PER = 2
"""How many words a rate has at the end of a name: `per s`."""


@dataclass(frozen=True)
class Column:
    """A column's name in words without its unit, which may be empty, and the unit, "" if it names none."""

    name: str
    words: str
    unit: str

    @property
    def label(self) -> str:
        """What the values are called, without their unit."""
        return self.words or _words(self.name)

    def title(self, unit: str) -> str:
        """Return the name of an axis whose values are in `unit`: `rss (MiB)`."""
        if not self.words and unit == self.unit:
            return self.label
        return axis_name(self.words, unit)

    def to_unit(self, value: Quantity, unit: str | None) -> Quantity:
        """Return a value of the column in `unit`, which a column that names no unit takes as its own."""
        if unit is None:
            return value
        try:
            return value.to(unit) if self.unit else Quantity(value.value, unit)
        except (UnitError, OverflowError) as error:
            raise FaultError(str(error), "name a unit of the same kind") from error


@lru_cache(maxsize=256)  # it is asked for each value
def column_of(name: str) -> Column:
    """Return what a column's name says.

    >>> [(one.words, one.unit) for one in map(column_of, ("rss_kib", "latency (ms)", "bytes"))]
    [('rss', 'KiB'), ('latency', 'ms'), ('', 'B')]
    >>> [(one.words, one.unit) for one in map(column_of, ("bytes_per_s", "rate_per_minute"))]
    [('', 'B/s'), ('rate per minute', '')]
    """
    found = _IN_BRACKETS.fullmatch(name)
    if found and (unit := _unit(found[2].strip())):
        return Column(name, _words(found[1]), unit)
    words = _words(name).split(" ")
    if len(words) > _PER and words[-_PER] == "per":
        amount = _unit(words[-_PER - 1]) or words[-_PER - 1]
        rate = f"{amount}/{_unit(words[-1])}"
        if rate in UNITS:
            rest = words[: -_PER - 1]
            return Column(name, " ".join(rest), rate)
        return Column(name, " ".join(words), "")
    unit = "" if words[-1] == _MINIMUM else _unit(words[-1])
    return Column(name, " ".join(words[:-1] if unit else words), unit)


def axis_name(words: str, unit: str) -> str:
    """Return the name of an axis: `rss (MiB)`; without words it says what the unit measures.

    >>> axis_name("rss", "MiB"), axis_name("", "MB"), axis_name("", ""), axis_name("", "%")
    ('rss (MiB)', 'size (MB)', 'value', '%')
    """
    if not words:
        words = _MEASURED.get(UNITS[unit].dimension, "") if unit else "value"
    return f"{words} ({unit})" if words and unit else words or unit


def _words(name: str) -> str:
    return " ".join(one_line(name).replace("_", " ").split()) or "value"


def _unit(word: str) -> str:
    """Return the unit that a word is; empty for any other word."""
    if word in _SPELLED:
        return _SPELLED[word]
    try:
        return symbol(word) if word else ""
    except UnitError:
        return ""


def checked_unit(unit: object) -> str | None:
    """Return the argument `unit` of a macro; raise FaultError."""
    if unit is None:
        return None
    if not isinstance(unit, str):
        raise FaultError(f"unit is {unit!r}", 'give it in quotes: unit="MiB"')
    try:
        return symbol(unit)
    except UnitError as error:
        raise FaultError(error.what, error.remedy) from error
