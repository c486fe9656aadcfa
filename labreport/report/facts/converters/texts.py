"""Text: a line as it is, what a pattern finds, how many lines match one, and the headers of HTTP."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from labreport.report.facts.converters.failures import is_estimate, is_failure, is_no_text
from labreport.report.facts.converters.headings import under_label
from labreport.report.facts.converters.lines import (
    NotThere,
    Unreadable,
    checked,
    count_of,
    excerpt,
    labelled_lines,
    lines_of,
    no_value,
)
from labreport.report.problems import FaultError
from labreport.report.source.patterns import SEARCH, PatternSearch, compiled
from labreport.report.values import Quantity, decimal, symbol

if TYPE_CHECKING:
    import regex

_GROUPS = frozenset({"number", "unit"})
_STATUS_LINE = re.compile(r"HTTP/[0-9.]+ [0-9]{3}\b.*", re.ASCII)
_NUMBER = re.compile(r"[-+]?(?:[0-9]+[hm] ?)*[0-9]*[.,]?[0-9]+ ?(?:m?s|sec|%)?", re.ASCII)
_HEADER = re.compile(r"([\w.-]+):[ \t]*(.*)", re.ASCII)


def line_of_text(text: str, label: str = "") -> str:
    r"""Return the only line of a text, or the only one after or below a label, as it is.

    >>> line_of_text("Cipher: TLS_AES_256_GCM_SHA384\nServer: nginx\n", "Cipher")
    'TLS_AES_256_GCM_SHA384'
    >>> line_of_text("runc:\noverlayfs\nkata:\nvirtiofs\n", "kata")
    'virtiofs'
    """
    found = labelled_lines(text, label)
    lines = [*found.after, *found.below]
    if not lines:
        raise no_value(text, label, "text")
    return _free_text(_only(lines, "line"))


def _only(values: Sequence[str], name: str) -> str:
    """Return the value that all have; raise Unreadable if there are several."""
    if len(set(values)) > 1:
        first, second = map(excerpt, list(dict.fromkeys(values))[:2])
        raise Unreadable(f"more than one {name}: {first} and {second}", "name the lines of one")
    return values[0]


def _free_text(value: str) -> str:
    """Return a text; raise Unreadable if it is a failure, an estimate, or data of another converter."""
    if is_no_text(value):
        raise Unreadable(f"no text, but a failure, an estimate or data: {excerpt(value)}")
    if _NUMBER.fullmatch(value):
        remedy = "read it with count, quantity, seconds, or a pattern with (?P<number>…)"
        raise Unreadable(f"a number, not a text: {excerpt(value)}", remedy)
    return value


def check_pattern(argument: str) -> None:
    """Raise FaultError unless `argument` is a pattern with one group, or with a group called `number`."""
    groups = _compiled(argument).groupindex.keys()
    if not (_compiled(argument).groups == 1 or "number" in groups):
        remedy = "write (…) around it once, or (?P<number>…) and (?P<unit>…)"
        raise FaultError(f"the pattern {argument!r} does not say what the value is", remedy)
    if groups & _GROUPS and not groups <= _GROUPS:
        raise FaultError(f"the pattern {argument!r} has other groups than number and unit", "remove them")


def pattern(text: str, argument: str) -> Quantity | str:
    r"""Return what a regular expression finds: the text of its only group.

    A group called `number` is a plain number, and a group `unit` beside it has the unit.

    >>> pattern("Protocol  : TLSv1.3\nCipher    : TLS_AES_256_GCM_SHA384\n", r"^Protocol\s*: (\S+)")
    'TLSv1.3'
    >>> str(pattern("12 passed, 3 skipped in 0.41s\n", r"(?P<number>\d+) skipped"))
    '3'
    >>> str(pattern("peak 7.25 MiB of 64\n", r"^peak (?P<number>[\d.]+) (?P<unit>\w+)"))
    '7.25 MiB'
    """
    found = _matches(argument, lines_of(text))
    if not found:
        raise NotThere(f"no line matches {argument!r} in {excerpt(text)}")
    if estimate := next((match.string for match in found if is_estimate(match.string)), None):
        raise Unreadable(f"an estimate, or data of another converter: {excerpt(estimate)}")
    if "number" not in found[0].groupdict():
        return _free_text(_only([(match[1] or "").strip() for match in found], "value"))
    line = _only([match[0] for match in found], "value")
    match = found[0]
    unit = match.groupdict().get("unit") or ""
    return checked(line, "number", lambda: Quantity(decimal(match["number"] or ""), symbol(unit)))


def check_matches(argument: str) -> None:
    """Raise FaultError unless `argument` is a pattern, or two of them as in `200 of ^HTTP`."""
    for one in _two_patterns(argument):
        _compiled(one)


def matches(text: str, argument: str) -> Quantity:
    r"""Return how many lines match a regular expression, of those that match another one.

    Zero is a count only of lines that are there: `403 of ^HTTP`. A failure in any other line is refused.

    >>> answers = "HTTP 200\nHTTP 429\nHTTP 429\n"
    >>> [str(matches(answers, one)) for one in ("429 of ^HTTP", "500 of ^HTTP", "200")]
    ['2', '0', '1']
    """
    counted, among = _two_patterns(argument)
    lines = under_label(text, "").below
    numbers = {number for number, _match in _numbered(among, lines)}
    for number, line in enumerate(lines):
        if number not in numbers and is_failure(line):
            raise Unreadable(f"a failure, not a line to count: {excerpt(line)}")
    if not numbers:
        raise NotThere(f"no line matches {among!r} in {excerpt(text)}", "count among lines that are there")
    return count_of(len(_matches(counted, [lines[number] for number in sorted(numbers)])))


def _two_patterns(argument: str) -> tuple[str, str]:
    """Return the pattern of the counted lines, and that of the lines among which they are counted."""
    counted, of, among = argument.rpartition(" of ")
    return (counted, among) if of else (among, among)


def _compiled(text: str) -> "regex.Pattern[str]":
    try:
        return compiled(text)
    except ValueError as error:
        raise FaultError(f"{excerpt(text)} {error}", "correct the pattern") from error


def _numbered(text: str, lines: Sequence[str]) -> list[tuple[int, "regex.Match[str]"]]:
    """Return the matches of a pattern, each with the index of its line; raise Unreadable at the limit."""
    search = SEARCH.get() or PatternSearch()
    try:
        return list(search.matches(_compiled(text), lines))
    except FaultError as error:
        raise Unreadable(error.what, error.remedy) from error


def _matches(text: str, lines: Sequence[str]) -> list["regex.Match[str]"]:
    return [match for _number, match in _numbered(text, lines)]


def header(text: str, name: str) -> str:
    r"""Return the value of a header of an HTTP answer, as `curl -i`, `-I` or `-v` prints it.

    >>> answer = "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nX-Frame-Options: DENY\r\n\r\nServer: none\n"
    >>> header(answer, "server"), header(answer, "X-Frame-Options")
    ('nginx/1.22.1', 'DENY')
    """
    answers = _answers(text)
    if not answers:
        raise NotThere(f"no answer of HTTP in {excerpt(text)}")
    values = [value for answer in answers for key, value in answer if key.lower() == name.lower() and value]
    if not values:
        raise NotThere(f"no header {name!r} below {excerpt(text)}")
    if any(sum(key.lower() == name.lower() for key, _value in answer) > 1 for answer in answers):
        raise Unreadable(f"one answer has several headers {name!r}", "name the line of one")
    return _only(values, f"header {name!r}")


def _answers(text: str) -> list[list[tuple[str, str]]]:
    """Return the headers of each answer in a text: name and value, from its status line to a blank line."""
    answers: list[list[tuple[str, str]]] = []
    inside = False
    for line in (line.strip().removeprefix("<").strip() for line in text.split("\n")):
        if _STATUS_LINE.fullmatch(line):
            answers.append([])
            inside = True
        elif not line:
            inside = False
        elif inside and (found := _HEADER.fullmatch(line)):
            answers[-1].append((found[1], found[2].strip()))
    return answers
