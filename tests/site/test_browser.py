"""The site in Chromium, opened from a folder: evidence is exact, no script in it runs, no request leaves."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.project import Little
from tests.site.conftest import Watched
from tests.site.walk import blocks, slice_of


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("page", ["labs/lab12/hostile.html", "labs/lab12/tables.html", "about.html"])
def test_every_block_is_its_slice_and_nothing_runs(watched: Watched, hostile: Little, page: str) -> None:
    """The DOM text of each block equals its lines. There is no dialog, no request to a network, no error."""
    watched.page.goto((hostile.site / page).as_uri())
    found = blocks(watched.page)
    for path, lines, text in found:
        assert text == slice_of(hostile.root / "evidence", path, lines), (path, lines)
    assert bool(found) == ("tables" not in page)
    assert watched.quiet, (watched.dialogs, watched.requests, watched.errors)


@pytest.mark.slow
def test_blocks_stand_in_lists_tabs_and_admonitions(watched: Watched, hostile: Little) -> None:
    """Each block is inside the element in which the author put it."""
    watched.page.goto((hostile.site / "labs/lab12/hostile.html").as_uri())
    for place, count in {"li": 2, ".tabbed-block": 2, ".admonition": 1, "td": 1}.items():
        assert watched.page.locator(f"article {place} .ev:has([data-evidence])").count() == count, place
    assert watched.page.locator(".ev:has([data-evidence])").count() == 7
    assert watched.page.locator(".ev-binary").count() == 2


@pytest.mark.slow
def test_a_long_block_is_folded_after_its_first_lines(watched: Watched, hostile: Little) -> None:
    """The first 15 lines are in sight, the rest opens by a line that says how many there are."""
    watched.page.goto((hostile.site / "labs/lab12/hostile.html").as_uri())
    block = watched.page.locator(".ev:has([data-evidence])").first
    parts = block.locator("[data-evidence]")
    assert parts.evaluate_all("all => all.map(e => e.dataset.lines)") == ["1:3", "4:15", "16:39"]
    assert not parts.last.is_visible()
    assert block.locator("details.ev-rest summary").inner_text() == "… 24 more lines"
    block.locator("details.ev-rest summary").click()
    assert parts.last.is_visible()
    short = watched.page.locator(".ev:has([data-lines='3:12'])").first
    assert short.locator("details.ev-rest").count() == 0


def test_provenance_is_folded_and_complete(watched: Watched, hostile: Little) -> None:
    """Provenance is one line. Opened, it shows command, time, host, exit status, hash, image and links."""
    watched.page.goto((hostile.site / "about.html").as_uri())
    told = watched.page.locator("details.ev-from").first
    assert not told.locator("dl").is_visible()
    told.locator("summary").click()
    text = told.inner_text()
    for part in ("uname -a", "2026-03-04 05:06:07 UTC", "virtual", "exit status 0", "lines 1:1", "sha256"):
        assert part in text
    links = told.locator("a").evaluate_all("all => all.map(a => a.href)")
    assert [link.rpartition("/site/")[2] for link in links] == [
        "evidence/lab12/raw/plain.txt",
        "evidence/lab12/records/raw-plain.txt.json",
    ]
    watched.page.goto((hostile.site / "labs/lab12/hostile.html").as_uri())
    assert "is pinned" in (watched.page.locator("details.ev-from").first.text_content() or "")


@pytest.mark.slow
def test_search_finds_evidence_and_runs_nothing(watched: Watched, hostile: Little) -> None:
    """Over file://, without a network, the search finds words of evidence and shows them as text."""
    watched.page.goto((hostile.site / "index.html").as_uri())
    box = watched.page.locator("input[data-md-component=search-query]")
    box.click()
    for query in (
        "needleword",
        "alert",
        "<script>alert(1)</script>",
        '"></script><img src=x onerror=alert(1)>',
    ):
        box.fill(query[:-1])
        box.press_sequentially(query[-1])
        watched.page.wait_for_function(
            "() => /matching/.test(document.querySelector('.md-search-result__meta').textContent)",
            timeout=90_000,
        )
        watched.page.wait_for_timeout(300)
        if query.isalpha():
            assert "Hostile" in watched.page.locator(".md-search-result__list").inner_text()
        assert watched.page.locator(".md-search-result script, .md-search-result img").count() == 0
        assert watched.quiet, (watched.dialogs, watched.requests, watched.errors)


@pytest.fixture
def phone(browser: Browser, hostile: Little) -> Iterator[Watched]:
    """Open a watched page with the width of a phone."""
    context = browser.new_context(viewport={"width": 360, "height": 740}, color_scheme="dark")
    yield Watched(context.new_page(), hostile.site)
    context.close()


@pytest.mark.slow
def test_a_phone_scrolls_blocks_not_the_page(phone: Watched, hostile: Little) -> None:
    """A line of 3 MB scrolls inside its block. The page keeps the width of the screen, in dark mode too."""
    phone.page.goto((hostile.site / "about.html").as_uri())
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 360
    assert phone.page.evaluate("document.body.dataset.mdColorScheme") == "slate"


@pytest.mark.slow
def test_print_shows_the_first_lines(phone: Watched, hostile: Little) -> None:
    """On paper, lines wrap, and a long block ends after its first lines, even if it was open, and says so."""
    phone.page.emulate_media(media="print")
    phone.page.goto((hostile.site / "about.html").as_uri())
    code = phone.page.locator("[data-evidence]").first
    assert code.evaluate("e => getComputedStyle(e).whiteSpace") == "pre-wrap"
    phone.page.locator("details").evaluate_all("all => all.forEach(e => { e.open = true })")
    assert phone.page.locator("details.ev-from summary").first.is_visible()
    assert not phone.page.locator("details.ev-from dl").first.is_visible()
    phone.page.goto((hostile.site / "labs/lab12/hostile.html").as_uri())
    phone.page.locator("details").evaluate_all("all => all.forEach(e => { e.open = true })")
    block = phone.page.locator(".ev:has([data-evidence])").first
    parts = [one for one in block.locator("[data-evidence]").all() if one.is_visible()]
    assert [one.get_attribute("data-lines") for one in parts] == ["1:3"]
    assert block.locator(".ev-paper").inner_text() == "… 36 more lines of lab12/hostile.txt"


CONTRAST = """() => {
  const mark = document.createElement("span");
  mark.className = "ev-class";
  mark.dataset.class = "emulated";
  document.querySelector("article").append(mark);
  const parts = text => text.match(/[0-9.]+/g).slice(0, 3).map(one => one / 255);
  const light = text => parts(text).map(one => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
    .reduce((sum, one, at) => sum + one * [0.2126, 0.7152, 0.0722][at], 0);
  const all = [getComputedStyle(mark).color, getComputedStyle(document.body).backgroundColor].map(light);
  return (Math.max(...all) + 0.05) / (Math.min(...all) + 0.05);
}"""
"""The contrast (WCAG 2.2) of the mark against the page."""


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_mark_of_an_emulated_host_can_be_read(browser: Browser, hostile: Little, scheme: str) -> None:
    """In light and dark mode, the contrast is at least what WCAG requires for text."""
    context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
    page = context.new_page()
    page.goto((hostile.site / "about.html").as_uri())
    assert page.evaluate(CONTRAST) >= 4.5
    context.close()
