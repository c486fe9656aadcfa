"""The HTML of a page's own text, before any macro has put something there: terms and links to other sites."""

import re
from collections.abc import Iterator, Mapping

from markupsafe import escape

_PARTS = re.compile(
    r"<!--(?:.*?-->|.*)|<(?:\"[^\"]*\"|'[^']*'|[^'\"<>])*>|\ue000[^\ue000\ue001]*\ue001", re.DOTALL
)
"""Tags, comments and slots. What is between them is text. A comment that is not closed takes the rest."""
_TAG = re.compile(r"<(?P<end>/?)(?P<name>[a-zA-Z][a-zA-Z0-9]*)")
_NO_TERMS = frozenset(
    "a abbr button code h1 h2 h3 h4 h5 h6 kbd label pre script style summary svg textarea title".split()  # noqa: SIM905 # one line
)
"""Elements whose text is not a sentence, or is a link or a control already."""
_OUTWARD = re.compile(r"<a\b(?=[^>]*\shref=\"https?://)(?![^>]*\srel=)", re.IGNORECASE)


def link_safely(html: str) -> str:
    """Return HTML whose links to other sites give them no handle on this one."""
    return _OUTWARD.sub('<a rel="noopener"', html)


def explain_terms(html: str, terms: Mapping[str, str]) -> str:
    """Return HTML with the meaning of each term at its first occurrence in the text.

    A term may stand in the plural, and begin with a capital letter.

    >>> explain_terms("<p>Shims, <code>shim</code></p>", {"shim": "a process"})
    '<p><abbr title="a process">Shims</abbr>, <code>shim</code></p>'
    """
    if not terms:
        return html
    words = "|".join(re.escape(term) for term in sorted(terms, key=len, reverse=True))
    pattern = re.compile(rf"(?<![\w-])({_capital(words)})(?:e?s)?(?![\w-])")
    left = dict(terms)
    return "".join(
        pattern.sub(lambda found: _explained(found, left), part) if is_text else part
        for part, is_text in _parts(html)
    )


def _capital(words: str) -> str:
    """Return the pattern of words that may begin with a capital letter."""
    return "|".join(
        f"[{word[0]}{word[0].upper()}]{word[1:]}" if word[0].islower() else word for word in words.split("|")
    )


def _explained(found: re.Match[str], left: dict[str, str]) -> str:
    """Return a term with its meaning, and take it from those that are left."""
    term = found[1] if found[1] in left else found[1][0].lower() + found[1][1:]
    meaning = left.pop(term, None)
    return found[0] if meaning is None else f'<abbr title="{escape(meaning)}">{found[0]}</abbr>'


def _parts(html: str) -> Iterator[tuple[str, bool]]:
    """Yield HTML piece by piece, each with whether it is text in which a term may be explained."""
    end, closed_by = 0, ""
    for part in _PARTS.finditer(html):
        yield html[end : part.start()], not closed_by
        yield part[0], False
        end = part.end()
        tag = _TAG.match(part[0])
        name = tag["name"].lower() if tag else ""
        if tag and closed_by == name and tag["end"]:
            closed_by = ""
        elif not closed_by and tag and not tag["end"] and name in _NO_TERMS:
            closed_by = name
    yield html[end:], not closed_by
