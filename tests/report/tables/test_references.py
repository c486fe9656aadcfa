"""References and terms of a lab: tables with real links, and every mistake in their files is named."""

from pathlib import Path

import pytest

from labreport.report.export.markdown import table_markdown
from labreport.report.pages.calls import Call
from labreport.report.problems import Problem
from labreport.report.tables import Table
from labreport.site.html.blocks import table_html
from tests.project import Little, make

REFERENCES = """\
- {id: paper, authors: A. Author, title: "A <b>paper</b>", where: CONF, year: "2020", doi: 10.1109/X.2020.1}
- {id: code, title: The code, url: "https://example.org/a?b=1&c=2"}
- {id: talk, title: A talk}
"""
PUBLISHED = """\
- {what: start, figure: 0.5 s, source: abstract, year: "2020", versions: Kata 1, host: none, reference: paper}
"""
GLOSSARY = "shim: A process.\nVMM: >-\n  Virtual\n  machine monitor\n"


@pytest.fixture
def little(tmp_path: Path) -> Little:
    """Return a lab with all files."""
    made = make(tmp_path / "project")
    made.page("labs/lab12/index.md", "# Lab\n")
    for name, text in (("references", REFERENCES), ("published", PUBLISHED), ("glossary", GLOSSARY)):
        made.page(f"labs/lab12/{name}.yml", text)
    return made


def show(little: Little, name: str) -> object:
    """Return the result of a macro."""
    return Call(name).run(little.context())


def test_a_bibliography_links_to_its_sources(little: Little) -> None:
    """The site has a link that gives the other site no handle; the export has a Markdown link."""
    table = show(little, "bibliography")
    assert isinstance(table, Table)
    assert [row[0].text for row in table.rows] == ["[1]", "[2]", "[3]"]
    assert [row[1].address for row in table.rows] == [
        "https://doi.org/10.1109/X.2020.1", "https://example.org/a?b=1&c=2", "",
    ]  # fmt: skip
    html = table_html(table, "../")
    assert '<a href="https://doi.org/10.1109/X.2020.1" rel="noopener">' in html
    assert "A. Author: A &lt;b&gt;paper&lt;/b&gt;, CONF, 2020, doi:10.1109/X.2020.1" in html
    assert '<a href="https://example.org/a?b=1&amp;c=2" rel="noopener">' in html
    assert "[The code](<https://example.org/a?b=1&c=2>)" in table_markdown(table)


def test_a_published_figure_links_to_its_source(little: Little) -> None:
    """Its reference is one of references.yml."""
    table = show(little, "published")
    assert isinstance(table, Table)
    assert table.rows[0][2].address == "https://doi.org/10.1109/X.2020.1"
    little.page("labs/lab12/published.yml", PUBLISHED.replace("reference: paper", "reference: book"))
    found = show(little, "published")
    assert isinstance(found, Problem)
    assert "references.yml has no book" in found.what
    assert "paper, code, talk" in found.remedy


def test_a_glossary_is_in_alphabetical_order(little: Little) -> None:
    """A meaning is one line."""
    table = show(little, "glossary")
    assert isinstance(table, Table)
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["shim", "A process."], ["VMM", "Virtual machine monitor"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("bibliography", None, "docs/labs/lab12/references.yml: no such file"),
        ("bibliography", "- {id: x}", "0.title: Field required"),
        ("bibliography", "- {id: X, title: x}", "0.id"),
        ("bibliography", "- {id: x, title: x, url: 'javascript:alert(1)'}", "0.url"),
        ("bibliography", "- {id: x, title: x, url: 'https://x\"onclick'}", "0.url"),
        ("bibliography", "- {id: x, title: x, doi: 'https://doi.org/10.1/x'}", "0.doi"),
        ("bibliography", "- {id: x, title: x}\n- {id: x, title: y}", "references.yml:2: two references"),
        ("glossary", None, "docs/labs/lab12/glossary.yml: no such file"),
        ("glossary", "- shim", "glossary.yml"),
        ("glossary", "shim: [1]", "shim"),
        ("glossary", "'<b>': x", "glossary.yml:1"),
        ("glossary", f"shim: {'x' * 400}", "shim"),
    ],
)
def test_a_mistake_is_named(little: Little, name: str, text: str | None, what: str) -> None:
    """The problem has the file and the key."""
    file = "references" if name == "bibliography" else name
    (little.root / f"docs/labs/lab12/{file}.yml").unlink()
    if text is not None:
        little.page(f"labs/lab12/{file}.yml", text)
    found = show(little, name)
    assert isinstance(found, Problem)
    assert what in found.what
    assert found.remedy


def test_a_wrong_glossary_is_a_problem_of_every_build(little: Little) -> None:
    """A page need not show it. It is told once, with its line."""
    little.page("labs/lab12/glossary.yml", "shim: A process.\nshim: Another.\n")
    little.page("labs/lab12/task-1.md", "# Task\n")
    rendering = little.render_pass()
    for page in little.pages().pages:
        rendering.render(page)
    (problem,) = rendering.problems
    assert problem.reference == "docs/labs/lab12/glossary.yml"
    assert problem.line == 2
