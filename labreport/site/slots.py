"""Slots: what a macro leaves in the Markdown, and what the finished page gets in its place.

A slot has a token that is drawn for each build, so no page and no evidence can forge one, and no Markdown
extension sees what will stand there. For a block it is a `div`. For what stands in a sentence it is a word
between two characters that Unicode leaves to private use: Markdown takes it for text, which costs less than
HTML, and wherever it ends up, the place in the finished page says what may stand there.

What no search should find is put in later still, when the page is written: until then a comment holds its
place, and neither the search nor the theme reads it.
"""

import re
import secrets
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from typing import NamedTuple

_REFUSED = re.compile(r"<(h[1-6]|pre)[ >].*?</\1>", re.DOTALL)
_CODE = re.compile(r"<code[ >].*?</code>", re.DOTALL)
_ATTRIBUTE = re.compile(r'\s(?:alt|title)="[^"]*\Z')
_OPEN, _CLOSE = "\ue000", "\ue001"


class Inline(NamedTuple):
    """What stands in a sentence; `text` is for where there can be no HTML: an alt text, code, a title."""

    html: str
    text: str


@dataclass
class Slots:
    """The slots of the page that is being made."""

    token: str = field(default_factory=lambda: secrets.token_hex(16))
    _html: dict[int, str] = field(default_factory=dict)
    _inline: dict[int, Inline] = field(default_factory=dict)
    _late: list[tuple[str | Callable[[], str], str]] = field(default_factory=list)
    _count: int = 0

    def put(self, html: str) -> str:
        """Keep a block's `html` and return the line that stands for it."""
        self._count += 1
        self._html[self._count] = html
        return f'<div id="slot-{self.token}-{self._count}"></div>'

    def put_inline(self, inline: Inline) -> str:
        """Keep what stands in a sentence and return what stands for it."""
        self._count += 1
        self._inline[self._count] = inline
        return f"{_OPEN}{self.token[:8]}-{self._count}{_CLOSE}"

    @property
    def latest(self) -> int:
        """The number of the slot put last."""
        return self._count

    def numbers(self, text: str) -> list[int]:
        """Return the numbers of the blocks' slots in `text`."""
        return [int(number) for number in self._block.findall(text)]

    def inline_numbers(self, text: str) -> list[int]:
        """Return the numbers of the sentences' slots in `text`."""
        return [int(number) for number in self._word.findall(text)]

    def split(self, line: str) -> list[str]:
        """Return a line of text cut at its blocks: text, what the slot stands for, text, and so on."""
        parts = self._block.split(line)
        return [self._html.get(int(part), "") if n % 2 else part for n, part in enumerate(parts)]

    def as_text(self, text: str) -> str:
        """Return `text` with what stands in a sentence as text."""
        return self._word.sub(lambda match: self._inline[int(match[1])].text, text)

    @cached_property
    def _block(self) -> re.Pattern[str]:
        return re.compile(f'<div id="slot-{self.token}-([0-9]+)"></div>')

    @cached_property
    def _word(self) -> re.Pattern[str]:
        return re.compile(f"{_OPEN}{self.token[:8]}-([0-9]+){_CLOSE}")

    def put_late(self, html: str | Callable[[], str], until: str = "") -> str:
        """Keep `html`, or what makes it, until the page is written; return the comment that stands for it.

        Behind the comment stands what the search is to find in its place, the HTML `until` then.
        """
        self._late.append((html, until))
        return f"<!--{self.token}-{len(self._late) - 1}-->{until}"

    def fill_late(self, page: str) -> str:
        """Return the page with what was kept for it. It may come again: the build keeps all to its end.

        A sentence's slot that a heading took into the table of contents, or into another page's links, goes.
        """
        parts: list[str] = []
        end = 0
        for match in re.finditer(f"<!--{self.token}-([0-9]+)-->|{self._word.pattern}", page):
            parts.append(page[end : match.start()])
            end = match.end()
            if match[1] and int(match[1]) < len(self._late):
                html, until = self._late[int(match[1])]
                if page.startswith(until, end):
                    parts.append(html if isinstance(html, str) else html())
                    end += len(until)
        return "".join([*parts, page[end:]])

    def forget(self) -> None:
        """Forget the slots of a page that will not be rendered."""
        self._html.clear()
        self._inline.clear()

    def fill(self, page: str) -> tuple[str, list[int]]:
        """Return the page with its slots filled, and the numbers of those that were not found in it.

        A block's slot that was not found has been made text or part of an attribute; its token is taken out.
        So is a sentence's in a heading, whose text is read elsewhere, in a fence, or in an attribute other
        than a picture's text and a title. Slots are forgotten afterwards: the next page has its own.
        """
        found: set[int] = set()
        filled = self._fill_blocks(self._fill_inline(page, found), found)
        lost = sorted((self._html.keys() | self._inline.keys()) - found)
        self.forget()
        return (self._without_slots(filled) if lost else filled), lost

    def _without_slots(self, page: str) -> str:
        """Return a page without what is left of slots, as HTML or as text."""
        less, more, quote = "(?:<|&lt;)", "(?:>|&gt;)", '(?:"|&quot;)'
        block = f"{less}div id={quote}slot-{self.token}-[0-9]+{quote}{more}{less}/div{more}"
        return (
            re.sub(f"{block}|{self._word.pattern}", "", page)
            .replace(self.token, "")
            .replace(self.token[:8], "")
        )

    def _fill_blocks(self, page: str, found: set[int]) -> str:
        one = self._block.pattern

        def fill(match: re.Match[str]) -> str:
            if _in_a_tag(page, match.start()):
                return match[0]
            number = int(match[1] or match[2])
            found.add(number)
            return self._html.get(number, "")

        return re.sub(rf"<p>\s*{one}\s*</p>|{one}", fill, page) if self._html else page

    def _fill_inline(self, page: str, found: set[int]) -> str:
        if not self._inline:
            return page
        refused = [one.span() for one in _REFUSED.finditer(page)]
        code = [one.span() for one in _CODE.finditer(page)]

        def fill(match: re.Match[str]) -> str:
            at, number = match.start(), int(match[1])
            in_a_tag = _in_a_tag(page, at)
            if _is_in(refused, at) or (in_a_tag and not _ATTRIBUTE.search(page[page.rfind("<", 0, at) : at])):
                return match[0]
            found.add(number)
            inline = self._inline[number]
            return escape(inline.text) if in_a_tag or _is_in(code, at) else inline.html

        return self._word.sub(fill, page)


def _is_in(places: list[tuple[int, int]], at: int) -> bool:
    """Return whether `at` is inside one of `places`, which stand in order and apart."""
    before = bisect_left(places, (at, 0))
    return before > 0 and at < places[before - 1][1]


def _in_a_tag(page: str, at: int) -> bool:
    """Return whether a place is inside a tag: in an attribute."""
    return page.rfind("<", 0, at) > page.rfind(">", 0, at)
