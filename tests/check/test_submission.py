"""Quotes in reports that were handed in, and typed quotes in pages."""

from datetime import date
from pathlib import Path

import pytest

from labreport.check.submission import check_submission, submitted
from tests.project import CapturedFile, Little, make

DAY = date(2026, 3, 4)


@pytest.fixture
def little(tmp_path: Path) -> Little:
    """Return a project with one file of three lines."""
    made = make(tmp_path / "project")
    made.capture(CapturedFile("a.txt", b"one\ntwo\nthree\n"))
    return made


@pytest.mark.parametrize(
    "before",
    [
        "Run ```sudo inspect x | grep y```: it says\n```sudo inspect x | grep y```: shows it\n\n",
        "```a `b` c```\n\n",
        "    ```\n\n",
        "> ```\n\n",
        "<pre>\n```\n</pre>\n",
        "\\```\n\n",
    ],
)
def test_what_looks_like_a_fence_hides_no_quote(little: Little, tmp_path: Path, before: str) -> None:
    """Inline code, indented code, HTML and an escape open no fence."""
    report = tmp_path / "s.md"
    report.write_text(f"{before}```1:2:a.txt\none\nNOT IN THE FILE\n```\n\n```1:1:a.txt\none\n```\n")
    results = check_submission(report, little.root / "evidence/lab12")
    assert [(one.reference, one.whole) for one in results] == [("1:2:a.txt", False), ("1:1:a.txt", True)]


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("> ```1:1:x\n> one\n>\n> two\n> ```\n", b"one\n\ntwo\n"),
        ("1. x\n\n   ```1:1:x\n   one\n   ```\n", b"one\n"),
        ("```1:1:x\na\rb\0\r\n\r\nc\n```\n", b"a\rb\0\r\n\r\nc\n"),
        ("```1:1:x\r\na\rb\r\n```\r\n", b"a\rb\r\n"),
        ("```1:1:x\n\u2028\ufffd\x85\x0b\n```\n", "\u2028\ufffd\x85\x0b\n".encode()),
        ("```1:1:x\n```\n", b""),
    ],
)
def test_the_body_is_exact(text: str, body: bytes) -> None:
    """The bytes in the fence are compared, without the marks of quotes and the indentation of lists."""
    (block,) = submitted(text.encode())
    assert (block.reference, block.body, block.closed) == ("1:1:x", body, True)


def test_bytes_that_are_not_utf8() -> None:
    """They stay as they are in the body, and are replaced in the path."""
    (block,) = submitted(b"```1:1:\xffx\n\xfe\x00\n```\n")
    assert (block.path, block.body) == ("?x", b"\xfe\0\n")


def test_a_fence_that_is_not_closed(little: Little, tmp_path: Path) -> None:
    """It is not whole, whatever it contains."""
    report = tmp_path / "s.md"
    report.write_text("```1:1:a.txt\none\n")
    (result,) = check_submission(report, little.root / "evidence/lab12")
    assert (result.whole, result.what) == (False, "nothing closes the fence")


PAGE = """# Task 1

It took 3 s. ```It took 3 s```

```1:1:a.txt
one
```

```text
x
```

It took 4 s.

```2:2:a.txt
Two
```

{{ evidence("a.txt") }}
"""


def test_pages_with_crlf(little: Little) -> None:
    """They have the same findings as pages with LF."""
    found = []
    for text in (PAGE, PAGE.replace("\n", "\r\n")):
        little.page("labs/lab12/task-1.md", text)
        found.append([str(one) for one in little.check(DAY).findings])
    assert found[0] == found[1]
    assert [line.partition(": ")[0].rpartition(".md:")[2] for line in found[0]] == ["3:9", "13:9", "15:1"]
