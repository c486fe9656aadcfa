"""Slots: what a macro leaves in the Markdown, and what the finished page gets in its place.

A slot is one line of HTML with a token that is drawn for each build, so no page and no evidence can forge
one, and no Markdown extension sees what will stand there.

What no search should find is put in later still, when the page is written: until then a comment holds its
place, and neither the search nor the theme reads it.
"""

import re
import secrets
from dataclasses import dataclass, field


@dataclass
class Slots:
    """The slots of the page that is being made."""

    token: str = field(default_factory=lambda: secrets.token_hex(16))
    _html: dict[int, str] = field(default_factory=dict)
    _late: dict[int, str] = field(default_factory=dict)
    _count: int = 0

    def put(self, html: str) -> str:
        """Keep `html` and return the line that stands for it."""
        self._count += 1
        self._html[self._count] = html
        return f'<div id="slot-{self.token}-{self._count}"></div>'

    @property
    def latest(self) -> int:
        """The number of the slot put last."""
        return self._count

    def numbers(self, text: str) -> list[int]:
        """Return the numbers of the slots in `text`."""
        return [int(number) for number in re.findall(self._pattern(), text)]

    def split(self, line: str) -> list[str]:
        """Return a line of text cut at its slots: text, what the slot stands for, text, and so on."""
        parts = re.split(self._pattern(), line)
        return [self._html.get(int(part), "") if n % 2 else part for n, part in enumerate(parts)]

    def _pattern(self) -> str:
        return f'<div id="slot-{self.token}-([0-9]+)"></div>'

    def put_late(self, html: str) -> str:
        """Keep `html` until the page is written and return the comment that stands for it."""
        self._late[len(self._late)] = html
        return f"<!--{self.token}-{len(self._late) - 1}-->"

    def fill_late(self, page: str) -> str:
        """Return the page with what was kept for it. It may come again: the build keeps all to its end."""
        comment = f"<!--{self.token}-([0-9]+)-->"
        return re.sub(comment, lambda match: self._late.get(int(match[1]), ""), page)

    def forget(self) -> None:
        """Forget the slots of a page that will not be rendered."""
        self._html.clear()

    def fill(self, page: str) -> tuple[str, list[int]]:
        """Return the page with its slots filled, and the numbers of those that were not found in it.

        A slot that was not found has been made text or part of an attribute; its token is taken out. Slots
        are forgotten afterwards: the next page has its own.
        """
        one = self._pattern()
        found: set[int] = set()

        def fill(match: re.Match[str]) -> str:
            before = match.start()
            if page.rfind("<", 0, before) > page.rfind(">", 0, before):
                return match[0]  # inside a tag: an attribute
            number = int(match[1] or match[2])
            found.add(number)
            return self._html.get(number, "")

        filled = re.sub(rf"<p>\s*{one}\s*</p>|{one}", fill, page)
        lost = sorted(self._html.keys() - found)
        self._html.clear()
        return (filled.replace(self.token, "") if lost else filled), lost
