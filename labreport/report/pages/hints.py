"""What is wrong with a page's Jinja, in the words of a page, and what may be meant."""

import re
from collections.abc import Iterable
from functools import cached_property
from traceback import walk_tb

from jinja2 import TemplateSyntaxError, UndefinedError
from jinja2.parser import Parser

from labreport.report.pages.limits import TOO_DEEP, SandboxError
from labreport.report.pages.macros import MACROS
from labreport.report.pages.placeholders import NoItemError, Unknown
from labreport.report.problems import Problem, meant, similar

NO_JINJA = "put text that is no Jinja between {% raw %} and {% endraw %}"
"""The remedy for braces of something else, such as a Go template in a command."""
MOST_NAMES = 20
"""How many calls on a line are looked at: the first is nearly always the one."""
_FILE = "<template>"
"""What Jinja calls the file of a page in a traceback."""
_PARTS = re.compile(
    rf"(?P<tag>\{{[{{%])|(?P<end>\}})|\b(?P<macro>{'|'.join(MACROS)})\((?P<arguments>[^\"'(){{}}]*)[,)]"
)
"""On a line: where a tag begins, what ends it, and a call with its arguments up to quotes or brackets."""
_CALLED = re.compile(r"\{[{%]-?\s*(?:call\s+)?(\w+)\(")
_NAMED = re.compile(r"\w+\s*=(?!=)\s*")
_LITERAL = re.compile(r"[-+]?[0-9]+(?:\.[0-9]+)?|[Tt]rue|[Ff]alse|[Nn]one", re.ASCII)
_CURLY = re.compile("[\u2018\u2019\u201c\u201d]")
_SET = re.compile(r"\{%-?\s*(?:set|for)\s([^%]*)")
_NAME = re.compile(r"[A-Za-z_]\w*")


class Hints:
    """What may be meant by the mistakes of a page with the text `source`."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._found: dict[int, str] = {}

    def at(self, line: int) -> str:
        r"""Return a remedy for the mistake on a line, 1-based; empty if none can be guessed.

        >>> Hints("Text.\n{{ evidence(kernel/release.txt) }}").at(2)
        'write it in quotes: evidence("kernel/release.txt")'
        """
        if line not in self._found:
            text = self._lines[line - 1] if 0 < line <= len(self._lines) else ""
            self._found[line] = self._quotes(text) or _spelling(text)
        return self._found[line]

    @cached_property
    def _lines(self) -> list[str]:
        return self._source.split("\n")

    @cached_property
    def _set_names(self) -> frozenset[str]:
        """The names that the page may set: all in its tags `set` and `for`."""
        return frozenset(name for tag in _SET.findall(self._source) for name in _NAME.findall(tag))

    def _quotes(self, text: str) -> str:
        """Return what to write instead of the first argument of a macro that has no quotes, or curly ones."""
        in_tag = False
        for part in _PARTS.finditer(text):
            in_tag = bool(part["tag"]) or (in_tag and not part["end"])
            if not in_tag or not part["macro"]:
                continue
            if _CURLY.search(part["arguments"]):
                return "write straight quotes, \" or '"
            for argument in part["arguments"].split(","):
                named = _NAMED.match(argument.strip())
                key = named[0] if named else ""
                value = argument.strip()[len(key) :]
                if value and not _LITERAL.fullmatch(value) and not self._is_set(value):
                    return f'write it in quotes: {part["macro"]}({key}"{value}")'
        return ""

    def _is_set(self, value: str) -> bool:
        """Return whether the page sets a variable with whose name a value begins."""
        name = _NAME.match(value)
        return bool(name and name[0] in self._set_names)

    def of_name(self, unknown: Unknown, known: Iterable[str]) -> str:
        """Return a remedy for a name that nothing defines; `known` are those that something does."""
        return self.at(unknown.line) or meant(unknown.name, known, f"check the spelling, or {NO_JINJA}")

    def problem(self, error: Exception) -> Problem:
        """Return what is wrong with the page, which cannot be rendered because of `error`, with its line."""
        line = _line_of(error)
        otherwise = f"check the spelling, or {NO_JINJA}"
        match error:
            case TemplateSyntaxError():
                what, line = f"invalid Jinja: {str(error.message).rstrip('.')}", error.lineno
                remedy = self.at(line) or f"correct the tag, or {NO_JINJA}"
            case NoItemError():
                what, remedy = str(error.message).rstrip("."), "check how many items there are"
            case UndefinedError():
                what, remedy = str(error.message).rstrip("."), self.at(line) or otherwise
            case SandboxError():
                line = error.line or line
                what, remedy = error.what, error.remedy or self.at(line) or otherwise
            case RecursionError():
                what, remedy = TOO_DEEP
            case _:
                what, remedy = f"{type(error).__name__}: {str(error).rstrip('.')}", "correct the expression"
        return Problem("", what, remedy, line=line)


def _spelling(text: str) -> str:
    """Return which macro is meant by the first name on a line that is called, and is nearly that of one."""
    for called, _ in zip(_CALLED.finditer(text), range(MOST_NAMES), strict=False):
        if called[1] not in MACROS and (close := similar(called[1], MACROS)):
            return f"is {close} meant?"
    return ""


def _line_of(error: Exception) -> int:
    """Return the line of a page where an exception was raised: its Jinja ran there, or was read there."""
    line = 1
    for frame, number in walk_tb(error.__traceback__):
        if frame.f_code.co_filename == _FILE:
            line = number
        elif isinstance(parser := frame.f_locals.get("self"), Parser):
            line = parser.stream.current.lineno
    return line
