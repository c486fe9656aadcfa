"""The types of fields in records: paths, hashes, names, times, numbers and patterns, each with its limits."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field

RECORDS = "records"
FAILED = "failed"
"""The folder of a set that has what failed captures printed. It is no evidence."""

OWN_FOLDERS = frozenset({RECORDS, FAILED})
FIRST_YEAR, LAST_YEAR = 1970, 9000
MAX_PATTERN = 1000
MAX_NAME, MAX_PATH = 255, 1000
"""The longest name of a file, and the longest path, in bytes. Linux allows no longer name."""

MAX_BYTES = 8 * 1024 * 1024
"""The largest evidence file, in bytes. A larger file is refused, and the error names it."""


def evidence_path(text: str) -> str:
    """Return `text` if it names a file inside an evidence folder, else raise ValueError.

    A path is relative, POSIX, normal (no `.`, `..`, `//`, trailing `/`) and printable, with no hidden part.
    It has at most MAX_PATH bytes, and each part at most MAX_NAME.
    """
    parts = text.split("/")
    if "" in parts or "." in parts:
        raise ValueError(f"{text!r} is not a plain relative path")
    if any(part.startswith(".") for part in parts):
        raise ValueError(f"{text!r} has a hidden part or leaves the evidence folder")
    if not text.isprintable() or "\\" in text:
        raise ValueError(f"{text!r} contains a character that is not allowed in a path")
    if len(text.encode()) > MAX_PATH or any(len(part.encode()) > MAX_NAME for part in parts):
        raise ValueError(f"{text[:40]!r}… is longer than a path may be")
    return text


def is_evidence_path(text: str) -> bool:
    """Return whether `text` names a file inside an evidence folder."""
    try:
        evidence_path(text)
    except ValueError:
        return False
    return True


def with_folders(path: str) -> Iterator[str]:
    """Yield a path, and each folder above it.

    >>> list(with_folders("a/b/c"))
    ['a/b/c', 'a/b', 'a']
    """
    while path:
        yield path
        path = path.rpartition("/")[0]


def writable_path(text: str) -> str:
    """Return `text` if a collector may write there: an evidence path outside records/ and failed/."""
    if evidence_path(text).split("/", 1)[0] in OWN_FOLDERS:
        raise ValueError(f"{text!r} is in a folder of the tool's own")
    return text


def source_path(text: str) -> str:
    """Return `text` if it is a plain relative path, or empty, else raise ValueError."""
    return evidence_path(text) if text else text


def readable_time(moment: datetime) -> datetime:
    """Return `moment` if it can be shown in every time zone, else raise ValueError."""
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"the year {moment.year} is not between {FIRST_YEAR} and {LAST_YEAR}")
    return moment


def compiled_pattern(text: str) -> str:
    """Return `text` if it is a regular expression of at most MAX_PATTERN characters, or raise ValueError."""
    if len(text) > MAX_PATTERN:
        raise ValueError(f"a pattern of {len(text)} characters, at most {MAX_PATTERN}")
    try:
        re.compile(text, re.MULTILINE)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return text


EvidencePath = Annotated[str, AfterValidator(writable_path)]
SourcePath = Annotated[str, AfterValidator(source_path)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
HostId = Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$", max_length=120)]
Time = Annotated[AwareDatetime, AfterValidator(readable_time)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=2**53)]
Pattern = Annotated[str, AfterValidator(compiled_pattern)]
