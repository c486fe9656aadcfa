"""Finds the one line that holds a value, and says why there is none: not there, or there and unreadable."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, partial
from typing import Generic, TypeVar

from labreport.report.problems import one_line
from labreport.report.values.quantity import Quantity
from labreport.report.values.units import UnitError

Value = TypeVar("Value")

NUMBER = r"(?:[0-9]+(?:[.,][0-9]+)?|[.,][0-9]+)"
"""A number as tools print it, with a decimal point or comma; digits are never grouped."""

_SHOWN = 100
PHRASES = (
    *("not found", "no such", "No such", "permission denied", "Permission denied", "not permitted", "cannot"),
    *("failed to", "Failed to", "could not", "Could not", "timed out", "deadline exceeded", "non-zero"),
    *("incorrect password", "does not exist", "error writing", "level=error", "level=fatal"),
    *("no space left", "No space left", "Input/output error", "File too large", "Traceback"),
    *("Segmentation fault", "Terminated", "Killed", "Aborted"),
)
STARTS = ("error", "Error", "ERROR", "fatal", "FATAL", "panic")
_FAILED = "failed: "
_FAILURES = re.compile(
    rf"^(?:{'|'.join(STARTS)})\b|\b(?:{_FAILED}|(?:{'|'.join(map(re.escape, PHRASES))})\b)"
)
"""What a tool says when it has failed; whatever else such a text holds was printed by a failed run."""
_SIGNS = (
    *("not", "uch", "enied", "imed out", "exceeded", "on-zero", "ncorrect", "rror", "ERROR", "atal", "FATAL"),
    *("ailed", "space left", "too large", "Traceback", "Segmentation", "Terminated", "Killed", "Aborted"),
    "panic",
)
"""Of each such phrase what several share: a text with none of these says no failure."""


class NotThere(Exception):
    """What was asked for is not in this text."""


class Unreadable(Exception):
    """What was asked for is in this text, and cannot be read as a value."""


@dataclass(frozen=True)
class Form(Generic[Value]):
    """A way in which tools print a value: a pattern of the whole line, and what it says."""

    line: re.Pattern[str]
    value: Callable[[re.Match[str]], Value]


@dataclass(frozen=True)
class ValueKind(Generic[Value]):
    """A kind of value: its name in errors, its forms, and what a line begins like that tries to say it."""

    name: str
    forms: tuple[Form[Value], ...]
    looks: re.Pattern[str]


def form(pattern: str, value: Callable[[re.Match[str]], Value]) -> Form[Value]:
    """Return the form of lines that are `pattern` from end to end."""
    return Form(re.compile(pattern, re.ASCII), value)


def lines_of(text: str) -> list[str]:
    """Return the lines that hold anything, without space around them.

    Raises Unreadable if one of them says that a tool has failed.
    """
    lines = [line for line in map(str.strip, text.split("\n")) if line]
    for sign in _SIGNS:  # a fifth of what the pattern costs for twenty lines
        if sign in text:
            _check_failures(lines)
            break
    return lines


def _check_failures(lines: Iterable[str]) -> None:
    for line in lines:
        if _FAILURES.search(line):
            raise Unreadable(f"a failure, not a value: {shown(line)}")


def shown(line: str) -> str:
    """Return a line as an error shows it."""
    return one_line(line if len(line) <= _SHOWN else f"{line[:_SHOWN]} …")


def behind(lines: Iterable[str], label: str) -> list[str]:
    """Return what stands behind `label`, for each line that goes on after it.

    A colon or equals sign stands between the two, or nothing if a number comes next: `the build took 12 s`.
    """
    start = _label(label)
    return [line[found.end() :] for line in lines if line.startswith(label) and (found := start.match(line))]


@cache
def _label(label: str) -> re.Pattern[str]:
    return re.compile(rf"{re.escape(label)}(?:\s*[:=]\s*(?=\S)|\s+(?=[0-9]))")


def below(lines: Sequence[str], label: str) -> list[str]:
    """Return the lines below the heading `label` and a colon, up to the next heading."""
    if f"{label}:" not in lines:
        return []
    inside, found = False, []
    for line in lines:
        if line.endswith(":") or line.startswith("==="):
            inside = line == f"{label}:"
        elif inside:
            found.append(line)
    return found


def read_line(text: str, label: str, kind: ValueKind[Value]) -> Value:
    """Return the value that exactly one line of `text` says, behind or below `label` where one is given.

    Raises NotThere and Unreadable.
    """
    lines = lines_of(text)
    told = behind(lines, label) if label else []
    said = told + [line for line in (below(lines, label) if label else lines) if _says(kind, line)]
    if not said:
        where = f" behind or below {label!r}" if label else ""
        raise NotThere(f"no {kind.name}{where} in {shown(text.strip()) or 'an empty text'}")
    if len(set(said)) > 1:
        lines_said = f"{shown(said[0])} and {shown(said[1])}"
        raise Unreadable(f"more than one {kind.name}: {lines_said}: name the lines of one")
    return value_of(said[0], kind)


def value_of(line: str, kind: ValueKind[Value]) -> Value:
    """Return the value that a line says; raise Unreadable if it says none."""
    for one in kind.forms:
        found = one.line.fullmatch(line)
        if found:
            return checked(line, kind.name, partial(one.value, found))
    raise Unreadable(f"no {kind.name}: {shown(line)}")


def checked(line: str, name: str, value: Callable[[], Value]) -> Value:
    """Return `value()`; raise Unreadable where its digits or units make no sense."""
    try:
        return value()
    except (ValueError, ArithmeticError, UnitError) as error:
        raise Unreadable(f"no {name}: {shown(line)}: {error}") from error


def _says(kind: ValueKind[Value], line: str) -> bool:
    """Return whether a line says such a value, or tries to."""
    return bool(kind.looks.match(line)) or any(one.line.fullmatch(line) for one in kind.forms)


def count_of(digits: str) -> Quantity:
    """Return a whole number."""
    return Quantity(Decimal(digits), "")
