"""axe-core on a page of a site that is served over HTTP: all default rules, and that for sizes of targets."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

SCHEMES = {"default": "rgb(255, 255, 255)", "slate": "rgb(30, 33, 41)"}
"""Material's colour schemes by name, with the background of the page."""

RUN = """async () => (await axe.run({resultTypes: ["violations"], rules: {"target-size": {enabled: true}}}))
  .violations.flatMap(rule => rule.nodes.map(node => `${rule.id}: ${node.target.join(" ")}: ${node.html}`))"""

OPEN = """() => {
  const all = selector => [...document.querySelectorAll(selector)];
  const closed = all("details:not([open])");
  closed.forEach(one => { one.open = true; });
  const hidden = all(".tabbed-block").filter(one => !one.checkVisibility());
  hidden.forEach(one => { one.style.display = "block"; });
  return closed.length + hidden.length;
}"""
"""Opens all that is folded, and shows every tab; returns how many there were."""

SETTLED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


class NotFoundPage(SimpleHTTPRequestHandler):
    """Serves a folder, with its 404.html for what is not there, as servers of static sites do."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Send the site's own page."""
        del message, explain
        page = Path(self.directory) / "404.html"
        self.send_response(code)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(page.read_bytes())

    def log_message(self, *_words: object) -> None:
        """Print nothing."""


@contextmanager
def served(site: Path) -> Iterator[str]:
    """Serve a folder on this machine; yields its address, with a slash at the end."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(NotFoundPage, directory=str(site))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@contextmanager
def watched_by_axe(browser: Browser, **options: Any) -> Iterator[Page]:
    """Open a page in which nothing moves; `options` are those of the browser's context."""
    context = browser.new_context(**options)
    page = context.new_page()
    still = "const s = new CSSStyleSheet(); s.replaceSync('* { transition: none !important; }');"
    page.add_init_script(f"{still} document.adoptedStyleSheets = [s];")
    yield page
    context.close()


def load_axe(page: Page) -> None:
    """Load axe-core into the page."""
    axe = pytest.importorskip("axe_playwright_python.base")
    page.evaluate(axe.AXE_SCRIPT)


def show_in(page: Page, scheme: str) -> None:
    """Switch to a colour scheme, as a click on the button in the header does, and assert that it is shown."""
    page.evaluate("scheme => document.querySelector(`input[data-md-color-scheme=${scheme}]`).click()", scheme)
    colours = "() => [document.body.dataset.mdColorScheme, getComputedStyle(document.body).backgroundColor]"
    assert page.evaluate(colours) == [scheme, SCHEMES[scheme]]


def findings(page: Page) -> list[str]:
    """Return what axe finds in the page as it is, in both schemes, each with its scheme."""
    page.evaluate(SETTLED)
    found = []
    for scheme in SCHEMES:
        show_in(page, scheme)
        found += [f"{scheme}: {one}" for one in page.evaluate(RUN)]
    return found


def findings_of(page: Page, address: str) -> list[str]:
    """Return what axe finds in the page at an address, with everything folded and with everything opened."""
    page.goto(address)
    load_axe(page)
    found = findings(page)
    if page.evaluate(OPEN):
        found += [f"opened: {one}" for one in findings(page)]
    return found
