"""The units of a report: each symbol's dimension and its size in base units.

A lab measures two things, time and data; a share is a plain number. A decimal prefix is 1000 (kB), a binary
one 1024 (KiB), as IEC 80000-13 defines them.
"""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from labreport.contract.errors import LabError
from labreport.report.problems import meant


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

_BITS = {
    "bit": Fraction(1, 8),
    "kbit": Fraction(1000, 8),
    "Mbit": Fraction(1000**2, 8),
    "Gbit": Fraction(1000**3, 8),
}

UNITS: dict[str, Unit] = {
    "": Unit(Dimension(), Fraction(1)),
    "%": Unit(Dimension(), Fraction(1, 100)),
    **{symbol: Unit(Dimension(time=1), factor) for symbol, factor in _TIMES.items()},
    **{symbol: Unit(Dimension(data=1), factor) for symbol, factor in _SIZES.items()},
    **{f"{symbol}/s": Unit(Dimension(-1, 1), factor) for symbol, factor in _SIZES.items()},
    **{f"{symbol}/s": Unit(Dimension(-1, 1), factor) for symbol, factor in _BITS.items()},
    "1/s": Unit(Dimension(time=-1), Fraction(1)),
    "requests/s": Unit(Dimension(time=-1), Fraction(1)),
}
"""Every unit by its symbol; "" is a plain number."""

_ALIASES = {"us": "µs", "\N{GREEK SMALL LETTER MU}s": "µs"}


_SPELLED = {
    **dict.fromkeys(("sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("msec", "msecs", "millisecond", "milliseconds"), "ms"),
    **dict.fromkeys(("minute", "minutes", "mins"), "min"),
    **dict.fromkeys(("hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("byte", "bytes"), "B"),
    **dict.fromkeys(("percent", "pct"), "%"),
    **dict.fromkeys(("rps", "req/s", "reqs/s"), "requests/s"),
    **{unit.lower(): unit for unit in UNITS},
}
"""How people write units, in small letters: for a suggestion only."""


def symbol(text: str) -> str:
    """Return the symbol of the unit that a tool or a page writes as `text`; raise UnitError for no unit."""
    found = _ALIASES.get(text, text)
    if found not in UNITS:
        remedy = f"use one of {', '.join(filter(None, UNITS))}"
        raise UnitError(f"there is no unit {text!r}", meant(_SPELLED.get(text.lower(), text), UNITS, remedy))
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


MAX_DIGITS = 40
"""The most digits, and the largest exponent, of a measurement: evidence is hostile."""

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:[.,][0-9]+)?|[.,][0-9]+)", re.ASCII)
_AMBIGUOUS = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+", re.ASCII)


class AmbiguousNumberError(ValueError):
    """A number with a comma that may group digits, such as `1,091`: only its locale says what it is."""


def decimal(text: str) -> Decimal:
    """Return the number in `text` with all its digits: "1.620", "1,62" (a decimal comma) or ".68".

    Raise AmbiguousNumberError for "1,620", and ValueError for any other text, such as one with grouped
    digits.
    """
    if _AMBIGUOUS.fullmatch(text):
        other = " or a number with a decimal comma" if text.count(",") == 1 else " with digits in groups"
        raise AmbiguousNumberError(f"{text} is {text.replace(',', '')}{other}")
    return decimal_with_comma(text)


def decimal_with_comma(text: str) -> Decimal:
    """Return the number that a tool printed which never groups digits: "1,620" is 1.620. Raise ValueError."""
    if not _NUMBER.fullmatch(text) or len(text) > MAX_DIGITS:
        raise ValueError(f"{text!r} is not a number: write it like 1.620")
    return Decimal(text.replace(",", "."))


@dataclass(frozen=True)
class Quantity:
    """A number as it is shown, and the symbol of its unit, "" for a plain number.

    `unrounded` is the exact value of a result of arithmetic.
    """

    value: Decimal
    unit: str
    unrounded: Fraction | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "unit", symbol(self.unit))
        _sign, digits, exponent = self.value.as_tuple()
        if not isinstance(exponent, int) or abs(exponent) > MAX_DIGITS or len(digits) > MAX_DIGITS:
            raise OverflowError(f"{self.value:.6g} {self.unit} has too many digits for a measurement")

    def __str__(self) -> str:
        return f"{self.value:f} {self.unit}".rstrip()

    @property
    def exact(self) -> Fraction:
        """The exact value in the quantity's unit."""
        return Fraction(self.value) if self.unrounded is None else self.unrounded

    @property
    def is_count(self) -> bool:
        """Whether this is a plain whole number."""
        return self.unit == "" and _exponent(self.value) >= 0

    def to(self, unit: str) -> "Quantity":
        """Return the quantity in another `unit`, with as many significant digits; raise UnitError."""
        if unit == self.unit:
            return self
        if unit not in UNITS or UNITS[unit].dimension != UNITS[self.unit].dimension:
            raise UnitError(f"{self} cannot be given in {_unit_name(unit)}")
        exact = self.exact * UNITS[self.unit].factor / UNITS[unit].factor
        return _to_digits(exact, unit, _digits(self.value))

    def rounded(self, decimals: int) -> "Quantity":
        """Return the quantity with at most `decimals` decimals; it gets no digits that the evidence lacks."""
        return _round(self.exact, self.unit, max(-decimals, _exponent(self.value)))

    def compare(self, other: "Quantity") -> int:
        """Return -1, 0 or 1 if this is less than, equal to or more than `other`; raise UnitError."""
        left, right = UNITS[self.unit], UNITS[other.unit]
        if left.dimension != right.dimension:
            raise UnitError(f"{self} and {other} cannot be compared: {_different_units(self, other)}")
        difference = self.exact * left.factor - other.exact * right.factor
        return (difference > 0) - (difference < 0)

    def __add__(self, other: "Quantity") -> "Quantity":
        """Return the sum in this quantity's unit, with the fewer decimals of the two; raise UnitError."""
        return self._sum(other, "+", 1)

    def __sub__(self, other: "Quantity") -> "Quantity":
        """Return the difference in the unit of this quantity, as `__add__` does; raise UnitError."""
        return self._sum(other, "-", -1)

    def _sum(self, other: "Quantity", sign: str, factor: int) -> "Quantity":
        if UNITS[self.unit].dimension != UNITS[other.unit].dimension:
            raise UnitError(f"{self} {sign} {other} has no meaning: {_different_units(self, other)}")
        right = other.to(self.unit)
        limits = [_exponent(one.value) for one in (self, right) if not one.is_count]
        exponent = max(limits) if limits else min(_exponent(self.value), _exponent(right.value))
        return _round(self.exact + factor * right.exact, self.unit, exponent)

    def __neg__(self) -> "Quantity":
        return _round(-self.exact, self.unit, _exponent(self.value))

    def __mul__(self, other: "Quantity") -> "Quantity":
        """Return the product, with the significant digits of the less precise factor; raise UnitError."""
        dimension = UNITS[self.unit].dimension * UNITS[other.unit].dimension
        unit = symbol_for(dimension, (self.unit, other.unit))
        if unit is None:
            raise _no_unit(self, "*", other)
        factor = UNITS[self.unit].factor * UNITS[other.unit].factor / UNITS[unit].factor
        return _to_digits(self.exact * other.exact * factor, unit, _precision(self, other))

    def __truediv__(self, other: "Quantity") -> "Quantity":
        """Return the quotient, with the significant digits of the less precise operand.

        Raise UnitError or ZeroDivisionError.
        """
        if not other.exact:
            raise ZeroDivisionError(f"{self} / {other} divides by zero")
        dimension = UNITS[self.unit].dimension / UNITS[other.unit].dimension
        unit = symbol_for(dimension, (self.unit, other.unit))
        if unit is None:
            raise _no_unit(self, "/", other)
        factor = UNITS[self.unit].factor / UNITS[other.unit].factor / UNITS[unit].factor
        return _to_digits(self.exact / other.exact * factor, unit, _precision(self, other))


def _different_units(left: Quantity, right: Quantity) -> str:
    return f"{_unit_name(left.unit)} and {_unit_name(right.unit)} measure different things"


def _no_unit(left: Quantity, sign: str, right: Quantity) -> UnitError:
    units = f"{_unit_name(left.unit)} {sign} {_unit_name(right.unit)}"
    return UnitError(f"{left} {sign} {right}: {units} is not a unit")


def _unit_name(unit: str) -> str:
    return unit or "a plain number"


def _exponent(value: Decimal) -> int:
    """Return the power of ten of the last digit: -3 for 1.620."""
    exponent = value.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _digits(value: Decimal) -> int:
    """Return the number of significant digits: 4 for 1.620, 2 for 0.0026."""
    return len(value.as_tuple().digits)


def _precision(left: Quantity, right: Quantity) -> int:
    """Return the number of significant digits of a product or quotient: that of the less precise operand."""
    limits = [_digits(one.value) for one in (left, right) if not one.is_count]
    return min(limits) if limits else max(_digits(left.value), _digits(right.value))


def _to_digits(exact: Fraction, unit: str, digits: int) -> Quantity:
    """Return `exact` rounded to `digits` significant digits."""
    if exact == 0:
        return _round(exact, unit, 1 - digits)
    power = len(str(abs(exact.numerator))) - len(str(exact.denominator))
    if abs(exact) < Fraction(10) ** power:
        power -= 1
    rounded = _round(exact, unit, power + 1 - digits)
    if _digits(rounded.value) > digits:  # 0.999 to two digits is 1.0
        return _round(exact, unit, power + 2 - digits)
    return rounded


def _round(exact: Fraction, unit: str, exponent: int) -> Quantity:
    """Return `exact` rounded half up, away from zero, to the given power of ten."""
    whole = (abs(exact) / Fraction(10) ** exponent + Fraction(1, 2)) // 1
    sign = "-" if exact < 0 else ""
    return Quantity(Decimal(f"{sign}{whole}E{exponent}"), unit, exact)
