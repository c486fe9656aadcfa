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

from labreport.report.facts.converters.documents import check_path, json_value, jsonl_value
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
from labreport.report.facts.converters.reports import junit, sarif
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
)
from labreport.report.facts.converters.texts import (
    check_matches,
    check_pattern,
    header,
    line_of_text,
    matches,
    pattern,
)
from labreport.report.facts.converters.times import samples, seconds, summary
from labreport.report.facts.converters.versions import version
from labreport.report.locales import LocaleName, localized
from labreport.report.problems import FaultError, meant
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
    """A function that reads a text with an argument, empty if there is none.

    `localized` means that it reads numbers which a locale may write with a comma or with groups of digits.
    `of_all_lines` means that the value is about every line that was named, as in a document or a series:
    there is no search for the line that has it. `check` raises FaultError for an argument that no text fits,
    such as a pattern that is none.
    """

    read: Callable[[str, str], Converted]
    argument: ConverterArgument = ConverterArgument.LABEL
    localized: bool = False
    of_all_lines: bool = False
    check: Callable[[str], None] | None = None


_NEEDED = ConverterArgument.NEEDED

CONVERTERS: Mapping[str, Converter] = {
    "address": Converter(address, _NEEDED),
    "addresses": Converter(addresses, _NEEDED),
    "capabilities": Converter(capabilities),
    "count": Converter(count, localized=True),
    "cpu": Converter(cpu),
    "csv": Converter(column, _NEEDED, localized=True),
    "dd": Converter(dd, _NEEDED),
    "header": Converter(header, _NEEDED),
    "hyperfine": Converter(hyperfine, _NEEDED, of_all_lines=True),
    "iperf3": Converter(iperf3, _NEEDED),
    "json": Converter(json_value, _NEEDED, of_all_lines=True, check=check_path),
    "jsonl": Converter(jsonl_value, _NEEDED, check=check_path),
    "junit": Converter(junit, _NEEDED, of_all_lines=True),
    "kernel": Converter(kernel),
    "mask": Converter(mask, _NEEDED),
    "matches": Converter(matches, _NEEDED, of_all_lines=True, check=check_matches),
    "median": Converter(median, _NEEDED, localized=True),
    "meminfo": Converter(meminfo, _NEEDED),
    "mtu": Converter(mtu, _NEEDED),
    "pattern": Converter(pattern, _NEEDED, localized=True, check=check_pattern),
    "quantity": Converter(quantity, localized=True),
    "samples": Converter(samples, localized=True),
    "sarif": Converter(sarif, of_all_lines=True),
    "seconds": Converter(seconds, localized=True),
    "series": Converter(series_statistic, _NEEDED, of_all_lines=True),
    "status": Converter(status),
    "summary": Converter(summary, _NEEDED, localized=True),
    "text": Converter(line_of_text),
    "total": Converter(total, _NEEDED, localized=True),
    "verdict": Converter(verdict),
    "version": Converter(version),
    "wrk": Converter(wrk),
}
"""The converters of the tool by the name that a facts.yml uses."""


def convert(
    how: str,
    text: str,
    converters: Mapping[str, Converter] = CONVERTERS,
    locale: LocaleName | None = None,
) -> Converted:
    """Return `text` read as `how` says, a converter's name and its argument: "meminfo MemTotal".

    A byte order mark is no part of the text. Raise NotThere, Unreadable, and FaultError as `select` does.
    """
    converter, argument = select(how, converters, locale)
    text = text.removeprefix("\ufeff")
    return converter.read(localized(text, locale) if locale else text, argument)


def select(
    how: str, converters: Mapping[str, Converter] = CONVERTERS, locale: LocaleName | None = None
) -> tuple[Converter, str]:
    """Return the converter and the argument in `how`.

    Raise FaultError if one of them is missing or wrong, or if the converter reads no numbers of a locale.
    """
    name, _, argument = how.strip().partition(" ")
    argument = argument.strip()
    if name not in converters:
        remedy = meant(name, converters, f"use one of: {', '.join(converters)}")
        raise FaultError(f"there is no converter {name!r}", remedy)
    converter = converters[name]
    if converter.argument is ConverterArgument.NEEDED and not argument:
        raise FaultError(f"{name} needs an argument", "write what to read after it")
    if converter.check is not None:
        converter.check(argument)
    if locale and not converter.localized:
        raise FaultError(f"{name} reads no numbers of a locale", "remove locale")
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
