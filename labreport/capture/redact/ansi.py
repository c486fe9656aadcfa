"""Finds terminal control sequences (ECMA-48), so that a secret is found behind and between them."""

import re
from collections.abc import Callable

STRING = rb"(?:\x1b[\]PX^_]|\xc2[\x90\x98\x9d-\x9f])"
"""The start of a control string: OSC, DCS, SOS, PM, APC. It has a text, such as a title or a link."""

SEQUENCE = re.compile(
    rb"(?:\x1b\[|\xc2\x9b)[0-?]*+[ -/]*+[@-~]?"
    rb"|(?P<start>" + STRING + rb")(?P<payload>[^\x07\x1b\n\xc2]*+)(?P<end>\x07|\x1b\\|\xc2\x9c)?"
    rb"|\x1b[ -/]*+[0-~]?"
)
"""CSI (colours, cursor), control strings, and the short sequences. One that is not finished is one, too."""


def has_sequences(data: bytes) -> bool:
    """Return whether a text may have control sequences."""
    return b"\x1b" in data or (b"\xc2" in data and SEQUENCE.search(data) is not None)


def visible(data: bytes) -> bytes:
    r"""Return what a terminal shows of a text: without control sequences.

    >>> visible(b"a\x1b[31mb\x1b]0;title\x07c")
    b'abc'
    """
    return SEQUENCE.sub(b"", data)


def with_payloads(data: bytes, redact: Callable[[bytes], bytes]) -> bytes:
    """Return a text with the payloads of its control strings redacted, all in one call of `redact`.

    `redact` keeps the number of lines.
    """
    payloads = [match["payload"] for match in SEQUENCE.finditer(data) if match["payload"]]
    if not payloads:
        return data
    masked = iter(redact(b"\n".join(payloads)).split(b"\n"))

    def replaced(match: re.Match[bytes]) -> bytes:
        if not match["payload"]:
            return match.group()
        return match["start"] + next(masked) + (match["end"] or b"")

    return SEQUENCE.sub(replaced, data)
