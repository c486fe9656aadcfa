"""Search for a change of the evidence that turns a claim, given nothing but its text.

A fact turns a claim if two files that differ in this fact alone make the claim hold and not hold. Another
file may have to be changed first, for both: the other half of an `or` may hold, another value be the `min`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from itertools import chain

from labreport.report.facts.expressions.calculate import FactValue
from labreport.report.facts.expressions.evaluate import Evaluation, EvaluationState, judge
from labreport.report.facts.expressions.nodes import LiteralNode
from labreport.report.facts.expressions.parse import parse
from labreport.report.facts.facts import Fact
from labreport.report.facts.readings import NoValue, Reading, Readings, read_bytes
from labreport.report.problems import FaultError
from labreport.report.source.slices import Content, cut
from labreport.report.values import UNITS, Quantity

FACTORS = tuple(map(Fraction, ("0", "1/1000", "1/10", "1/2", "9/10", "11/10", "2", "10", "1000")))
"""What a number of a file is multiplied by, beside what would make it equal to another of the claim."""
NEAR = tuple(map(Fraction, ("99/100", "1", "101/100")))
_NUMBER = re.compile(rb"[0-9]+(?:[.,][0-9]+)?")
_DECIMAL = re.compile(rb"[0-9]+\.[0-9]+")
_WORD = re.compile(rb"[a-z]+")


@dataclass(frozen=True)
class Turn:
    """The evidence files, by path, with which a claim holds, and those that contradict it.

    `value` is the fact's value in the latter, as the report shows it.
    """

    holds: Mapping[str, bytes]
    contradicted: Mapping[str, bytes]
    value: str


@dataclass(frozen=True)
class Claimed:
    """A claim's condition and its facts, each of which has one value."""

    condition: str
    facts: Mapping[str, Fact]
    readings: Mapping[str, Reading]
    files: Mapping[str, bytes]

    @cached_property
    def _wanted(self) -> tuple[Quantity | str, ...]:
        """The values in the claim. A fact is made equal to them, and a little smaller or larger."""
        literals = [one.value for one in parse(self.condition).parts if isinstance(one, LiteralNode)]
        return (*literals, *(_value(one).value for one in self.readings.values()))

    def turn(self, fact: str) -> Turn | None:
        """Return how this fact turns the claim, None if nothing turned it.

        Facts of one file change together, so the reason for the contradiction must name this fact.
        """
        others = (name for name in self.facts if name != fact)
        changes = (files for name in others for files in self._changed(name, self.files))
        for beforehand in chain([{}], changes):
            before = {**self.files, **beforehand}
            found = {self._judged(before).state: before}
            for change in self._changed(fact, before):
                after = {**before, **change}
                judged = self._judged(after)
                if judged.state is not EvaluationState.CONTRADICTED or fact in judged.reason:
                    found.setdefault(judged.state, after)
                if EvaluationState.HOLDS in found and EvaluationState.CONTRADICTED in found:
                    lie = found[EvaluationState.CONTRADICTED]
                    return Turn(found[EvaluationState.HOLDS], lie, str(self._values(lie)[fact].value))
        return None

    def _judged(self, files: Mapping[str, bytes]) -> Evaluation:
        return judge(self.condition, self._values(files))

    def _values(self, files: Mapping[str, bytes]) -> dict[str, FactValue]:
        return {
            name: replace(_value(self.readings[name]), value=value)
            for name, fact in self.facts.items()
            if (value := _read(fact, files[fact.file])) is not None
        }

    def _changed(self, name: str, files: Mapping[str, bytes]) -> Iterator[dict[str, bytes]]:
        """Yield the file of a fact with its lines changed, so that the fact has another value."""
        path, was = self.facts[name].file, _read(self.facts[name], files[self.facts[name].file])
        for data in self._edits(name, files[path], was):
            if data != files[path] and _read(self.facts[name], data) not in {None, was}:
                yield {path: data}

    def _edits(self, name: str, data: bytes, was: Quantity | str | None) -> Iterator[bytes]:
        """Yield `data` with the text of the value changed, then with the numbers of all rows with a word.

        Such rows are those of one runtime or phase. Then yield it with each number of the lines changed, and
        last with each line twice.
        """
        lines = self.readings[name].lines
        rows = data.split(b"\n")
        start = sum(len(row) + 1 for row in rows[: lines.start - 1])
        end = start + len(b"\n".join(rows[lines.start - 1 : lines.end]))
        if isinstance(was, str):
            place = data.find(was.encode(), start, end)
            texts = (
                (*(one for one in self._wanted if isinstance(one, str)), f"{was}x", was[:-1])
                if place >= 0
                else ()
            )
            for text in texts:
                yield data[:place] + text.encode() + data[place + len(was.encode()) :]
        for word in dict.fromkeys(_WORD.findall(data, start, end)):  # first: one number turns no median
            for factor in FACTORS:
                yield data[:start] + _scaled(data[start:end], word, factor) + data[end:]
        for number in _NUMBER.finditer(data, start, end):
            for text in _numbers(number[0].decode(), list(self._factors(was))):
                yield data[: number.start()] + text.encode() + data[number.end() :]
        for at in range(lines.start, lines.end + 1):
            yield b"\n".join([*rows[:at], *rows[at - 1 :]])

    def _factors(self, was: Quantity | str | None) -> Iterator[Fraction]:
        yield from FACTORS
        if isinstance(was, Quantity) and was.exact:
            for one in (one for one in self._wanted if isinstance(one, Quantity)):
                yield from (near * _in_base(one) / _in_base(was) for near in NEAR)


def _scaled(data: bytes, word: bytes, factor: Fraction) -> bytes:
    """Return the lines; in those that contain `word`, every decimal number is multiplied."""
    return b"\n".join(
        _DECIMAL.sub(lambda found: f"{float(found[0]) * float(factor):.6f}".encode(), row)
        if word in row
        else row
        for row in data.split(b"\n")
    )


def _in_base(one: Quantity) -> Fraction:
    return one.exact * UNITS[one.unit].factor


def _numbers(text: str, factors: list[Fraction]) -> Iterator[str]:
    """Yield a number changed in its last digit and multiplied by each factor, with as many decimals."""
    sign = "," if "," in text else "."
    number = Decimal(text.replace(",", "."))
    decimals = -int(number.as_tuple().exponent)
    least = Fraction(1, 10**decimals)
    for one in (
        Fraction(number) + least,
        Fraction(number) - least,
        *(Fraction(number) * one for one in factors),
    ):
        whole = round(one * 10**decimals)
        if whole >= 0:
            yield f"{Decimal(whole).scaleb(-decimals):f}".replace(".", sign)


def _value(reading: Reading) -> FactValue:
    """Return the value of a fact of a claim, which is never a series."""
    assert reading.value is not None
    return reading.value


def _read(fact: Fact, data: bytes) -> Quantity | str | None:
    """Return the value of a fact if its file is `data`, None if it has no single value."""
    try:
        lines = cut(Content(fact.file, data), fact.request).data
    except FaultError:
        return None
    found = read_bytes(lines, fact.read, "", fact.unit, locale=fact.locale)
    return None if isinstance(found, NoValue | tuple) else found


def names(text: str) -> frozenset[str]:
    """Return the names of the facts in an expression; raise ExpressionError."""
    return frozenset(parse(text).facts)


def claimed(condition: str, readings: Readings, files: Mapping[str, bytes]) -> Claimed | None:
    """Return a claim with its facts, None if one of them has no single value. `files` has their files."""
    used = {name: readings.all[name] for name in sorted(names(condition))}
    found = {name: one for name, one in used.items() if isinstance(one, Reading) and one.value is not None}
    if found.keys() != used.keys():
        return None
    facts = {name: readings.facts.facts[name] for name in used}
    return Claimed(condition, facts, found, {one.file: files[one.file] for one in facts.values()})
