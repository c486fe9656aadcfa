"""Calls with literal values, such as `{{ evidence("x.txt", lines="1:7") }}`, read without Jinja.

So are call blocks around a sentence: `{% call claim("a < 1 s") %}…{% endcall %}`. Compiling a page costs
Jinja more than all that we do to it (2.3 of 2.9 ms), and most pages hold nothing else. Whatever is not as
plain as this is left to Jinja.
"""

import re
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import NamedTuple

_PLAIN = r'(?:(?P<key>[a-z_0-9]+)\s*=\s*)?(?:"(?P<text>[^"\\{}\n]*)"|(?P<number>[0-9]{1,9}))\s*'
_VALUE = re.compile(_PLAIN)
_ANY = re.sub(r"\?P<[a-z]+>", "?:", _PLAIN)
_CALLED = rf"(?P<name>[a-z_]+)\( *(?P<values>(?:{_ANY}(?:, *{_ANY})*)?)\)"
_TAG = re.compile(rf"\{{(?P<mark>\{{ *|% call ){_CALLED}(?P<tail> *\}}| %)\}}|\{{% endcall %\}}")

Literal = str | int


class PlainCall(NamedTuple):
    """A call and where its tag stands: `start` and `end` in the source, and its line, 1-based.

    Where it `opens` a call block, the next tag without a name ends the sentence that it binds.
    """

    start: int
    end: int
    line: int
    name: str = ""
    args: tuple[Literal, ...] = ()
    named: Mapping[str, Literal] = MappingProxyType({})
    opens: bool = False


def plain_calls(source: str, names: Collection[str]) -> list[PlainCall] | None:
    """Return the tags of a page that holds plain calls of `names` alone; None if it needs Jinja."""
    found = list(_TAG.finditer(source))
    if source.count("{{") + source.count("{%") + source.count("{#") != len(found):
        return None
    calls: list[PlainCall] = []
    line, end, bound = 1, 0, False
    for match in found:
        line += source.count("\n", end, match.start())
        end = match.start()
        call = _call(match, line)
        if call is None or (call.name and call.name not in names):
            return None
        if call.opens or not call.name:
            if call.opens is bound:
                return None  # a sentence in a sentence, or an end without a beginning
            bound = call.opens
        calls.append(call)
    return None if bound else calls


def _call(match: re.Match[str], line: int) -> PlainCall | None:
    """Return a tag as a call, None if it is for Jinja to judge."""
    if match["name"] is None:
        return PlainCall(match.start(), match.end(), line)
    opens = match["mark"].startswith("%")
    values = _values(match["values"])
    if values is None or opens is match["tail"].endswith("}"):
        return None
    return PlainCall(match.start(), match.end(), line, match["name"], *values, opens=opens)


def _values(text: str) -> tuple[tuple[Literal, ...], dict[str, Literal]] | None:
    """Return the values of a call, None if their order is for Jinja to judge."""
    args: list[Literal] = []
    named: dict[str, Literal] = {}
    for match in _VALUE.finditer(text):
        key, words, number = match.groups()
        value = int(number) if number else words
        if key is None and not named:
            args.append(value)
        elif key is None or key in named:
            return None
        else:
            named[key] = value
    return tuple(args), named
