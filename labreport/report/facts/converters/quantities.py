"""Counts, quantities with a unit, HTTP statuses, and the statistics of dd, iperf3 and wrk."""

import re
from dataclasses import dataclass
from decimal import Decimal

from labreport.report.facts.converters.lines import (
    NUMBER,
    NotThere,
    Unreadable,
    ValueKind,
    count_of,
    form,
    read_line,
)
from labreport.report.values import UNITS, Quantity, decimal, decimal_with_comma, symbol

_COUNT = ValueKind(
    "count",
    (
        form(r"([0-9]{1,20})", lambda m: count_of(m[1])),
        form(r"([1-9][0-9]{0,2}(?:,[0-9]{3})+)", lambda m: Quantity(decimal(m[1]), "")),
    ),
    re.compile(r"\W?[0-9][0-9.,]*$"),
)


def count(text: str, label: str = "") -> Quantity:
    r"""Return a plain whole number, such as `wc -l` prints.

    >>> str(count("    245\n")), str(count("Host: 245\nKata VM: 52\n", "Kata VM"))
    ('245', '52')
    >>> str(count("=== /proc Entries Count ===\nHost:\n245\nKata VM:\n52\n", "Kata VM"))
    '52'
    """
    return read_line(text, label, _COUNT)


_UNIT = "|".join(sorted((re.escape(unit) for unit in [*UNITS, "us"] if unit), key=len, reverse=True))
_QUANTITY = ValueKind(
    "number with a unit",
    (form(rf"({NUMBER})\s?({_UNIT})", lambda m: Quantity(decimal(m[1]), symbol(m[2]))),),
    re.compile(r"\W{0,2}[0-9][0-9.,]*\s?\S{0,10}$"),
)


def quantity(text: str, label: str = "") -> Quantity:
    """Return a number with the unit after it: kB is 1000 bytes, KiB 1024.

    >>> str(quantity("7,25 KiB")), str(quantity("Memory: 2.5 kB", "Memory")), str(quantity("12.5%"))
    ('7.25 KiB', '2.5 kB', '12.5 %')
    >>> str(quantity("the build took 1179 s", "the build took"))
    '1179 s'
    """
    return read_line(text, label, _QUANTITY)


def _status(digits: str) -> Quantity:
    """Return an HTTP status; raise ValueError for 000, which curl prints if there was no answer."""
    if not "100" <= digits <= "599":
        raise ValueError("no answer has this status")
    return count_of(digits)


_STATUS = ValueKind(
    "HTTP status",
    (form(r"(?:[\w.-]+: |< )?HTTP(?:/[0-9.]+)? ([0-9]{3})(?: [A-Z][A-Za-z' -]*)?", lambda m: _status(m[1])),),
    re.compile(r"(?!(?:> )?[A-Z]+ \S+ HTTP/[0-9.]+$).*\bHTTP\b"),
)
"""The line of a request, as `curl -v` prints it before the answer, is about something else."""


def status(text: str, label: str = "") -> Quantity:
    r"""Return the HTTP status as a plain number.

    >>> str(status("juice-runc: HTTP 200\n")), str(status("HTTP/1.1 404 Not Found\r\nServer: nginx\r\n"))
    ('200', '404')
    >>> str(status("> GET / HTTP/1.1\n< HTTP/1.1 308 Permanent Redirect\n"))
    '308'
    """
    return read_line(text, label, _STATUS)


@dataclass(frozen=True)
class _Copy:
    """The statistics of one dd: bytes copied, duration, and the rate as dd gives it."""

    bytes: Quantity
    seconds: Quantity
    rate: Quantity


def _copy(count: str, seconds: str, rate: str, unit: str) -> _Copy:
    """Return a copy; raise ValueError if nothing was copied, or the clock was too coarse."""
    copied, duration = Decimal(count), Decimal(seconds.replace(",", "."))
    if not copied or not duration:
        raise ValueError("nothing was copied, or in no time")
    return _Copy(
        Quantity(copied, "B"), Quantity(duration, "s"), Quantity(decimal_with_comma(rate), symbol(unit))
    )


_DURATION = rf"({NUMBER}(?:e-[0-9]{{2}})?)"
_COPY = ValueKind(
    "line of dd",
    (
        form(
            rf"([0-9]{{1,20}}) bytes? (?:\([^()]+\) )?copied, {_DURATION} s, ({NUMBER}) ([kMGT]?B/s)",
            lambda m: _copy(m[1], m[2], m[3], m[4]),
        ),
        form(
            rf"([0-9]{{1,20}}) bytes \([^()]+\) copied, {_DURATION} seconds, ({NUMBER})([KMGT]?)B/s",
            lambda m: _copy(m[1], m[2], m[3], f"{m[4]}iB/s" if m[4] else "B/s"),
        ),
    ),
    re.compile(r".*\bcopied\b"),
)


def dd(text: str, key: str) -> Quantity:
    r"""Return the `bytes`, the `seconds` or the `rate` in the last line of dd.

    GNU's units are decimal. BusyBox (in Alpine) writes MB and means MiB: coreutils src/dd.c, busybox
    libbb/human_readable.c.

    >>> gnu = "100+0 records out\n104857600 bytes (105 MB, 100 MiB) copied, 0.0123 s, 8.5 GB/s"
    >>> str(dd(gnu, "bytes")), str(dd(gnu, "seconds")), str(dd(gnu, "rate"))
    ('104857600 B', '0.0123 s', '8.5 GB/s')
    >>> str(dd("104857600 bytes (100.0MB) copied, 0.012300 seconds, 7.9GB/s", "rate"))
    '7.9 GiB/s'
    """
    copy = read_line(text, "", _COPY)
    values = {"bytes": copy.bytes, "seconds": copy.seconds, "rate": copy.rate}
    if key not in values:
        raise NotThere(f"dd has no {key!r}", f"use one of: {', '.join(values)}")
    return values[key]


_BITRATE = re.compile(
    rf"\[ *(?:[0-9]+|SUM)\] .* sec .* ({NUMBER}) ([KMG]?)bits/sec(?: +[0-9]+)? +(sender|receiver)\s*"
)


def iperf3(text: str, end: str) -> Quantity:
    r"""Return the bitrate at the end of one run of iperf3, as its `sender` or its `receiver` counted it.

    Prefixes of bits are decimal: iperf3 src/units.c.

    >>> total = "[  5]   0.00-5.02   sec  1.87 GBytes  3200 Mbits/sec    0            sender"
    >>> total += "\n[  5]   0.00-5.06   sec  1.87 GBytes  3172 Mbits/sec                  receiver"
    >>> str(iperf3(total, "receiver"))
    '3172 Mbit/s'
    """
    found = [match for line in text.split("\n") if (match := _BITRATE.fullmatch(line)) and match[3] == end]
    if not found:
        raise NotThere(f"no bitrate of the {end!r}", "iperf3 has a sender and a receiver")
    if len(found) > 1:
        raise Unreadable(f"{len(found)} bitrates of the {end}", "name the lines of one run")
    return Quantity(decimal_with_comma(found[0][1]), f"{found[0][2].replace('K', 'k')}bit/s")


_REQUESTS = ValueKind(
    "number of requests per second",
    (form(rf"Requests/sec:\s+({NUMBER})", lambda m: Quantity(decimal_with_comma(m[1]), "requests/s")),),
    re.compile(r"Requests/sec\b.*"),
)


def wrk(text: str, label: str = "") -> Quantity:
    r"""Return the requests per second of one run of wrk.

    >>> str(wrk("  425 requests in 10.09s, 30.67MB read\nRequests/sec:     42.14\nTransfer/sec:      3.04MB"))
    '42.14 requests/s'
    """
    return read_line(text, label, _REQUESTS)


_JUDGEMENT = re.compile(r"=> (\S.*)")


def verdict(text: str, arm: str = "") -> str:
    r"""Return the words after the only `=>`, of one arm (from `--- arm` to the next) or of the whole text.

    >>> verdict("--- runc\n6.12\n=> the host's\n--- kata\n6.1\n=> its own\n", "kata")
    'its own'
    >>> verdict("started-1\n=> did not reach the host\n")
    'did not reach the host'
    """
    lines = text.split("\n")
    if arm:
        lines = _lines_of_arm(lines, arm)
    found = [match[1] for line in lines if (match := _JUDGEMENT.fullmatch(line))]
    place = f" of {arm!r}" if arm else ""
    if not found:
        raise NotThere(f"no verdict{place}")
    if len(found) > 1:
        raise Unreadable(f"{len(found)} verdicts{place}", "name fewer lines")
    return found[0]


def _lines_of_arm(lines: list[str], arm: str) -> list[str]:
    """Return the lines of an arm; raise Unreadable if it answers twice."""
    starts = [number for number, line in enumerate(lines, 1) if line == f"--- {arm}"]
    if len(starts) > 1:
        raise Unreadable(f"{arm!r} answers {len(starts)} times", "name fewer lines")
    rest = lines[starts[0] :] if starts else []
    ends = [number for number, line in enumerate(rest) if line.startswith(("--- ", "=== "))]
    return rest[: ends[0]] if ends else rest
