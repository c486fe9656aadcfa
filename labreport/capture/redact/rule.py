"""What a redaction rule is: it finds parts of a text, and says which mask replaces each."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

MASKS = ("mac", "token", "secret", "machine-id", "serial", "mirror", "email", "user", "host", "ip")
"""All masks except that of a home, in the order of their rules.

They make redaction idempotent: a name next to a mask was part of a longer name before the mask was put there,
and a second pass must leave it alone, as the first one did.
"""
LATER = ("email", "user", "host", "ip")
"""The masks of the rules that apply after those for homes."""


class Masked(NamedTuple):
    """A part of a text, from byte `start` to before byte `end`, and the mask that replaces it."""

    start: int
    end: int
    mask: bytes


class Text:
    """A text, and the same text in lower case, for rules that ignore case: the offsets are equal."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.lower = data.lower()


Find = Callable[[Text], Iterable[Masked]]
"""Yields what to mask in a text: in order, without overlap, and no line end in it."""

Replace = Callable[[re.Match[bytes]], bytes | None]
"""Returns the mask for a match, or None to keep it."""


@dataclass(frozen=True)
class Rule:
    """A redaction rule: its name in the record's counts, and what it finds.

    The time of `find` grows linearly with the text. Therefore a pattern never starts with a repetition that
    can start anew at each byte, and what it repeats is possessive or bounded.
    """

    name: str
    find: Find

    def apply(self, text: Text) -> tuple[Text, int]:
        """Return a text with the masks of this rule, and how many there are."""
        parts: list[bytes] = []
        done = 0
        for start, end, mask in self.find(text):
            if start < done:
                continue
            parts += (text.data[done:start], mask)
            done = end
        if not parts:
            return text, 0
        return Text(b"".join([*parts, text.data[done:]])), len(parts) // 2


def matches(name: str, pattern: re.Pattern[bytes], replace: Replace, *hints: bytes) -> Rule:
    """Return a rule that masks what a pattern matches.

    The pattern is tried only on a text that contains one of the `hints`, if there are any: to look for them
    takes far less time.
    """

    def find(text: Text) -> Iterator[Masked]:
        if hints and not any(hint in text.data for hint in hints):
            return
        for match in pattern.finditer(text.data):
            mask = replace(match)
            if mask is not None:
                yield Masked(*match.span(), mask)

    return Rule(name, find)


def always(mask: str) -> Replace:
    """Return a function that replaces every match by `mask`."""
    return lambda _match: mask.encode()


def word(name: str, text: str, mask: str) -> Rule:
    """Return a rule for a text as a whole word: not next to a letter, a digit or an underscore."""
    literal = text.encode()
    escaped = re.escape(literal)
    pattern = re.compile(escaped + rb"(?<![A-Za-z0-9_]%b)(?![A-Za-z0-9_])" % escaped)
    return matches(name, pattern, always(mask), literal)


def folder(name: str, path: str, mask: str, masks: Iterable[str] = MASKS) -> Rule:
    """Return a rule for a folder and the paths below it, but no longer name, and none next to a mask."""
    literal = path.encode()
    escaped = re.escape(literal)
    after = rb"(?![\w-]|\.\w|\.?%b)" % any_mask(masks)
    return matches(name, re.compile(escaped + begins(escaped, masks) + after), always(mask), literal)


def begins(matched: bytes, masks: Iterable[str]) -> bytes:
    """Return a pattern for the end of `matched`: it is not inside a longer name, and not after a mask.

    A pattern that starts with a literal is found many times faster than one that starts by looking behind.
    """
    after_mask = b"".join(rb"(?<!\[%b\]%b)" % (mask.encode(), matched) for mask in masks)
    return rb"(?<![\w.-]%b)" % matched + after_mask


def any_mask(masks: Iterable[str] = MASKS) -> bytes:
    """Return the pattern of any one of `masks`."""
    return rb"\[(?:%b)\]" % "|".join(masks).encode()


def longest(names: Iterable[str]) -> list[str]:
    """Return the names, longest first, so that a name inside a longer one does not break it up."""
    return sorted((name for name in names if name), key=lambda name: (-len(name), name))
