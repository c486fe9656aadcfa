"""What mkdocs only warns of fails a build: check and export name it too, each at its place, with a remedy."""

from datetime import date

import pytest

from labreport.check.project import late_table_of
from labreport.report.export import export
from tests.project import Little

DAY = date(2026, 3, 4)
PAGE = "# Task 1\n\nText.\n"
SAME = "left out, because docs/labs/lab12/%s becomes the same page: rename or remove one of the two"
THEME = "front matter: %s, which the theme does not have: name one of the theme's, or leave"
FAULTS: list[tuple[str, str, str, str]] = [
    ("labs/lab12/README.md", PAGE, "docs/labs/lab12/README.md", SAME % "index.md"),
    ("labs/lab12/task-1.markdown", PAGE, "docs/labs/lab12/task-1.markdown", SAME % "task-1.md"),
    ("labs/lab12/task-1.html", "<p>", "docs/labs/lab12/task-1.html", SAME % "task-1.md"),
    ("../mkdocs.yml", "nav: [index.md, nope.md]", "mkdocs.yml", "'nope.md' is included in the 'nav'"),
    ("../mkdocs.yml", "nav: [index.md, /x.md]", "mkdocs.yml", "absolute path to '/x.md'"),
    (
        "labs/lab12/task-2.md",
        "template: nope.html",
        "labs/lab12/task-2.md:2",
        THEME % "template is 'nope.html'",
    ),
    ("labs/lab12/task-2.md", "template: ''", "labs/lab12/task-2.md:2", THEME % "template is ''"),
    ("labs/lab12/task-2.md", "icon: nope", "labs/lab12/task-2.md:2", THEME % "icon is 'nope'"),
    ("labs/lab12/task-2.md", "icon: ''", "labs/lab12/task-2.md:2", THEME % "icon is ''"),
    ("labs/lab12/task-2.md", "icon: a&b", "labs/lab12/task-2.md:2", THEME % "icon is 'a&b'"),
]


@pytest.fixture
def lab(little: Little) -> Little:
    """Make a lab with two pages, in a project whose mkdocs.yml warns of all that is wrong with `nav`."""
    with (little.root / "mkdocs.yml").open("a") as settings:
        settings.write("validation: {nav: {absolute_links: warn, omitted_files: ignore}}\n")
    little.page("labs/lab12/index.md", "# Lab 12\n")
    little.page("labs/lab12/task-1.md", PAGE)
    return little


@pytest.mark.slow_after(4)
@pytest.mark.parametrize(("file", "text", "place", "said"), FAULTS)
def test_a_fault_is_named_everywhere(lab: Little, file: str, text: str, place: str, said: str) -> None:
    """Once, in the same words."""
    if file.endswith(".yml"):
        with (lab.root / "mkdocs.yml").open("a") as settings:
            settings.write(f"{text}\n")
        place = f"{place}:{(lab.root / 'mkdocs.yml').read_text().count(chr(10))}"
    else:
        lab.page(file, f"---\n{text}\n---\n# Task 2\n" if ":" in text else text)
    built = lab.build("--quiet")
    lines = [line.strip() for line in built.stderr.partition("The report has 1 problem:")[2].splitlines()[1:]]
    assert built.returncode == 1
    (line,) = [line for line in lines if said in line]
    assert line.startswith(f"{place}: ")
    (finding,) = [one for one in lab.check(DAY).findings if one.kind == "problem"]
    file, _, number = place.partition(":")
    assert (finding.file.removeprefix("docs/"), finding.line) == (
        file.removeprefix("docs/"),
        int(number or 1),
    )
    assert said in f"{finding.message}: {finding.remedy}"
    pages = lab.pages()
    exported = export(pages, "lab12", "", lambda shown: late_table_of(pages, shown, DAY))
    assert list(map(str, exported.problems)) == [line]


def test_what_mkdocs_leaves_out_as_it_should_is_no_problem(lab: Little) -> None:
    """An excluded page, a draft, and a folder of the name of a page."""
    with (lab.root / "mkdocs.yml").open("a") as settings:
        settings.write("exclude_docs: README.md\ndraft_docs: task-1.markdown\n")
    lab.page("labs/lab12/README.md", PAGE)
    lab.page("labs/lab12/task-1.markdown", PAGE)
    lab.page("labs/lab12/task-1.html/picture.svg", "<svg/>")
    assert not lab.pages().problems


def test_the_icons_and_templates_of_the_theme_are_known(lab: Little) -> None:
    """Those of Material, and ours."""
    lab.page(
        "labs/lab12/task-2.md", "---\ntemplate: material/main.html\nicon: material/flask\n---\n# Task 2\n"
    )
    assert not lab.pages().problems
    assert lab.build("--quiet").returncode == 0


def test_the_problem_of_another_lab_is_none_of_an_export(lab: Little) -> None:
    """As with every other problem of a page."""
    lab.page("labs/lab13/task-1.md", "---\nicon: nope\n---\n# Task 1\n")
    pages = lab.pages()
    assert [one.path for one in pages.problems] == ["labs/lab13/task-1.md"]
    assert not export(pages, "lab12", "", lambda shown: late_table_of(pages, shown, DAY)).problems
