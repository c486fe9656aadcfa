"""Find the one line that contains a value, or say why there is none: it is not there, or it is unreadable."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Generic, TypeVar

from labreport.contract.errors import LabError
from labreport.report.facts.converters.failures import is_failure
from labreport.report.facts.converters.headings import LabelledLines, under_label
from labreport.report.problems import one_line
from labreport.report.values import AmbiguousNumberError, Quantity, UnitError

Value = TypeVar("Value")

NUMBER = r"(?:[0-9]+(?:[.,][0-9]+)?|[.,][0-9]+)"
"""A number as tools print it, with a decimal point or comma and without grouped digits."""
STATE_LOCALE = "say which with `locale: en` (1091) or `locale: de` (1.091)"

_EXCERPT = 100


class NotThere(LabError):
    """The text does not contain the value."""


class Unreadable(LabError):
    """The text contains the value in a form that cannot be read."""


@dataclass(frozen=True)
class Form(Generic[Value]):
    """One form in which tools print a value: a pattern of the whole line, and a function from its match."""

    line: re.Pattern[str]
    value: Callable[[re.Match[str]], Value]


@dataclass(frozen=True)
class ValueKind(Generic[Value]):
    """A kind of value: its name in errors, and the forms of a line that contains it.

    `begins` matches the beginning of each line that is meant as such a value. A line that has none of the
    forms is then unreadable; without that match, it is about something else.
    """

    name: str
    forms: tuple[Form[Value], ...]
    begins: re.Pattern[str]


def form(pattern: str, value: Callable[[re.Match[str]], Value]) -> Form[Value]:
    """Return the form of lines that match `pattern` from end to end."""
    return Form(re.compile(pattern, re.ASCII), value)


def lines_of(text: str) -> list[str]:
    """Return the lines that are not blank, stripped, without the commands of a shell (`$ true`).

    Raise Unreadable if a tool reports a failure in them.
    """
    return list(labelled_lines(text, "").below)


def labelled_lines(text: str, label: str) -> LabelledLines:
    """Return the lines of a text that belong to `label`, all without one.

    Raise Unreadable if a tool reports a failure in them. A failure below another label does not matter.
    """
    found = under_label(text, label)
    for line in (*found.after, *found.below, *found.beside):
        if is_failure(line):
            raise Unreadable(f"a failure, not a value: {excerpt(line)}")
    return found


def excerpt(text: str) -> str:
    """Return the beginning of a text on one line, as an error shows it."""
    text = text.strip()
    return one_line(text if len(text) <= _EXCERPT else f"{text[:_EXCERPT]} …") or "an empty text"


def read_line(text: str, label: str, kind: ValueKind[Value]) -> Value:
    """Return the value in the only line of `text` that has one, after or below `label` unless it is empty.

    Raise NotThere and Unreadable.
    """
    found = labelled_lines(text, label)
    candidates = [*found.after, *(line for line in found.below if means(kind, line))]
    if not candidates:
        raise no_value(text, label, kind.name)
    if len(set(candidates)) > 1:
        first, second = map(excerpt, candidates[:2])
        raise Unreadable(f"more than one {kind.name}: {first} and {second}", "name the lines of one")
    return parse_line(candidates[0], kind)


def no_value(text: str, label: str, name: str) -> NotThere:
    """Return the error for a text without a value of this name, below or after a label if there is one."""
    place = f" after or below {label!r}" if label else ""
    return NotThere(f"no {name}{place} in {excerpt(text)}")


def parse_line(line: str, kind: ValueKind[Value]) -> Value:
    """Return the value in a line; raise Unreadable if it has none of the kind's forms."""
    for one in kind.forms:
        if found := one.line.fullmatch(line):
            return checked(line, kind.name, partial(one.value, found))
    raise Unreadable(f"no valid {kind.name}: {excerpt(line)}")


def checked(line: str, name: str, value: Callable[[], Value]) -> Value:
    """Return `value()`; raise Unreadable if the number or the unit is wrong."""
    what = f"no valid {name}: {excerpt(line)}"
    try:
        return value()
    except AmbiguousNumberError as error:
        raise Unreadable(f"{what}: {error}", STATE_LOCALE) from error
    except (ValueError, ArithmeticError) as error:
        raise Unreadable(f"{what}: {error}") from error
    except UnitError as error:
        raise Unreadable(f"{what}: {error.what}") from error


def means(kind: ValueKind[Value], line: str) -> bool:
    """Return whether a line is meant as such a value, readable or not."""
    return bool(kind.begins.match(line)) or any(one.line.fullmatch(line) for one in kind.forms)


def count_of(number: int | str) -> Quantity:
    """Return a whole number, or its digits, as a plain quantity."""
    return Quantity(Decimal(number), "")
