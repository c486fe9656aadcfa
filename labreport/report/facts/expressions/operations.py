"""What an expression does with values: comparisons, arithmetic, functions."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cmp_to_key, reduce

from labreport.report.values.quantity import Quantity
from labreport.report.values.units import UNITS, UnitError

MIRRORED = {"<": ">", "<=": ">=", "==": "==", "!=": "!=", ">=": "<=", ">": "<"}
"""Each comparison as it is read from its other side."""

_HOLDS: dict[str, Callable[[int], bool]] = {
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    "==": lambda order: order == 0,
    "!=": lambda order: order != 0,
    ">=": lambda order: order >= 0,
    ">": lambda order: order > 0,
}

_DIGITS = 25
_DECIMALS = 20


def exact_beside(value: Quantity, other: Quantity) -> Quantity:
    """Return an author's own number so that it limits the digits of nothing made of it and `other`.

    A count has no digits that could be limited, and would have those added here.
    """
    if other.is_count or value.is_count:
        return value
    sign, digits, exponent = value.value.as_tuple()
    more = min(_DIGITS - len(digits), _DECIMALS + int(exponent))
    if more <= 0:
        return value
    return Quantity(Decimal((sign, digits + (0,) * more, int(exponent) - more)), value.unit, value.unrounded)


def has_time(value: Quantity | str) -> bool:
    """Return whether a value depends on how fast its host is: a time, a rate, and what is made of them."""
    return isinstance(value, Quantity) and UNITS[value.unit].dimension.time != 0


def must_be_alike(left: Quantity, right: Quantity) -> None:
    """Raise UnitError unless both measure the same; a share in percent and a plain number do not."""
    if left.unit == right.unit:
        return
    same = UNITS[left.unit].dimension == UNITS[right.unit].dimension
    if not same or "%" in (left.unit, right.unit):
        raise UnitError(f"{_named(left)} and {_named(right)} are not alike")


def _named(value: Quantity) -> str:
    return str(value) if value.unit else f"{value}, which has no unit,"


def compared(left: Quantity | str, operator: str, right: Quantity | str) -> bool:
    """Return whether `left` and `right` are so; raise UnitError where they cannot be compared."""
    if isinstance(left, Quantity) and isinstance(right, Quantity):
        must_be_alike(left, right)
        return _HOLDS[operator](left.compare(right))
    if isinstance(left, Quantity) or isinstance(right, Quantity):
        raise UnitError(f"{shown(left)} and {shown(right)} are a number and a text")
    if operator not in {"==", "!="}:
        raise UnitError(f"texts have no order: {operator} says nothing of {shown(left)} and {shown(right)}")
    return (left == right) == (operator == "==")


def calculated(left: Quantity, operator: str, right: Quantity) -> Quantity:
    """Return the sum, difference, product or quotient; raise UnitError or ZeroDivisionError."""
    if operator == "*":
        return left * right
    if operator == "/":
        return left / right
    must_be_alike(left, right)
    return left + right if operator == "+" else left - right


def applied(function: str, values: Sequence[Quantity]) -> Quantity:
    """Return what a function makes of values that are alike; raise ZeroDivisionError."""
    match function:
        case "abs":
            return max(values[0], -values[0], key=_order)
        case "min":
            return min(values, key=_order)
        case "max":
            return max(values, key=_order)
        case "median":
            return _median(sorted(values, key=_order))
        case "percent":
            return (values[0] / values[1]).to("%")
    return values[0] / values[1]


_order = cmp_to_key(Quantity.compare)


def _median(values: Sequence[Quantity]) -> Quantity:
    """Return the middle one, or the mean of the two in the middle."""
    middle = values[(len(values) - 1) // 2 : len(values) // 2 + 1]
    return reduce(Quantity.__add__, middle) / Quantity(Decimal(len(middle)), "")


def shown(value: Quantity | str) -> str:
    """Return a value as a reader is told of it."""
    return str(value) if isinstance(value, Quantity) else f'"{value}"'
