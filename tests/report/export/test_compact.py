"""The compact report: what a sheet asks for, each file with its sentence, and nothing else."""

from datetime import date
from pathlib import Path

import pytest

from labreport.check.project import late_table_of
from labreport.check.rubric import asked_of
from labreport.check.submission import check_submission
from labreport.report.export import export
from labreport.report.export.compact import MOST_LINES, Asked
from tests.project import CapturedFile, Little, make

LONG = b"".join(b"%d\n" % number for number in range(1, 41))
PAGE = """# Task 1 — Measure

The answer, in a sentence.

{{ evidence("beside.txt") }}

## Steps

A paragraph that nothing follows.

It is short,
and asked for:

{{ evidence("short.txt") }}

- An item with its block:

    {{ evidence("long.txt") }}

Not asked for:

{{ evidence("beside.txt") }}

Shown again:

{{ evidence("short.txt") }}

```sh
echo typed
```

| a | b |
|---|---|
| 1 | {{ evidence("gap.txt") }} |

## What it *means*

It means this.

The whole file:

{{ evidence("beside.txt") }}

### A part of it

And that.

## Afterwards

Nobody asked.
"""
LAB = """title: Demo
editions:
  2025: {title: One, source: x, tasks: {1: {title: Measure, files: [short.txt, long.txt]}}}
"""
RUBRIC = """2025:
  short: {requirement: r, page: task-1.md, section: Steps, shows: [short.txt]}
  means: {requirement: r, page: task-1.md, section: What it means, shows: [beside.txt]}
  later: {requirement: r, to_come: later}
"""
EXPECTED = f"""## Lab 12 — Demo

### Task 1 — Measure

The answer, in a sentence.

- It is short, and asked for:

```1:1:labs/lab12/short.txt
short
```

- An item with its block:

    ```1:{MOST_LINES}:labs/lab12/long.txt
{"".join(f"    {number}{chr(10)}" for number in range(1, MOST_LINES + 1))}    ```

#### What it *means*

It means this.

##### A part of it

And that.
"""


@pytest.fixture
def little(tmp_path: Path) -> Little:
    """Return a lab whose page shows more than its sheet asks for."""
    made = make(tmp_path / "project")
    (made.root / "collectors").unlink()  # a link to this repository's
    (made.root / "collectors/lab12").mkdir(parents=True)
    (made.root / "collectors/lab12/lab.yml").write_text(LAB)
    made.page("labs/lab12/rubric.yml", RUBRIC)
    for path, data in (("short.txt", b"short\n"), ("long.txt", LONG), ("beside.txt", b"beside\n")):
        made.capture(CapturedFile(path, data))
    made.page("labs/lab12/index.md", "# Demo\n")
    made.page("labs/lab12/task-1.md", PAGE)
    return made


def compact(little: Little, asked: Asked | None) -> str:
    """Return the report in its compact form; None gives all of it."""
    pages = little.pages()
    return export(
        pages, "lab12", "", lambda shown: late_table_of(pages, shown, date(2026, 3, 4)), asked
    ).markdown


def test_what_the_sheet_asks_for(little: Little) -> None:
    """Title, answer, each file once with its sentence, and the sections that answer in prose."""
    assert compact(little, asked_of(little.pages(), "lab12")) == EXPECTED


@pytest.mark.parametrize("name", ["'5 * _3_ [things]'", "own-id"])
def test_a_section_is_named_as_in_the_rubric(little: Little, name: str) -> None:
    """By the text of its heading as it is shown, or by its id."""
    page = (
        "# Task 2\n\n## 5 * \\_3\\_ \\[`things`] {: #own-id }\n\nThe answer.\n\n## Other\n\nNobody asked.\n"
    )
    little.page("labs/lab12/task-2.md", page)
    rubric = f"{{requirement: x, page: task-2.md, section: {name}, facts: [x]}}"
    little.page("labs/lab12/rubric.yml", f"2025: {{a: {rubric}}}\n")
    text = compact(little, asked_of(little.pages(), "lab12"))
    assert "The answer." in text
    assert "Nobody asked." not in text.partition("Task 2")[2]


def test_it_is_read_back(little: Little, tmp_path: Path) -> None:
    """`lab check` finds every quoted line in the evidence."""
    report = tmp_path / "report.md"
    report.write_text(compact(little, asked_of(little.pages(), "lab12")))
    checked = check_submission(report, little.root / "evidence/lab12")
    assert [result.whole for result in checked] == [True, True]


def test_no_sheet(little: Little) -> None:
    """Without lab.yml every file that a page shows is asked for, the first lines of each."""
    (little.root / "collectors/lab12/lab.yml").unlink()
    text = compact(little, asked_of(little.pages(), "lab12"))
    assert text.count("```1:1:labs/lab12/short.txt") == text.count("labs/lab12/beside.txt") == 1
    assert f"1:{MOST_LINES}:labs/lab12/long.txt" in text
    assert "Nobody asked" not in text


@pytest.mark.parametrize("path", ["collectors/lab12/lab.yml", "docs/labs/lab12/rubric.yml"])
def test_a_sheet_that_cannot_be_read(little: Little, path: str) -> None:
    """It asks for nothing, and is a problem; there is a report all the same."""
    (little.root / path).write_text("}{")
    asked = asked_of(little.pages(), "lab12")
    assert [one.reference for one in asked.problems] == [path]
    assert "short.txt" in compact(little, asked)


def test_all_of_it(little: Little) -> None:
    """The full report has every paragraph and every line."""
    text = compact(little, None)
    assert "Nobody asked." in text
    assert "1:40:labs/lab12/long.txt" in text
