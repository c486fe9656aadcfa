"""Find a stated number in the evidence: as it is, rounded, or calculated from values of one file."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from labreport.audit.model import ValueVerdict as V
from labreport.audit.values.derive import calculated, shares
from labreport.audit.values.measured import Measured, Numbers, words_of
from labreport.audit.values.stated import BARE, Stated
from labreport.report.values import UNITS, Dimension

_THINGS_TEXT = """
modules processes entries requests samples interfaces files devices capabilities cores threads runs lines
"""
_THINGS = frozenset(_THINGS_TEXT.split())
"""What a report counts: the modules of one file are not the processes of another."""
HELD = (V.FOUND, V.ROUNDED, V.DERIVED)
"""The verdicts on a number that the evidence has, the surest first."""
_NUMBER = re.compile(r"\d+(?:[.,]\d+)+|\d{3,}")
_OF_ELSEWHERE = re.compile(
    r"\b(?:environment|laptop|my (?:machine|computer|host)|RAM|download\w*|release|archive|tarball)\b",
    re.IGNORECASE,
)
"""Sentences whose sizes no run of the lab measures."""
_LONGEST = 2000
_BYTES, _KILO = 100_000, 1000
"""From this number on, a whole number without a unit may be a size in bytes."""
_CLEAR_DIGITS = 3
"""From this number of digits on, a value identifies itself without a label."""
_TOLERANCE = 1e-9
_SAME = 0.02
"""How far two values must be apart so that one contradicts the other."""
_NEAR = 0.1
"""How far an estimate may be from the value it is an estimate of."""


@dataclass(frozen=True)
class LookedUp:
    """The verdict on a number: why, how it is calculated, what the evidence says instead, and where."""

    verdict: V
    why: str
    sources: tuple[Measured, ...] = ()
    how: str = ""
    expected: str = ""


def look_up(stated: Stated, numbers: Numbers) -> LookedUp:
    """Return the verdict on a stated number."""
    if not stated.values:
        return LookedUp(V.NOT_JUDGED, stated.vague)
    ends = [_one(stated, value, numbers) for value in stated.values]
    if all(ends):
        worst = max(ends, key=lambda one: HELD.index(one.verdict) if one else 0)
        assert worst is not None  # noqa: S101 # all of them are there
        sources = tuple(source for one in ends if one for source in one.sources)
        return LookedUp(worst.verdict, worst.why, sources, worst.how)
    if stated.vague:
        return LookedUp(V.NOT_JUDGED, stated.vague)
    return _other(stated, numbers)


def _one(stated: Stated, value: float, numbers: Numbers) -> LookedUp | None:
    """Return where one value is in the evidence, None if it is nowhere."""
    same = _comparable(stated, numbers)
    exact = [one for one in same if _equals(stated, value, one) and _is_clear(stated, one)]
    if exact:
        return _as_it_is(stated, exact, V.FOUND)
    if stated.unit == BARE:
        return None
    close = [one for one in same if rounds(one.value, value, stated.step)]
    if close := [one for one in close if _is_clear(stated, one, rounded=True)]:
        return _as_it_is(stated, close, V.ROUNDED)
    return _derived(stated, value, numbers) or _estimated(stated, value, same)


def _equals(stated: Stated, value: float, one: Measured) -> bool:
    """Return whether a number of the evidence is a stated one; one without a unit may be written as it is."""
    values = {value} if one.unit or stated.unit == BARE else {value, _bare(stated)}
    return any(abs(one.value - other) <= _TOLERANCE * max(1.0, abs(other)) for other in values)


def _as_it_is(stated: Stated, found: Sequence[Measured], verdict: V) -> LookedUp:
    """Return the verdict on a number that the evidence has, or that a group of rows comes to."""
    best = max(found, key=lambda one: (not one.statistic, one.file.path in stated.near, *_fit(stated, one)))
    if best.statistic:
        return LookedUp(V.DERIVED, best.written, (best,), best.written)
    rounded = ", rounded" if verdict is V.ROUNDED else ""
    how = best.written if verdict is V.ROUNDED else ""
    return LookedUp(verdict, f"{best.written} in {best.place}{rounded}", (best,), how)


def _derived(stated: Stated, value: float, numbers: Numbers) -> LookedUp | None:
    """Return how a number can be calculated from values of one file, None if it cannot."""
    for how, result, sources in calculated(stated, numbers):
        margin = abs(result) * _NEAR if stated.vague == "an estimate" else 0.0
        margin = max(margin, _trailing(stated) / 2 if stated.unit in {"", "%"} else 0.0)
        if abs(result - value) <= margin or rounds(result, value, stated.step):
            return LookedUp(V.DERIVED, how, sources, how)
    return None


def _estimated(stated: Stated, value: float, same: Sequence[Measured]) -> LookedUp | None:
    """Return what an estimate is an estimate of, None if it is none or far from everything."""
    if stated.vague == "an estimate":
        near = [
            one for one in same if abs(one.value - value) <= abs(one.value) * _NEAR and shares(stated, one)
        ]
        if near:
            best = max(near, key=lambda one: _agreement(stated, one))
            return LookedUp(
                V.ROUNDED, f"{best.written} in {best.place}, as an estimate", (best,), best.written
            )
    return None


def rounds(value: float, shown: float, step: float) -> bool:
    """Return whether a value is shown with fewer digits: rounded, or cut."""
    slack = step * 1e-6
    return abs(value - shown) <= step / 2 + slack or (
        shown != 0 and 0 <= abs(value) - abs(shown) < step - slack
    )


def _bare(stated: Stated) -> float:
    """Return the number as it is written, without its unit: `mtu 1500` is 1500 B."""
    factor = float(UNITS[stated.unit].factor) if stated.unit in UNITS else 1.0
    return stated.values[0] / factor


def _trailing(stated: Stated) -> float:
    """Return the size of the last digit that is not 0: 100 of 400 %."""
    digits = stated.text.strip("+-~%\u00d7 x")
    zeros = len(digits) - len(digits.rstrip("0")) if digits.isdigit() else 0
    return float(10**zeros) if zeros else stated.step


def _comparable(stated: Stated, numbers: Numbers) -> Sequence[Measured]:
    """Return the numbers of the evidence that measure the same as a stated one."""
    if stated.unit == BARE or stated.unit not in UNITS:
        return numbers.plain.get(stated.values[0], [])
    dimension = UNITS[stated.unit].dimension
    if dimension == Dimension():
        return numbers.by_dimension.get(dimension, []) if stated.unit == "%" else []
    bare = numbers.bare_fractions if dimension == Dimension(time=1) else numbers.plain.get(_bare(stated), [])
    return [*numbers.by_dimension.get(dimension, []), *bare]


def _agreement(stated: Stated, one: Measured) -> int:
    return 3 * len(stated.label & one.labels) + len(stated.context & (one.labels | one.topic))


def _fit(stated: Stated, one: Measured) -> tuple[int, int, int, int]:
    """Return how well a line of the evidence fits a sentence: by other numbers of both, and by its words."""
    lines, at = one.file.lines, max(0, one.line - 1)
    there = _numbers(lines[at].text[:_LONGEST] if at < len(lines) else "")
    told = _numbers(stated.sentence)
    together = len(told & there)
    return (together if together > 1 else 0, _agreement(stated, one), together, -len(there - told))


@lru_cache(maxsize=4096)
def _numbers(text: str) -> frozenset[str]:
    return frozenset(_NUMBER.findall(text))


def _counts_others(stated: Stated, one: Measured) -> bool:
    """Return whether a text counts one sort of things, and a number of the evidence another."""
    counted, other = words_of(stated.text) & _THINGS, one.labels & _THINGS
    return bool(counted) and bool(other) and not counted & (other | one.topic)


def _is_clear(stated: Stated, one: Measured, *, rounded: bool = False) -> bool:
    """Return whether a number of the evidence is meant, and not just equal by chance."""
    if stated.unit == BARE or stated.unit not in UNITS:
        if _counts_others(stated, one):
            return False
        is_about = stated.digits >= 2 and bool(stated.context & one.labels)  # noqa: PLR2004 # as below
        return bool(stated.label & one.labels) or (is_about and bool(stated.context & one.topic))
    if one.statistic:
        return _is_of_group(stated, one)
    if one.is_part and not stated.label & one.labels:
        return False
    is_bare = not one.unit and one.decimals < _CLEAR_DIGITS
    if stated.digits < 2 or is_bare:  # noqa: PLR2004 # a number of one digit could be anything
        return bool(stated.label & one.labels)
    return stated.digits >= _CLEAR_DIGITS + rounded or shares(stated, one)


def _is_of_group(stated: Stated, one: Measured) -> bool:
    """Return whether a text is about the group of rows that a statistic is of."""
    words = stated.label | stated.context
    return (bool(one.labels) and one.labels <= words) or (one.simple and bool(one.topic & words))


def _other(stated: Stated, numbers: Numbers) -> LookedUp:
    """Return the verdict on a number that is not in the evidence: what the evidence has for it."""
    candidates = [one for one in numbers.all if _is_same_kind(stated, one)]
    labelled = [
        one for one in candidates if one.headline and not one.statistic and _says_the_same(stated, one)
    ]
    if labelled:
        values = {one.value for one in labelled}
        best = max(labelled, key=lambda one: _agreement(stated, one))
        expected = f"{best.written} in {best.place}"
        apart = abs(best.value - stated.values[0]) > _SAME * max(abs(best.value), abs(stated.values[0]))
        if len(values) == 1 and apart:
            return LookedUp(V.CONTRADICTED, f"the evidence has {expected}", (best,), expected=best.written)
        what = f"one of {len(values)} values is" if len(values) > 1 else "the evidence has"
        return LookedUp(V.DIFFERS, f"{what} {expected}", (best,), expected=best.written)
    if stated.unit == BARE or stated.unit not in UNITS or stated.unit == "":
        return LookedUp(V.NOT_JUDGED, "a number that no label of the evidence fits")
    near = [one for one in candidates if stated.label & one.labels and one.headline and not one.statistic]
    if near:
        best = min(near, key=lambda one: (-_agreement(stated, one), abs(one.value - stated.values[0])))
        return LookedUp(
            V.DIFFERS, f"the nearest is {best.written} in {best.place}", (best,), expected=best.written
        )
    return _nowhere(stated, (*candidates, *numbers.all))


def _nowhere(stated: Stated, candidates: Sequence[Measured]) -> LookedUp:
    """Return the verdict on a number that nothing in the evidence is labelled as."""
    same = next((one for one in candidates if _is_this_number(stated, one)), None)
    if same or stated.digits < 2:  # noqa: PLR2004 # a number of one digit could be anything
        where = f"{same.place} has this number too" if same else "a number of one digit"
        return LookedUp(V.NOT_JUDGED, f"{where}, and no label says what it is")
    if stated.is_title:
        return LookedUp(V.NOT_JUDGED, "in a heading, which may name a setting")
    if _OF_ELSEWHERE.search(stated.sentence):
        return LookedUp(V.NOT_JUDGED, "the size of a download, or of the author's own machine")
    return LookedUp(
        V.NOWHERE, "the evidence has no such value, and no values of a file that the text is about give it"
    )


def _is_this_number(stated: Stated, one: Measured) -> bool:
    """Return whether a number of the evidence is a stated one; without a unit it has to have its digits.

    A large whole number without a unit may be bytes, as `ls -l` prints them.
    """
    if not one.unit and one.value >= _BYTES and UNITS[stated.unit].dimension == Dimension(data=1):
        return _rounds_bytes(stated, one.value)
    if not one.unit:
        return abs(one.value - _bare(stated)) <= _TOLERANCE and one.decimals == stated.decimals
    if one.dimension != UNITS[stated.unit].dimension:
        return False
    return _equals(stated, stated.values[0], one) or rounds(one.value, stated.values[0], stated.step)


def _rounds_bytes(stated: Stated, count: float) -> bool:
    """Return whether a size is that of so many bytes, rounded or cut, in decimal or in binary units."""
    shown, factor = _bare(stated), float(UNITS[stated.unit].factor)
    step = stated.step / factor
    power = round(math.log(factor, 1000)) if factor >= _KILO else 0
    return any(rounds(count / base**power, shown, step) for base in (_KILO, 1024))


def _is_same_kind(stated: Stated, one: Measured) -> bool:
    if stated.unit in UNITS and stated.unit not in {"", "%"}:
        return one.unit != "" and one.dimension == UNITS[stated.unit].dimension
    return one.unit == "" and stated.unit not in UNITS


def _says_the_same(stated: Stated, one: Measured) -> bool:
    """Return whether label and file of a number of the evidence are those of a stated number."""
    told = stated.label | stated.context | one.topic
    return (
        stated.label <= (one.labels | one.topic)
        and len(one.labels & told) * 2 > len(one.labels)
        and bool(stated.label & one.labels)
        and bool(stated.context & one.topic)
    )
