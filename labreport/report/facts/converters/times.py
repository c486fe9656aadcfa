"""Times as shells and tools print them, in seconds."""

import re
from decimal import Decimal

from labreport.report.facts.converters.lines import (
    NUMBER,
    NotThere,
    Unreadable,
    ValueKind,
    checked,
    excerpt,
    form,
    labelled_lines,
    lines_of,
    parse_line,
    read_line,
)
from labreport.report.values import Quantity, decimal, decimal_with_comma

_FISH = {"micros": "µs", "millis": "ms", "secs": "s", "mins": "min", "hours": "h"}
_BARE = {"": "s", "seconds": "s", "second": "s"}
_MINUTE = 60


def _positive(value: Quantity) -> Quantity:
    """Return a time; raise ValueError for 0, which a clock shows that is too coarse."""
    if value.value <= 0:
        raise ValueError("a time of 0 is no measurement")
    return value


def _clock(hours: str | None, minutes: str | None, seconds: str) -> Quantity:
    """Return hours, minutes and seconds in seconds, with the decimals of the seconds.

    Shells print no groups of digits, so a comma in the seconds is a decimal comma.
    """
    rest = decimal_with_comma(seconds)
    if minutes and rest >= _MINUTE:
        raise ValueError("a minute has 60 seconds")
    whole = int(hours or 0) * _MINUTE**2 + int(minutes or 0) * _MINUTE
    return _positive(Quantity(Decimal(whole) + rest, "s"))


def _time(number: str, unit: str) -> Quantity:
    return _positive(Quantity(decimal(number), _BARE.get(unit, unit)).to("s"))


_MINUTES = rf"(?:([0-9]{{1,4}})h ?)?([0-9]{{1,6}})m ?({NUMBER})s"
_NAMED = r"(?:[A-Za-z][\w.-]*[:=] ?)?"
_SECONDS = ValueKind(
    "time",
    (
        form(rf"(?:[0-9]+: )?({NUMBER}) ?(s|seconds?|ms|us|µs|ns)", lambda m: _time(m[1], m[2])),
        form(r"(?:[0-9]+: )?([0-9]*[.,][0-9]+)", lambda m: _time(m[1], "")),
        form(rf"(?:real\s+)?{_MINUTES}", lambda m: _clock(m[1], m[2], m[3])),
        form(rf"real\s+({NUMBER})", lambda m: _clock(None, None, m[1])),
        form(rf"{_NAMED}real=({NUMBER})s?(?:,?\s+\S+=\S+)*", lambda m: _clock(None, None, m[1])),
        form(
            rf"(?:.*\scpu\s+|{_NAMED})(?:([0-9]{{1,4}}):)?(?:([0-9]{{1,6}}):)?([0-9]*[.,][0-9]+) total",
            lambda m: _clock(m[1] if m[2] else None, m[2] or m[1], m[3]),
        ),
        form(rf"{_NAMED}({NUMBER}) ?(s|ms) total", lambda m: _time(m[1], m[2])),
        form(
            rf"Executed in\s+({NUMBER}) ({'|'.join(_FISH)})(?:\s+fish\s+external)?",
            lambda m: _positive(Quantity(decimal_with_comma(m[1]), _FISH[m[2]]).to("s")),
        ),
    ),
    re.compile(rf"{_NAMED}real\b|Executed in\b|.*[0-9] ?m?s? total$|\W{{0,2}}[0-9][0-9.,]*\s?[a-zµ]*$"),
)


def seconds(text: str, label: str = "") -> Quantity:
    r"""Return the only time in a text, in seconds.

    bash, whose `time` prints user and sys too; the locale may have a decimal comma:

    >>> str(seconds("\nreal\t0m1.620s\nuser\t0m0.010s\nsys\t0m0.020s\n"))
    '1.620 s'
    >>> str(seconds("real\t1m1,620s"))
    '61.620 s'

    POSIX, zsh, fish:

    >>> str(seconds("real 1.10\nuser 0.00\nsys 0.00\n"))
    '1.10 s'
    >>> str(seconds("echo test  0.01s user 0.02s system 2% cpu 1.221 total"))
    '1.221 s'
    >>> str(seconds("Executed in  393.85 millis    fish           external"))
    '0.39385 s'

    curl's `%{time_total}`, bc, a numbered sample; after a label or below it:

    >>> str(seconds("0.002613\n")), str(seconds(".68 s")), str(seconds("1: .681 s"))
    ('0.002613 s', '0.68 s', '0.681 s')
    >>> str(seconds("runc: 0.681 s\nKata: 1.9 s\n", "Kata")), str(seconds("trial1: real=0.44s user=0.06s"))
    ('1.9 s', '0.44 s')
    >>> str(seconds("=== runc ===\nreal\t0m0.681s\n=== Kata ===\nreal\t0m1.900s\n", "Kata"))
    '1.900 s'
    """
    return read_line(text, label, _SECONDS)


def samples(text: str, label: str = "") -> tuple[Quantity, ...]:
    r"""Return a time for every line, or for every line below a heading, in seconds.

    >>> [str(one) for one in samples("0.002914\n0.002936\n")]
    ['0.002914 s', '0.002936 s']
    >>> [str(one) for one in samples("runc:\n1: 0.681 s\n2: 0.70 s\nKata:\n1: 1.9 s\n", "runc")]
    ['0.681 s', '0.70 s']
    """
    lines = labelled_lines(text, label).below
    if not lines:
        raise NotThere(f"no times below {label!r}" if label else "no times in an empty text")
    return tuple(parse_line(line, _SECONDS) for line in lines)


_PART = rf"([a-z][a-z0-9_]*)=({NUMBER})(s|ms|us|µs|)"
_SUMMARY = re.compile(rf"{_PART}(?:,?\s+{_PART})*", re.ASCII)


def summary(text: str, key: str) -> Quantity:
    r"""Return the value of `key` in a line of several: a time in seconds, or a count.

    >>> line = "=== HTTP ===\navg=0.0026s  min=0.0018s  max=0.0071s  n=50\n"
    >>> str(summary(line, "avg")), str(summary(line, "n"))
    ('0.0026 s', '50')
    """
    lines = [line for line in lines_of(text) if re.search(rf"(?:^|\s){re.escape(key)}=", line)]
    if not lines:
        raise NotThere(f"no {key}= in {excerpt(text)}")
    line = lines[0]
    if len(lines) > 1 or not _SUMMARY.fullmatch(line):
        raise Unreadable(f"no valid {key}=: {' and '.join(map(excerpt, lines))}")
    parts = [part for part in re.findall(_PART, line) if part[0] == key]
    if len(parts) > 1:
        raise Unreadable(f"{key}= is given twice: {excerpt(line)}")
    _key, number, unit = parts[0]
    return checked(line, f"{key}=", lambda: _time(number, unit) if unit else Quantity(decimal(number), ""))
