"""Quantities: a number with the digits that the evidence has, and its unit.

Arithmetic keeps units and refuses nonsense. What it shows is rounded half up to the precision of what it was
made from; what it compares is exact, so that a sum or a ratio of many steps never turns on a rounding. A
plain whole number is a count, and exact: it limits no precision.
"""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cache

from labreport.report.values.units import UNITS, UnitError, symbol, symbol_for

__all__ = ["MAX_DIGITS", "Quantity", "UnitError", "decimal"]

MAX_DIGITS = 40
"""Evidence is hostile: a number of more digits than these, or a larger exponent, is none of a measurement."""

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:[.,][0-9]+)?|[.,][0-9]+)", re.ASCII)


def decimal(text: str) -> Decimal:
    """Return the number in `text` with all its digits: "1.620", "1,620" (a decimal comma) or ".68".

    Raises ValueError for anything else; digits are never grouped.
    """
    if not _NUMBER.fullmatch(text) or len(text) > MAX_DIGITS:
        raise ValueError(f"{text!r} is no number: write it like 1.620")
    return Decimal(text.replace(",", "."))


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number as it is shown, and its unit's symbol, "" for a plain number.

    `unrounded` is what the shown value was rounded from, where it is the result of arithmetic.
    """

    value: Decimal
    unit: str
    unrounded: Fraction | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if (unit := symbol(self.unit)) != self.unit:
            object.__setattr__(self, "unit", unit)
        _sign, digits, exponent = self.value.as_tuple()
        if not isinstance(exponent, int) or abs(exponent) > MAX_DIGITS or len(digits) > MAX_DIGITS:
            raise OverflowError(f"{self.value:.6g} {self.unit} is no measurement: it has too many digits")

    def __str__(self) -> str:
        return f"{self.value:f} {self.unit}".rstrip()

    @property
    def exact(self) -> Fraction:
        """The value in its unit, unrounded."""
        return Fraction(self.value) if self.unrounded is None else self.unrounded

    @property
    def is_count(self) -> bool:
        """Whether this is a plain whole number, which is exact."""
        return self.unit == "" and _exponent(self.value) >= 0

    def to(self, unit: str) -> "Quantity":
        """Return the same in another `unit`, with as many significant digits; raise UnitError."""
        if unit == self.unit:
            return self
        if unit not in UNITS or UNITS[unit].dimension != UNITS[self.unit].dimension:
            raise UnitError(f"{self} cannot be given in {_name(unit)}")
        exact = self.exact * UNITS[self.unit].factor / UNITS[unit].factor
        return _significant(exact, unit, _digits(self.value))

    def rounded(self, decimals: int) -> "Quantity":
        """Return the same with at most so many decimals; digits that the evidence has not are never added."""
        return _round(self.exact, self.unit, max(-decimals, _exponent(self.value)))

    def compare(self, other: "Quantity") -> int:
        """Return -1, 0 or 1 where this is less than, equal to or more than `other`; raise UnitError."""
        if self.unit == other.unit:
            if self.unrounded is other.unrounded is None:
                return (self.value > other.value) - (self.value < other.value)
            return (self.exact > other.exact) - (self.exact < other.exact)
        left, right = UNITS[self.unit], UNITS[other.unit]
        if left.dimension != right.dimension:
            raise UnitError(f"{self} and {other} cannot be compared: {_units(self, other)}")
        difference = self.exact * left.factor - other.exact * right.factor
        return (difference > 0) - (difference < 0)

    def __add__(self, other: "Quantity") -> "Quantity":
        """Return the sum in this one's unit, with the fewer decimals."""
        return self._sum(other, "+", 1)

    def __sub__(self, other: "Quantity") -> "Quantity":
        """Return the difference in this one's unit, with the fewer decimals."""
        return self._sum(other, "-", -1)

    def _sum(self, other: "Quantity", sign: str, factor: int) -> "Quantity":
        if UNITS[self.unit].dimension != UNITS[other.unit].dimension:
            raise UnitError(f"{self} {sign} {other} is nonsense: {_units(self, other)}")
        right = other.to(self.unit)
        limits = [_exponent(one.value) for one in (self, right) if not one.is_count]
        exponent = max(limits) if limits else min(_exponent(self.value), _exponent(right.value))
        return _round(self.exact + factor * right.exact, self.unit, exponent)

    def __neg__(self) -> "Quantity":
        """Return the same below zero."""
        return _round(-self.exact, self.unit, _exponent(self.value))

    def __mul__(self, other: "Quantity") -> "Quantity":
        """Return the product, with the significant digits of the less precise; raise UnitError."""
        unit, factor = _unit_of(self, other, "*")
        return _significant(_times(self.exact * other.exact, factor), unit, _precision(self, other))

    def __truediv__(self, other: "Quantity") -> "Quantity":
        """Return the quotient, with the significant digits of the less precise; raise UnitError.

        Raises ZeroDivisionError, too.
        """
        divisor = other.exact
        if not divisor:
            raise ZeroDivisionError(f"{self} / {other} divides by zero")
        unit, factor = _unit_of(self, other, "/")
        return _significant(_times(self.exact / divisor, factor), unit, _precision(self, other))


def _units(left: Quantity, right: Quantity) -> str:
    return f"{_name(left.unit)} and {_name(right.unit)} measure different things"


def _name(unit: str) -> str:
    return unit or "a plain number"


def _unit_of(left: Quantity, right: Quantity, sign: str) -> tuple[str, Fraction]:
    """Return the unit of a product or quotient, and what the numbers' own has to be multiplied by."""
    found = _combined(left.unit, sign, right.unit)
    if found is None:
        raise UnitError(
            f"{left} {sign} {right}: {_name(left.unit)} {sign} {_name(right.unit)} is no unit here"
        )
    return found


@cache
def _combined(one: str, sign: str, other: str) -> tuple[str, Fraction] | None:
    """Return the unit that two make, as near to them as there is one, and its factor; None for none."""
    left, right = UNITS[one], UNITS[other]
    product = sign == "*"
    dimension = left.dimension * right.dimension if product else left.dimension / right.dimension
    unit = symbol_for(dimension, (one, other))
    if unit is None:
        return None
    factor = left.factor * right.factor if product else left.factor / right.factor
    return unit, factor / UNITS[unit].factor


def _times(exact: Fraction, factor: Fraction) -> Fraction:
    """Return the product; most units need none."""
    return exact if factor == 1 else exact * factor


def _exponent(value: Decimal) -> int:
    """Return the power of ten of the last digit: -3 for 1.620."""
    exponent = value.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _digits(value: Decimal) -> int:
    """Return how many significant digits there are: 4 for 1.620, 2 for 0.0026."""
    return len(value.as_tuple().digits)


def _precision(left: Quantity, right: Quantity) -> int:
    """Return how many digits a product or quotient has: those of the less precise; counts limit nothing."""
    limits = [_digits(one.value) for one in (left, right) if not one.is_count]
    return min(limits) if limits else max(_digits(left.value), _digits(right.value))


def _significant(exact: Fraction, unit: str, digits: int) -> Quantity:
    """Return `exact` rounded to so many significant digits."""
    if exact == 0:
        return _round(exact, unit, 1 - digits)
    power = len(str(abs(exact.numerator))) - len(str(exact.denominator))
    over, under = _scaled(exact, power)
    if over < under:
        power -= 1
    shown = _round(exact, unit, power + 1 - digits)
    if _digits(shown.value) > digits:  # 0.999 to two digits is 1.0
        return _round(exact, unit, power + 2 - digits)
    return shown


def _round(exact: Fraction, unit: str, exponent: int) -> Quantity:
    """Return `exact` rounded half up, away from zero, to the given power of ten."""
    over, under = _scaled(exact, exponent)
    whole = (2 * over + under) // (2 * under)
    sign = "-" if exact.numerator < 0 else ""
    return Quantity(Decimal(f"{sign}{whole}E{exponent}"), unit, exact)


def _scaled(exact: Fraction, exponent: int) -> tuple[int, int]:
    """Return numerator and denominator of `exact` without its sign, in units of the given power of ten."""
    over, under = abs(exact.numerator), exact.denominator
    return (over * 10**-exponent, under) if exponent < 0 else (over, under * 10**exponent)
