"""The pages of an audit in a browser: axe finds nothing, nothing is loaded, and a phone shows it all."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from labreport.cli.audited import Output
from tests.audit.outputs.made import hostile, plain
from tests.audit.outputs.test_requirements import RUBRIC
from tests.site.axe import OPEN, RUN, SETTLED, load_axe, watched_by_axe
from tests.site.conftest import Watched

pytestmark = pytest.mark.slow

GROUNDS = {"light": "rgb(255, 255, 255)", "dark": "rgb(22, 24, 29)"}
PHONE = 390


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the pages of a class with hostile reports and a rubric."""
    folder = tmp_path_factory.mktemp("audit")
    (folder / "rubric.yml").write_text(RUBRIC)
    hostile(folder / "class")
    made = plain(folder / "class")
    output = Output((folder / "out",), folder / "rubric.yml")
    output.finish(output.audited(made.pairs(), Counter(), ""))
    return folder / "out"


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """Open one page for all tests."""
    with watched_by_axe(browser, bypass_csp=True, viewport={"width": 1280, "height": 900}) as opened:
        yield opened


def shown(written: Path) -> list[Path]:
    """Return the page of the class, one without a finding, one with differences, and a hostile one."""
    last = min((written / "reports").glob("*error*.html"))
    return [written / "index.html", written / "reports/ada.html", written / "reports/bob.html", last]


def test_axe_finds_nothing_in_both_schemes(page: Page, written: Path) -> None:
    """All default rules and targets of 24 px, folded and opened."""
    for path in shown(written):
        page.goto(path.as_uri())
        load_axe(page)
        for scheme, ground in GROUNDS.items():
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type] # a name of the dict
            assert page.evaluate("getComputedStyle(document.body).backgroundColor") == ground
            for _state in ("folded", "opened"):
                page.evaluate(SETTLED)
                assert page.evaluate(RUN) == []
                page.evaluate(OPEN)


def test_a_phone_shows_the_whole_width(page: Page, written: Path) -> None:
    """No page scrolls sideways, with everything opened and on paper neither."""
    page.set_viewport_size({"width": PHONE, "height": 844})
    for path in shown(written):
        page.goto(path.as_uri())
        page.evaluate(OPEN)
        for media in ("screen", "print"):
            page.emulate_media(media=media)
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE, path.name
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": 1280, "height": 900})


def test_the_pages_load_and_run_nothing(browser: Browser, written: Path) -> None:
    """They need no other file, no network and no script."""
    context = browser.new_context()
    for path in shown(written):
        watched = Watched(context.new_page(), path)
        watched.page.goto(path.as_uri())
        watched.page.evaluate(OPEN)
        assert watched.quiet, (watched.dialogs, watched.requests, watched.errors)
    context.close()


def test_links_between_the_pages_lead_somewhere(page: Page, written: Path) -> None:
    """From the class to each report and back."""
    page.goto((written / "index.html").as_uri())
    addresses = page.locator("table.class a").evaluate_all("all => all.map(one => one.href)")
    assert len(addresses) == 6
    for address in addresses:
        page.goto(address)
        page.get_by_role("link", name="All reports").click()
        assert page.url == (written / "index.html").as_uri()
