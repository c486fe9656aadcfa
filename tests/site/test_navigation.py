"""The navigation of a project whose mkdocs.yml has none."""

from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from labreport.site.navigation import navigation, title_of
from labreport.site.theme import name_sections
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_tabs_keep_the_report_apart(tmp_path: Path) -> None:
    """The tab of the labs has the pages beside the front page; one tab does not lead to the next."""
    little = made(tmp_path)
    front = LexborHTMLParser((little.site / "index.html").read_text())
    tabs = [" ".join(link.text().split()) for link in front.css(".md-tabs__link")]
    assert tabs == ["Start", "Labs", "Animals"]
    about = LexborHTMLParser((little.site / "about.html").read_text())
    assert [one.attributes["rel"] for one in about.css("head link[rel=prev], link[rel=next]")] == ["prev"]
    animals = LexborHTMLParser((little.site / "zoo/index.html").read_text())
    assert not animals.css("head link[rel=prev], link[rel=next]")


def test_breadcrumbs_and_links_below_a_page(tmp_path: Path) -> None:
    """A page of a task leads up to its lab, and to the pages beside it."""
    task = LexborHTMLParser((made(tmp_path).site / "labs/lab12/task-10.html").read_text())
    path = task.css_first('nav[aria-label="Breadcrumbs"]')
    assert path
    assert [link.attributes["href"] for link in path.css("a")] == [
        "../../index.html",
        "index.html",
        "index.html",
    ]
    below = [link.attributes["href"] for link in task.css(".md-footer__link")]
    assert below == ["task-9.html", "edition-2026-task-1.html"]


def test_without_tabs_pages_stay_beside_the_labs() -> None:
    """The navigation of a project with labs alone, and the same with tabs."""
    paths = ["about.md", "index.md", "labs/a/index.md", "labs/a/task-1.md"]
    labs = {"Labs": [{"labs/a/index.md": ["labs/a/index.md", "labs/a/task-1.md"]}]}
    assert navigation(paths, str) == ["index.md", labs, "about.md"]
    assert navigation(paths, str, tabs=True) == ["index.md", {"Labs": [*labs["Labs"], "about.md"]}]


@pytest.mark.slow
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


def test_sections_of_the_navigation_have_names() -> None:
    """The arrow of a section gets the section's title; a section without an arrow has it as a label."""
    icon = '<span class="md-nav__icon"></span>'
    title = '<label class="md-nav__title" for="__nav_{}">' + icon + ' A &amp; "b" </label>'
    nav = '<nav class="md-nav" aria-labelledby="__nav_{}_label">'
    arrow = '<label for="__nav_2" id="__nav_2_label"> ' + icon + "</label>"
    rest = nav.format(2) + title.format(2), nav.format(3), title.format(3)
    named = arrow.replace('_label">', '_label"><span class="ev-unseen">A &amp; "b"</span>')
    label = '<nav class="md-nav" aria-label="A &amp; &quot;b&quot;">'
    assert name_sections(arrow + "".join(rest)) == named + rest[0] + label + rest[2]


def test_titles_that_are_none() -> None:
    """Front matter that is no text, and a page without a heading, give none."""
    assert title_of("a.md", b"---\ntitle: [1]\n---\n# Heading\n") == "Heading"
    assert title_of("a.md", b"text\n") == ""
    assert title_of("a.md", b"\xff\xfe") == ""


def test_names_of_any_kind() -> None:
    """Numbers of thousands of digits and names of one kind of letters can be compared."""
    paths = [f"{'9' * 5000}.md", "9.md", "a.md", "9a.md", "٣.md", "labs/²/task-².md"]
    assert len(str(navigation(paths, lambda _path: ""))) > 5000
