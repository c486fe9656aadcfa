"""Converters: what tools print, read as values. `read: seconds` in a facts.yml names one.

Each is a pure function from text, and an argument behind its name, to a quantity, a text or a series. It
raises NotThere where the thing is not in the text, and Unreadable where it is and says no value; a text in
which a tool says that it has failed is never read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from labreport.report.facts.converters.lines import NotThere, Unreadable
from labreport.report.facts.converters.network import address, addresses, mtu
from labreport.report.facts.converters.plain import count, quantity, status
from labreport.report.facts.converters.runs import what_runs_say
from labreport.report.facts.converters.series import column, hyperfine, median, total
from labreport.report.facts.converters.system import capabilities, cpu, kernel, mask, meminfo, version
from labreport.report.facts.converters.times import samples, seconds, summary
from labreport.report.facts.converters.transfers import dd
from labreport.report.facts.converters.verdicts import verdict
from labreport.report.problems import FaultError
from labreport.report.values.quantity import Quantity

__all__ = ["CONVERTERS", "Argument", "Converter", "NotThere", "Read", "Unreadable", "convert", "in_unit"]

Read = Quantity | str | tuple[Quantity, ...]
"""What a converter makes of a text; a tuple is a series."""


class Argument(StrEnum):
    """What stands behind a converter's name."""

    LABEL = "a label, or nothing"
    NEEDED = "what to read"


@dataclass(frozen=True)
class Converter:
    """A way to read a text, and what it takes."""

    read: Callable[[str, str], Read]
    argument: Argument


CONVERTERS = {
    "address": Converter(address, Argument.NEEDED),
    "addresses": Converter(addresses, Argument.NEEDED),
    "capabilities": Converter(capabilities, Argument.LABEL),
    "count": Converter(count, Argument.LABEL),
    "cpu": Converter(cpu, Argument.LABEL),
    "csv": Converter(column, Argument.NEEDED),
    "dd": Converter(dd, Argument.NEEDED),
    "hyperfine": Converter(hyperfine, Argument.NEEDED),
    "kernel": Converter(kernel, Argument.LABEL),
    "mask": Converter(mask, Argument.NEEDED),
    "median": Converter(median, Argument.NEEDED),
    "meminfo": Converter(meminfo, Argument.NEEDED),
    "mtu": Converter(mtu, Argument.NEEDED),
    "quantity": Converter(quantity, Argument.LABEL),
    "samples": Converter(samples, Argument.LABEL),
    "seconds": Converter(seconds, Argument.LABEL),
    "series": Converter(what_runs_say, Argument.NEEDED),
    "status": Converter(status, Argument.LABEL),
    "summary": Converter(summary, Argument.NEEDED),
    "total": Converter(total, Argument.NEEDED),
    "verdict": Converter(verdict, Argument.LABEL),
    "version": Converter(version, Argument.LABEL),
}
"""The converters by the name that a facts.yml uses."""


def convert(how: str, text: str) -> Read:
    """Return `text` read as `how` says: a converter's name, and its argument ("meminfo MemTotal").

    Raises NotThere and Unreadable, and FaultError where there is no such converter.
    """
    read, argument = _chosen(how)
    return read(text, argument)


@cache
def _chosen(how: str) -> tuple[Callable[[str, str], Read], str]:
    """Return what reads, and its argument; raise FaultError where there is no such converter."""
    name, _, argument = how.strip().partition(" ")
    argument = argument.strip()
    if name not in CONVERTERS:
        raise FaultError(f"there is no converter {name!r}", f"one of: {', '.join(CONVERTERS)}")
    converter = CONVERTERS[name]
    if converter.argument is Argument.NEEDED and not argument:
        raise FaultError(f"{how.strip()!r} is no way to read", f"{name} takes {converter.argument}")
    return converter.read, argument


def in_unit(read: Read, unit: str) -> Read:
    """Return what was read in `unit`: a plain number is given it, another is converted; raise UnitError.

    A text stays as it is.
    """
    if isinstance(read, str):
        return read
    if isinstance(read, tuple):
        return tuple(_in_unit(one, unit) for one in read)
    return _in_unit(read, unit)


def _in_unit(one: Quantity, unit: str) -> Quantity:
    return Quantity(one.value, unit) if one.unit == "" else one.to(unit)
