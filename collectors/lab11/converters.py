"""Converters of this lab: texts that its programs print."""

import csv
import re

from labreport.report.facts.converters import (
    Converter,
    ConverterArgument,
    NotThere,
    Quantity,
    Unreadable,
    decimal,
    lines_of,
)

SECONDS = re.compile(r"([0-9]{1,6})s;")


def after(text: str, start: str) -> str:
    r"""Return what follows `start` in the only line that begins with it; ` | ` separates alternatives.

    >>> after("CONNECTION ESTABLISHED\nProtocol version: TLSv1.3\n", "Protocol version:")
    'TLSv1.3'
    >>> after("Peer Temp Key: X25519\n", "Server Temp Key: | Peer Temp Key:")
    'X25519'
    """
    starts = start.split(" | ")
    found = {
        line.removeprefix(one).strip() for line in lines_of(text) for one in starts if line.startswith(one)
    }
    if not found:
        raise NotThere(f"no line begins with {start!r}")
    if len(found) > 1:
        raise Unreadable(f"{len(found)} lines that differ begin with {start!r}", "name the lines of one")
    return found.pop()


def cell(text: str, argument: str) -> str:
    r"""Return a text in a CSV: `COLUMN where NAME=VALUE, NAME=VALUE` names the column and the only row.

    >>> slow = "client,ended\nheaders byte by byte,closed\nbody byte by byte,still open\n"
    >>> cell(slow, "ended where client=body byte by byte")
    'still open'
    """
    column, _, conditions = argument.partition(" where ")
    wanted = dict(pair.split("=", 1) for pair in conditions.split(", ") if "=" in pair)
    rows = [row for row in csv.DictReader(lines_of(text)) if wanted.items() <= row.items()]
    if len(rows) != 1 or not rows[0].get(column):
        raise NotThere(f"{len(rows)} rows for {argument!r}", "name a column, and the values of one row")
    return rows[0][column]


def directive(text: str, name: str) -> Quantity:
    r"""Return the time in the only directive of this name in a configuration of nginx.

    >>> str(directive("    client_body_timeout 10s;\n    send_timeout 5s;\n", "client_body_timeout"))
    '10 s'
    """
    value = after(text, f"{name} ")
    found = SECONDS.fullmatch(value)
    if not found:
        raise Unreadable(f"{name}: no time in seconds: {value}")
    return Quantity(decimal(found[1]), "s")


CONVERTERS = {
    "after": Converter(after, ConverterArgument.NEEDED),
    "cell": Converter(cell, ConverterArgument.NEEDED),
    "directive": Converter(directive, ConverterArgument.NEEDED),
}
