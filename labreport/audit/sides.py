"""Tell whether a text is about the host or about the guest."""

import re

from labreport.audit.evidence import EvidenceFile

_GUEST = re.compile(r"(?<![^\W_])(?:guest|kata|vm)\b", re.IGNORECASE)
_HOST = re.compile(r"(?<![^\W_])(?:host|runc)\b", re.IGNORECASE)
_LABEL = re.compile(r"\s*(?:[#=*-]+\s*)?([^\W\d][^:\n=]{0,60}):\s*")
_ABOVE = 3
"""How many lines above a line its label may be."""


def side_of(text: str) -> str:
    """Return `guest` or `host`, whichever a text names; empty if it names neither or both.

    >>> side_of("Kata VM CPU:"), side_of("Host CPU:"), side_of("Host and guest"), side_of("CPU")
    ('guest', 'host', '', '')
    """
    guest, host = _GUEST.search(text), _HOST.search(text)
    if bool(guest) == bool(host):
        return ""
    return "guest" if guest else "host"


def is_label(text: str) -> bool:
    """Return whether a line is a label of what follows: `Host CPU:`."""
    return bool(_LABEL.fullmatch(text))


def side_of_line(file: EvidenceFile, at: int, text: str) -> str:
    """Return the side of a line, `at` its place among those that are not blank.

    `text`, what it says before a value, names the side; else a label above does, and then the path.
    """
    above = (line.text for line in reversed(file.seen[max(0, at - _ABOVE) : at]) if is_label(line.text))
    return side_of(text) or side_of(next(above, "")) or side_of(re.sub(r"[\W_]", " ", file.path))
