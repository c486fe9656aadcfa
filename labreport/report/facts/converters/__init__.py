"""Converters read what tools print as typed values. `read: seconds` in a facts.yml names one.

A converter is a pure function from a text, and an argument after its name, to a quantity, a text or a series.
It raises NotThere if the text does not contain the value, and Unreadable if it contains it in a form that
cannot be read. Its docstring has a sample of the tool's output as a doctest.

To add one, write the function in a module of this folder and add one line to CONVERTERS. A lab adds its own
in `collectors/LAB/converters.py`, with a CONVERTERS of the same form (own.py loads it). The names in
`__all__` are the stable API for such a file.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from labreport.report.facts.converters.lines import (
    NUMBER,
    NotThere,
    Unreadable,
    ValueKind,
    count_of,
    excerpt,
    form,
    lines_of,
    read_line,
)
from labreport.report.facts.converters.quantities import count, dd, iperf3, quantity, status, verdict, wrk
from labreport.report.facts.converters.series import column, hyperfine, median, series_statistic, total
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
from labreport.report.problems import FaultError
from labreport.report.values import Quantity, UnitError, decimal

__all__ = [
    "CONVERTERS",
    "NUMBER",
    "Converted",
    "Converter",
    "ConverterArgument",
    "NotThere",
    "Quantity",
    "Unreadable",
    "ValueKind",
    "count_of",
    "decimal",
    "excerpt",
    "form",
    "lines_of",
    "read_line",
]

Converted = Quantity | str | tuple[Quantity, ...]
"""The result of a converter; a tuple is a series."""


class ConverterArgument(StrEnum):
    """Whether a converter needs an argument after its name."""

    LABEL = "a label, or nothing"
    NEEDED = "what to read"


@dataclass(frozen=True)
class Converter:
    """A function that reads a text with an argument, empty if there is none."""

    read: Callable[[str, str], Converted]
    argument: ConverterArgument = ConverterArgument.LABEL


CONVERTERS: Mapping[str, Converter] = {
    "address": Converter(address, ConverterArgument.NEEDED),
    "addresses": Converter(addresses, ConverterArgument.NEEDED),
    "capabilities": Converter(capabilities),
    "count": Converter(count),
    "cpu": Converter(cpu),
    "csv": Converter(column, ConverterArgument.NEEDED),
    "dd": Converter(dd, ConverterArgument.NEEDED),
    "hyperfine": Converter(hyperfine, ConverterArgument.NEEDED),
    "iperf3": Converter(iperf3, ConverterArgument.NEEDED),
    "kernel": Converter(kernel),
    "mask": Converter(mask, ConverterArgument.NEEDED),
    "median": Converter(median, ConverterArgument.NEEDED),
    "meminfo": Converter(meminfo, ConverterArgument.NEEDED),
    "mtu": Converter(mtu, ConverterArgument.NEEDED),
    "quantity": Converter(quantity),
    "samples": Converter(samples),
    "seconds": Converter(seconds),
    "series": Converter(series_statistic, ConverterArgument.NEEDED),
    "status": Converter(status),
    "summary": Converter(summary, ConverterArgument.NEEDED),
    "total": Converter(total, ConverterArgument.NEEDED),
    "verdict": Converter(verdict),
    "version": Converter(version),
    "wrk": Converter(wrk),
}
"""The converters of the tool by the name that a facts.yml uses."""


def convert(how: str, text: str, converters: Mapping[str, Converter] = CONVERTERS) -> Converted:
    """Return `text` read as `how` says, a converter's name and its argument: "meminfo MemTotal".

    Raise NotThere, Unreadable, and FaultError as `select` does.
    """
    converter, argument = select(how, converters)
    return converter.read(text, argument)


def select(how: str, converters: Mapping[str, Converter] = CONVERTERS) -> tuple[Converter, str]:
    """Return the converter and the argument in `how`; raise FaultError if one of them is missing."""
    name, _, argument = how.strip().partition(" ")
    argument = argument.strip()
    if name not in converters:
        raise FaultError(f"there is no converter {name!r}", f"use one of: {', '.join(converters)}")
    converter = converters[name]
    if converter.argument is ConverterArgument.NEEDED and not argument:
        raise FaultError(f"{name} needs an argument", "write what to read after it")
    return converter, argument


def in_unit(converted: Converted, unit: str) -> Converted:
    """Return a value in `unit`: a plain number gets the unit, a quantity is converted.

    Raise UnitError for a text, and for a unit that does not fit.
    """
    if isinstance(converted, str):
        raise UnitError(f"a text has no unit, such as {unit}")
    if isinstance(converted, tuple):
        return tuple(_in_unit(one, unit) for one in converted)
    return _in_unit(converted, unit)


def _in_unit(value: Quantity, unit: str) -> Quantity:
    try:
        return Quantity(value.value, unit) if value.unit == "" else value.to(unit)
    except OverflowError as error:
        raise UnitError(str(error)) from error
