"""Read the numbers in the evidence, with their units and their labels."""

import re
from collections.abc import Iterator

from labreport.audit.evidence import EvidenceFile, EvidenceIndex
from labreport.audit.values.measured import (
    LONGEST_LABEL,
    PARTS,
    Measured,
    Numbers,
    label_of,
    topic_of,
    unit_of_label,
    words_of,
)
from labreport.audit.values.tables import in_table, is_table
from labreport.report.values import UNITS

_UNITS = {
    "us": "µs", "\u03bcs": "µs", "sec": "s", "secs": "s", "second": "s", "seconds": "s",
    "micros": "µs", "millis": "ms",
    "Ki": "KiB", "Mi": "MiB", "Gi": "GiB",
    "minutes": "min", "KB": "kB", "bytes": "B", "byte": "B", "percent": "%", "Mbit/s": "Mbit/s", "x": "",
    "Kbits/sec": "kbit/s", "Mbits/sec": "Mbit/s", "Gbits/sec": "Gbit/s",
    "MBytes": "MB", "GBytes": "GB", "KBytes": "kB", "MB/sec": "MB/s", "GB/sec": "GB/s", "msec": "ms",
}  # fmt: skip
_CLOCK = r"(?P<min>[0-9]{1,4})m\s?(?P<sec>[0-9]{1,2}(?:[.,][0-9]{1,9})?)s\b"
_PLAIN = (
    r"(?P<number>[0-9]{1,15}(?:[.,][0-9]{1,12})?|[.][0-9]{1,12})"
    r"(?:\s?(?P<unit>[A-Za-z\u00b5\u03bc%]{1,7}(?:/s(?:ec)?)?))?(?![\w])"
)
_INDEX = re.compile(r"[0-9]+:\s")
"""The number of a line or an item, which measures nothing."""
_NUMBER = re.compile(rf"(?<![\w.,:/@#+-])(?:{_CLOCK}|{_PLAIN})(?![.:/-]\w)", re.ASCII)
_HEADING = re.compile(r"[^\n]{1,120}:\s*|\s*(?:=+|-+|#+)[^\n]{1,120}")
_NOUN = re.compile(r"\s([A-Za-z]{3,20})\b(?![=:])")
_LABEL_BEFORE = re.compile(r"\"?\s*[:=]\s*$")
_CLOCKED = re.compile(r"(?:^|\s)(?:real|user|sys)\s{1,20}$")
"""What stands before a time in seconds, as `time -p` prints it."""
_MOST_LINES = 3000
"""How many lines of a file are searched for numbers."""
_LONGEST = 2000
_MOST_NUMBERS = 60_000


def numbers_of(evidence: EvidenceIndex) -> Numbers:
    """Return the numbers in the evidence, without those in programs."""
    found: list[Measured] = []
    for file in evidence.outputs:
        if len(found) < _MOST_NUMBERS:
            found += in_table(file, topic_of(file)) if is_table(file) else _in_file(file)
    return Numbers(tuple(found))


def _in_file(file: EvidenceFile) -> Iterator[Measured]:
    topic = topic_of(file)
    heading: frozenset[str] = frozenset()
    for line in file.seen[:_MOST_LINES]:
        text = line.text[:_LONGEST].replace("\\t", "  ")  # a tab as `echo` of some shells leaves it
        numbers = [
            one
            for one in _NUMBER.finditer(text)
            if not _INDEX.match(text, one.start()) or text[: one.start()].strip()
        ]
        for found in numbers:
            before = text[: found.start()]
            noun = _NOUN.match(text, found.end())
            labels = label_of(before) or words_of(before)
            labels |= frozenset({noun[1].lower()}) if noun else frozenset()
            is_last = not text[found.end() :].strip(" .)\r")
            unit, value, number, digits = _value(found)
            if not unit and (unit := unit_of_label(_LABEL_BEFORE.sub("", before[-LONGEST_LABEL:]))):
                value, number = value * float(UNITS[unit].factor), f"{number} {unit}"
            if not unit and is_last and _CLOCKED.search(before[-LONGEST_LABEL:]):
                unit, number = "s", f"{number} s"
            if found["unit"] and not unit:
                if len(found["unit"]) == 1 and text[found.end() - 2].isdigit():
                    continue  # 8K is no plain 8
                labels |= words_of(found["unit"])
            headline = labels.isdisjoint(PARTS) and bool(unit or is_last)
            yield Measured(
                value, unit, number, file, line.number, labels | heading, topic, _decimals(digits), headline
            )
        if (not numbers or text.rstrip().endswith(":")) and _HEADING.fullmatch(text.strip()):
            heading = words_of(text) if not text.lstrip().startswith(("=", "-", "#")) else frozenset()


def _value(found: re.Match[str]) -> tuple[str, float, str, str]:
    """Return the unit of a number, its value in base units, how it is written, and its digits."""
    if found["sec"] is not None:
        digits = found["sec"].replace(",", ".")
        return "s", int(found["min"]) * 60 + float(digits), found[0], digits
    digits = found["number"].replace(",", ".")
    unit = _UNITS.get(found["unit"] or "", found["unit"] or "")
    if unit not in UNITS:
        return "", float(digits), found["number"], digits
    factor = float(UNITS[unit].factor) if unit and unit != "%" else 1.0
    return unit, float(digits) * factor, found[0], digits


def _decimals(digits: str) -> int:
    return len(digits.partition(".")[2])
