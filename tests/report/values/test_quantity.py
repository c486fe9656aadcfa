"""Quantities keep the digits and the unit of the evidence, and refuse wrong combinations."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labreport.report.values import (
    UNITS,
    AmbiguousNumberError,
    Quantity,
    UnitError,
    decimal,
    decimal_with_comma,
)

numbers = st.decimals(min_value=-(10**6), max_value=10**6, places=3)
times = st.builds(Quantity, numbers, st.sampled_from(["ns", "µs", "ms", "s", "min", "h"]))
sizes = st.builds(Quantity, numbers, st.sampled_from(["B", "kB", "MB", "KiB", "MiB", "GiB"]))


def of(text: str) -> Quantity:
    """Return the quantity in a text such as "1.620 s"."""
    number, _, unit = text.partition(" ")
    return Quantity(Decimal(number), unit)


@pytest.mark.parametrize(
    ("text", "number"), [("1.620", "1.620"), ("1,62", "1.62"), (".68", "0.68"), (",5", "0.5"), ("-3", "-3")]
)
def test_a_number_keeps_its_digits(text: str, number: str) -> None:
    """A decimal comma is read as a point."""
    assert str(decimal(text)) == number


@pytest.mark.parametrize("text", ["1,091", "999,000", "1,234,567"])
def test_a_comma_that_may_group_digits_is_ambiguous(text: str) -> None:
    """The error names the number without the comma. A tool that never groups digits has a decimal comma."""
    with pytest.raises(AmbiguousNumberError, match=f"{text} is {text.replace(',', '')} "):
        decimal(text)
    assert decimal("0,091") == decimal_with_comma("0,091")
    assert str(decimal_with_comma("1,091")) == "1.091"


@pytest.mark.parametrize("text", ["", "1.2.3", "1.234,5", "1.", "~2", "1e3", "NaN", "٣", "1 2", "1" * 41])
def test_anything_else_is_no_number(text: str) -> None:
    """Grouped digits, exponents and more than 40 digits are not numbers."""
    with pytest.raises(ValueError, match="is not a number"):
        decimal(text)


@pytest.mark.parametrize(
    ("text", "unit", "shown"),
    [
        ("1.620 s", "ms", "1620 ms"),
        ("1.6 s", "ms", "1600 ms"),
        ("90.0 s", "min", "1.50 min"),
        ("104857600 B", "MiB", "100.000000 MiB"),
        ("8.50 GB/s", "MB/s", "8500 MB/s"),
        ("0.125", "%", "12.5 %"),
        ("12 us", "µs", "12 µs"),
        ("0.00 s", "ms", "0 ms"),
    ],
)
def test_a_conversion_keeps_the_precision(text: str, unit: str, shown: str) -> None:
    """A conversion keeps the number of significant digits."""
    assert str(of(text).to(unit)) == shown


@pytest.mark.parametrize(
    ("result", "shown"),
    [
        (of("1.620 s") + of("20.5 ms"), "1.641 s"),
        (of("1.620 s") - of("0.5 s"), "1.1 s"),
        (of("3") + of("0.25"), "3.25"),
        (of("3") + of("4"), "7"),
        (of("50 %") + of("0.1"), "60 %"),
        (of("1.620 s") / of("620 ms"), "2.61"),
        (of("1.620 s") / of("2"), "0.8100 s"),
        (of("205") / of("52"), "3.94"),
        (of("100 MiB") / of("0.0123 s"), "8130 MiB/s"),
        (of("100 MiB") / of("50 MiB/s"), "2.0 s"),
        (of("50") / of("0.13 s"), "380 1/s"),
        (of("8.5 GB/s") * of("2.0 s"), "17 GB"),
        (of("50 %") * of("2.0 s"), "1.0 s"),
        (of("20.0 requests/s") * of("3.00 s"), "60.0"),
        (-of("1.620 s"), "-1.620 s"),
        (of("0.999 s") * of("1.0"), "1.0 s"),
        (of("2.961") / of("1.0"), "3.0"),
        (of("0.00 s") / of("2.0 s"), "0"),
    ],
)
def test_arithmetic_keeps_units_and_precision(result: Quantity, shown: str) -> None:
    """A sum has the fewer decimals, a product the fewer significant digits. A count limits nothing."""
    assert str(result) == shown


def test_what_is_compared_is_exact() -> None:
    """A ratio that is shown as 3.0 can be less than 3."""
    ratio = of("2.961 s") / of("1.0 s")
    assert (str(ratio), ratio.compare(of("3")), of("3").compare(ratio)) == ("3.0", -1, 1)
    assert of("1 MiB").compare(of("1048576 B")) == 0


def test_rounding_takes_digits_and_never_adds_any() -> None:
    """Rounding is half up, away from zero."""
    assert str(of("15.548 GiB").rounded(1)) == "15.5 GiB"
    assert str(of("2.5 s").rounded(0)) == "3 s"
    assert str(of("-2.5 s").rounded(0)) == "-3 s"
    assert str(of("1.5 s").rounded(4)) == "1.5 s"


def test_nonsense_names_both_units() -> None:
    """The error names both units."""
    with pytest.raises(UnitError, match=r"^1 s \+ 1 MiB has no meaning: s and MiB measure different things$"):
        of("1 s") + of("1 MiB")
    with pytest.raises(UnitError, match=r"1 s - 3 has no meaning: s and a plain number"):
        of("1 s") - of("3")
    with pytest.raises(UnitError, match="1 s and 3 cannot be compared: s and a plain number"):
        of("1 s").compare(of("3"))
    with pytest.raises(UnitError, match=r"s \* s is not a unit"):
        of("1 s") * of("1 s")
    with pytest.raises(UnitError, match="s / MiB is not a unit"):
        of("1 s") / of("1 MiB")
    for unit in ("MiB", "kg"):
        with pytest.raises(UnitError, match=f"1 s cannot be given in {unit}"):
            of("1 s").to(unit)
    with pytest.raises(UnitError, match=r"there is no unit 'm': use one of %, ns"):
        of("1 m")
    with pytest.raises(ZeroDivisionError, match=r"1 s / 0.0 s divides by zero"):
        of("1 s") / of("0.0 s")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999999999", "1e-41", "1" * 41])
def test_hostile_numbers_are_no_measurement(number: str) -> None:
    """Numbers with too many digits raise OverflowError at once."""
    with pytest.raises(OverflowError, match="has too many digits for a measurement"):
        Quantity(Decimal(number), "s")


@given(st.one_of(st.tuples(times, times), st.tuples(sizes, sizes)))
def test_comparing_is_that_of_exact_numbers(pair: tuple[Quantity, Quantity]) -> None:
    """A comparison equals that of fractions in the base unit."""
    left, right = (Fraction(one.value) * UNITS[one.unit].factor for one in pair)
    assert pair[0].compare(pair[1]) == (left > right) - (left < right) == -pair[1].compare(pair[0])


@given(times, times, sizes)
def test_arithmetic_is_that_of_exact_numbers(one: Quantity, two: Quantity, size: Quantity) -> None:
    """The exact value of a result equals that of fractions."""
    left, right = (Fraction(each.value) * UNITS[each.unit].factor for each in (one, two))
    for result, exact in [(one + two, left + right), (one - two, left - right), (-one, -left)]:
        assert result.exact * UNITS[one.unit].factor == exact
    if right:
        assert (one / two).exact == left / right
        rate = size / two
        assert UNITS[rate.unit].dimension == UNITS["B/s"].dimension
        assert (rate * two).compare(size) == 0


@given(times, st.sampled_from(["ns", "ms", "s", "min", "h"]))
def test_what_is_shown_is_within_half_a_digit(one: Quantity, unit: str) -> None:
    """A converted value is within half a digit of the exact one, and converts back exactly."""
    there = one.to(unit)
    exponent = there.value.as_tuple().exponent
    assert isinstance(exponent, int)
    assert abs(Fraction(there.value) - there.exact) <= Fraction(10) ** exponent / 2
    assert there.to(one.unit).compare(one) == 0
