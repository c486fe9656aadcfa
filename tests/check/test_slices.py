"""Slices that moved, which --fix updates, and slices without a hash."""

import hashlib
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labreport.check.finding import Edit, OverlapError, edited
from labreport.check.project import CheckReport, fix
from labreport.report.pages.source import PageSource
from tests.project import CapturedFile, Little, make

DAY = date(2026, 3, 4)
LINES = b"one\ntwo\nthree\nfour\nfive\n"


def pin(*lines: str) -> str:
    """Return the hash of a slice with these lines."""
    text = "".join(f"{line}\n" for line in lines)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


PINNED = pin("new", "newer")


@pytest.fixture
def little(tmp_path: Path) -> Little:
    """Return a project whose evidence has two new lines before the ones in the page."""
    made = make(tmp_path / "project")
    made.capture(CapturedFile("a.txt", b"new\nnewer\n" + LINES))
    return made


def check(little: Little) -> CheckReport:
    """Return the result of the check."""
    return little.check(DAY)


def of(checked: CheckReport, kind: str) -> list[str]:
    """Return the findings of one kind."""
    return [str(one) for one in checked.findings if one.kind == kind]


MOVED = f"""---
title: Näme
---
# Täsk {{# a note #}}\r

- äö {{{{ evidence("a.txt", lines="2:3", sha256="{pin("two", "three")}") }}}} and\r
  {{{{ evidence("5:5:a.txt", sha256="{pin("five")}") }}}}

{{{{ evidence(
    "a.txt",
    "1",
    sha256="{pin("one")}",
) }}}}

`lines="2:3"` stays, and so does {{{{ evidence("a.txt", start="two", end="three") }}}}.
"""


def test_fix_writes_ranges(little: Little) -> None:
    """--fix updates each form of a range and no other byte, and has nothing to do the second time."""
    page = little.page("labs/lab12/task-1.md", MOVED)
    checked = check(little)
    assert [line.partition(": ")[0] for line in of(checked, "moved")] == [
        "docs/labs/lab12/task-1.md:6:6",
        "docs/labs/lab12/task-1.md:7:3",
        "docs/labs/lab12/task-1.md:9:1",
    ]
    assert 'lines 4:5 now: write lines="4:5", or run with --fix [' in of(checked, "moved")[0]
    assert fix(little.root, checked) == 3
    wanted = MOVED.replace('lines="2:3", sha', 'lines="4:5", sha').replace("5:5:a.txt", "7:7:a.txt")
    assert page.read_bytes().decode() == wanted.replace('    "1",', '    "3:3",')
    again = check(little)
    assert of(again, "moved") == []
    assert fix(little.root, again) == 0


def test_a_computed_range(little: Little) -> None:
    """The finding has the right range; --fix does not write it."""
    text = (
        f"""{{% set at = "2:3" %}}\n{{{{ evidence("a.txt", lines=at, sha256="{pin("two", "three")}") }}}}\n"""
    )
    little.page("labs/lab12/task-1.md", text)
    checked = check(little)
    (moved,) = of(checked, "moved")
    assert moved.startswith("docs/labs/lab12/task-1.md:2:1: lines 2:3 of lab12/a.txt are lines 4:5 now")
    assert "--fix" not in moved
    assert checked.edits == {}


def test_a_slice_that_changed(little: Little) -> None:
    """Lines with another hash are a problem that --fix does not fix."""
    for lines in (("two", "Three"), ("two", "four")):
        little.page(
            "labs/lab12/task-1.md", f'{{{{ evidence("a.txt", lines="4:5", sha256="{pin(*lines)}") }}}}\n'
        )
        checked = check(little)
        (problem,) = of(checked, "problem")
        assert problem.startswith("docs/labs/lab12/task-1.md:1:1: evidence(")
        assert "have changed" in problem
        assert checked.edits == {}


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(
    ("call", "pinned"),
    [
        ('evidence("a.txt", lines="1:2")', False),
        ('evidence("a.txt", "1:2")', False),
        ('evidence("1:2:a.txt")', False),
        (f'evidence("a.txt", lines="1:2", sha256="{PINNED}")', True),
        ('evidence("a.txt", start="new", end="newer")', True),
        ('evidence("a.txt")', True),
        ('command("a.txt", lines="1:2")', True),
    ],
)
def test_slices_without_a_hash(little: Little, call: str, *, pinned: bool) -> None:
    """A slice by number needs a hash. The remedy has it, but --fix does not write it."""
    little.page("labs/lab12/task-1.md", f"Text.\n\n{{{{ {call} }}}}\n")
    checked = check(little)
    found = of(checked, "unpinned")
    assert len(found) == (0 if pinned else 1)
    assert all("docs/labs/lab12/task-1.md:3:1: lines 1:2 of lab12/a.txt" in line for line in found)
    assert all(f'sha256="{PINNED}"' in line for line in found)
    assert checked.edits == {}


@given(st.text(max_size=40), st.lists(st.tuples(st.integers(0, 40), st.integers(0, 5), st.text(max_size=3))))
def test_edits(text: str, several: list[tuple[int, int, str]]) -> None:
    """The order of edits does not matter; edits that overlap or leave the text are refused."""
    edits = {Edit(start, start + length, new) for start, length, new in several}
    ordered = sorted(edits)
    apart = all(one.end <= other.start for one, other in pairwise(ordered))
    if not apart or any(one.end > len(text) for one in edits):
        with pytest.raises(OverlapError):
            edited(text, edits)
        return
    kept, end = [], 0
    for one in ordered:
        kept += [text[end : one.start], one.text]
        end = one.end
    assert edited(text, edits) == "".join([*kept, text[end:]])


NAMES = st.text(alphabet="aé.\u4e2d \\'", max_size=6)


@given(st.text(alphabet="é\n {}'#%`", max_size=12), NAMES)
def test_places_of_arguments(before: str, name: str) -> None:
    """The place of an argument is right after any text, and across lines."""
    literal = '"' + name.replace("\\", "\\\\") + '"'
    text = f'{before}\n\n{{{{ evidence(\n  {literal},\n  start="é", lines="1:2") }}}}'
    calls = [one for one in PageSource("labs/lab12/x.md", text).calls if one.name == "evidence"]
    for call in calls:  # none if the text before opens a comment
        lines = call.argument("lines", 1)
        path = call.argument("path", 0)
        assert lines is not None
        assert path is not None
        assert text[lines.start : lines.end] == '"1:2"'
        assert text[path.start : path.end] == literal
        assert path.value == name
