"""The navigation of a project whose mkdocs.yml has none."""

from pathlib import Path

from selectolax.lexbor import LexborHTMLParser

from labreport.site.navigation import navigation, title_of
from tests.project import Little, make

PAGES = {
    "labs/lab12/index.md": "# Lab 12 & more\n",
    "labs/lab12/evidence.md": "# All files\n",
    "labs/lab12/task-10.md": "# Tenth\n",
    "labs/lab12/task-9.md": "# Ninth\n",
    "labs/lab12/edition-2026-task-1.md": "# Of 2026\n",
    "labs/lab12/more/x.md": "# X\n",
    "about.md": "# About\n",
    "zoo/index.md": "---\ntitle: Animals\n---\n# Zoo\n",
}


def entries(little: Little, page: str) -> list[str]:
    """Return the entries of the navigation in a page, in order."""
    tree = LexborHTMLParser((little.site / page).read_text())
    links = tree.css("nav.md-nav--primary .md-nav__link .md-ellipsis")
    return list(dict.fromkeys(" ".join(link.text().split()) for link in links))


def made(tmp_path: Path, **settings: str) -> Little:
    """Return a built project with these pages."""
    little = make(tmp_path / "project")
    for path, text in PAGES.items():
        little.page(path, text)
    config = little.root / "mkdocs.yml"
    config.write_text(config.read_text() + "".join(f"\n{key}: {value}\n" for key, value in settings.items()))
    built = little.build()
    assert built.returncode == 0, built.stderr
    return little


def test_a_readers_order(tmp_path: Path) -> None:
    """Tasks come first and are counted; a lab has the title of its page; labs come before other pages."""
    shown = entries(made(tmp_path), "labs/lab12/task-9.html")
    of_lab = ["Lab 12 & more", "Ninth", "Tenth", "Of 2026", "All files", "More"]
    assert [entry for entry in shown if entry in of_lab] == of_lab
    assert shown.index("Labs") < shown.index("About") < shown.index("Animals")
    assert "Lab12" not in shown


def test_one_page_leads_to_the_next(tmp_path: Path) -> None:
    """The links to the page before and after follow the order of the tasks."""
    little = made(tmp_path)
    tree = LexborHTMLParser((little.site / "labs/lab12/task-10.html").read_text())
    links = {
        one.attributes["rel"]: one.attributes["href"]
        for one in tree.css("head link[rel=prev], link[rel=next]")
    }
    assert links == {"prev": "task-9.html", "next": "edition-2026-task-1.html"}


def test_a_projects_own_navigation(tmp_path: Path) -> None:
    """What mkdocs.yml says comes first."""
    shown = entries(made(tmp_path, nav="[{Mine: about.md}]"), "about.html")
    assert "Mine" in shown
    assert "Ninth" not in shown


def test_titles_are_text() -> None:
    """A title is escaped: mkdocs takes what is in `nav` for HTML."""
    found = navigation(["a/index.md", "<b>/x.md"], lambda _path: '<i onclick="x">')
    assert found == [
        {"&lt;b&gt;": ["<b>/x.md"]},
        {"&lt;i onclick=&quot;x&quot;&gt;": ["a/index.md"]},
    ]


def test_titles_that_are_none() -> None:
    """Front matter that is no text, and a page without a heading, give none."""
    assert title_of("a.md", b"---\ntitle: [1]\n---\n# Heading\n") == "Heading"
    assert title_of("a.md", b"text\n") == ""
    assert title_of("a.md", b"\xff\xfe") == ""


def test_names_of_any_kind() -> None:
    """Numbers of thousands of digits and names of one kind of letters can be compared."""
    paths = [f"{'9' * 5000}.md", "9.md", "a.md", "9a.md", "٣.md", "labs/²/task-².md"]
    assert len(str(navigation(paths, lambda _path: ""))) > 5000
