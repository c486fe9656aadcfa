"""Counts, quantities with their unit, and HTTP statuses."""

import re

from labreport.report.facts.converters.lines import NUMBER, Kind, count_of, form, read_line
from labreport.report.values.quantity import Quantity, decimal
from labreport.report.values.units import UNITS, symbol

_COUNT = Kind(
    "count",
    (form(r"([0-9]{1,20})", lambda m: count_of(m[1])),),
    re.compile(r"\W?[0-9][0-9.,]*$"),
)


def count(text: str, label: str = "") -> Quantity:
    r"""Return a plain whole number, as `wc -l` prints it, or behind or below a label.

    >>> str(count("    245\n")), str(count("Host: 245\nKata VM: 52\n", "Kata VM"))
    ('245', '52')
    >>> str(count("=== /proc Entries Count ===\nHost:\n245\nKata VM:\n52\n", "Kata VM"))
    '52'
    """
    return read_line(text, label, _COUNT)


_UNIT = "|".join(sorted((re.escape(unit) for unit in [*UNITS, "us"] if unit), key=len, reverse=True))
_QUANTITY = Kind(
    "number with a unit",
    (form(rf"({NUMBER})\s?({_UNIT})", lambda m: Quantity(decimal(m[1]), symbol(m[2]))),),
    re.compile(r"\W{0,2}[0-9][0-9.,]*\s?\S{0,10}$"),
)


def quantity(text: str, label: str = "") -> Quantity:
    """Return a number in the unit that stands behind it: kB is 1000 bytes, KiB 1024.

    >>> str(quantity("7,25 KiB")), str(quantity("Memory: 2.5 kB", "Memory")), str(quantity("12.5%"))
    ('7.25 KiB', '2.5 kB', '12.5 %')
    >>> str(quantity("the build took 1179 s", "the build took"))
    '1179 s'
    """
    return read_line(text, label, _QUANTITY)


def _status(digits: str) -> Quantity:
    """Return an HTTP status; raise ValueError for 000, by which curl says that there was no answer."""
    if not "100" <= digits <= "599":
        raise ValueError("no answer has this status")
    return count_of(digits)


_STATUS = Kind(
    "HTTP status",
    (form(r"(?:[\w.-]+: )?HTTP(?:/[0-9.]+)? ([0-9]{3})(?: [A-Z][A-Za-z ]*)?", lambda m: _status(m[1])),),
    re.compile(r".*\bHTTP\b"),
)


def status(text: str, label: str = "") -> Quantity:
    r"""Return the HTTP status, a plain number.

    >>> str(status("juice-runc: HTTP 200\n")), str(status("HTTP/1.1 404 Not Found\r\n"))
    ('200', '404')
    """
    return read_line(text, label, _STATUS)
