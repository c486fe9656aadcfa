"""The units of a report: each symbol's dimension and its size in base units.

A lab measures two things, time and data; a share is a plain number. A decimal prefix is 1000 (kB), a binary
one 1024 (KiB), as IEC 80000-13 defines them.
"""

from dataclasses import dataclass
from fractions import Fraction

from labreport.contract.errors import LabError


class UnitError(LabError):
    """Units that cannot be combined, or a symbol that is not a unit."""


@dataclass(frozen=True)
class Dimension:
    """What is measured, as powers of time and data: a data rate is time -1, data 1."""

    time: int = 0
    data: int = 0

    def __mul__(self, other: "Dimension") -> "Dimension":
        return Dimension(self.time + other.time, self.data + other.data)

    def __truediv__(self, other: "Dimension") -> "Dimension":
        return Dimension(self.time - other.time, self.data - other.data)


@dataclass(frozen=True)
class Unit:
    """A unit: its dimension, and its size in seconds, bytes or a combination of them."""

    dimension: Dimension
    factor: Fraction


_TIMES = {
    "ns": Fraction(1, 10**9),
    "µs": Fraction(1, 10**6),
    "ms": Fraction(1, 1000),
    "s": Fraction(1),
    "min": Fraction(60),
    "h": Fraction(3600),
}
_SIZES = {
    "B": Fraction(1),
    "kB": Fraction(1000),
    "MB": Fraction(1000**2),
    "GB": Fraction(1000**3),
    "TB": Fraction(1000**4),
    "KiB": Fraction(1024),
    "MiB": Fraction(1024**2),
    "GiB": Fraction(1024**3),
    "TiB": Fraction(1024**4),
}

UNITS: dict[str, Unit] = {
    "": Unit(Dimension(), Fraction(1)),
    "%": Unit(Dimension(), Fraction(1, 100)),
    **{symbol: Unit(Dimension(time=1), factor) for symbol, factor in _TIMES.items()},
    **{symbol: Unit(Dimension(data=1), factor) for symbol, factor in _SIZES.items()},
    **{f"{symbol}/s": Unit(Dimension(-1, 1), factor) for symbol, factor in _SIZES.items()},
    "1/s": Unit(Dimension(time=-1), Fraction(1)),
    "requests/s": Unit(Dimension(time=-1), Fraction(1)),
}
"""Every unit by its symbol; "" is a plain number."""

_ALIASES = {"us": "µs", "\N{GREEK SMALL LETTER MU}s": "µs"}


def symbol(text: str) -> str:
    """Return the symbol of the unit that a tool or a page writes as `text`; raise UnitError for no unit."""
    found = _ALIASES.get(text, text)
    if found not in UNITS:
        raise UnitError(f"there is no unit {text!r}", f"use one of {', '.join(filter(None, UNITS))}")
    return found


def symbol_for(dimension: Dimension, operands: tuple[str, ...]) -> str | None:
    """Return the unit of a result that was calculated from units `operands`, None if there is none.

    An operand's own unit is preferred (2 * 3 ms is in ms), then one with an operand's prefix (MiB / s is
    MiB/s), then the base unit.
    """
    if dimension == Dimension():
        return ""
    candidates = [unit for one in operands for unit in (one, one.removesuffix("/s"), f"{one}/s")]
    for unit in [*candidates, "s", "1/s"]:
        if unit in UNITS and UNITS[unit].dimension == dimension:
            return unit
    return None
