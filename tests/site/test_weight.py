"""How heavy the pages of this repository's site are, and how soon they answer on a slow machine."""

import functools
import gzip
import http.server
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.site.conftest import Watched

pytestmark = pytest.mark.slow

RAW, COMPRESSED = 1_000_000, 60_000
"""Bytes of a page, and of the page with gzip beside evidence and charts."""

BESIDE = re.compile(r'<svg xmlns.*?</svg>|<pre class="ev-text">.*?</pre>', re.DOTALL)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_words: object) -> None:
        """Print nothing."""


@pytest.fixture(scope="module")
def address(own_site: Path) -> Iterator[str]:
    """Serve the site, and return its address."""
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(_Quiet, directory=str(own_site))
    ) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_no_page_is_heavy(own_site: Path) -> None:
    """The bounds are those of a slow line."""
    pages = {str(file.relative_to(own_site)): file.read_bytes() for file in own_site.rglob("*.html")}
    assert pages
    assert {name: len(data) for name, data in pages.items() if len(data) > RAW} == {}
    packed = {
        name: len(gzip.compress(BESIDE.sub("", data.decode()).encode())) for name, data in pages.items()
    }
    assert {name: size for name, size in packed.items() if size > COMPRESSED} == {}


def test_the_index_of_the_search_is_there_once(own_site: Path) -> None:
    """The script has all of it."""
    assert [file.name for file in (own_site / "search").iterdir()] == ["search_index.js"]


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("how", ["folder", "server"])
def test_the_index_is_read_when_somebody_searches(
    browser: Browser, own_site: Path, address: str, how: str
) -> None:
    """A page that is opened reads no index. The first search reads it once, and finds."""
    context = browser.new_context()
    watched = Watched(context.new_page(), own_site)
    asked: list[str] = []
    watched.page.on("request", lambda request: asked.append(request.url))
    watched.page.goto(f"{own_site.as_uri()}/index.html" if how == "folder" else f"{address}index.html")
    watched.page.wait_for_timeout(500)
    assert how == "folder" or not [url for url in asked if "search_index" in url]
    assert how == "server" or not [url for url in asked if "/workers/" in url]
    box = watched.page.locator("input[data-md-component=search-query]")
    box.click()
    box.press_sequentially("kata")
    watched.page.wait_for_function(
        "() => /matching/.test(document.querySelector('.md-search-result__meta').textContent)", timeout=90_000
    )
    assert len([url for url in asked if "search_index" in url]) == 1
    assert watched.page.locator(".md-search-result__item").count() > 0
    assert watched.errors == []
    context.close()
