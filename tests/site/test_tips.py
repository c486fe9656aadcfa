"""The sources of values in Chromium: where they open, what closes them, and what the keyboard reaches."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page

from tests.project import CapturedFile, Little

pytestmark = pytest.mark.slow

LONG = "It is a long sentence that needs several lines on any screen, " * 6
VALUE = '{{ fact("a") }}'
CLAIM = (
    '{% call claim("a < 2 s") %}A claim of many words that is as long as this, with '
    + VALUE
    + "{% endcall %}"
)
BODY = f"""# A page

{LONG} {VALUE} {LONG}

{CLAIM}. {LONG}

- {LONG} {VALUE}, and

    {{{{ evidence("a.txt") }}}}

- {CLAIM}

| {VALUE} | b |
|---|---|
| {CLAIM} | {LONG} {VALUE} |

{"A paragraph." * 300}

{LONG} {VALUE} {CLAIM}
"""
SCREENS = {"a phone": (390, 844), "a laptop": (1280, 720)}

PLACE = """owner => {
  const words = document.createRange();
  const linesOf = text => { words.selectNodeContents(text); return [...words.getClientRects()]; };
  const claim = owner.closest(".ev-claim");
  const inside = [...owner.closest("p, li, td, th").childNodes];
  const texts = inside.filter(node => node.nodeType === Node.TEXT_NODE);
  const lines = claim ? [...claim.getClientRects()] : [...owner.getClientRects(), ...texts.flatMap(linesOf)];
  const tip = document.querySelector(".ev-tip:popover-open").getBoundingClientRect();
  const covers = line => line.bottom > tip.top && line.top < tip.bottom && line.right > tip.left
    && line.left < tip.right;
  const seen = tip.top >= 0 && tip.left >= 0 && tip.bottom <= innerHeight && tip.right <= innerWidth;
  return [lines.filter(covers).length, seen, tip.height > 20];
}"""
"""How many lines of the sentence of a value or of a claim its tip covers; whether the tip is in sight."""

SETTLED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture
def built(little: Little) -> Little:
    """Build a page with values and claims in sentences, lists and tables."""
    little.capture(CapturedFile("a.txt", b"a: 1.620 s\n"))
    little.page("labs/lab12/facts.yml", "a: {file: a.txt, read: seconds a}\n")
    little.page("labs/lab12/task-1.md", BODY)
    ended = little.build()
    assert ended.returncode == 0, ended.stderr
    return little


@pytest.fixture(params=SCREENS)
def sheet(request: pytest.FixtureRequest, browser: Browser, built: Little) -> Iterator[Page]:
    """Open the page on a screen."""
    width, height = SCREENS[request.param]
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto((built.site / "labs/lab12/task-1.html").as_uri())
    yield page
    page.close()


def open_tip(owner: Locator) -> None:
    """Open a tip by keyboard: a value's opens on focus, a claim's by its button."""
    owner.focus()
    if owner.evaluate("one => one.matches('.ev-mark')"):
        owner.press("Enter")


@pytest.mark.slow_after(1)
def test_a_tip_covers_no_line_of_its_sentence(sheet: Page) -> None:
    """Above or below it, and within the screen, wherever the sentence stands; Escape closes it."""
    owners = sheet.locator("article .ev-fact, article .ev-mark").all()
    assert len(owners) == 13
    for place in ("start", "center", "end"):
        for owner in owners:
            open_tip(owner)
            owner.evaluate("(one, block) => one.scrollIntoView({ block })", place)
            sheet.evaluate(SETTLED)
            assert owner.evaluate(PLACE) == [0, True, True], (place, owner.inner_text())
            sheet.keyboard.press("Escape")
            assert sheet.locator(".ev-tip:popover-open").count() == 0
            assert owner.evaluate("one => one === document.activeElement")


@pytest.mark.slow_after(1)
def test_the_pointer_can_follow_into_a_tip(sheet: Page) -> None:
    """A value's tip stays open while the pointer goes from the value to it, and closes when it has left."""
    sheet.locator("article .ev-fact").first.hover()
    tip = sheet.locator(".ev-tip:popover-open")
    tip.hover()
    sheet.wait_for_timeout(600)
    assert tip.count() == 1
    sheet.mouse.move(1, 1)
    sheet.wait_for_timeout(600)
    assert tip.count() == 0


def test_targets_are_of_24_pixels(sheet: Page) -> None:
    """Buttons and lines that open something, in blocks and in sentences."""
    size = "all => all.map(e => e.getBoundingClientRect()).map(r => [r.width, r.height])"
    sizes = sheet.locator("article :is(summary, .ev-mark, .md-code__button)").evaluate_all(size)
    assert len(sizes) == 6
    assert all(width >= 24 and height >= 24 for width, height in sizes), sizes


@pytest.mark.slow_after(1)
def test_the_keyboard_skips_to_the_content(sheet: Page) -> None:
    """The first stop leads over header and navigation. A heading's own link is no stop."""
    sheet.keyboard.press("Tab")
    assert sheet.evaluate("document.activeElement.matches('.md-skip')")
    sheet.keyboard.press("Enter")
    sheet.keyboard.press("Tab")
    assert sheet.evaluate("document.activeElement.matches('article .ev-fact')")
    assert sheet.locator("article a.headerlink").first.evaluate("one => one.tabIndex") == -1


@pytest.mark.slow_after(1)
def test_what_scrolls_can_be_scrolled_by_keys(sheet: Page) -> None:
    """A table that is wider than the screen is a stop; one that fits is none."""
    wrap = sheet.locator(".md-typeset__scrollwrap").first
    scrolls = wrap.evaluate("e => e.scrollWidth > e.clientWidth")
    assert wrap.evaluate("e => e.tabIndex === 0") == scrolls
    wrap.evaluate("e => { e.style.width = '50px' }")
    sheet.wait_for_function("() => document.querySelector('.md-typeset__scrollwrap').tabIndex === 0")
