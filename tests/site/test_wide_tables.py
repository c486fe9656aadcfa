"""Tables in Chromium: a verdict a cell that opens to the answer, and a first column that stays."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from labreport.contract.records import File, Span
from tests.project import CapturedFile, make

pytestmark = pytest.mark.slow

BAD = "<script>alert('from a probe')</script>"
LINES = [
    ("=== a: Does a very long question with many words stand here? ===", False),
    ("why: it matters", False),
    ("asked: cat /proc/a", False),
    ("if filtered: it is refused", False),
    *((f"--- {arm}", False) for arm in ("host",)),
    (BAD, True),
    *[
        line
        for arm in ("runc", "runc --seccomp", "kata", "gvisor", "sysbox", "youki", "crun")
        for line in ((f"--- {arm}", False), (f"{BAD} of {arm}", True), ("=> filtered", False))
    ],
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a site with a wide table of probes."""
    little = make(tmp_path_factory.mktemp("tables") / "project")
    data = "".join(f"{text}\n" for text, _printed in LINES).encode()
    spans = [
        Span(start=n, end=n, command=0 if printed else None) for n, (_text, printed) in enumerate(LINES, 1)
    ]
    file = File(path="p.txt", bytes=len(data), lines=len(LINES), sha256=sha256(data).hexdigest(), spans=spans)
    little.capture(CapturedFile("p.txt", data), files=[file])
    little.page(
        "labs/lab12/index.md", "# Lab\n\n{{ probes('p.txt') }}\n\n{{ evidence('p.txt', lines='1:7') }}\n"
    )
    built = little.build()
    assert built.returncode == 0, built.stderr
    return little.site


@pytest.fixture
def phone(browser: Browser, site: Path) -> Iterator[Page]:
    """Open the page on a narrow screen."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto((site / "labs/lab12/index.html").as_uri())
    yield page
    context.close()


def test_a_verdict_opens_to_the_whole_answer(phone: Page) -> None:
    """The cell has the verdict alone. Opened, it has its meaning and what was printed, as text."""
    cell = phone.locator("td", has_text="filtered").first
    assert cell.locator("summary").inner_text() == "filtered"
    assert not cell.locator("pre").first.is_visible()
    cell.locator("summary").click()
    assert cell.locator("p").all_inner_texts() == [
        "runc: filtered: it is refused",
        "runc --seccomp: filtered: it is refused",
    ]
    assert cell.locator("pre code").all_inner_texts() == [f"{BAD} of runc", f"{BAD} of runc --seccomp"]


def test_the_first_column_stays_while_a_wide_table_scrolls(phone: Page) -> None:
    """The page keeps the width of the screen; the table scrolls below its first column."""
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    wrap = phone.locator(".md-typeset__scrollwrap").first
    assert wrap.evaluate("e => e.scrollWidth > e.clientWidth")
    left = "e => [e, e.closest('.md-typeset__scrollwrap')].map(e => e.getBoundingClientRect().left)"
    wrap.evaluate("e => { e.scrollLeft = 200 }")
    (first, of_wrap), (second, _same) = (phone.locator("tbody td").nth(n).evaluate(left) for n in (0, 1))
    assert abs(first - of_wrap) <= 1
    assert second < of_wrap
    assert "gradient" in wrap.evaluate("e => getComputedStyle(e).backgroundImage")


def test_lines_of_the_collector_look_different(phone: Page) -> None:
    """They are in italics, and what a command printed is not."""
    style = "all => all.map(e => [e.dataset.lines, getComputedStyle(e).fontStyle])"
    found = phone.locator("[data-evidence]").evaluate_all(style)
    assert found == [["1:5", "italic"], ["6:6", "normal"], ["7:7", "italic"]]
