"""Pages of this repository's site on paper: how many sheets, how large the text, with all that they claim."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page

from labreport.site.html.environment import LateHtml
from labreport.site.paper import css_string, number_links
from tests.project import CapturedFile, Little, make

pytestmark = pytest.mark.slow

PAGES, WIDTH = 10, 688
"""The most pages of a task, and the width of the text in pixels: A4 less its margins."""

EVIDENCE = ".ev, .ev-addresses, .ev-banner, .ev-gap, .ev-mark, .ev-note, .ev-runs"
SMALL = f"{EVIDENCE}, code, figcaption, pre, table, .footnote"
"""What may be printed in 8 points: evidence, tables, captions, notes, and the signs of claims."""

TEXTS = f"""() => {{
  const found = [], article = document.querySelector("article");
  const walker = document.createTreeWalker(article, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {{
    const one = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !one.checkVisibility() || one.closest("sup, svg")) continue;
    const points = parseFloat(getComputedStyle(one).fontSize) * 0.75;
    found.push([one.closest("{SMALL}") ? "small" : "text", points, one.textContent.slice(0, 60)]);
  }}
  for (const one of document.querySelectorAll("article svg text")) {{
    const at = one.getScreenCTM(), scale = Math.hypot(at.a, at.b);
    found.push(["small", parseFloat(getComputedStyle(one).fontSize) * scale * 0.75, one.textContent]);
  }}
  return found;
}}"""

CUT_OFF = """width => [...document.querySelectorAll("article *")].filter(one => {
  if (!one.checkVisibility() || one.closest("svg, .ev-unseen")) return false;
  const hidden = getComputedStyle(one).overflowX !== "visible" && one.scrollWidth > one.clientWidth + 1;
  return hidden || one.getBoundingClientRect().right > width + 1;
}).map(one => one.outerHTML.slice(0, 120))"""

SHOWN = ":is(.ev-claim, .ev-fact, table, svg, figcaption, .tabbed-block)"
MISSING = f"""() => [...document.querySelectorAll("article {SHOWN}")]
  .filter(one => !one.closest(".ev-from, .ev-rest, .ev-narrow, .ev-answer > :not(summary)"))
  .filter(one => !one.checkVisibility() || !one.getClientRects().length)
  .map(one => one.outerHTML.slice(0, 120))"""


@pytest.fixture
def paper(browser: Browser) -> Iterator[Page]:
    """Open a browser page that is as wide as the text on paper, and looks as paper does."""
    context = browser.new_context(viewport={"width": WIDTH, "height": 1000}, color_scheme="dark")
    page = context.new_page()
    page.emulate_media(media="print")
    yield page
    context.close()


def tasks(site: Path) -> list[Path]:
    """Return the pages of tasks, of every lab and edition."""
    return sorted(site.glob("labs/*/*task-*.html"))


def printed(page: Page, file: Path) -> bytes:
    """Return a page as PDF, as the browser prints it."""
    page.goto(file.as_uri())
    return page.pdf(prefer_css_page_size=True)


def count(pdf: bytes) -> int:
    """Return the number of pages of a PDF of Chromium, which does not compress its page objects."""
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def test_a_task_prints_on_ten_pages(paper: Page, own_site: Path) -> None:
    """So does every task of each lab."""
    pages = {file.name: count(printed(paper, file)) for file in tasks(own_site)}
    assert pages
    assert {name: found for name, found in pages.items() if not 1 <= found <= PAGES} == {}


def test_text_has_10_points_and_evidence_8(paper: Page, own_site: Path) -> None:
    """No text is smaller, also in pictures and tables. Nothing is too wide, so the browser scales nothing."""
    for file in [
        *tasks(own_site),
        *own_site.glob("labs/*/index.html"),
        *own_site.glob("labs/*/reproduce.html"),
    ]:
        paper.goto(file.as_uri())
        found: list[tuple[str, float, str]] = paper.evaluate(TEXTS)
        assert found
        least = {"text": 10, "small": 8}
        assert [one for one in found if one[1] < least[one[0]] - 0.05] == [], file
        assert paper.evaluate(CUT_OFF, WIDTH) == [], file


def test_every_claim_table_and_figure_is_on_paper(paper: Page, own_site: Path) -> None:
    """Content tabs too, each below its title; provenance stays closed."""
    for file in tasks(own_site):
        paper.goto(file.as_uri())
        assert paper.evaluate(MISSING) == [], file
        assert (
            paper.locator(".ev-from dl").evaluate_all("all => all.filter(e => e.checkVisibility()).length")
            == 0
        )
        for tabs in paper.locator(".tabbed-set").all():
            tops = "all => all.map(e => e.getBoundingClientRect().top)"
            titles: list[float] = tabs.locator(".tabbed-labels > label").evaluate_all(tops)
            blocks: list[float] = tabs.locator(".tabbed-content > .tabbed-block").evaluate_all(tops)
            order = [top for pair in zip(titles, blocks, strict=True) for top in pair]
            assert order == sorted(order), file


@pytest.fixture(scope="module")
def little(tmp_path_factory: pytest.TempPathFactory) -> Little:
    """Build a site whose page has links, a long line and a title that could be markup."""
    made = make(tmp_path_factory.mktemp("paper") / "project")
    made.capture(CapturedFile("long.txt", b"first\n" + b"x" * 20_000 + b"\nlast\n"))
    links = (
        "[one](https://example.invalid/a?b=1&c=2) [two](https://example.invalid/b) "
        "[again](https://example.invalid/b) <https://example.invalid/plain> [inside](other.md)"
    )
    title = '"Tom\'s" & <b>x</b> } @page'
    made.page(
        "labs/lab12/index.md",
        f"---\ntitle: '{title.replace(chr(39), chr(39) * 2)}'\n---\n# Links\n\n{links}\n",
    )
    made.page("labs/lab12/other.md", '# Other\n\n{{ evidence("long.txt") }}\n')
    built = made.build()
    assert built.returncode == 0, built.stderr
    return made


def test_links_have_numbers_and_a_list(paper: Page, little: Little) -> None:
    """An address has one number. A link inside of the site and an address that is its own text need none."""
    paper.goto((little.site / "labs/lab12/index.html").as_uri())
    marks = paper.locator("article .ev-address")
    assert marks.all_inner_texts() == ["[1]", "[2]", "[2]"]
    assert paper.locator(".ev-addresses li").all_inner_texts() == [
        "https://example.invalid/a?b=1&c=2",
        "https://example.invalid/b",
    ]
    paper.emulate_media(media="screen")
    assert not marks.first.is_visible()
    assert not paper.locator(".ev-addresses").is_visible()
    assert "example.invalid/b[" not in (little.site / "search/search_index.js").read_text()


def test_the_title_is_text_in_the_page_header(paper: Page, little: Little) -> None:
    """Whatever a title has, it is one string of CSS."""
    paper.goto((little.site / "labs/lab12/index.html").as_uri())
    found: str = paper.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--ev-title')")
    shown = paper.evaluate(
        """text => { const one = document.createElement("p"); document.body.append(one);
        one.style.setProperty("--x", text); one.className = "probe";
        const sheet = new CSSStyleSheet(); sheet.replaceSync(".probe::before { content: var(--x) }");
        document.adoptedStyleSheets = [sheet];
        return getComputedStyle(one, "::before").content }""",
        found,
    )
    assert shown.replace('\\"', '"') == '""Tom\'s" & <b>x</b> } @page"'


def test_a_long_line_is_not_printed(paper: Page, little: Little) -> None:
    """Only whole lines are, so the page says how many are left out."""
    pdf = printed(paper, little.site / "labs/lab12/other.html")
    assert count(pdf) == 1
    assert paper.locator(".ev-paper").inner_text() == "… 2 more lines of lab12/long.txt"


@given(st.text(max_size=30))
def test_a_string_of_css_has_no_markup(text: str) -> None:
    """It can end neither an attribute nor a declaration."""
    inside: Any = css_string(text)[1:-1]
    assert re.fullmatch(r"(?:[A-Za-z0-9 ]|\\[0-9a-f]+ )*", inside)


@given(st.lists(st.sampled_from(['<a href="https://x/">', "<a class='y' ", "</a>", "<b>", '"', ">", "text"])))
def test_numbering_only_adds(parts: list[str]) -> None:
    """Without the numbers and the list, a page is what it was."""
    html, late = "".join(parts), LateHtml()
    filled = late.fill_late(number_links(html, late))
    assert (
        re.sub(r'<sup class="ev-address">\[[0-9]+\]</sup>|<div class="ev-addresses">.*</div>', "", filled)
        == html
    )
