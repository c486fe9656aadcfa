"""Slots: what a macro call leaves in a page's Markdown, and where it ends up in the HTML.

A slot has a token that is drawn for each render pass, so no page and no evidence can forge one, and no
Markdown extension sees what will stand there. The slot of a block is a `div`. The slot of what stands in a
sentence is a word of private characters, which Markdown takes for text, and which no anchor of a heading has:
what makes one leaves out all but letters and digits.
"""

import re
import secrets
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

MISPLACED = (
    "the macro is in a code fence, a heading, an attribute or a title, where it cannot be shown",
    "put a block on a line of its own, a value in a sentence; in an example, wrap it in {% raw %}",
)
"""What is wrong, and what to do, if a slot is in a page's Markdown, and is not found in its HTML."""
NOT_SHOWN = (
    "the macro is called, but what it shows is not shown on the page",
    "show it by {{ … }}, or delete the call",
)
"""What is wrong, and what to do, if a slot is not in the Markdown of its page."""
_OPEN, _CLOSE = "\ue000", "\ue001"
_PRIVATE = {code: 0x100000 + code for code in range(128)}
_READABLE = {private: code for code, private in _PRIVATE.items()}
"""The private character of each character of ASCII, and the other way round."""
_NO_VALUES, _CODE = "h[1-6]|pre", "code"
"""Elements in which no value may be, and those in which one is text."""
_TEXT_ATTRIBUTE = re.compile(r"\s(?:alt|title)=\Z")


class SlotKind(StrEnum):
    """What a slot stands for: a block, a value in a sentence, or the begin or end of a claim's sentence."""

    BLOCK = "block"
    VALUE = "v"
    BEFORE = "b"
    AFTER = "a"


@dataclass(frozen=True)
class Slot:
    """A slot in a text, from `start` to `end`, of call `number`. With `as_text`, no HTML can be there."""

    number: int
    kind: SlotKind
    start: int
    end: int
    as_text: bool = False


@dataclass(frozen=True)
class Slots:
    """The slots of a render pass."""

    token: str = field(default_factory=lambda: secrets.token_hex(16))

    def write(self, number: int, kind: SlotKind) -> str:
        """Return the slot of call `number`."""
        if kind is SlotKind.BLOCK:
            return f'<div id="slot-{self.token}-{number}"></div>'
        return f"{_OPEN}{self._word_token}{f'-{number}{kind}'.translate(_PRIVATE)}{_CLOSE}"

    @cached_property
    def _word_token(self) -> str:
        return self.token[:8].translate(_PRIVATE)

    @cached_property
    def _block(self) -> re.Pattern[str]:
        return re.compile(rf'<div id="slot-{self.token}-([0-9]+)"></div>')

    @cached_property
    def _paragraph(self) -> re.Pattern[str]:
        return re.compile(rf"<p>\s*{self._block.pattern}\s*</p>|{self._block.pattern}")

    @cached_property
    def _word(self) -> re.Pattern[str]:
        digit, kind = (f"[{letters.translate(_PRIVATE)}]" for letters in ("0123456789", "vba"))
        dash = "-".translate(_PRIVATE)
        return re.compile(f"{_OPEN}{self._word_token}{dash}({digit}+)({kind}){_CLOSE}")

    def find(self, text: str) -> list[Slot]:
        """Return every slot in a text, in order."""
        found = [Slot(int(one[1]), SlotKind.BLOCK, *one.span()) for one in self._block.finditer(text)]
        found += [Slot(*_meaning(one), *one.span()) for one in self._word.finditer(text)]
        return sorted(found, key=lambda slot: slot.start)

    def find_placed(self, html: str) -> list[Slot]:
        """Return the slots in a page's HTML that stand where their kind may, in order.

        A block may not be in an attribute, and in a fence it is text. A value may not be in a heading, whose
        text is read elsewhere, in a fence, or in an attribute other than a picture's text and a title.
        """
        found = [*self._placed_blocks(html), *self._placed_words(html)]
        return sorted(found, key=lambda slot: slot.start)

    def _placed_blocks(self, html: str) -> Iterator[Slot]:
        blocks = list(self._paragraph.finditer(html))
        for one, in_tag in zip(blocks, _in_tags(html, [one.start() for one in blocks]), strict=True):
            if not in_tag:
                yield Slot(int(one[1] or one[2]), SlotKind.BLOCK, *one.span())

    def _placed_words(self, html: str) -> Iterator[Slot]:
        words = list(self._word.finditer(html))
        starts = [one.start() for one in words]
        refused = list(_elements(html, _NO_VALUES)) if words else []
        code = list(_elements(html, _CODE)) if words else []
        tags, quotes = _last_before(html, "<", starts), _last_before(html, '"', starts)
        for one, in_tag, tag, quote in zip(words, _in_tags(html, starts), tags, quotes, strict=True):
            at = one.start()
            key = html[max(tag, quote - len(" title=")) : quote] if quote > tag else ""
            if is_in(refused, at) or (in_tag and not _TEXT_ATTRIBUTE.search(key)):
                continue
            yield Slot(*_meaning(one), *one.span(), as_text=in_tag or is_in(code, at))

    def without_values(self, html: str) -> str:
        """Return HTML without the slots of values that are left in it."""
        return self._word.sub("", html)

    def without(self, text: str) -> str:
        """Return a text without what is left of slots, as HTML or as text."""
        less, more, quote = "(?:<|&lt;)", "(?:>|&gt;)", '(?:"|&quot;)'
        block = f"{less}div id={quote}slot-{self.token}-[0-9]+{quote}{more}{less}/div{more}"
        left = re.sub(f"{block}|{self._word.pattern}", "", text)
        return left.replace(self.token, "").replace(self._word_token, "")


def _meaning(word: re.Match[str]) -> tuple[int, SlotKind]:
    """Return the number and the kind of the slot of a word."""
    number, kind = (group.translate(_READABLE) for group in word.groups())
    return int(number), SlotKind(kind)


def is_in(places: list[tuple[int, int]], at: int) -> bool:
    """Return whether `at` is inside one of `places`, which are in order and apart."""
    before = bisect_left(places, (at,))
    return before > 0 and at < places[before - 1][1]


def _elements(html: str, names: str) -> Iterator[tuple[int, int]]:
    """Yield where the elements with these names begin and end, in order and apart; all that have an end."""
    ends: dict[str, list[int]] = {}
    for found in re.finditer(rf"</({names})>", html):
        ends.setdefault(found[1], []).append(found.end())
    end = 0
    for found in re.finditer(rf"<({names})[ >]", html):
        later = ends.get(found[1], [])
        number = bisect_left(later, found.end())
        if found.start() >= end and number < len(later):
            end = later[number]
            yield found.start(), end


def _in_tags(html: str, offsets: Sequence[int]) -> list[bool]:
    """Return for each of `offsets`, which are in order, whether it is inside a tag, so in an attribute."""
    less, more = (_last_before(html, sign, offsets) for sign in "<>")
    return [begin > end for begin, end in zip(less, more, strict=True)]


def _last_before(html: str, sign: str, offsets: Sequence[int]) -> list[int]:
    """Return for each of `offsets`, which are in order, where `sign` is last before it; -1 if nowhere."""
    found, begin, last = [], 0, -1
    for at in offsets:
        last = max(last, html.rfind(sign, begin, at))
        begin = at
        found.append(last)
    return found
