"""Recognize the text of a failure, and what people write in place of a measured value."""

import re

PHRASES = (
    *(
        "not found",
        "no such",
        "No such",
        "permission denied",
        "Permission denied",
        "not permitted",
        "cannot",
        "Cannot",
    ),
    *("failed to", "Failed to", "could not", "Could not", "timed out", "deadline exceeded", "non-zero"),
    *("incorrect password", "does not exist", "error writing", "level=error", "level=fatal"),
    *("no space left", "No space left", "Input/output error", "File too large", "Traceback"),
    *("Segmentation fault", "Terminated", "Killed", "Aborted", "failed-start", "not successful"),
    *("unsuccessful", "failed start", "failed run", "did not start"),
)
STARTS = ("error", "Error", "ERROR", "fatal", "FATAL", "panic")
_FAILURE = re.compile(rf"^(?:{'|'.join(STARTS)})\b|\b(?:failed: |(?:{'|'.join(map(re.escape, PHRASES))})\b)")
_LOGGED = re.compile(r"(?:^|\s)level=(?:trace|debug|info|warn(?:ing)?)\b")
"""A line of a log below the level of an error. It quotes failures that the program went on after."""
_COMPLAINTS = re.compile(
    r"\b(?:invalid|unrecognized|unknown|unmatched|unable to|illegal|malformed|missing|bad|incorrect usage|"
    r"syntax error|not supported|is a directory|empty reply|must be superuser|is required to|error while|"
    r"did not match|failed|failure|infinity|-?nans?|Try '.*' for more information)\b",
    re.IGNORECASE,
)
_IN_PLACE_OF_A_VALUE = re.compile(
    r"(?:n/?a|n\.a\.|none|null|nil|undefined|tbd|todo|not (?:applicable|available|measured)|\W*)"
    r"|(?:~|≈|<|>|≤|≥|about|approx\w*\.?|around|circa|ca\.|expected|up to|at (?:least|most)"
    r"|(?:less|more) than|under|over)\W*\s?[0-9].*"
    r"|(?:\w+: *)?[0-9][0-9.,]*\s?\w{0,8}\s?[-\u2013]\s?[0-9][0-9.,]*\s?\w{0,8}(?:\s.*)?"
    r"|real\b.*|[0-9.,]+s|.*\bHTTP 000\b.*",
    re.IGNORECASE,
)
_JSON = re.compile(r'(?:\{\s*"|\[\s*[\[{"]).*[}\]]')


def is_failure(line: str) -> bool:
    """Return whether a line reports a failure. A warning that a program logs is none.

    >>> is_failure("cat: /nowhere: No such file or directory"), is_failure("real 1.10")
    (True, False)
    >>> is_failure('level=warning msg="cannot set cgroup manager"')
    False
    """
    return bool(_FAILURE.search(line)) and not _LOGGED.search(line)


def is_estimate(line: str) -> bool:
    """Return whether a line is an estimate, a placeholder, the time of a shell, or JSON, and no plain text.

    >>> [is_estimate(one) for one in ("about 3 s", "3-5 s", "N/A", "real 0.00", "HTTP 000")]
    [True, True, True, True, True]
    """
    return bool(_IN_PLACE_OF_A_VALUE.fullmatch(line) or _JSON.fullmatch(line))


def is_no_text(value: str) -> bool:
    """Return whether a text cannot be the value of a fact.

    It is then a tool's complaint, a time or an estimate, a placeholder, or data with a converter of its own.

    >>> [is_no_text(one) for one in ("about 3 s", "N/A", "uname: unrecognized option '--x'", '{"a": 1}')]
    [True, True, True, True]
    >>> is_no_text("max-age=63072000"), is_no_text("TLSv1.3")
    (False, False)
    """
    return bool(is_failure(value) or _COMPLAINTS.search(value) or is_estimate(value))
