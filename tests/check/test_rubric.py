"""A requirement of rubric.yml is met by the evidence in its own section only."""

from datetime import date
from pathlib import Path

import pytest
from mkdocs.utils import markdown_extensions

from labreport.check.project import CheckReport, late_table_of
from labreport.check.rubric import RequirementState
from labreport.report.export import export
from labreport.report.pages.context import Required
from labreport.report.tables import Table
from tests.project import CapturedFile, Little, make, row

DAY = date(2026, 3, 4)
LAB_YML = """title: x
editions:
  2025: {title: x, source: x, tasks: {1: {title: x, files: [a.txt]}, 2: {title: x, files: [b.txt]}}}
"""
FACTS = "a.count: {file: a.txt, read: count}\nb.count: {file: b.txt, read: count}\n"
PAGE = """# Task 1

## First {: #own-id }

{{ evidence("a.txt") }} {{ fact("a.count") }}

### Within

{{ evidence("b.txt") }}

## Second `part`

{% call claim("b.count == 52") %}It is so{% endcall %}.
"""


@pytest.fixture
def little(tmp_path: Path) -> Little:
    """Return a lab with one page, two files, two facts, and its own lab.yml."""
    made = make(tmp_path / "project")
    (made.root / "collectors").unlink()
    (made.root / "collectors/lab12").mkdir(parents=True)
    (made.root / "collectors/lab12/lab.yml").write_text(LAB_YML)
    made.capture(CapturedFile("a.txt", b"245\n"))
    made.capture(CapturedFile("b.txt", b"52\n"))
    made.page("labs/lab12/facts.yml", FACTS)
    made.page("labs/lab12/task-1.md", PAGE)
    return made


def check(little: Little, rubric: str) -> CheckReport:
    """Return the result of the check with this rubric.yml."""
    little.page("labs/lab12/rubric.yml", rubric)
    return little.check(DAY)


def requirement(**given: str) -> str:
    """Return a rubric with one requirement, and another one that requires both files."""
    keys = {"requirement": "x", "page": "task-1.md", "section": "First", **given}
    inner = ", ".join(f"{key}: {value}" for key, value in keys.items() if value)
    both = "{requirement: x, page: task-1.md, section: Task 1, shows: [a.txt, b.txt]}"
    return f"2025:\n  both: {both}\n  it: {{{inner}}}\n"


def rubric_findings(checked: CheckReport) -> list[str]:
    """Return the rubric findings."""
    return [str(one) for one in checked.findings if one.kind == "rubric"]


@pytest.mark.slow_after(2)
@pytest.mark.parametrize(
    "given",
    [
        {"shows": "[a.txt]"},
        {"shows": "[a.txt, b.txt]"},
        {"section": "own-id", "facts": "[a.count]"},
        {"section": "Within", "shows": "[b.txt]"},
        {"section": "within", "shows": "[b.txt]"},
        {"section": "Second part", "facts": "[b.count]"},
        {"section": "second-part", "facts": "[b.count]"},
        {"section": "Task 1", "shows": "[a.txt, b.txt]", "facts": "[a.count, b.count]"},
    ],
    ids=str,
)
def test_met_requirements(little: Little, given: dict[str, str]) -> None:
    """A section includes its subsections, and has a text and an id."""
    checked = check(little, requirement(**given))
    assert checked.findings == []
    assert checked.coverage.rubric[2025][RequirementState.MET] == 2


def test_a_chart_shows_its_facts(little: Little) -> None:
    """A requirement of a fact is met by a chart of it, in its own section."""
    chart = '{{ chart(kind="bars", facts={"a": "a.count", "b": "b.count"}) }}'
    little.page("labs/lab12/task-1.md", f"{PAGE}\n## Drawn\n\n{chart}\n")
    assert check(little, requirement(section="Drawn", facts="[a.count, b.count]")).findings == []


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(
    ("given", "lacks"),
    [
        (
            {"section": "Within", "shows": "[a.txt]"},
            "a.txt is not shown there (a.txt is in labs/lab12/task-1.md:5)",
        ),
        ({"section": "Second part", "shows": "[a.txt, b.txt]"}, "a.txt, b.txt are not shown there"),
        (
            {"section": "Second part", "facts": "[a.count]"},
            "the fact a.count is not shown there (the fact a.count is in labs/lab12/task-1.md:5)",
        ),
        ({"section": "First", "shows": "[c.txt]"}, "c.txt is not shown there:"),
        ({"section": "Third", "shows": "[a.txt]"}, "no section is called 'Third' in task-1.md"),
        ({"page": "task-9.md", "shows": "[a.txt]"}, "there is no page task-9.md"),
    ],
    ids=str,
)
def test_unmet_requirements(little: Little, given: dict[str, str], lacks: str) -> None:
    """The finding names the requirement, its line, what is missing, and where it is shown instead."""
    checked = check(little, requirement(**given))
    (said,) = rubric_findings(checked)
    assert said.startswith("docs/labs/lab12/rubric.yml:3:1: 2025: it is not met: ")
    assert lacks in said
    assert checked.coverage.rubric[2025] == {RequirementState.MET: 1, RequirementState.NOT_MET: 1}


@pytest.mark.parametrize("suffix", markdown_extensions)
def test_every_page_of_mkdocs_can_answer(little: Little, suffix: str) -> None:
    """Whatever its suffix is."""
    (little.root / "docs/labs/lab12/task-1.md").rename(little.root / f"docs/labs/lab12/task-1{suffix}")
    text = requirement(shows="[a.txt]").replace("task-1.md", f"task-1{suffix}")
    assert check(little, text).findings == []


def test_gaps_show_no_evidence(little: Little) -> None:
    """Evidence that was not captured is not shown, even if the page expects the gap."""
    little.state(row("c", "c.txt", reason="no KVM"), row("a", "a.txt", "b.txt", state="captured"))
    gap = '---\nexpected_gaps: [c.txt]\n---\n# Task 2\n\n{{ evidence("c.txt") }}\n'
    little.page("labs/lab12/task-2.md", gap)
    (said,) = rubric_findings(check(little, requirement(page="task-2.md", section="Task 2", shows="[c.txt]")))
    assert "c.txt is not shown there" in said


def test_two_sections_with_one_heading(little: Little) -> None:
    """The text is ambiguous; the id is not."""
    little.page("labs/lab12/task-1.md", f"{PAGE}\n## Within\n\n{{{{ evidence('a.txt') }}}}\n")
    (said,) = rubric_findings(check(little, requirement(section="Within", shows="[a.txt]")))
    assert "2 sections are called 'Within'" in said
    assert rubric_findings(check(little, requirement(section="within_1", shows="[a.txt]"))) == []


def test_to_come(little: Little) -> None:
    """It is neither a finding nor met; once it is met, the mark is a finding."""
    for given in ({"page": "", "section": ""}, {"section": "Second part", "shows": "[a.txt]"}):
        checked = check(little, requirement(to_come="later", **given))
        assert checked.findings == []
        assert checked.coverage.rubric[2025] == {RequirementState.MET: 1, RequirementState.TO_COME: 1}
    (said,) = rubric_findings(check(little, requirement(to_come="later", shows="[a.txt]")))
    assert "2025: it is met, but marked as to come: later: remove `to_come`" in said


def test_a_file_of_lab_yml_without_a_requirement(little: Little) -> None:
    """A file that lab.yml names for an edition needs a requirement of this edition."""
    only = "2025: {it: {requirement: x, page: task-1.md, section: First, shows: [a.txt]}}"
    (said,) = rubric_findings(check(little, only))
    assert "2025: no requirement shows b.txt, which lab.yml names" in said


BAD = {
    "": "docs/labs/lab12/rubric.yml:1:1: holds no keys",
    "x: [": "rubric.yml:2:1: not YAML",
    "y2025: {}": "rubric.yml:1:1: y2025: ",
    "2025:\n  it: {requirement: x}": "rubric.yml:2:1: 2025.it: name page, section, and what it shows",
    "2025:\n  it:\n    requirement: ''\n    to_come: x": "rubric.yml:3:1: 2025.it.requirement: ",
    "2025:\n  it: {requirement: x, page: a.md, shows: [a]}": "2025.it: page and section go together",
    "2025:\n  it: {requirement: x, page: ../a.md, section: x, shows: [a]}": "2025.it.page: ",
    "2025:\n  it: {requirement: x, page: a.txt, section: x, shows: [a]}": (
        "2025.it.page: 'a.txt' is not the name of a page beside rubric.yml: name one that ends in .md, "
    ),
    "2025:\n  it: {requirement: x, page: a.md, section: x, shows: [../a]}": "2025.it.shows.0: ",
    "2025:\n  it: {requirement: x, to_come: x, shown: [a]}": "2025.it.shown: there is no key 'shown'",
    "2025:\n  it: {requirement: x, to_come: x, points: -1}": "2025.it.points: ",
    "2025:\n  it: {requirement: x, to_come: x}\n  it: {}": "rubric.yml:3:1: it is given twice",
    "2025:\n  it: {requirement: x, to_come: x}\n  b:\n    to_come: x": "rubric.yml:3:1: 2025.b.requirement",
}


@pytest.mark.slow_after(4)
@pytest.mark.parametrize("text", BAD)
def test_invalid_rubric_yml(little: Little, text: str) -> None:
    """The problem has the file, the line and the key; the other checks run."""
    checked = check(little, text)
    assert [BAD[text] in str(one) for one in checked.findings] == [True], checked.findings


def test_points(little: Little) -> None:
    """The finding for an unmet requirement has its points."""
    (said,) = rubric_findings(check(little, requirement(section="Within", shows="[a.txt]", points="2.5")))
    assert "2025: it (2.5 points) is not met" in said


@pytest.mark.slow
def test_the_table_of_requirements(little: Little) -> None:
    """Each requirement leads to its section, on the page and in an export; a wrong section is not a link."""
    met, to_come = "x, page: task-1.md, section: First, shows: [a.txt]", "z, to_come: next week"
    rows = [f"task-1.a: {{requirement: {met}}}", f"task-2.c: {{requirement: {to_come}}}"]
    rows.append("task-1.b: {requirement: y, page: task-1.md, section: Nowhere, shows: [a.txt]}")
    little.page("labs/lab12/rubric.yml", "2025:\n" + "".join(f"  {one}\n" for one in rows))
    little.page("labs/lab12/task-9.md", "# Task 9\n\n{{ requirements() }}\n")
    pages = little.pages()
    table = late_table_of(pages, Required("lab12"), DAY)
    assert isinstance(table, Table)
    assert [[cell.text for cell in line] for line in table.rows] == [
        ["2025, task 1", "x", "met"],
        ["2025, task 2", "z", "to come: next week"],
        ["2025, task 1", "y", "not met"],
    ]
    assert [line[1].link for line in table.rows] == ["labs/lab12/task-1.html#own-id", "", ""]
    exported = export(pages, "lab12", "", lambda shown: late_table_of(pages, shown, DAY))
    assert "| 2025, task 1 | x | met |" in exported.markdown
    little.build("--quiet")
    page = (little.site / "labs/lab12/task-9.html").read_text()
    assert '<td><a href="../../labs/lab12/task-1.html#own-id">x</a></td>' in page
    assert 'id="own-id"' in (little.site / "labs/lab12/task-1.html").read_text()


def test_a_lab_without_a_rubric_has_no_table(little: Little) -> None:
    """The problem says what to write."""
    little.page("labs/lab12/task-9.md", "# Task 9\n\n{{ requirements() }}\n")
    (said,) = [str(one) for one in little.check(DAY).findings if one.kind == "problem"]
    assert "lab12 has no rubric.yml: write one" in said
