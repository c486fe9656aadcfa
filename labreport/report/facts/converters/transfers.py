"""What dd says about a copy."""

import re
from dataclasses import dataclass
from decimal import Decimal

from labreport.report.facts.converters.lines import NUMBER, Kind, NotThere, form, read_line
from labreport.report.values.quantity import Quantity, decimal
from labreport.report.values.units import symbol


@dataclass(frozen=True)
class Copy:
    """What one dd copied: how much, how long it took, and the rate that it says."""

    bytes: Quantity
    seconds: Quantity
    rate: Quantity


def _copy(count: str, seconds: str, rate: str, unit: str) -> Copy:
    """Return a copy; raise ValueError where nothing was copied or no time passed."""
    copied, took = Decimal(count), Decimal(seconds.replace(",", "."))
    if not copied or not took:
        raise ValueError("nothing was copied, or in no time")
    return Copy(Quantity(copied, "B"), Quantity(took, "s"), Quantity(decimal(rate), symbol(unit)))


_TOOK = rf"({NUMBER}(?:e-[0-9]{{2}})?)"
_COPIES = Kind(
    "dd's line",
    (
        form(
            rf"([0-9]{{1,20}}) bytes? (?:\([^()]+\) )?copied, {_TOOK} s, ({NUMBER}) ([kMGT]?B/s)",
            lambda m: _copy(m[1], m[2], m[3], m[4]),
        ),
        form(
            rf"([0-9]{{1,20}}) bytes \([^()]+\) copied, {_TOOK} seconds, ({NUMBER})([KMGT]?)B/s",
            lambda m: _copy(m[1], m[2], m[3], f"{m[4]}iB/s" if m[4] else "B/s"),
        ),
    ),
    re.compile(r".*\bcopied\b"),
)


def dd(text: str, key: str) -> Quantity:
    r"""Return the `bytes`, the `seconds` or the `rate` of dd's last line.

    GNU's rates are decimal. BusyBox's (in Alpine) are binary though it writes MB; they are read as what they
    are (coreutils src/dd.c, busybox libbb/human_readable.c):

    >>> gnu = "100+0 records out\n104857600 bytes (105 MB, 100 MiB) copied, 0.0123 s, 8.5 GB/s"
    >>> str(dd(gnu, "bytes")), str(dd(gnu, "seconds")), str(dd(gnu, "rate"))
    ('104857600 B', '0.0123 s', '8.5 GB/s')
    >>> str(dd("104857600 bytes (100.0MB) copied, 0.012300 seconds, 7.9GB/s", "rate"))
    '7.9 GiB/s'
    """
    copy = read_line(text, "", _COPIES)
    values = {"bytes": copy.bytes, "seconds": copy.seconds, "rate": copy.rate}
    if key not in values:
        raise NotThere(f"dd says no {key!r}: one of {', '.join(values)}")
    return values[key]
