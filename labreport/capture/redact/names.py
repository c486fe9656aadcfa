"""Finds secrets that the name beside them gives away: `DB_PASSWORD=…`, `--token …`, `"auth": "…"`.

The names are those of gitleaks' rules `generic-api-key`, `curl-auth-header` and `kubernetes-secret-yaml`, and
those of detect-secrets' KeywordDetector, with what either of them misses: options of two words, elements, the
environment of a process with NUL between its variables.
"""

import re
from collections.abc import Iterator

from labreport.capture.redact.judges import SHORT, is_other_key, is_secret, may_have_a_secret
from labreport.capture.redact.name import HEAD, Name
from labreport.capture.redact.rule import Masked, Rule, Text, any_mask

END = rb"[\w.%\[\]-]{0,40}+[\"']{0,2}[ \t]{0,4}[=:]|[\s\0\"'`\[{(]|$"
VALUE = re.compile(
    rb"(?:[^\s\0\"'`&,;<]++|[&,;](?<!\][&,;])(?!%b)|<(?![/a-zA-Z!]))*+" % END,
)
"""A value without quotes. `&`, `,` and `;` end it after a mask, and before a name, a space or a line end."""

ENVIRONMENT_VALUE = re.compile(rb"[^\s\0\"'`]*+")
ELEMENT_VALUE = re.compile(rb"[^<>\0\n]{0,4096}+(?=</)")
WORD_VALUE = re.compile(rb"[^\0\n]*+")
TO_LINE_END = re.compile(rb"[^\0\r\n\"'`]*+")
QUOTED = {quote: re.compile(rb"[^\n\0%b]*+" % quote) for quote in (b'"', b"'", b"`")}
WITH_ESCAPES = re.compile(rb"(?:[^\n\0\"\\]++|\\[^\n\0])*+")
SCHEME = re.compile(
    rb"(?:basic|bearer|digest|token|negotiate|ntlm|hawk|apikey|aws4-hmac-sha256)[ \t]+", re.IGNORECASE
)

REFERENCE = re.compile(
    rb"\$[A-Za-z_({\[]|%[a-z({\[]|\{\{|<[a-z\[]|\([a-z ]{3,20}\)|\*\*\*|x{4,}\b|\.{3}|\xe2\x80\xa6",
    re.IGNORECASE,
)
"""The start of a value that stands for a secret: a variable, a placeholder, asterisks."""

MASK = re.compile(any_mask())
LONGEST = 256
"""How much of a value is read to decide whether it is a secret."""


def name_rule() -> Rule:
    """Return the rule for secrets by name."""
    return Rule("secret", _secrets)


def is_secret_name(name: str) -> bool:
    """Return whether a variable of this name holds a secret, whatever its value is.

    >>> is_secret_name("GITHUB_TOKEN"), is_secret_name("TOKEN_FILE"), is_secret_name("PATH")
    (True, False, False)
    """
    return any(_secrets(Text(f"{name}=x1y2z3w4".encode())))


def _secrets(text: Text) -> Iterator[Masked]:
    """Find the values beside names of secrets.

    Whether a value is a secret is decided by its first bytes: a long one is read to its end only if it is
    masked, and then nothing in it is read again.
    """
    at = 0
    while head := HEAD.search(text.lower, at):
        at = head.end("name")
        if is_other_key(text, head):
            continue
        name = Name(text, head)
        value = _value(name) if may_have_a_secret(name) else b""
        if value and is_secret(name, value) and not REFERENCE.match(text.data, head.end()):
            start = _value_pattern(name)[1]
            at = start + len(_value(name, len(text.data)) if len(value) >= SHORT else value)
            yield Masked(start, at, b"[secret]")


def _value(name: Name, longest: int = LONGEST) -> bytes:
    """Return the value beside a name, or its first `longest` bytes."""
    pattern, start = _value_pattern(name)
    end = len(name.text.data) if pattern is ELEMENT_VALUE else start + longest
    return _closed(name, pattern.match(name.text.data, start, end))


def _value_pattern(name: Name) -> tuple[re.Pattern[bytes], int]:
    """Return the pattern of the value beside a name, and where the value starts."""
    data, start = name.text.data, name.head.end()
    quote, separator = name.head["quote"], name.separator
    if b"authorization" in name.whole:
        scheme = SCHEME.match(data, start)
        start = scheme.end() if scheme else start
    if quote == b'"':
        return WITH_ESCAPES, start
    if quote:
        return QUOTED[quote[-1:]], start
    if separator == b">":
        return ELEMENT_VALUE, start
    return WORD_VALUE if b"\0" in separator else _unquoted_pattern(name), start


def _unquoted_pattern(name: Name) -> re.Pattern[bytes]:
    """Return the pattern of a value without quotes: how far it reaches depends on the name."""
    if b"authorization" in name.whole or b"passphrase" in name.whole:
        return TO_LINE_END
    if name.is_line_of_env:
        return ENVIRONMENT_VALUE
    return VALUE


def _closed(name: Name, match: re.Match[bytes] | None) -> bytes:
    """Return a value without what closes it: an escaped quote's backslashes, the bracket of a call."""
    value = match.group() if match else b""
    if name.head["quote"]:
        return value.rstrip(b"\\") if b"\\" in name.head["quote"] else value
    if not value.endswith((b")", b"]", b"}", b" ", b"\t", b"\r")):
        return value
    same = MASK.sub(lambda mask: b"m" * len(mask.group()), value)
    for opening, closing in ((b"(", b")"), (b"[", b"]"), (b"{", b"}")):
        if same.endswith(closing) and opening not in same:
            same = same.rstrip(closing)
    return value[: len(same.rstrip(b" \t\r"))]
