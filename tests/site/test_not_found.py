"""The page for an address that does not exist, on a site that is not at the root of its server."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.project import Little
from tests.site.axe import served

pytestmark = pytest.mark.slow


def test_it_is_styled_and_leads_on(little: Little, browser: Browser, tmp_path: Path) -> None:
    """Under any address it looks like the other pages, and its links lead to pages of the site."""
    little.page("labs/lab12/index.md", "# A lab & more\n")
    little.page("guide/deep/page.md", "# Page\n")
    (tmp_path / "server").mkdir()
    ended = little.build(
        "--site-dir", str(tmp_path / "server" / "course"), SITE_URL="https://example.org/course/"
    )
    assert ended.returncode == 0, ended.stderr
    page = browser.new_page()
    (tmp_path / "server" / "404.html").symlink_to("course/404.html")
    with served(tmp_path / "server") as address:
        looks = "() => ['.md-header', 'article a'].map(at => getComputedStyle(document.querySelector(at)))"
        colours = f"({looks})().map(style => style.backgroundColor + style.color + style.fontFamily)"
        page.goto(f"{address}course/guide/deep/page.html")
        page.locator("article").evaluate("one => one.insertAdjacentHTML('afterbegin', '<a href=x>x</a>')")
        known = page.evaluate(colours)
        answer = page.goto(f"{address}course/no/such/page.html")
        assert answer is not None
        assert answer.status == 404
        assert page.evaluate(colours) == known
        assert page.locator("h1").inner_text() == "Page not found"
        links = page.locator("article li a").evaluate_all("all => all.map(a => [a.textContent, a.href])")
        assert [title for title, _link in links] == ["Start", "Labs", "Guide"]
        for _title, link in links:
            assert page.request.get(link).status == 200, link
    page.close()
