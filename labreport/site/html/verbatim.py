"""Evidence as HTML text that a browser's DOM holds unchanged."""

from html import escape


def verbatim(text: str) -> str:
    """Return `text` so that a browser's DOM holds exactly it, inside `<pre><code>` (no NUL)."""
    return escape(text).replace("\r", "&#13;")
