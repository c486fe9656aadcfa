"""A lab as one plain report, and such a report read back."""

import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from labreport.check.project import late_table_of
from labreport.check.submission import check_submission, submitted
from labreport.cli.new import as_heading
from labreport.report.export import Exported, export
from labreport.report.export.markdown import code, fence
from tests.cli.test_new_lab import TITLES
from tests.project import REPO, CapturedFile, Little, make, row
from tests.site.conftest import HOSTILE

DAY = date(2026, 3, 4)
TASK_1 = """---
title: Install
expected_gaps: [kata/x.txt]
---

# Task 1: Install & Configure {: #install }

- The version, as it was built.

    {{ evidence("a.txt") }}

!!! note "Beside"

    See [the overview](index.md) and [the source](https://example.invalid/).

    {{ evidence("hostile.txt", lines="3:40") }}

=== "Tab"

    ## Within

    {{ evidence("hostile.txt") }}

{{ evidence("kata/x.txt") }}
{{ evidence("nul.bin") }}
{{ evidence("empty.txt") }}

{{ command("a.txt") }} {{ state() }}

```md
# not a heading [link](x.md)
```
"""


@pytest.fixture(scope="module")
def little(tmp_path_factory: pytest.TempPathFactory) -> Little:
    """Make a lab with ten tasks, of which the first holds everything."""
    made = make(tmp_path_factory.mktemp("export") / "project")
    made.capture(CapturedFile("a.txt", b"one\n```\n````\nlast", (("sh", "-c", "echo `x` | y"),)))
    made.capture(CapturedFile("hostile.txt", HOSTILE))
    made.capture(CapturedFile("nul.bin", b"\0"))
    made.capture(CapturedFile("empty.txt", b""))
    made.state(
        row("kata", "kata/x.txt", reason="no *KVM* <b>", remedy="use\na host", command="lab collect kata")
    )
    made.page("labs/lab12/index.md", "# Lab 12: Kata beside runc\n")
    made.page("labs/lab12/task-1.md", TASK_1)
    made.page("labs/lab12/task-2.md", '# Task 2 - Compare\n\n{{ evidence("2:4:a.txt") }}\n')
    made.page("labs/lab12/task-10.md", '# Task 10: Last\n\n{{ evidence("a.txt", lines="1") }}\n')
    return made


def exported_of(little: Little, lab: str = "lab12") -> Exported:
    """Return the export of a lab."""
    pages = little.pages()
    return export(pages, lab, "", lambda shown: late_table_of(pages, shown, DAY))


@pytest.fixture(scope="module")
def report(little: Little) -> Path:
    """Export the lab to a file."""
    exported = exported_of(little)
    assert exported.problems == ()
    path = little.root / "submission12.md"
    path.write_bytes(exported.markdown.encode())
    return path


def test_headings_are_those_of_a_report(report: Path) -> None:
    """The lab, then its tasks in their numbers' order; the rest below them."""
    text = re.sub(
        r"^ *(`{3,})\d+:\d+:.*?^ *\1$", "", report.read_bytes().decode(), flags=re.DOTALL | re.MULTILINE
    )
    assert [line for line in text.split("\n") if line.startswith("#") and "not a heading" not in line] == [
        "## Lab 12 — Kata beside runc",
        "### Task 1 — Install & Configure",
        "#### Within",
        "### Task 2 — Compare",
        "### Task 10 — Last",
    ]
    for part in ("**Beside**", "See the overview and [the source](https://example.invalid/).", "**Tab**"):
        assert part in text
    assert "# not a heading [link](x.md)" in text
    assert "title: Install" not in text


def test_gaps_and_binaries_are_said_in_words(report: Path) -> None:
    """With reason, remedy and command; what comes from evidence is escaped."""
    text = report.read_bytes().decode()
    assert (
        "> Not captured: `lab12/kata/x.txt`. Why: no \\*KVM\\* \\<b\\>. "
        "What to do: use\\\\na host: `lab collect kata`" in text
    )
    assert "> `labs/lab12/nul.bin`: lines 1:1 are no text: 1 bytes" in text


@pytest.mark.parametrize(
    ("folder", "prefix"), [("lab12", ""), ("lab12", "labs/lab12/"), ("", ""), ("", "labs/lab12/")]
)
def test_what_was_exported_is_whole(little: Little, report: Path, folder: str, prefix: str) -> None:
    """Every block read back equals its lines, with the lab's folder or the evidence root, prefix or none."""
    results = check_submission(report, little.root / "evidence" / folder, prefix)
    assert [(str(result), result.what) for result in results if not result.whole or result.what] == []
    assert [result.reference for result in results] == [
        "1:4:labs/lab12/a.txt",
        "3:40:labs/lab12/hostile.txt",
        f"1:{HOSTILE.count(10) + 1}:labs/lab12/hostile.txt",
        "1:0:labs/lab12/empty.txt",
        "2:4:labs/lab12/a.txt",
        "1:1:labs/lab12/a.txt",
    ]
    first = report.read_bytes().split(b"\n")[results[0].line - 1]
    assert first.endswith(b"1:4:labs/lab12/a.txt")


@pytest.mark.parametrize(
    ("text", "whole", "what"),
    [
        (
            "```1:2:labs/lab12/a.txt\none\n```\n````\n",
            False,
            "line 5 of the report is not line 2 of labs/lab12/a.txt: the block has 1 line, the file 2",
        ),
        ("````1:2:labs/lab12/a.txt\none\n```\n````\n", True, ""),
        ("~~~2:3:a.txt\n```\n````\n~~~\n", True, ""),
        ("  ~~~2:3:a.txt\n  ```\n  ````\n  ~~~\n", True, ""),
        ("- ~~~4:4:x/y/a.txt\n  last\n  ~~~\n", True, ""),
        ("~~~4:5:a.txt\nlast\n~~~\n", True, "one line past the file: 4:4 is meant"),
        ("~~~4:6:a.txt\nlast\n~~~\n", False, "the file has 4 lines: 1:4 is the whole file"),
        ("~~~5:5:a.txt\nlast\n~~~\n", False, "the file has 4 lines"),
        ("~~~3:2:a.txt\nlast\n~~~\n", False, "2:3 is the right way round"),
        ("~~~0:2:a.txt\nlast\n~~~\n", False, "counted from 1"),
        ("~~~4:4:a.txt\nLast\n~~~\n", False, "'Last', the file has 'last'"),
        (
            "~~~4:4:a.txt\nlast\nmore\n~~~\n",
            False,
            "is not line 5 of a.txt: the block has 2 lines, the file 1",
        ),
        ("~~~1:1:a.txt\r\none\r\n~~~\r\n", False, "'one\\r', the file has 'one'"),
        ("~~~4:4:a.txt\nlast\n", False, ""),
        ("~~~1:1:b.txt\none\n~~~\n", False, "b.txt: no such file"),
        ("~~~1:1:../a.txt\none\n~~~\n", False, "leaves the evidence folder"),
        ("~~~1:1:/etc/passwd\none\n~~~\n", False, "is not a plain relative path"),
    ],
)
def test_reading_a_report(little: Little, tmp_path: Path, text: str, *, whole: bool, what: str) -> None:
    """Each block is whole or says what is not, with lines of the report and of the file."""
    path = tmp_path / "report.md"
    path.write_bytes(("## Lab 12\n\n" + text).encode())
    (result, *rest) = check_submission(path, little.root / "evidence" / "lab12")
    assert not rest
    assert result.line == 3
    assert (result.whole, what in result.what) == (whole, True), result


def test_other_fences_are_no_blocks() -> None:
    """A language, a title, nothing: only start:end:path counts, and not inside another fence."""
    text = b"```\n1:2:x\n```\n```python\nx\n```\n````md\n```1:2:a\n```\n````\n    text\n```1:1:a.txt\nx\n```"
    assert [(block.line, block.body) for block in submitted(text)] == [(12, b"x\n")]


@given(
    st.text(alphabet="`~ a\n\r\0\ue00d\u2028", max_size=30),
    st.sampled_from(["", "  ", "- item\n\n    ", "- item\n  - item\n\n      "]),
)
def test_a_fence_holds_anything(body: str, before: str) -> None:
    """Read back, what is in a fence is what was put in, with a line feed at its end."""
    before, _, indent = before.rpartition("\n")
    text = f"{before}\n" + "\n".join(indent + line for line in fence("1:1:x", body).split("\n"))
    (block,) = submitted(text.encode())
    assert block.body.decode() == (body if body.endswith("\n") or not body else body + "\n")


@given(st.text(max_size=12))
def test_a_code_span_is_one_line(text: str) -> None:
    """Longer marks than any inside."""
    assert "\n" not in code(text)


def test_an_export_says_what_a_build_would_fail_on(little: Little) -> None:
    """Problems come with page and line; the report is made all the same."""
    page = little.page(
        "labs/lab12/task-3.md", '# Task 3\n\n{{ evidence("a.txt", lines="1:9") }}\n\n```\n{{ host() }}\n```\n'
    )
    try:
        exported = exported_of(little)
    finally:
        page.unlink()
    said = [str(problem) for problem in exported.problems]
    assert [line.partition(": ")[0] for line in said] == ["labs/lab12/task-3.md:3", "labs/lab12/task-3.md:6"]
    assert "> Problem: evidence" in exported.markdown


def test_a_lab_without_tasks_is_said(little: Little) -> None:
    """No page, no report."""
    (problem,) = exported_of(little, "lab99").problems
    assert "lab99 has no page task-*.md" in str(problem)


@pytest.mark.slow
def test_neither_imports_mkdocs() -> None:
    """Exporting and checking need no site generator."""
    modules = "labreport.report.export, labreport.check.submission, labreport.check.project"
    probe = f"import sys, {modules}; print([name for name in sys.modules if 'mkdocs' in name])"
    told = subprocess.run([sys.executable, "-c", probe], cwd=REPO, capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"


def test_values_and_claims_are_words_in_a_report(tmp_path: Path) -> None:
    """A value is text that no Markdown reads, a claim its sentence; one that does not hold says so."""
    made = make(tmp_path / "project")
    made.capture(CapturedFile("a.txt", b"took: 1.50 s\nkernel: 6.1.0-*x*_y_\n"))
    made.page(
        "labs/lab12/facts.yml",
        "a: {file: a.txt, read: seconds took}\nk: {file: a.txt, read: version kernel}\n",
    )
    made.page("labs/lab12/index.md", "# Lab 12\n")
    made.page(
        "labs/lab12/task-1.md",
        '# Task 1\n\n- It took {{ fact("a") }}. {% call claim("a < 2 s") %}Under *two*{% endcall %}, and\n'
        '  {% call claim("a < 1 s") %}under one{% endcall %}.\n\n{{ evidence("a.txt") }}\n',
    )
    exported = exported_of(made)
    assert "- It took 1.50 s. Under *two*, and\n" in exported.markdown
    assert "  under one (contradicted: a is 1.50 s, not \\< 1 s).\n" in exported.markdown
    assert [problem.line for problem in exported.problems] == [4]
    assert "slot-" not in exported.markdown


NO_BLOCK = """# Task 1

| runc | kata |
|---|---|
| {{ evidence("a.txt", lines="1:2") }} | {{ evidence("gone.txt") }} and {{ fact("t") }} |
| a | b |

> Quoted: {{ evidence("a.txt", lines="3") }}
> and on.

term
:   Defined: {{ evidence("a.txt", lines="2") }}

    {{ state() }}

Noted[^1].

[^1]: {{ command("a.txt") }}

=== "A tab"

    | x |
    |---|
    | {{ evidence("a.txt", lines="1") }} |

    After.

The end.
"""
NO_BLOCK_EXPORTED = """### Task 1

| runc | kata |
|---|---|
| `1:2:labs/lab12/a.txt` (below) | `evidence("gone.txt")` (below) and 1.5 s |
| a | b |

```1:2:labs/lab12/a.txt
one
two
```

> Not captured: `lab12/gone.txt`. Why: no KVM. What to do: use a host: `lab collect gone`

> Quoted: `3:3:labs/lab12/a.txt` (below)
> and on.

```3:3:labs/lab12/a.txt
1.5 s
```

term
:   Defined: `2:2:labs/lab12/a.txt` (below)

    `state()` (below)

```2:2:labs/lab12/a.txt
two
```
"""


def test_what_holds_no_block_has_a_reference(tmp_path: Path) -> None:
    """A table, a quote, a definition and a footnote stay whole; the block follows below, and is read back."""
    made = make(tmp_path / "project")
    made.capture(CapturedFile("a.txt", b"one\ntwo\n1.5 s\n"))
    made.state(row("gone", "gone.txt", reason="no KVM", remedy="use a host", command="lab collect gone"))
    made.page("labs/lab12/facts.yml", "t: {file: a.txt, read: seconds}\n")
    made.page("labs/lab12/task-1.md", f"---\nexpected_gaps: [gone.txt]\n---\n{NO_BLOCK}")
    exported = exported_of(made)
    assert exported.problems == ()
    assert NO_BLOCK_EXPORTED in exported.markdown
    assert '[^1]: `command("a.txt")` (below)\n\n```sh\nuname -a\n```\n' in exported.markdown
    assert "**A tab**\n\n| x |\n|---|\n| `1:1:labs/lab12/a.txt` (below) |\n\n```1:1:" in exported.markdown
    report = tmp_path / "report.md"
    report.write_bytes(exported.markdown.encode())
    results = check_submission(report, made.root / "evidence" / "lab12")
    assert [(result.reference, result.whole) for result in results] == [
        (f"{lines}:labs/lab12/a.txt", True) for lines in ("1:2", "3:3", "2:2", "1:1")
    ]


@pytest.mark.parametrize("title", [*TITLES, "{{ 7*7 }} {% raw %}", "{: #id }", "x <http://y.org>", "a # b #"])
def test_a_title_loses_nothing(tmp_path: Path, title: str) -> None:
    """That of a new lab, which has its markup escaped, is that text, and Markdown that shows it."""
    made = make(tmp_path / "project")
    made.page("labs/lab12/index.md", f"# {as_heading(f'Lab 12: {title}')}\n")
    made.page("labs/lab12/task-1.md", f"# Task 1\n\n## {as_heading(title)}\n")
    exported = exported_of(made)
    assert exported.title == f"Lab 12 — {title}"
    shown = [
        "".join(span.content for span in token.children or [])
        for token in MarkdownIt("commonmark").parse(exported.markdown)
        if token.type == "inline"
    ]
    assert shown == [f"Lab 12 — {title}", "Task 1", title]


def test_setext_headings_and_links_in_code(tmp_path: Path) -> None:
    """A heading that is underlined is one; a link in a code span is code; one to a page becomes its words."""
    made = make(tmp_path / "project")
    made.page(
        "labs/lab12/task-1.md",
        "Task 1: x\n=========\n\n## Own {#x} ##\n\n`[a](b.md)` [c `d`](e.md) [f](https://example.invalid/)\n",
    )
    assert exported_of(made).markdown.endswith(
        "### Task 1 — x\n\n#### Own\n\n`[a](b.md)` c `d` [f](https://example.invalid/)\n"
    )
