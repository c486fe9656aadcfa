"""Find the lines that belong to a label: below the heading of that name, or behind the label itself."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from labreport.report.facts.converters.failures import is_failure

_COMMAND = re.compile(r"\$ \S")
"""A command that a lab or a person wrote above its output."""
_RULED = re.compile(r"(={3,}|-{3,})\s*([^=\s-].*?)\s*(?:\1)?")
_HASHES = re.compile(r"#{2,6}\s+(\S.*)")
_HASH = re.compile(r"#\s+(\S.*)")
_SHELLS_AND_CLIENTS = (
    "bash|sh|dash|zsh|fish|sudo|env|time|timeout|xargs|curl|wget|ctr|nerdctl|docker|podman|containerd|git|ssh"
)
_LABELLED = re.compile(rf"(?!(?:{_SHELLS_AND_CLIENTS}):|\S*(?:time|level)=)[\w .()/+-]{{1,60}}?\s*[:=]\s*\S")
"""A line with a label of its own, and not with the name of a program that complains."""


class HeadingStyle(Enum):
    """How a line shows that it is a heading. A single `#` may also begin a comment."""

    COLON = auto()
    RULE = auto()
    HASHES = auto()
    HASH = auto()


@dataclass(frozen=True)
class _Heading:
    style: HeadingStyle
    name: str


@dataclass(frozen=True)
class LabelledLines:
    """The lines of a label: what follows it on its own lines, and the lines below it as a heading.

    `beside` are lines near the former that report a failure and may be about the label.
    """

    after: tuple[str, ...]
    below: tuple[str, ...]
    beside: tuple[str, ...] = ()


def under_label(text: str, label: str) -> LabelledLines:
    r"""Return the lines that belong to `label`; without a label, all lines are below it.

    >>> under_label("Host: 245\nKata VM: 52", "Host").after
    ('245',)
    >>> under_label("build took 12 s", "build took").after
    ('12 s',)
    >>> under_label("=== runc ===\n1: .68 s\n--- kata ---\n1: 2.2 s", "kata").below
    ('1: 2.2 s',)
    """
    lines = [line for line in map(str.strip, text.split("\n")) if not _COMMAND.match(line)]
    if not label:
        return LabelledLines((), tuple(line for line in lines if line))
    headings = [_heading(line) for line in lines]
    styles = {one.style for one in headings if one is not None and one.name == label}
    ends = {HeadingStyle.COLON, HeadingStyle.RULE, HeadingStyle.HASHES, *styles}
    prefix = re.compile(rf"{re.escape(label)}(?:\s*[:=]\s*(?=\S)|\s+(?=[0-9]))")
    after, below, beside = [], [], []
    for name, section in _sections(lines, headings, ends):
        if name == label:
            below += [line for line in section if line]
        for at, line in enumerate(section):
            if found := prefix.match(line):
                after.append(line[found.end() :])
                beside += _failures_beside(section, at)
    return LabelledLines(tuple(after), tuple(below), tuple(beside))


def _heading(line: str) -> _Heading | None:
    """Return the heading that a line is, without its marks and its colon."""
    for style, pattern, group in (
        (HeadingStyle.RULE, _RULED, 2),
        (HeadingStyle.HASHES, _HASHES, 1),
        (HeadingStyle.HASH, _HASH, 1),
    ):
        if found := pattern.fullmatch(line):
            return _Heading(style, found[group].removesuffix(":").rstrip())
    return _Heading(HeadingStyle.COLON, line[:-1].rstrip()) if line.endswith(":") else None


def _sections(
    lines: Sequence[str], headings: Sequence[_Heading | None], ends: set[HeadingStyle]
) -> Iterator[tuple[str, list[str]]]:
    """Yield each heading's name, empty for the lines before the first one, and the lines below it."""
    name, section = "", list[str]()
    for line, heading in zip(lines, headings, strict=True):
        if heading is not None and heading.style in ends:
            yield name, section
            name, section = heading.name, []
        else:
            section.append(line)
    yield name, section


def _failures_beside(section: Sequence[str], at: int) -> list[str]:
    """Return the failures of a section that may be about the labelled line `at`.

    Those that may not be are behind labels of their own, further down in the same list of labels.
    """
    end = at + 1
    while end < len(section) and _LABELLED.match(section[end]):
        end += 1
    return [line for line in (*section[:at], *section[end:]) if is_failure(line)]
