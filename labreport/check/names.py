"""Numbers that are part of a name: `task 3 runs`, `section 2.1 requests`, `TLS 1.3`, `Ryzen 7`."""

import re
from collections.abc import Sequence

from labreport.check.languages import LABELS
from labreport.check.vocabulary import is_counted

_LONGEST_LABEL = 20
_LABELLED = re.compile(
    r"\b(?:tasks?|labs?|steps?|editions?|lines?|columns?|sections?|pages?|figures?|tables?|versions?|ports?|issues?"
    r"|kernel|Debian|Linux|Kata|containerd|runc|Python|Alpine|QEMU|status|HTTP|number|no\.)\s+$",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    rf"(?:\b(?:sections?|chapters?|appendix|figures?|tables?|Windows|Ubuntu|Debian|Fedora|Alpine|Android|iOS|macOS"
    rf"|Python|Java|Node(?:\.js)?|PHP|Ruby|PostgreSQL|MySQL|TLS|SSL|HTTP|USB|PCIe|Wi-?Fi|{LABELS})\s+|§\s*|第)v?$",
    re.IGNORECASE,
)
"""What is before a number that is a name, so that nothing is counted by it: `section 3`, `TLS 1.3`."""
_SECTION = re.compile(r"\d{1,2}(?:\.\d{1,2}){2,}", re.ASCII)
_PRODUCT = re.compile(
    r"\b(?:Ryzen|Threadripper|EPYC|Athlon|Opteron|Core(?:\s+Ultra)?|Xeon|Pentium|Celeron|Atom|Snapdragon|Cortex"
    r"|GeForce|Radeon|RTX|GTX|Quadro|Raspberry\s+Pi|ThinkPad|MacBook|Pixel|Galaxy|iPhone|Graviton)"
    r"(?:[\s-]+(?:PRO|Pro|Max|Plus|Gold|Silver|Platinum|Bronze|Super))*"
    r"[\s-]*(?:[A-Za-z]-?)?\d{1,5}[A-Za-z]{0,3}\b(?![.,]\d)(?:[\s-]+(?:PRO\s+)?\d{3,5}[A-Za-z]{0,3}\b)?"
    r"(?:\s+(?:Ti|SUPER|Super|XT|v\d)\b)*(?:\s+\d{1,3}-Core\b)?"
)
"""The name of a product with its numbers: `Ryzen 7 5800X`, `RTX 3060 Ti`, `EPYC 7763 64-Core`."""
_MODEL = frozenset({"K", "T", "Ti", "G", "M"})
"""Letters of a model that are also symbols of units."""
_VERBS = frozenset(
    {"attempts", "boots", "lines", "processes", "requests", "rounds", "runs", "samples", "starts"}
)
"""Words that are verbs after a labelled number, as in `task 3 runs`, and else units of a count."""


def product_names(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return where the names of products with a number are between two places of a text.

    >>> product_names("an AMD Ryzen 7 5800X at 3.8 GHz", 0, 31)
    [(7, 20)]
    """
    return [product.span() for product in _PRODUCT.finditer(text, start, end)]


def is_name(text: str, number: tuple[int, int], unit: str, products: Sequence[tuple[int, int]]) -> bool:
    """Return whether a number, from start to end in a text, is part of a name and counts no `unit`.

    `unit` is as `unit_of` returns it. A time or a size behind a name is still a number: `Kata 3 s`.

    >>> is_name("section 3.2 requests", (8, 11), "requests", ()), is_name("Kata 3 s", (5, 6), "s", ())
    (True, False)
    """
    start, end = number
    before = (max(0, start - _LONGEST_LABEL), start)
    if unit in _VERBS and _LABELLED.search(text, *before):
        return True
    in_product = any(first <= start < last for first, last in products)
    if not is_counted(unit):
        return in_product and unit in _MODEL
    return in_product or bool(_NUMBERED.search(text, *before) or _SECTION.fullmatch(text[start:end]))
