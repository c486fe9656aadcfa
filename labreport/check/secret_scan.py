"""The second net for secrets: a scanner that is not ours, over everything that is published.

Redaction masks what its rules know. detect-secrets (Yelp) has rules of its own, by the form and by the name
of a secret. Its rules for random text are off: digests, of which evidence is full, are random. It asks no
service whether a secret is valid, because only its patterns are used.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from labreport.check.finding import Finding
from labreport.contract.errors import LabError
from labreport.contract.images import is_clean_image
from labreport.report.pages.source import PageSource
from labreport.report.source.evidence import Evidence

if TYPE_CHECKING:
    from detect_secrets.plugins.base import BasePlugin

KIND = "secret"
REMEDY = "revoke it, remove it here and from git's history, and capture again; if it is no secret, waive it"
BY_CHANCE = ("Base64HighEntropyString", "HexHighEntropyString", "IPPublicDetector")
"""Detectors that are off: two for random text, and one for addresses, which redaction masks."""

KEYWORD = re.compile(
    r"(?:api|auth|service|account|db|database|priv|private|client)_?key|(?:db|database|key)_?pass"
    r"|password|passwd|pwd|secret|contrase",
    re.IGNORECASE,
)
"""The words of KeywordDetector, which is slow: it gets only lines that have one, but not too many of them."""
MANY = 8
KEYWORD_VALUE = re.compile("[\"'`=]")
"""What a line has, too, that KeywordDetector finds something in."""

MASK = re.compile(r"\[(?:token|secret|serial|machine-id|mirror|email|user|host|ip|mac)\]")
WIDTH, OVERLAP = 500, 100
"""A longer line is scanned in parts: detect-secrets takes the square of a line's length."""


@dataclass(frozen=True)
class PossibleSecret:
    """What looks like a secret: the line, 1-based, what kind it is, and a hash, which is not shown."""

    line: int
    kind: str
    sha256: str


class NoScannerError(LabError):
    """detect-secrets is not installed."""


def possible_secrets(pages: Iterable[PageSource], evidence: Evidence) -> Iterator[Finding]:
    """Yield a finding for each text in evidence, records and pages that looks like a secret."""
    for page in pages:
        yield from _findings(page.file, page.text)
    for name in evidence.names():
        for path in evidence.set(name).files():
            try:
                content = evidence.content(name, path)
            except LabError:
                continue  # a problem of the build
            if is_clean_image(path, content.data):
                continue  # it holds no text, and a mebibyte of it would take a second
            text = content.data.decode(errors="replace")
            if path.endswith(".json"):
                text = text.replace('\\"', '"')  # the texts in a record, as they were
            yield from _findings(f"evidence/{name}/{path}", text)


def scan(text: str) -> Iterator[PossibleSecret]:
    """Yield what looks like a secret in a text; raise NoScannerError."""
    for number, line in enumerate(text.split("\n"), 1):
        found = {
            PossibleSecret(number, kind, digest)
            for start in range(0, max(1, len(line) - OVERLAP), WIDTH - OVERLAP)
            for kind, digest in _secrets_in(line[start : start + WIDTH])
        }
        yield from sorted(found, key=lambda secret: (secret.kind, secret.sha256))


def _findings(file: str, text: str) -> Iterator[Finding]:
    for secret in scan(text):
        yield Finding(
            KIND,
            file,
            secret.line,
            1,
            f"this looks like a secret ({secret.kind})",
            REMEDY,
            f"{secret.kind}\n{secret.sha256}",
        )


@lru_cache(maxsize=1 << 15)
def _secrets_in(line: str) -> tuple[tuple[str, str], ...]:
    """Return the kind and the hash of each secret in a line or a part of one.

    Four in five lines of evidence and records repeat: with the cache, `lab check` of labs 11 and 12 takes a
    fifth less time.
    """
    return tuple(
        (detector.secret_type, sha256(value.encode()).hexdigest())
        for detector, value in _values(line, _detectors())
    )


def _values(line: str, detectors: Mapping[str, "BasePlugin"]) -> Iterator[tuple["BasePlugin", str]]:
    """Yield what the detectors find in a line, without what stands for a secret."""
    for name, detector in detectors.items():
        if name != "KeywordDetector":
            found: Iterator[str] = detector.analyze_string(line)
        elif _may_have_a_keyword(line):
            found = _keyword_values(line)
        else:
            continue
        for value in found:
            if value and not _stands_for_one(value, line, detector):
                yield detector, value


def _may_have_a_keyword(line: str) -> bool:
    """Return whether KeywordDetector may find something, and takes a bounded time for it."""
    return bool(KEYWORD_VALUE.search(line)) and 0 < len(KEYWORD.findall(line)) <= MANY


def _keyword_values(line: str) -> Iterator[str]:
    """Yield what KeywordDetector finds: values in quotes, and those after `=`, as `env` prints them.

    It would choose its patterns by the ending of a file, and an evidence file can have any.
    """
    from detect_secrets.plugins import keyword  # noqa: PLC0415 - as in _detectors

    groups = {**keyword.QUOTES_REQUIRED_DENYLIST_REGEX_TO_GROUP, keyword.FOLLOWED_BY_EQUAL_SIGNS_REGEX: 5}
    for pattern, group in groups.items():
        if match := pattern.search(line):
            yield match.group(group)


def _stands_for_one(value: str, line: str, detector: "BasePlugin") -> bool:
    """Return whether a value is a mask of ours, a variable or an example, as detect-secrets judges it."""
    from detect_secrets.filters import heuristic  # noqa: PLC0415 - as in _detectors

    return (
        bool(MASK.search(value))
        or heuristic.is_sequential_string(value)
        or heuristic.is_templated_secret(value)
        or heuristic.is_prefixed_with_dollar_sign(value)
        or heuristic.is_not_alphanumeric_string(value)
        or heuristic.is_likely_id_string(value, line, detector)
    )


@cache
def _detectors() -> Mapping[str, "BasePlugin"]:
    """Return the detectors by name; raise NoScannerError."""
    try:
        # A build imports this module, and must not wait for what only `lab check` needs.
        from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class  # noqa: PLC0415
    except ImportError as error:
        raise NoScannerError("detect-secrets is not installed", "pip install 'labreport[publish]'") from error
    classes: Mapping[str, Any] = get_mapping_from_secret_type_to_class()
    found = {detector.__name__: detector for detector in classes.values()}
    return {name: found[name]() for name in sorted(found.keys() - set(BY_CHANCE))}
