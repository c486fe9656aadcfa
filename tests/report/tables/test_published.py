"""Published figures have a table of their own, and each mistake in their file is named."""

from pathlib import Path

import pytest

from labreport.report.pages.calls import Call
from labreport.report.problems import Problem
from labreport.report.tables import Table
from labreport.site.html.blocks import table_html
from tests.project import Little, make

ONE = """\
- {what: start, figure: 0.5 s, source: "A <b>paper</b>", year: "2020", versions: Kata 1.0, host: bare metal}
"""


def shown(little: Little, text: str | None, page: str = "labs/lab12/task-4.md") -> object:
    """Return the result of the macro for a published.yml with `text`."""
    little.page("labs/lab12/index.md", "# Lab\n")
    if text is not None:
        little.page("labs/lab12/published.yml", text)
    return Call("published").run(little.context(page))


def test_a_row_for_each_figure_with_its_source(tmp_path: Path) -> None:
    """A row has the figure as it is written, escaped in HTML."""
    table = shown(make(tmp_path / "project"), ONE)
    assert isinstance(table, Table)
    row = [cell.text for cell in table.rows[0]]
    assert row == ["start", "0.5 s", "A <b>paper</b>", "2020", "Kata 1.0", "bare metal"]
    assert "A &lt;b&gt;paper&lt;/b&gt;" in table_html(table, "")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "docs/labs/lab12/published.yml: no such file"),
        ("- {what: x", "not YAML"),
        ("[]", "no figures"),
        ("- {what: x}", "0.figure: Field required"),
        (ONE.replace('"2020"', "2020"), "0.year: YAML reads 2020 as a number, not as text"),
        (
            ONE.replace("what: start", "what: start, ours: 1 s"),
            "0.ours: there is no key 'ours'",
        ),
        (ONE.replace("A <b>paper</b>", ""), "0.source: String should have at least 1 character"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str | None, words: str) -> None:
    """The problem names the file and the key. A figure needs its source."""
    found = shown(make(tmp_path / "project"), text)
    assert isinstance(found, Problem)
    assert words in found.what
    assert found.remedy


def test_outside_a_lab_it_must_be_named(tmp_path: Path) -> None:
    """On a page outside labs, the macro needs the name of a lab."""
    found = shown(make(tmp_path / "project"), ONE, page="about.md")
    assert isinstance(found, Problem)
    assert "belongs to no lab" in found.what
