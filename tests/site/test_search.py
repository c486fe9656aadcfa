"""The search of a site, in Chromium: the report before the manual, conclusions first, no lists of files."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from labreport.site import search_index
from tests.project import CapturedFile, Little
from tests.site.axe import served

PAGES = {
    "manual/reference/index.md": "# Reference\n\nThe drizzle, the drizzle of drizzle, and the conclusion.\n",
    "manual/how-to/drawing.md": "# Draw\n\nConclusions: a conclusion concludes. Drizzle. A sunflower.\n",
    "labs/lab12/index.md": "# Lab\n\n## Key findings\n\n1. Rain.\n\n## How\n\nWith drizzle.\n",
    "labs/lab12/task-1.md": "# Task 1\n\n" + "Many other words are here. " * 60 + "A drizzle, a zebra.\n",
    "labs/lab12/edition-2030-task-1.md": "# Task 1 of 2030\n\nA zebra.\n",
    "labs/lab12/quiet.md": "---\nsearch: {exclude: true}\n---\n# Quiet\n\nA sunflower.\n",
    "labs/lab12/evidence.md": "# Files\n\nA drizzle.\n\n{{ index() }}\n",
    "labs/lab12/reproduce.md": "# Again\n\nA drizzle.\n\n{{ commands() }}\n",
}


def results(page: Page, query: str) -> list[str]:
    """Return where the results of a search lead, in order: to a page, then to its sections that match."""
    box = page.locator("input[data-md-component=search-query]")
    box.fill("")
    box.click()
    box.press_sequentially(query)
    page.locator(".md-search-result__meta", has_text="matching").wait_for(timeout=60_000)
    page.wait_for_timeout(500)
    where = "all => all.map(a => new URL(a.href)).map(to => to.origin + to.pathname + to.hash)"
    return [str(one) for one in page.locator(".md-search-result__link").evaluate_all(where)]


@pytest.fixture
def searched(little: Little, browser: Browser) -> Iterator[tuple[Page, str]]:
    """Build a site with a lab and a manual and serve it: its front page, and its address."""
    for path, text in PAGES.items():
        little.page(path, text)
    little.capture(CapturedFile("a.txt", b"one\n"))
    ended = little.build()
    assert ended.returncode == 0, ended.stderr
    page = browser.new_page()
    with served(little.site) as address:
        page.goto(address)
        yield page, address
    page.close()


@pytest.mark.slow
def test_the_report_comes_first(searched: tuple[Page, str]) -> None:
    """The pages of a lab come before the manual, however often the manual has the word."""
    page, address = searched
    found = [link.removeprefix(address).partition("#")[0] for link in results(page, "drizzle")]
    expected = ["labs/lab12/index.html", "labs/lab12/task-1.html"]
    assert sorted(list(dict.fromkeys(found))[:2]) == expected
    assert {"manual/reference/index.html", "manual/how-to/drawing.html"} == set(found) - set(expected)
    assert results(page, "zebra")[0].startswith(f"{address}{expected[1]}")


@pytest.mark.slow
def test_conclusions_are_the_key_findings(searched: tuple[Page, str]) -> None:
    """The word is found where the lab's page has its key findings, and the page itself does not have it."""
    page, address = searched
    for query in ("conclusion", "conclusions"):
        lab = f"{address}labs/lab12/index.html"
        assert results(page, query)[:2] == [lab, f"{lab}#key-findings"], query
    page.goto(f"{address}labs/lab12/index.html")
    assert page.locator("#key-findings").inner_text().rstrip("¶") == "Key findings"
    assert "onclusion" not in page.locator("body").inner_text()


@pytest.mark.slow
def test_an_author_can_say_otherwise(searched: tuple[Page, str]) -> None:
    """Front matter comes first: a page can be left out of the search."""
    page, address = searched
    assert [link.removeprefix(address) for link in results(page, "sunflower")] == [
        "manual/how-to/drawing.html"
    ]


@pytest.mark.slow
def test_conclusion_finds_the_labs_of_this_repository(own_site: Path, browser: Browser) -> None:
    """The first result is the key findings of a lab; the lists of files and commands are not in the index."""
    page = browser.new_page()
    with served(own_site) as address:
        page.goto(address)
        first, second = (link.removeprefix(address) for link in results(page, "conclusion")[:2])
        labs = {path.parent.name for path in own_site.glob("labs/*/index.html")}
        assert first in {f"labs/{lab}/index.html" for lab in labs}
        assert second == f"{first}#key-findings"
    page.close()
    index = json.loads((own_site / search_index.SCRIPT).read_text().removeprefix(search_index.START))["docs"]
    indexed = {entry["location"].partition("#")[0] for entry in index}
    assert {f"labs/{lab}/index.html" for lab in labs} <= indexed
    lists = {f"labs/{lab}/{name}.html" for lab in labs for name in ("evidence", "reproduce")}
    assert not indexed & {"evidence.html", *lists}
