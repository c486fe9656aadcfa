"""How much a page's Jinja may do, and how large its values may be: counted, so the same on every machine."""

from collections.abc import Iterator

from labreport.contract.errors import LabError
from labreport.contract.text import is_encodable

MOST_STEPS = 100_000
"""How much work a page may ask for: evaluations in loops and macros, and the sizes of values."""
MOST_OUTPUT = 2_000_000
"""How many characters a page may add to its source."""
MOST_CALLS = 2_000
MOST_TOKENS = 30_000
"""How many words and signs the Jinja of a page may have: what Jinja does grows with their square."""
MOST_TAGS = 15
"""How many tags may be in each other. Python compiles 20 loops."""
MOST_LEVELS = 80
"""How many expressions and tags may be in each other. Python compiles 200 brackets, and a level takes two."""
TOO_DEEP = ("its Jinja is nested too deeply", "use fewer tags or brackets in each other")
LARGEST_VALUE = 20_000
"""How many characters and items a value may have."""
MOST_BITS = 1024
MOST_DIGITS = 300
"""How many digits a number in a page may have: more have more than `MOST_BITS`, or Python refuses them."""
DIGITS_OF_A_FLOAT = 15


class SandboxError(LabError):
    """A page's Jinja asks for something that it may not do."""


def values_in(value: object) -> Iterator[object]:
    """Yield a value, and all that is in it: the keys and values of mappings, and the items of lists."""
    left = [value]
    while left:
        item = left.pop()
        yield item
        if isinstance(item, dict):
            left += [*item, *item.values()]
        elif isinstance(item, list | tuple | set | frozenset):
            left += item


def size_of(value: object) -> int:
    """Return how many characters and items a value has, with all that is in it; stop counting if too many."""
    size = 0
    for item in values_in(value):
        size += 1
        if isinstance(item, str):
            size += str.__len__(item)
        elif isinstance(item, range):
            size += len(item)
        if size > LARGEST_VALUE:
            break
    return size


def check_size(size: int) -> None:
    """Raise SandboxError if a value of this size is too large."""
    if size > LARGEST_VALUE:
        raise SandboxError(f"a value has more than {LARGEST_VALUE} characters or items", "make it smaller")


def check_bits(bits: int) -> None:
    """Raise SandboxError if a number of so many bits is too large."""
    if bits > MOST_BITS:
        raise SandboxError(f"a number has more than {MOST_BITS} bits", "make it smaller")


def check_text(text: str) -> None:
    """Raise SandboxError if UTF-8 cannot hold a text."""
    if not is_encodable(text):
        half = next(char for char in str.__str__(text) if not is_encodable(char))
        raise SandboxError(
            f"a text has half a character, \\u{ord(half):x}", "write the character itself, without \\u"
        )
