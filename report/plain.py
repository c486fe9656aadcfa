"""Calls with literal values, such as `{{ evidence("x.txt", lines="1:7") }}`, read without Jinja.

Compiling a page costs Jinja more than all that we do to it (2.3 of 2.9 ms), and most pages hold nothing
else. Whatever is not as plain as this is left to Jinja.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

_PLAIN = r'(?:(?P<key>[a-z_0-9]+)\s*=\s*)?(?:"(?P<text>[^"\\{}\n]*)"|(?P<number>[0-9]{1,9}))\s*'
_VALUE = re.compile(_PLAIN)
_ANY = re.sub(r"\?P<[a-z]+>", "?:", _PLAIN)
_CALL = re.compile(rf"\{{\{{ *([a-z_]+)\( *((?:{_ANY}(?:, *{_ANY})*)?)\) *\}}\}}")

Literal = str | int


@dataclass(frozen=True)
class PlainCall:
    """A call and where it stands: `start` and `end` in the source, and its line, 1-based."""

    start: int
    end: int
    line: int
    name: str
    args: tuple[Literal, ...]
    named: dict[str, Literal]


def plain_calls(source: str, names: Collection[str]) -> list[PlainCall] | None:
    """Return the calls of a page that holds plain calls of `names` alone; None if it needs Jinja."""
    if "{%" in source or "{#" in source:
        return None
    found = list(_CALL.finditer(source))
    if source.count("{{") != len(found):
        return None
    calls, line, end = [], 1, 0
    for match in found:
        line += source.count("\n", end, match.start())
        end = match.start()
        values = _values(match[2])
        if values is None or match[1] not in names:
            return None
        calls.append(PlainCall(match.start(), match.end(), line, match[1], *values))
    return calls


def _values(text: str) -> tuple[tuple[Literal, ...], dict[str, Literal]] | None:
    """Return the values of a call, None if their order is for Jinja to judge."""
    args: list[Literal] = []
    named: dict[str, Literal] = {}
    for match in _VALUE.finditer(text):
        value = int(match["number"]) if match["number"] else match["text"]
        if match["key"] is None and not named:
            args.append(value)
        elif match["key"] is None or match["key"] in named:
            return None
        else:
            named[match["key"]] = value
    return tuple(args), named
