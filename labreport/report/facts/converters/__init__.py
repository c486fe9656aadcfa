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
from labreport.report.facts.converters.quantities import count, dd, quantity, status
from labreport.report.facts.converters.series import column, hyperfine, median, total, what_runs_say
from labreport.report.facts.converters.system import (
    address,
    addresses,
    capabilities,
    cpu,
    kernel,
    mask,
    meminfo,
    mtu,
    version,
)
from labreport.report.facts.converters.times import samples, seconds, summary
from labreport.report.facts.converters.verdicts import verdict
from labreport.report.problems import FaultError
from labreport.report.values.quantity import Quantity

__all__ = [
    "CONVERTERS",
    "Converter",
    "ConverterArgument",
    "NotThere",
    "Read",
    "Unreadable",
    "convert",
    "in_unit",
]

Read = Quantity | str | tuple[Quantity, ...]
"""What a converter makes of a text; a tuple is a series."""


class ConverterArgument(StrEnum):
    """What stands behind a converter's name."""

    LABEL = "a label, or nothing"
    NEEDED = "what to read"


@dataclass(frozen=True)
class Converter:
    """A way to read a text, and what it takes."""

    read: Callable[[str, str], Read]
    argument: ConverterArgument


CONVERTERS = {
    "address": Converter(address, ConverterArgument.NEEDED),
    "addresses": Converter(addresses, ConverterArgument.NEEDED),
    "capabilities": Converter(capabilities, ConverterArgument.LABEL),
    "count": Converter(count, ConverterArgument.LABEL),
    "cpu": Converter(cpu, ConverterArgument.LABEL),
    "csv": Converter(column, ConverterArgument.NEEDED),
    "dd": Converter(dd, ConverterArgument.NEEDED),
    "hyperfine": Converter(hyperfine, ConverterArgument.NEEDED),
    "kernel": Converter(kernel, ConverterArgument.LABEL),
    "mask": Converter(mask, ConverterArgument.NEEDED),
    "median": Converter(median, ConverterArgument.NEEDED),
    "meminfo": Converter(meminfo, ConverterArgument.NEEDED),
    "mtu": Converter(mtu, ConverterArgument.NEEDED),
    "quantity": Converter(quantity, ConverterArgument.LABEL),
    "samples": Converter(samples, ConverterArgument.LABEL),
    "seconds": Converter(seconds, ConverterArgument.LABEL),
    "series": Converter(what_runs_say, ConverterArgument.NEEDED),
    "status": Converter(status, ConverterArgument.LABEL),
    "summary": Converter(summary, ConverterArgument.NEEDED),
    "total": Converter(total, ConverterArgument.NEEDED),
    "verdict": Converter(verdict, ConverterArgument.LABEL),
    "version": Converter(version, ConverterArgument.LABEL),
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
    if converter.argument is ConverterArgument.NEEDED and not argument:
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
