"""Masks private keys, which are the only secrets of several lines."""

import re

SPACE = rb"(?:[ _+]|%20)"
BEGIN = re.compile(
    rb"BEGIN(?:%b[A-Z0-9]{1,16}){0,5}%b(?:PRIVATE|SECRET)%bKEY(?:%bBLOCK)?%b?-{4,5}"
    % (SPACE, SPACE, SPACE, SPACE, SPACE)
    + rb"|PuTTY-User-Key-File-\d"
)
"""PEM of every type, OpenSSH, PGP, SSH2 (`---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----`), PuTTY's .ppk."""

END = {
    b"B": re.compile(
        rb"-{4,5} ?END(?:%b[A-Z0-9]{1,16}){0,5}%b(?:PRIVATE|SECRET)%bKEY(?:%bBLOCK)?%b?-{4,5}"
        % (SPACE, SPACE, SPACE, SPACE, SPACE)
    ),
    b"P": re.compile(rb"Private-(?:MAC|Hash):[ \t]*[0-9A-Fa-f]*"),
}
"""The end of a key, by the first letter of its beginning."""

HINTS = (b"PRIVATE", b"SECRET", b"PuTTY-User-Key-File-")
DASHES = b"-----"
MASK = b"[token]"
LONGEST = 256
"""No beginning or end of a key is longer."""


class PrivateKeys:
    r"""Masks private keys in a text that comes in pieces, each of whole lines.

    A key reaches from its BEGIN to its END, or to the end of the text, whatever is between the two: line ends
    or `\n`, indentation, the prefix of a log. `open` says whether the text so far ends inside a key.
    """

    def __init__(self) -> None:
        self._end: re.Pattern[bytes] | None = None

    @property
    def open(self) -> bool:
        """Whether the text so far ends inside a key."""
        return self._end is not None

    def mask(self, data: bytes) -> tuple[bytes, int]:
        """Return the next piece of the text, with a mask where a key begins; and how many began in it."""
        if not self.open and not any(hint in data for hint in HINTS):
            return data, 0
        parts: list[bytes] = []
        at = count = 0
        while True:
            if self._end:
                ended = self._end.search(data, at)
                if ended is None:
                    break
                at, self._end = ended.end(), None
            begun = BEGIN.search(data, at)
            if begun is None:
                parts.append(data[at:])
                break
            before = data[at : begun.start()]
            parts += (_without_dashes(before), MASK)
            count += 1
            at, self._end = begun.end(), END[begun.group()[:1]]
        return b"".join(parts), count

    def skip(self, data: bytes) -> int:
        """Read the next piece of the text, which may end anywhere, without masking.

        Return how much of it was read: the rest has to be the start of the next piece.
        """
        at = 0
        while self.open or any(hint in data for hint in HINTS):
            marker = (self._end or BEGIN).search(data, at)
            if marker is None:
                break
            at = marker.end()
            self._end = None if self._end else END[marker.group()[:1]]
        return max(at, len(data) - LONGEST)


def _without_dashes(before: bytes) -> bytes:
    """Return the text before the word BEGIN, without the dashes that belong to it."""
    text = before.removesuffix(b" ")
    for dashes in (DASHES, DASHES[:4]):
        if text.endswith(dashes):
            return text.removesuffix(dashes)
    return before
