"""What a page has for paper alone: its title in the page header, and numbered links with a list of addresses.

On screen, print.css hides both. A browser makes no footnotes of links, so a build numbers them.
"""

import re
from html import escape, unescape

from labreport.site.html.environment import LateHtml

_LINK = re.compile(r'<a\b[^>]*?\shref="(https?://[^"]*)"[^>]*>.*?</a>', re.IGNORECASE | re.DOTALL)


def number_links(html: str, late: LateHtml) -> str:
    """Return a page with a number behind each link to another site, and a list of the addresses at its end.

    `late` keeps both from the search. An address that is linked again has its first number. A link whose text
    is the address needs none.
    """
    numbers: dict[str, int] = {}

    def numbered(match: re.Match[str]) -> str:
        link, address = match[0], unescape(match[1])
        if f">{match[1]}</a>" in link:
            return link
        number = numbers.setdefault(address, len(numbers) + 1)
        return link + late.put_late(f'<sup class="ev-address">[{number}]</sup>')

    text = _LINK.sub(numbered, html)
    if not numbers:
        return text
    items = "".join(f"<li>{escape(address)}</li>" for address in numbers)
    return text + late.put_late(f'<div class="ev-addresses"><ol>{items}</ol></div>')


def with_title(html: str, title: str) -> str:
    """Return a page whose root element has its title, which is HTML text, for the header on paper."""
    return html.replace("<html", f'<html style="--ev-title: {css_string(unescape(title))}"', 1)


def css_string(text: str) -> str:
    r"""Return `text` as a string of CSS in which only ASCII letters, digits and spaces stand for themselves.

    So it can stand in an attribute of HTML, too.

    >>> css_string('Lab "12"')
    "'Lab \\22 12\\22 '"
    """
    return f"'{re.sub(r'[^A-Za-z0-9 ]', lambda match: f'{chr(92)}{ord(match[0]):x} ', text)}'"
