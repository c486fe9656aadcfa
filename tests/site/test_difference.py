"""A difference in Chromium is exact, can be heard, and is complete on a phone and on paper."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.project import CapturedFile, Little, make
from tests.site.conftest import Watched

pytestmark = pytest.mark.slow

ONE = b"same\nonly here <script>alert(1)</script>\nlong " + b"x" * 400 + b"\nlast\r\n"
OTHER = b"same\nlong " + b"x" * 400 + b"\nlast\nmore"


@pytest.fixture(scope="module")
def little(tmp_path_factory: pytest.TempPathFactory) -> Little:
    """Build a site with a difference in both forms."""
    made = make(tmp_path_factory.mktemp("difference") / "project")
    made.capture(CapturedFile("a.txt", ONE))
    made.capture(CapturedFile("b.txt", OTHER))
    calls = '{{ difference("a.txt", "b.txt") }}\n\n{{ difference("a.txt", "b.txt", form="unified") }}\n'
    made.page("labs/lab12/x.md", f"# X\n\n{calls}")
    built = made.build()
    assert built.returncode == 0, built.stderr
    return made


@pytest.fixture(params=["light", "dark"])
def seen(browser: Browser, little: Little, request: pytest.FixtureRequest) -> Iterator[Watched]:
    """Open the page with the width of a phone, in light and in dark mode."""
    context = browser.new_context(viewport={"width": 360, "height": 740}, color_scheme=request.param)
    watched = Watched(context.new_page(), little.site)
    watched.page.goto((little.site / "labs/lab12/x.html").as_uri())
    yield watched
    context.close()


def test_both_files_are_in_it_byte_for_byte(seen: Watched) -> None:
    """The cells of the second and of the fourth column, joined, equal the two files."""
    rows = "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    table = seen.page.locator(".ev-difference").first
    found = table.locator("tbody tr:not([data-kind=note])").evaluate_all(rows)
    assert "\n".join(row[2] for row in found if row[1]).encode() + b"\n" == ONE
    assert "\n".join(row[4] for row in found if row[3]).encode() == OTHER
    assert seen.quiet, (seen.dialogs, seen.requests, seen.errors)


@pytest.mark.slow_after(1)
def test_a_screen_reader_hears_it(seen: Watched) -> None:
    """The caption counts the lines, the headers name the files, and each row says its kind in words."""
    heard = seen.page.locator(".ev-difference").first.aria_snapshot()
    assert "2 lines only in lab12/a.txt, 2 lines only in lab12/b.txt, 2 lines the same" in heard
    for name in ("columnheader", "lab12/a.txt", "lab12/b.txt"):
        assert name in heard
    for word in ("only in the first", "only in the second", "changed", "same"):
        assert word in heard
    assert "−" not in heard, "signs are for the eye"  # noqa: RUF001 - what is printed


@pytest.mark.slow_after(1)
def test_nothing_is_cut_off(seen: Watched, little: Little) -> None:
    """Long lines wrap on a phone and on paper. No text leaves the page."""
    for media in ("screen", "print"):
        seen.page.emulate_media(media=media)
        for text in seen.page.locator(".ev-difference .ev-lines code").all():
            box = text.bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 361, media
    paper = little.root / "x.pdf"
    seen.page.pdf(path=paper)
    assert paper.stat().st_size > 1000


def test_colours_are_no_more_than_a_help(seen: Watched) -> None:
    """A line of one file only is marked by its element and its sign, not by colour alone."""
    table = seen.page.locator(".ev-difference").nth(1)
    assert table.locator("tr[data-kind=first] del").count() == 2
    assert table.locator("tr[data-kind=second] ins").count() == 2
    signs = table.locator("tbody tr[data-kind=first] th span[aria-hidden]").all_inner_texts()
    assert signs == ["−"] * 2  # noqa: RUF001 - what is printed
