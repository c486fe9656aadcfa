"""Search with the patterns of pages and facts.yml. They are data, so a search has a time limit.

Python's `re` backtracks without one: `(a+)+b` never ends. The module `regex` reads the same patterns and
stops at a limit. Patterns in a collector's code are code, and records' patterns are never run.
"""

import time
import warnings
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labreport.report.problems import FaultError

if TYPE_CHECKING:
    import regex

LONGEST = 1000
"""How many characters a pattern may have."""
SECONDS = 1.0
"""How long one search may take."""
MOST_TIMEOUTS = 5
"""After so many searches that took too long, a build tries no more."""


def compiled(text: str) -> "regex.Pattern[str]":
    """Return a pattern; raise ValueError, which says of a text what is wrong with it."""
    import regex  # noqa: PLC0415 - takes 8 ms, and most pages have no pattern

    if len(text) > LONGEST:
        raise ValueError(f"is a regular expression of more than {LONGEST} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return regex.compile(text)
    except (regex.error, RecursionError, OverflowError, MemoryError) as error:
        raise ValueError(f"is not a regular expression: {error}") from error


@dataclass
class PatternSearch:
    """Searches lines, and counts the searches of a build that took too long."""

    timeouts: int = 0

    def first_match(self, pattern: "regex.Pattern[str]", lines: Iterable[str]) -> int | None:
        """Return the index of the first line that matches, or None; raise FaultError at the limit."""
        return next((number for number, _match in self.matches(pattern, lines)), None)

    def matches(
        self, pattern: "regex.Pattern[str]", lines: Iterable[str]
    ) -> Iterator[tuple[int, "regex.Match[str]"]]:
        """Yield the index of each line that matches, and its match; raise FaultError at the limit."""
        if self.timeouts >= MOST_TIMEOUTS:
            what = f"{MOST_TIMEOUTS} patterns took too long, so {pattern.pattern!r} is not tried"
            raise FaultError(what, "correct those first")
        end = time.monotonic() + SECONDS
        try:
            for number, line in enumerate(lines):
                found = pattern.search(line, timeout=max(end - time.monotonic(), 0.001))
                if found:
                    yield number, found
        except TimeoutError as error:
            self.timeouts += 1
            what = f"the pattern {pattern.pattern!r} takes more than {SECONDS:.0f} s"
            raise FaultError(
                what, "write one that repeats less, such as ^Kata instead of (.*)+Kata"
            ) from error


SEARCH: ContextVar[PatternSearch | None] = ContextVar("SEARCH", default=None)
"""The search of the build under way, so that the patterns of all its facts share one limit."""
