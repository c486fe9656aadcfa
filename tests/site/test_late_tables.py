"""Tables that need all pages of a lab: what they rest on is judged, and where they link to is there."""

import re
from datetime import date
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest

from labreport.check.project import late_table_of
from labreport.check.rubric import asked_of
from labreport.report.export import export
from tests.project import CapturedFile, Little
from tests.site.serving.served import Served

DAY = date(2026, 3, 4)
USABLE = "2026: {task-1.a: {requirement: x, page: %s, section: First, shows: [a.txt]}}\n"
UNUSABLE: list[tuple[str, str, bytes, str]] = [
    ("requirements()", "docs/labs/lab12/rubric.yml", b"2026: [", "rubric.yml:2: not YAML"),
    ("requirements()", "docs/labs/lab12/rubric.yml", b"x", "rubric.yml: holds no keys"),
    ("requirements()", "docs/labs/lab12/rubric.yml", b"", "rubric.yml: holds no keys"),
    ("requirements()", "docs/labs/lab12/rubric.yml", b"a: \xff", "rubric.yml:1: not UTF-8"),
    (
        "requirements()",
        "docs/labs/lab12/rubric.yml",
        b"2026: {a: {requirement: x}}",
        "rubric.yml:1: 2026.a: ",
    ),
    ("coverage()", "docs/labs/lab12/rubric.yml", b"2026: [", "rubric.yml:2: not YAML"),
    ("coverage()", "docs/labs/lab12/waivers.yml", b"a: [", "waivers.yml:2: not YAML"),
    ("coverage()", "collectors/lab12/lab.yml", b"a: [", "lab.yml:2: not YAML"),
]


@pytest.fixture
def lab(little: Little) -> Little:
    """Make a lab with a page that shows a file, and a requirement of it."""
    (little.root / "collectors").unlink()
    (little.root / "collectors/lab12").mkdir(parents=True)
    little.capture(CapturedFile("a.txt", b"245\n"))
    little.page("labs/lab12/rubric.yml", USABLE % "task-1.md")
    little.page("labs/lab12/task-1.md", '# Task 1\n\n## First\n\n{{ evidence("a.txt") }}\n')
    return little


def exported(little: Little) -> list[str]:
    """Return the problems of an export in the form that sheets ask for."""
    pages = little.pages()
    late = lambda shown: late_table_of(pages, shown, DAY)  # noqa: E731
    return [str(one) for one in export(pages, "lab12", "", late, asked_of(pages, "lab12")).problems]


@pytest.mark.slow_after(2)
@pytest.mark.parametrize(("macro", "file", "data", "said"), UNUSABLE)
def test_an_unusable_file_fails_everywhere(
    lab: Little, macro: str, file: str, data: bytes, said: str
) -> None:
    """Once, with the file, the line and what to do, in build, check and export; a box stands in the page."""
    lab.page("labs/lab12/task-2.md", f"# Task 2\n\n{{{{ {macro} }}}}\n\n{{{{ {macro} }}}}\n")
    (lab.root / file).write_bytes(data)
    built = lab.build("--quiet")
    assert built.returncode == 1
    ending = built.stderr.partition("The report has")[2]
    assert ending.count(said) == 1, ending
    assert re.search(rf"{re.escape(said)}.*: \S", ending)
    page = (lab.site / "labs/lab12/task-2.html").read_text()
    assert page.count('class="ev-problem"') == page.count(f"<code>{macro}</code>") == 2
    assert page.count(f"<p>{file}:") == 2
    assert [one.file for one in lab.check(DAY).findings if one.kind == "problem"] == [file]
    assert [said in one for one in exported(lab)] == [True]


def test_a_served_page_follows_its_rubric(lab: Little, tmp_path: Path) -> None:
    """It shows the problem while there is one, and the table when the file is mended."""
    lab.page("labs/lab12/task-2.md", "# Task 2\n\n{{ requirements() }}\n")
    rubric = lab.page("labs/lab12/rubric.yml", "2026: [")
    served = Served(lab.root, tmp_path / "served")
    try:
        page = served.site / "labs/lab12/task-2.html"
        assert "docs/labs/lab12/rubric.yml:2: not YAML" in served.first
        assert 'class="ev-problem"' in page.read_text()
        rubric.write_text(USABLE % "task-1.md")
        assert "rubric.yml" not in served.after()
        assert "task-1.html#first" in page.read_text()
        rubric.write_text("x")
        assert "docs/labs/lab12/rubric.yml: holds no keys" in served.after()
        assert 'class="ev-problem"' in page.read_text()
    finally:
        served.end()


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("name", ["task-1.md", "index.md", "a b.markdown"])
def test_a_requirement_leads_to_its_page_at_addresses_of_folders(lab: Little, name: str) -> None:
    """As mkdocs makes them by default."""
    settings = "site_name: x\ntheme: material\nplugins: [search, macros]\nhooks: [labreport/site/hooks.py]\n"
    (lab.root / "mkdocs.yml").write_text(settings)
    (lab.root / "docs/labs/lab12/task-1.md").rename(lab.root / "docs/labs/lab12" / name)
    lab.page("labs/lab12/rubric.yml", USABLE % name)
    lab.page("labs/lab12/task-2.md", "# Task 2\n\n{{ requirements() }}\n")
    built = lab.build("--quiet")
    assert built.returncode == 0, built.stderr
    page = "labs/lab12/task-2/"
    (link,) = re.findall(r'<td><a href="([^"]+)">x</a>', (lab.site / page / "index.html").read_text())
    target = urlsplit(urljoin(f"/{page}", link))
    assert 'id="first"' in (lab.site / unquote(target.path).lstrip("/") / "index.html").read_text()
    assert target.fragment == "first"
