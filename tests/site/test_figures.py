"""Pictures in Chromium: on a light page, a dark page and paper, and with a screen reader."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from labreport.contract.records import HostClass
from labreport.report.charts import draw
from labreport.report.series import read_series
from labreport.report.series.comparison import compare, comparison_table, sentences
from tests.project import HOST, CapturedFile, Little, make
from tests.report.charts.test_figures import MEMORY, PHASES
from tests.report.series.planted import planted
from tests.site.conftest import Watched

pytestmark = pytest.mark.slow

SIZES = (
    "tool,level,bytes,low,high\n"
    "gzip,1,8201334,8150000,8300000\ngzip,6,7120134,7000000,7200000\ngzip,9,7090112,7000000,7200000\n"
    "zstd,1,7801334,7700000,7900000\nzstd,3,7120134,7000000,7200000\nzstd,19,5590112,5500000,5700000\n"
    "a tool with <b>long</b> name & more,6,5120134,5000000,5200000\n"
)
POINTS = "size_kib,seconds,tool\n" + "".join(
    f"{1 + at * at},{0.1 + at / 7:.3f},{('gzip', 'zstd', 'a tool with a long name')[at % 3]}\n"
    for at in range(60)
)
TEXTS = {"startup": planted("hang"), "phases": PHASES, "memory": MEMORY, "sizes": SIZES, "points": POINTS}
FACTS = 'sizes.gzip: {file: sizes.csv, read: "csv bytes where tool=gzip, level=6", unit: B}\n'
SLOW = HOST.model_copy(update={"host_class": HostClass.EMULATED})
PAGE = """---
accept_emulated: true
---
# Figures

{{ comparison("startup.csv") }}

{{ chart("startup.csv", kind="strip") }}

{{ chart("startup.csv", kind="percentiles") }}

{{ chart("phases.csv", kind="phases") }}

{{ chart("memory.csv", kind="memory") }}

{{ chart("sizes.csv", kind="bars", x="tool", y="bytes", by="level", interval=["low", "high"], unit="MB") }}

{{ chart("sizes.csv", kind="lines", x="level", y="bytes", by="tool", unit="MB") }}

{{ chart("sizes.csv", kind="lines", x="level", y="bytes", where="tool=zstd", interval=["low", "high"]) }}

{{ chart("points.csv", kind="scatter", x="size_kib", y="seconds", by="tool", log="xy") }}

{{ chart(kind="bars", facts={"A name that is much too long for a phone of any width at all": "sizes.gzip"}) }}

{{ table("sizes.csv", sort="-bytes", caption="Sizes", name="sizes") }}
"""
PICTURES = 9
LOOK = """svg => {
    const paint = getComputedStyle(svg.querySelector('text')).fill;
    const marks = [...svg.querySelectorAll('.mark-symbol path, .mark-line path, .mark-rect path')];
    const clear = 'rgba(0, 0, 0, 0)', box = svg.getBoundingClientRect();
    return {
        text: paint,
        page: getComputedStyle(svg.closest('figure')).color,
        colours: [...new Set(marks.flatMap(m => [getComputedStyle(m).fill, getComputedStyle(m).stroke]))],
        width: box.width,
        height: box.height,
        outside: [...svg.querySelectorAll('text')].filter(t => t.getBoundingClientRect().left < 0).length,
    };
}"""

OVERLAPS = """svg => {
    const texts = [...svg.querySelectorAll('text')].filter(text => text.textContent.trim());
    const boxes = texts.map(text => text.getBoundingClientRect());
    const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
    const beside = (a, b) => a.right <= b.left || b.right <= a.left;
    const apart = (a, b) => beside(a, b) || a.bottom - 3 <= b.top || b.bottom - 3 <= a.top;
    return {
        class: svg.getAttribute('class'),
        smallest: Math.min(...texts.map(text => scale * parseFloat(getComputedStyle(text).fontSize))),
        left: Math.min(...boxes.map(box => box.left)),
        right: Math.max(...boxes.map(box => box.right)),
        collisions: boxes.flatMap((a, n) => boxes.slice(n + 1).flatMap((b, m) =>
            apart(a, b) ? [] : [`${texts[n].textContent} / ${texts[n + 1 + m].textContent}`])),
    };
}"""
"""How large the texts of a picture are on the screen, where they end, and which of them overlap."""


@pytest.fixture(scope="module")
def little(tmp_path_factory: pytest.TempPathFactory) -> Little:
    """Build a site with every kind of figure, all of an emulated host."""
    made = make(tmp_path_factory.mktemp("pictures") / "project")
    for name, text in TEXTS.items():
        made.capture(CapturedFile(f"{name}.csv", text.encode()), host=SLOW)
    made.page("labs/lab12/facts.yml", FACTS)
    made.page("labs/lab12/index.md", PAGE)
    built = made.build()
    assert built.returncode == 0, built.stderr
    return made


def opened(browser: Browser, site: Path, **look: str) -> Watched:
    """Open the page in a browser that prefers a colour scheme, or prints."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=look.get("scheme"))  # type: ignore[arg-type] # one of two words
    watched = Watched(context.new_page(), site)
    if look.get("media"):
        watched.page.emulate_media(media="print")
    watched.page.goto((site / "labs/lab12/index.html").as_uri())
    return watched


@pytest.fixture
def page(browser: Browser, little: Little) -> Iterator[Page]:
    """Open the page in light mode."""
    watched = opened(browser, little.site, scheme="light")
    yield watched.page
    watched.page.context.close()


def luminance(colour: str) -> float:
    """Return the relative luminance of an rgb() colour (WCAG 2.2)."""
    red, green, blue = (int(part) / 255 for part in re.findall(r"\d+", colour)[:3])
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in (red, green, blue)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours (WCAG 2.2)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(
    "look",
    [{"scheme": "light"}, {"scheme": "dark"}, {"scheme": "light", "media": "print"},
     {"scheme": "dark", "media": "print"}],
    ids=["light", "dark", "paper", "paper of a dark page"],
)  # fmt: skip
def test_a_picture_has_the_colours_of_its_page(
    browser: Browser, little: Little, look: dict[str, str]
) -> None:
    """Text and marks have enough contrast to the page, and the picture makes no request."""
    watched = opened(browser, little.site, **look)
    pictures = watched.page.locator(".ev-picture svg.ev-wide")
    assert pictures.count() == PICTURES
    behind = watched.page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    for found in pictures.evaluate_all(f"all => all.map({LOOK})"):
        assert found["text"] not in {"none", "rgba(0, 0, 0, 0)"}
        assert found["width"] > 400
        assert found["height"] > 60
        assert found["outside"] == 0
        paper = "rgb(255, 255, 255)" if "media" in look else behind
        assert contrast(found["text"], paper) >= 4.5 or found["text"] == "rgb(176, 0, 32)"
        strong = [one for one in found["colours"] if one.startswith("rgb(") and contrast(one, paper) >= 3]
        assert strong, found["colours"]
    assert watched.quiet, (watched.dialogs, watched.requests, watched.errors)
    watched.page.context.close()


def test_light_and_dark_differ(browser: Browser, little: Little) -> None:
    """The variables of the theme set the colours of a picture."""
    looks = []
    for scheme in ("light", "dark"):
        watched = opened(browser, little.site, scheme=scheme)
        looks.append(watched.page.locator(".ev-picture svg.ev-wide").nth(1).evaluate(LOOK))
        watched.page.context.close()
    light, dark = looks
    assert light["text"] != dark["text"]
    assert light["colours"] != dark["colours"]


def test_who_hears_the_page_gets_the_values(page: Page, little: Little) -> None:
    """In the accessibility tree each picture is one image with a title and a description."""
    session = page.context.new_cdp_session(page)
    tree = session.send("Accessibility.getFullAXTree")["nodes"]
    images = [node for node in tree if node.get("role", {}).get("value") == "image" and not node["ignored"]]
    told = {
        node["name"]["value"]: node.get("description", {}).get("value", "")
        for node in images
        if node.get("name")
    }
    text = (little.root / "evidence/lab12/startup.csv").read_text()
    strip = draw("strip", text, emulated=True)
    assert told[strip.title] == " ".join(sentences(compare(read_series(text))))
    assert "1 of 12 runs failed" in told[strip.title]
    assert len([title for title, words in told.items() if words]) == PICTURES
    roles = {node.get("role", {}).get("value") for node in tree if not node["ignored"]}
    assert not {"graphics-symbol", "graphics-object"} & roles


def test_the_values_open_below_the_picture_and_agree_with_the_text(page: Page, little: Little) -> None:
    """The table of the picture equals the table of the comparison on the same page, cell by cell."""
    figures = page.locator("figure.ev-figure")
    beside = figures.nth(0).locator("tbody td").all_inner_texts()
    values = figures.nth(1).locator("details.ev-values")
    assert not values.locator("table").is_visible()
    values.locator("summary").click()
    assert values.locator("tbody td").all_inner_texts() == beside
    text = (little.root / "evidence/lab12/startup.csv").read_text()
    rows = comparison_table(compare(read_series(text))).rows
    assert beside == [cell.text for row in rows for cell in row]
    assert "host of class emulated" in figures.nth(1).locator("figcaption").inner_text()
    assert "Emulated" in (figures.nth(1).locator("svg.ev-wide").text_content() or "")


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("width", [360, 390])
def test_a_phone_shows_the_narrow_picture(browser: Browser, little: Little, width: int) -> None:
    """It has text of 11 pixels at least, none of it is cut off, and the page does not scroll sideways."""
    context = browser.new_context(viewport={"width": width, "height": 740})
    page = context.new_page()
    page.goto((little.site / "labs/lab12/index.html").as_uri())
    shown = page.locator(".ev-picture svg:visible")
    assert shown.count() == PICTURES
    for found in shown.evaluate_all(f"all => all.map({OVERLAPS})"):
        assert found["class"] == "ev-narrow"
        assert found["smallest"] >= 11
        assert found["left"] >= 0
        assert found["right"] <= width
        assert found["collisions"] == []
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    context.close()


def test_numbers_of_a_table_are_aligned(page: Page) -> None:
    """The columns of numbers are aligned right, and the others left."""
    cells = page.locator("#table-sizes tbody tr:first-child td")
    aligned = cells.evaluate_all("all => all.map(cell => getComputedStyle(cell).textAlign)")
    assert aligned == ["left", "right", "right", "right", "right"]


def test_a_wide_page_has_text_as_large(page: Page) -> None:
    """The wide picture has text of 11 pixels at least, and no two texts collide."""
    for found in page.locator(".ev-picture svg:visible").evaluate_all(f"all => all.map({OVERLAPS})"):
        assert found["class"] == "ev-wide"
        assert found["smallest"] >= 11
        assert found["collisions"] == []
