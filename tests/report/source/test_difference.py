"""A difference shows every byte of both files, in words, in HTML and as `diff` writes it."""

import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labreport.report.export.markdown import markdown_of
from labreport.report.pages.calls import Call
from labreport.report.problems import Problem
from labreport.report.source.cite import Gap
from labreport.report.source.difference import (
    Difference,
    DifferenceKind,
    DiffLine,
    DiffRow,
    compare_lines,
    fold,
    unified,
)
from labreport.site.html.blocks import html_of
from labreport.site.html.environment import BlockPlace, LateHtml
from tests.project import CapturedFile, Little, make, row

BAD = b'</code><img src=x onerror="alert(1)"> & `x`\r\n'


@pytest.fixture
def little(tmp_path: Path) -> Little:
    """Return a project with a lab."""
    made = make(tmp_path / "project")
    made.page("labs/lab12/index.md", "# Lab\n")
    return made


def shown(little: Little, one: bytes, other: bytes, **named: object) -> Difference:
    """Return the difference of two files with these bytes."""
    little.capture(CapturedFile("a.txt", one))
    little.capture(CapturedFile("b.txt", other))
    found = called(little, "a.txt", "b.txt", **named)
    assert isinstance(found, Difference), found
    return found


def called(little: Little, *paths: object, **named: object) -> object:
    """Return the result of the macro on a page of the lab."""
    call = Call("difference", paths, tuple(named.items()))
    return call.run(little.context())


class Cells(HTMLParser):
    """The text of every row's cells, as a browser has it."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """Begin a row or a cell."""
        del attrs
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"} and self.rows:
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        """Add text to the cell."""
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def cells(html: str) -> Cells:
    """Return the cells in some HTML."""
    found = Cells()
    found.feed(html)
    return found


def test_side_by_side_in_words_and_signs(little: Little) -> None:
    """Each row has a sign and a word. The caption counts the lines for readers who cannot see colours."""
    found = shown(little, b"core\nfd\nold\n", b"fd\nnew\nmore\n")
    assert found.summary == "2 lines only in lab12/a.txt, 2 lines only in lab12/b.txt, 1 line the same"
    body = cells(html_of(found, BlockPlace("", LateHtml()))).rows[1:]
    assert body == [
        ["−only in the first", "1", "core", "", ""],  # noqa: RUF001 - what is printed
        [" same", "2", "fd", "1", "fd"],
        ["≠changed", "3", "old", "2", "new"],
        ["+only in the second", "", "", "3", "more"],
    ]


def test_unified_is_what_diff_writes(little: Little, tmp_path: Path) -> None:
    """The lines are those of `diff -u` with unlimited context, in the same order."""
    one, other = b"a\nb\nc\nd", b"a\nB\nc\nd\ne\n"
    found = shown(little, one, other, form="unified")
    (tmp_path / "one").write_bytes(one)
    (tmp_path / "other").write_bytes(other)
    argv = ["diff", "-U", "99", "one", "other"]
    told = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False).stdout
    assert sorted(unified(found).splitlines()[2:]) == sorted(told.splitlines()[3:])
    body = cells(html_of(found, BlockPlace("", LateHtml()))).rows[1:]
    assert ["−only in the first", "2", "", "b"] in body  # noqa: RUF001 - what is printed
    assert ["+only in the second", "", "2", "B"] in body
    assert markdown_of(found, "").startswith("```diff\n--- lab12/a.txt\n+++ lab12/b.txt\n a\n-b\n+B\n")


@pytest.mark.parametrize(
    ("one", "other", "note"),
    [
        (b"a \n", b"a\n", "blanks or control characters: 'a ' and 'a'"),
        (b"a\tb\n", b"a b\n", "blanks or control characters: 'a\\tb' and 'a b'"),
        (b"a\r\n", b"a\n", "blanks or control characters: 'a\\r' and 'a'"),
        (b"a\n", b"a", "line 1 ends without a line feed"),
        (b"a\xc2\xa0b\n", b"a b\n", "blanks or control characters: 'a\\xa0b' and 'a b'"),
    ],
)
def test_what_nobody_sees_is_said(little: Little, one: bytes, other: bytes, note: str) -> None:
    """A note spells out a difference that cannot be seen."""
    found = shown(little, one, other)
    assert found.rows[0].kind is DifferenceKind.CHANGED
    assert [note] in cells(html_of(found, BlockPlace("", LateHtml()))).rows
    assert [note] in cells(
        html_of(shown(little, one, other, form="unified"), BlockPlace("", LateHtml()))
    ).rows


def test_the_same(little: Little) -> None:
    """Equal files are said to be equal. A file may be empty."""
    assert shown(little, b"x\n", b"x\n").summary.endswith("are the same, byte for byte")
    assert shown(little, b"", b"").rows == ()
    assert shown(little, b"", b"x\n").summary.startswith("0 lines only in")


def test_evidence_is_text(little: Little) -> None:
    """No tag, entity or carriage return of the evidence acts in the page."""
    found = shown(little, BAD, b"x\n")
    html = html_of(found, BlockPlace("", LateHtml()))
    assert "img" not in cells(html).tags
    assert BAD.decode().removesuffix("\n") in [cell for row in cells(html).rows for cell in row]


def test_lines_of_a_file(little: Little) -> None:
    """A path may name lines. Their numbers are those of the file."""
    little.capture(CapturedFile("a.txt", b"1\n2\n3\n"))
    little.capture(CapturedFile("b.txt", b"2\n4\n"))
    found = called(little, "2:3:a.txt", "b.txt")
    assert isinstance(found, Difference)
    assert [(row.kind, row.first and row.first.number) for row in found.rows] == [
        (DifferenceKind.SAME, 2),
        (DifferenceKind.CHANGED, 3),
    ]


def test_bad_calls(little: Little) -> None:
    """A file that was not captured is a gap. A binary file, a wrong form and a wrong path are problems."""
    little.capture(CapturedFile("a.txt", b"1\n"))
    little.capture(CapturedFile("b.bin", b"\0"))
    little.state(row("x", "c.txt", reason="no KVM"))
    assert isinstance(called(little, "a.txt", "c.txt"), Gap)
    faults = [
        called(little, "a.txt", "b.bin"),
        called(little, "a.txt", "a.txt", form="three columns"),
        called(little, "a.txt", "none.txt"),
        called(little, "a.txt"),
    ]
    words = [
        "lab12/b.bin is not text",
        "form is 'three columns'",
        "no collector of lab12 writes",
        "missing a required",
    ]
    for fault, word in zip(faults, words, strict=True):
        assert isinstance(fault, Problem)
        assert word in fault.what


TEXTS = st.lists(st.sampled_from(["a", "b", "c ", ""]), max_size=12)


@given(TEXTS, TEXTS)
def test_nothing_is_lost(one: list[str], other: list[str]) -> None:
    """The rows contain both files. Folding hides equal lines only."""
    sides = [[DiffLine(number, text) for number, text in enumerate(side, 1)] for side in (one, other)]
    found = list(compare_lines(*sides))
    assert [row.first.text for row in found if row.first] == one
    assert [row.second.text for row in found if row.second] == other
    for row_ in found:
        assert (row_.kind is DifferenceKind.SAME) == bool(
            row_.first and row_.second and row_.first.text == row_.second.text
        )
    kept = list(fold(found))
    assert sum(row_.count for row_ in kept) == len(found)
    assert [
        row_
        for row_ in kept
        if row_.kind is not DifferenceKind.LEFT_OUT and row_.kind is not DifferenceKind.SAME
    ] == [row_ for row_ in found if row_.kind is not DifferenceKind.SAME]


def test_long_runs_are_folded() -> None:
    """Three lines around a difference are kept, and the others are counted."""
    same = [DiffRow(DifferenceKind.SAME, DiffLine(n, "x"), DiffLine(n, "x")) for n in range(20)]
    changed = DiffRow(DifferenceKind.FIRST, DiffLine(20, "y"))
    kinds = [(row_.kind, row_.count) for row_ in fold([*same, changed, *same])]
    assert kinds[0] == (DifferenceKind.LEFT_OUT, 17)
    assert kinds[4] == (DifferenceKind.FIRST, 1)
    assert kinds[-1] == (DifferenceKind.LEFT_OUT, 17)
    assert len(kinds) == 9
