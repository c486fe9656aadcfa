"""Rewrite the numbers of a text from the locale that facts.yml states: 1,091.5 in English, 1.091,5 in German.

Without a locale, a converter refuses a number whose comma may group digits.
"""

import re
from dataclasses import dataclass
from typing import Literal

LocaleName = Literal["en", "zh", "de", "es", "fr", "ru", "de-CH"]
_SPACES = "\u00a0\u2009\u202f"


@dataclass(frozen=True)
class Locale:
    """How a locale writes a number: the signs that group digits, and the one before the decimals."""

    groups: str
    point: str

    def plain(self, text: str) -> str:
        """Return `text` with each number in the form 1091.5; other text, as a version, may change too."""
        groups = re.escape(self.groups)
        whole = rf"(?<![\w.,])([1-9]\d{{0,2}}(?:[{groups}]\d{{3}})+|\d+)"
        decimals = rf"(?:{re.escape(self.point)}(\d+))?(?![.,]?\d)"
        return re.sub(whole + decimals, self._plain, text, flags=re.ASCII)

    def _plain(self, found: re.Match[str]) -> str:
        whole = re.sub(rf"[{re.escape(self.groups)}]", "", found[1])
        return f"{whole}.{found[2]}" if found[2] else whole


LOCALES: dict[LocaleName, Locale] = {
    "en": Locale(",", "."),
    "zh": Locale(",", "."),
    "de": Locale(".", ","),
    "es": Locale("." + _SPACES, ","),
    "fr": Locale(_SPACES, ","),
    "ru": Locale(_SPACES, ","),
    "de-CH": Locale("'\u2019", "."),
}
"""The locales that `locale` in facts.yml can name."""


def localized(text: str, name: LocaleName) -> str:
    """Return `text` with its numbers as the locale `name` means them, with a point and without groups.

    >>> localized("total: 1,091 ms", "en"), localized("total: 1.091,5 ms", "de")
    ('total: 1091 ms', 'total: 1091.5 ms')
    >>> localized("total: 1,091 ms", "de")
    'total: 1.091 ms'
    """
    return LOCALES[name].plain(text)
