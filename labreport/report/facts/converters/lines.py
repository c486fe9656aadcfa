"""Find the one line that contains a value, or say why there is none: it is not there, or it is unreadable."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Generic, TypeVar

from labreport.contract.errors import LabError
from labreport.report.problems import one_line
from labreport.report.values import Quantity, UnitError

Value = TypeVar("Value")

NUMBER = r"(?:[0-9]+(?:[.,][0-9]+)?|[.,][0-9]+)"
"""A number as tools print it, with a decimal point or comma and without grouped digits."""

_EXCERPT = 100
PHRASES = (
    *("not found", "no such", "No such", "permission denied", "Permission denied", "not permitted", "cannot"),
    *("failed to", "Failed to", "could not", "Could not", "timed out", "deadline exceeded", "non-zero"),
    *("incorrect password", "does not exist", "error writing", "level=error", "level=fatal"),
    *("no space left", "No space left", "Input/output error", "File too large", "Traceback"),
    *("Segmentation fault", "Terminated", "Killed", "Aborted"),
)
STARTS = ("error", "Error", "ERROR", "fatal", "FATAL", "panic")
_FAILURE = re.compile(rf"^(?:{'|'.join(STARTS)})\b|\b(?:failed: |(?:{'|'.join(map(re.escape, PHRASES))})\b)")
"""A line that a tool prints when it fails. Nothing in such a text is a value."""


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
    """Return the lines that are not blank, stripped; raise Unreadable if a tool reports a failure in them."""
    lines = [line for line in map(str.strip, text.split("\n")) if line]
    for line in lines:
        if _FAILURE.search(line):
            raise Unreadable(f"a failure, not a value: {excerpt(line)}")
    return lines


def excerpt(text: str) -> str:
    """Return the beginning of a text on one line, as an error shows it."""
    text = text.strip()
    return one_line(text if len(text) <= _EXCERPT else f"{text[:_EXCERPT]} …") or "an empty text"


def after_label(lines: Iterable[str], label: str) -> list[str]:
    """Return the rest of each line that begins with `label` and a colon or equals sign, or a number.

    >>> after_label(["Host: 245", "the build took 12 s"], "the build took")
    ['12 s']
    """
    start = re.compile(rf"{re.escape(label)}(?:\s*[:=]\s*(?=\S)|\s+(?=[0-9]))")
    return [line[found.end() :] for line in lines if (found := start.match(line))]


def below_heading(lines: Sequence[str], label: str) -> list[str]:
    """Return the lines below the heading `label:`, up to the next heading.

    >>> below_heading(["Host:", "245", "Kata VM:", "52"], "Host")
    ['245']
    """
    inside, found = False, []
    for line in lines:
        if line.endswith(":") or line.startswith("==="):
            inside = line == f"{label}:"
        elif inside:
            found.append(line)
    return found


def read_line(text: str, label: str, kind: ValueKind[Value]) -> Value:
    """Return the value in the only line of `text` that has one, after or below `label` unless it is empty.

    Raise NotThere and Unreadable.
    """
    lines = lines_of(text)
    labelled = after_label(lines, label) if label else []
    others = below_heading(lines, label) if label else lines
    candidates = labelled + [line for line in others if _means(kind, line)]
    if not candidates:
        place = f" after or below {label!r}" if label else ""
        raise NotThere(f"no {kind.name}{place} in {excerpt(text)}")
    if len(set(candidates)) > 1:
        first, second = map(excerpt, candidates[:2])
        raise Unreadable(f"more than one {kind.name}: {first} and {second}", "name the lines of one")
    return parse_line(candidates[0], kind)


def parse_line(line: str, kind: ValueKind[Value]) -> Value:
    """Return the value in a line; raise Unreadable if it has none of the kind's forms."""
    for one in kind.forms:
        if found := one.line.fullmatch(line):
            return checked(line, kind.name, partial(one.value, found))
    raise Unreadable(f"no valid {kind.name}: {excerpt(line)}")


def checked(line: str, name: str, value: Callable[[], Value]) -> Value:
    """Return `value()`; raise Unreadable if the number or the unit is wrong."""
    try:
        return value()
    except (ValueError, ArithmeticError) as error:
        raise Unreadable(f"no valid {name}: {excerpt(line)}: {error}") from error
    except UnitError as error:
        raise Unreadable(f"no valid {name}: {excerpt(line)}: {error.what}") from error


def _means(kind: ValueKind[Value], line: str) -> bool:
    """Return whether a line is meant as such a value, readable or not."""
    return bool(kind.begins.match(line)) or any(one.line.fullmatch(line) for one in kind.forms)


def count_of(number: int | str) -> Quantity:
    """Return a whole number, or its digits, as a plain quantity."""
    return Quantity(Decimal(number), "")
