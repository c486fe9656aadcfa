"""The pages of an imported report say what it says, and do nothing."""

import pytest

from labreport.report.imports import Decision
from labreport.report.imports.pages import make_pages
from labreport.report.imports.quotes import find_quotes
from labreport.report.imports.text import read_report
from labreport.report.pages.sandbox import PageEnvironment
from labreport.report.pages.slots import Slots

FILES = {"a.txt": b"one and one more\ntwo and two more\n"}


def pages_of(report: str) -> tuple[dict[str, str], tuple[Decision, ...]]:
    """Return the pages of a report, and what is to decide."""
    text = read_report("r.md", report.encode())
    made = make_pages("lab9", text, find_quotes(text, FILES))
    return made.pages, made.decisions


def rendered(page: str) -> str:
    """Return a page after its Jinja, which has nothing to do in it."""
    noted = PageEnvironment(Slots()).render(page)
    assert not noted.calls, noted.calls
    return noted.markdown


def test_a_report_is_a_page_for_each_task() -> None:
    """What stands before the first task has a page of its own; the title is that of the overview."""
    pages, decisions = pages_of(
        "# Lab 9\n\ndate: today\n\n## Task 1: x\n\ntext\n\n### Sub\n\n## Task 2\n\n```\none and one more\n"
        "two and two more\n```\n"
    )
    assert list(pages) == ["index.md", "task-0.md", "task-1.md", "task-2.md"]
    assert pages["index.md"].startswith("# Lab 9\n")
    assert "1 of its blocks are lines of the evidence" in pages["index.md"]
    assert pages["task-0.md"] == "---\ntitle: Before the tasks\n---\n\ndate: today\n"
    assert pages["task-1.md"] == "# Task 1: x\n\ntext\n\n## Sub\n\n"[:-1]
    assert pages["task-2.md"] == '# Task 2\n\n{{ evidence("a.txt", lines="1:2") }}\n'
    assert not decisions


def test_a_report_without_headings_is_one_page() -> None:
    """It has no title but the name of the lab, and nothing is lost."""
    pages, _decisions = pages_of("only text\n")
    assert pages["index.md"].startswith("# lab9\n")
    assert "only text" in "".join(pages.values())


@pytest.mark.parametrize(
    "text",
    [
        "{{ 7 * 7 }} and {% raw %} and {# comment #}", "{{{% x %}}}", "`{{ .ID }}`", '{{ "{{" }}',
        "{% endraw %}", "{{", "{%", "{# x",
    ],
)  # fmt: skip
def test_braces_are_text(text: str) -> None:
    """Jinja writes them as they were: in prose, in code, in a block that was not found, in a title."""
    report = f"# T {text}\n\n## Task 1 {text}\n\n{text}\n\n```\n{text}\n```\n"
    pages, _decisions = pages_of(report)
    made = rendered(pages["task-1.md"])
    assert made.count(text) == 3
    assert text in rendered(pages["index.md"])


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("<script>alert(1)</script>", "&lt;script>alert(1)&lt;/script>"),
        ("`<script>`", "`&lt;script>`"),
        ("<details open><summary>x</summary>", "<details open><summary>x</summary>"),
        ('<details onclick="x">', '&lt;details onclick="x">'),
        ("`<none>` and a < b", "`<none>` and a < b"),
        ("<https://example.org/>", "<https://example.org/>"),
        ("[x](https://example.org)", "[x](https://example.org)"),
        ("[x](javascript:alert(1))", "[x\\](javascript:alert(1))"),
        ("[x]( <java&#115;cript:y>)", "[x\\]( &lt;java&#115;cript:y>)"),
        ("[the file](labs/lab9/a.txt)", "the file"),
        ("![shot](x.png)", "\\!\\[shot\\](x.png)"),
        ("[1]: labs/a.txt", "\\[1]: labs/a.txt"),
        ("text{: onclick=x }", "text\\{: onclick=x }"),
    ],
)
def test_markup_that_would_act_is_text(text: str, left: str) -> None:
    """HTML that is more than form, links that lead nowhere, attributes: all of it is told."""
    pages, decisions = pages_of(f"# T\n\n## Task 1\n\n{text}\n")
    assert pages["task-1.md"] == f"# Task 1\n\n{left}\n"
    assert bool(decisions) == (text != left and "{:" not in text)


def test_code_stays_as_it_is() -> None:
    """A fence at the start of its line is code for every parser."""
    code = "```html\n<script>x</script> [a](b) {: c=d }\n```\n"
    pages, _decisions = pages_of(f"# T\n\n## Task 1\n\n{code}")
    assert pages["task-1.md"].endswith(code)


def test_long_lines_take_no_time() -> None:
    """A line of three million characters is text, whatever is in it."""
    for part in ("[", "<", "{=", "`", "a](", "<!--", "{{"):
        pages, decisions = pages_of(f"# T\n\n## Task 1\n\nx {part * (3_000_000 // len(part))}\n")
        assert decisions
        assert len(pages["task-1.md"]) > 1_000_000
