"""Patterns of the words and units in which people write the numbers that a lab measures."""

import re
from fractions import Fraction

from labreport.check.languages import UNITS_OF_LANGUAGES, meaning_of
from labreport.report.values import UNITS

DASHES = "-\u2010-\u2015\u2212"
"""Every dash and the minus sign, for the start of a character set."""
APOSTROPHE = "['\u2019]"
TIMES_SIGN = "\u00d7"

_NAMED = {
    "ns": "ns|nanoseconds?",
    "µs": "[uµ\u03bc]s|microseconds?",
    "ms": "ms|msecs?|milliseconds?",
    "s": "s|secs?|seconds?",
    "min": "mins?|minutes?",
    "h": "h|hrs?|hours?",
    "%": "%|percent|per cent|pct|percentage points?|pp",
    "B": "B|bytes?",
    "kB": "kB|KB|kilobytes?",
    "MB": "MB|megabytes?",
    "GB": "GB|gigabytes?",
    "TB": "TB|terabytes?",
    "KiB": "KiB|kibibytes?",
    "MiB": "MiB|mebibytes?",
    "GiB": "GiB|gibibytes?",
    "TiB": "TiB|tebibytes?",
    "bit/s": "bits?(?:/s(?:ec)?| per second)|bps",
    "kbit/s": "[kK]bits?(?:/s(?:ec)?| per second)|[kK]bps",
    "Mbit/s": "Mbits?(?:/s(?:ec)?| per second)|Mbps",
    "Gbit/s": "Gbits?(?:/s(?:ec)?| per second)|Gbps",
    "requests/s": "requests? per second|req(?:uest)?s?/s(?:ec)?|rps|GETs/s",
    "1/s": "per second|/ ?s(?:ec)?|Hz",
    "": f"x|{TIMES_SIGN}|times|fold",
}
"""The spellings of each unit of labreport/report/values.py."""
_OTHERS = (
    r"‰|[kMG]Hz|(?:kilo|mega|giga)?hertz|days?|weeks?|[KMGT]i?(?=\b)|°[CF]|[mk]?W|k?Wh|m?V|mA|J|dB"
    "|[kKMGT]i?[Bb](?:its?|ytes?)?(?:/s(?:ec)?|ps| per second)|(?:bits?|bytes?|B)(?:/s(?:ec)?| per second)"
    "|[kMGT]?bps|[KMGTkmgt](?:ega|iga|ilo)?bits?|qps|IOPS|iops|[fF][pP][sS]|orders? of magnitude"
    "|(?:ops?|operations?|packets?|pkts?|events?|calls?|iterations?|runs?|starts?)(?:/s(?:ec)?| per second)"
)
_HARDWARE = "v?CPUs?|cores?|threads?|processors?"
_COUNTED = (
    f"{_HARDWARE}|requests?|GETs?|samples?|runs?|starts?|boots?|attempts?|iterations?|repetitions?|rounds?"
    "|packets?|entries|entry|modules?|processes|devices?|capabilities|namespaces|syscalls|system calls|lines?"
    "|messages?|errors?|failures?|connections?"
)
_WORDS = (
    "(?:nano|micro|milli)?seconds?|minutes?|hours?|days?|weeks?|percent|per cent|times"
    "|(?:kilo|mega|giga|tera|kibi|mebi|gibi|tebi)?bytes?"
)
"""Units in words, in any case. The case of a symbol is significant."""
_NOUNS = {"gets": "requests", "get": "requests", "entry": "entries"}
SPEED = "fast|quick|slow|long|short|large|big|small|much|many|high|low|expensive|cheap|heavy|good|bad"
COMPARED = (
    r"(?:as|the|that|what|more|less|faster|slower|quicker|longer|shorter|larger|bigger|smaller|higher|lower)\b"
    rf"|\w+{APOSTROPHE}s\b"
)
"""Words after a factor: `twice as fast`, `three times runc's`."""
MEASURED = (
    "time|times|size|memory|speed|rate|throughput|latency|latencies|cost|duration|overhead|bandwidth|requests"
    "|samples|start-?up|boot|performance|capacity|load|data|bytes|cores|seconds?|minutes?|hours?|milliseconds?"
)
_ONES = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
    " seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
WORDS = {word: n for n, word in enumerate(_ONES.split(), 1)} | {
    word: 10 * n for n, word in enumerate(_TENS.split(), 2)
}
LARGE = {"hundred": 100, "thousand": 1000, "million": 10**6, "dozen": 12}
PARTS = {
    "half": Fraction(1, 2),
    "third": Fraction(1, 3),
    "quarter": Fraction(1, 4),
    "fifth": Fraction(1, 5),
}
TWICE = {"twice": 2, "double": 2, "thrice": 3, "triple": 3, "quadruple": 4}
VULGAR = {
    "½": Fraction(1, 2),
    "¼": Fraction(1, 4),
    "¾": Fraction(3, 4),
    "⅓": Fraction(1, 3),
    "⅔": Fraction(2, 3),
}


def _units(counted: str) -> str:
    """Return the pattern of all units, including the `counted` things."""
    units = "|".join((_OTHERS, *_NAMED.values(), f"(?i:{_WORDS}|{counted})"))
    return units.replace(" ", r"\s+")


UNIT = f"(?:{_units(_COUNTED)}|(?i:{UNITS_OF_LANGUAGES}))"
UNIT_OF_WORDS = f"(?:{_units(_HARDWARE)})"
"""The units after a number in words: `two cores` is a measured value, `two runs` is not."""
_SYMBOLS = {symbol: re.compile(pattern.replace(" ", r"\s+")) for symbol, pattern in _NAMED.items()}
_COUNT = re.compile(_COUNTED.replace(" ", r"\s+"))


def is_counted(unit: str) -> bool:
    """Return whether a unit, as `unit_of` returns it, is the noun of a counted thing."""
    return re.fullmatch(_COUNTED.replace(" ", r"\s+"), unit, re.IGNORECASE) is not None


def unit_of(text: str) -> str:
    """Return the symbol of a unit, the plural noun of a counted thing, or `text` if it is neither."""
    if text in UNITS:
        return text
    for written in (text, text.lower()):
        for symbol, pattern in _SYMBOLS.items():
            if pattern.fullmatch(written):
                return symbol
    meaning = meaning_of(text)
    if meaning is not None:
        return meaning
    noun = " ".join(text.lower().split())
    if not _COUNT.fullmatch(noun) and not _COUNT.fullmatch(text):
        return text
    return _NOUNS.get(noun, noun if noun.endswith("s") else f"{noun}s")
