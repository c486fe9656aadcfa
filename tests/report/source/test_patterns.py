"""Patterns of pages and of facts.yml are data: whatever they are, a search ends within its limit."""

import time

import pytest

from labreport.report.problems import FaultError
from labreport.report.source.patterns import LONGEST, MOST_TIMEOUTS, PatternSearch, compiled
from labreport.report.source.slices import Content, Range, SliceRequest, cut

SLOW = [
    (r"(x+x+)+y", b"x" * 3000),
    (r"(x*)*\1y", b"x" * 3000),
    (r"(?:x|x)*?(?=y)", b"x" * 100_000),
    (r"x*x*x*x*[yz]", b"x" * 100_000),
    (r"(.+)+[^x]$", b"x" * 100_000),
    (r"^(?:(?:x+){1,30}){1,30}[yz]", b"x" * 100_000),
    (r"(?:x{1,1000}){1,1000}(?<!x)", b"x" * 100_000),
    (r"(x+)\1\1[^x]", b"x" * 100_000),
    (r".*.*.*.*=.*[?]", b"=" * 100_000),
]
LONG = "x" * (LONGEST + 1)
WRONG = ["(", "[", "*", "a{2,1}", "(?P<a>x)(?P<a>y", "(" * 600, r"\N{no such name}", LONG, "(?<=a+"]


@pytest.mark.slow_after(2)
@pytest.mark.parametrize(("pattern", "data"), SLOW)
def test_a_search_ends(pattern: str, data: bytes) -> None:
    """It finds nothing, or says that the pattern takes too long. Without a limit it would not end."""
    began = time.monotonic()
    with pytest.raises(FaultError, match=r"takes more than 1 s|no line of f matches"):
        cut(Content("f", data), SliceRequest("f", start=pattern))
    assert time.monotonic() - began < 30  # the limit is 1 s; a busy machine takes longer


@pytest.mark.slow
def test_many_slow_patterns_are_refused_together() -> None:
    """After five that took too long, a build tries no further pattern: a page may have thousands."""
    search, content, began = PatternSearch(), Content("f", b"x" * 3000 + b"\n"), time.monotonic()
    for number in range(50):
        with pytest.raises(FaultError):
            cut(content, SliceRequest("f", start=rf"(x+x+)+\d{number}y"), search)
    assert search.timeouts == MOST_TIMEOUTS
    assert time.monotonic() - began < 25  # of 50 patterns, each of which would take 1 s
    with pytest.raises(FaultError, match="is not tried: correct those first"):
        cut(content, SliceRequest("f", start="x"), search)


@pytest.mark.parametrize("pattern", WRONG)
def test_what_is_no_pattern(pattern: str) -> None:
    """It is an error of one line, whatever the module says of it."""
    with pytest.raises(ValueError, match=f"is not a regular expression|more than {LONGEST}") as raised:
        compiled(pattern)
    assert "\n" not in str(raised.value)
    with pytest.raises(FaultError, match=r"start=.* of f is "):
        cut(Content("f", b"x\n"), SliceRequest("f", start=pattern))


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        ("^Kata VM", 2),
        (r"\d+ ms$", 3),
        ("(?i)KATA", 2),
        (r"é\b", 4),
        (r"(?P<unit>ms)(?=$)", 3),
        (r"^.{4}$", 4),
        ("", 1),
    ],
)
def test_patterns_mean_what_they_mean_in_python(pattern: str, line: int) -> None:
    """A line matches as with `re.search`."""
    content = Content("f", "one\nKata VM\n12 ms\nabcé\n".encode())
    assert cut(content, SliceRequest("f", start=pattern, end=pattern)).range == Range(line, line)
