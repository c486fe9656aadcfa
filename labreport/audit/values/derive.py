"""Calculate values from those of one file: differences, ratios, percentages, means and medians."""

from collections.abc import Iterator, Sequence
from itertools import permutations

from labreport.audit.values.measured import Measured, Numbers, statistics
from labreport.audit.values.stated import Stated
from labreport.report.values import UNITS, Dimension

_MOST_OPERANDS = 12
"""A file with more labelled values than this is a series: pairs of its values calculate nothing."""
_FRACTION_DIGITS = 3
"""From this number of decimals on, a number without a unit may be a time in seconds."""
_AGGREGATES_TEXT = """
avg average mean median min max minimum maximum stddev
"""
_AGGREGATES = frozenset(_AGGREGATES_TEXT.split())
_MEANS_TEXT = """
avg average averages averaged mean median typical
"""
_MEANS = frozenset(_MEANS_TEXT.split())
_SPREAD_TEXT = """
range spread jitter variance variation varies between
"""
_SPREAD = frozenset(_SPREAD_TEXT.split())
_DIFFERENCE_TEXT = """
add adds added adding overhead extra longer difference slower faster penalty more less fewer additional
increase increases saved gap delta higher lower plus cost
"""
_DIFFERENCE = frozenset(_DIFFERENCE_TEXT.split())
_TIME_WORDS_TEXT = """
slower faster time times startup start latency seconds overhead quicker longer boot
"""
_TIME_WORDS = frozenset(_TIME_WORDS_TEXT.split())
_COUNT_WORDS_TEXT = """
entries modules processes reduction fewer more devices capabilities files surface
"""
_COUNT_WORDS = frozenset(_COUNT_WORDS_TEXT.split())


def shares(stated: Stated, one: Measured) -> bool:
    """Return whether a text has a word of a number of the evidence: of its labels, or of its file's name."""
    return bool(stated.context & (one.labels | one.topic))


def calculated(stated: Stated, numbers: Numbers) -> Iterator[tuple[str, float, tuple[Measured, ...]]]:
    """Yield what can be calculated from the values of one file that the text may be about."""
    if stated.unit not in UNITS:
        return
    dimension = UNITS[stated.unit].dimension
    for values in numbers.by_file.values():
        if not any(shares(stated, one) for one in values):
            continue
        yield from _of_series(stated, dimension, values)
        operands = [one for one in values if one.value > 0 and one.headline]
        if len(operands) > _MOST_OPERANDS:
            operands = [one for one in operands if stated.label & one.labels][:_MOST_OPERANDS]
        for one, other in permutations(operands, 2):
            if _go_together(stated, one, other):
                yield from _of_pair(stated, one, other)


def _of_pair(
    stated: Stated, one: Measured, other: Measured
) -> Iterator[tuple[str, float, tuple[Measured, ...]]]:
    """Yield the difference, the ratio or the percentages of two values, as the stated unit asks for."""
    pair = (one, other)
    if stated.unit == "":
        yield f"{one.written} / {other.written}", one.value / other.value, pair
    elif stated.unit == "%":
        yield f"{one.written} / {other.written}", 100 * one.value / other.value, pair
        change = abs(100 * (one.value - other.value) / other.value)
        yield f"({one.written} - {other.written}) / {other.written}", change, pair
    elif (
        one.value >= other.value
        and UNITS[stated.unit].dimension == one.dimension
        and stated.context & (_DIFFERENCE | _SPREAD)
    ):
        yield f"{one.written} - {other.written}", one.value - other.value, pair


def _go_together(stated: Stated, one: Measured, other: Measured) -> bool:
    """Return whether a text may calculate with two values: they measure the same of two things."""
    if one.dimension != other.dimension or bool(one.unit) != bool(other.unit) or one.unit == "%":
        return False
    if one.labels == other.labels or not _in_this_text(stated, one, other):
        return False
    both_aggregates = one.labels & _AGGREGATES and other.labels & _AGGREGATES
    return not both_aggregates or bool(stated.context & _SPREAD)


def _in_this_text(stated: Stated, one: Measured, other: Measured) -> bool:
    """Return whether two values may be those that a text calculates with: times for a text about times."""
    about_time = not stated.context.isdisjoint(_TIME_WORDS)
    if one.unit:
        return about_time or one.dimension != Dimension(time=1) or shares(stated, other)
    return not about_time or bool(stated.context & _COUNT_WORDS)


def _of_series(
    stated: Stated, dimension: Dimension, values: Sequence[Measured]
) -> Iterator[tuple[str, float, tuple[Measured, ...]]]:
    if dimension == Dimension() or stated.context.isdisjoint(_MEANS):
        return
    series = [one for one in values if one.headline and one.dimension == dimension and one.unit]
    if not series and dimension == Dimension(time=1):
        series = [one for one in values if not one.unit and one.decimals >= _FRACTION_DIGITS]
    groups: dict[frozenset[str], list[Measured]] = {}
    for one in series:
        groups.setdefault(one.labels, []).append(one)
    for group in groups.values():
        for name, value in statistics(group):
            yield f"{name} in {group[0].file.path}", value, tuple(group[:2])
