"""What may be meant where a page's Jinja is wrong: text without quotes, or braces that are no Jinja."""

import re

from labreport.report.pages.macros import MACROS
from labreport.report.problems import similar

NO_JINJA = "put text that is no Jinja between {% raw %} and {% endraw %}"
"""The remedy for braces of something else, such as a Go template in a command."""
_CALL = re.compile(rf"\{{[{{%][^}}]*?\b({'|'.join(MACROS)})\(([^\"'(){{}}]*)[,)]")
"""The call of a macro on a line of a page, and its arguments up to the first one in quotes or brackets."""
_CALLED = re.compile(r"\{[{%]-?\s*(?:call\s+)?(\w+)\(")
_NAMED = re.compile(r"\w+\s*=(?!=)\s*")
_LITERAL = re.compile(r"[-+]?[0-9]+(?:\.[0-9]+)?|[Tt]rue|[Ff]alse|[Nn]one", re.ASCII)
_CURLY = re.compile("[\u2018\u2019\u201c\u201d]")


def hint(source: str, line: int) -> str:
    r"""Return a remedy for the mistake on a line of a page, 1-based; empty if none can be guessed.

    >>> hint("Text.\n{{ evidence(kernel/release.txt) }}", 2)
    'write it in quotes: evidence("kernel/release.txt")'
    """
    lines = source.split("\n")
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    for call in _CALL.finditer(text):
        if _CURLY.search(call[2]):
            return "write straight quotes, \" or '"
        for argument in call[2].split(","):
            named = _NAMED.match(argument.strip())
            key = named[0] if named else ""
            value = argument.strip()[len(key) :]
            if value and not _LITERAL.fullmatch(value) and not _is_set(source, value):
                return f'write it in quotes: {call[1]}({key}"{value}")'
    for name in _CALLED.findall(text):
        if name not in MACROS and (close := similar(name, MACROS)):
            return f"is {close} meant?"
    return ""


def _is_set(source: str, value: str) -> bool:
    """Return whether the page sets a variable with whose name a value begins."""
    name = re.match(r"[A-Za-z_]\w*", value)
    return bool(name and re.search(rf"\{{%-?\s*(?:set|for)\s[^%]*\b{name[0]}\b", source))
