"""A whole lab as one page and as a PDF: all of its pages, and nothing from elsewhere, whatever they hold."""

import base64
import contextlib
import http.server
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from labreport.report.problems import FaultError
from labreport.site.html.self_contained import POLICY
from labreport.site.one_page import one_page
from labreport.site.pdf import EngineError, engine, pdf_of
from tests.project import CapturedFile, Little, make
from tests.site.conftest import HOSTILE_LINES, Watched
from tests.site.walk import blocks, slice_of

pytestmark = pytest.mark.slow

BESIDE_SITE = "a file beside the site"
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
LOADS = """<img src="{there}/img.png"> <img src="../../../beside.txt"> <img src="{file}">
<img srcset="{there}/set.png 2x"> <iframe src="{file}"></iframe>
<iframe srcdoc="<img src='{there}/doc.png'>"></iframe> <object data="{file}"></object>
<embed src="{there}/embed"> <link rel="stylesheet" href="{there}/a.css">
<link rel="preconnect" href="{there}">
<style>@import "{there}/b.css"; body {{ background: url({there}/body.png) }}</style>
<p style="background: url({there}/p.png)">styled</p> <p style="background:url('{file}')">styled</p>
<video src="{there}/v.mp4" poster="{there}/v.png"></video> <audio src="{there}/a.mp3" autoplay></audio>
<svg width="9" height="9"><image href="{there}/i.png"/><use href="{there}/u.svg#x"/></svg>
<meta http-equiv="refresh" content="0; url={there}/refresh"> <base href="{there}/">
<script>fetch("{there}/fetch")</script> <script src="{there}/s.js"></script>
<p onclick="fetch('{there}/on')">click</p> <a href="javascript:fetch('{there}/js')">script</a>
<form action="{there}/form"><input name="x" autofocus onfocus="fetch('{there}/focus')"></form>
<table background="{there}/table.png"><tr><td>cell</td></tr></table>
"""


class _Counting(http.server.BaseHTTPRequestHandler):
    """Notes each request."""

    asked: list[str]

    def do_GET(self) -> None:
        """Answer with nothing."""
        self.asked.append(self.path)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        """Print nothing."""


@pytest.fixture(scope="module")
def asked() -> Iterator[tuple[str, list[str]]]:
    """Serve an address, and return it with the paths that are asked for."""
    paths: list[str] = []
    handler = type("Counting", (_Counting,), {"asked": paths})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", paths
        server.shutdown()


@pytest.fixture(scope="module")
def little(tmp_path_factory: pytest.TempPathFactory, asked: tuple[str, list[str]]) -> Little:
    """Make a project whose pages have links, pictures, tabs and evidence, and one that loads all it can."""
    made = make(tmp_path_factory.mktemp("one") / "project")
    (made.root / "beside.txt").write_text(BESIDE_SITE)
    made.capture(CapturedFile("hostile.txt", ("\n".join(HOSTILE_LINES) + "\n").encode()))
    made.page(
        "labs/lab12/index.md",
        "# Lab <12>\n\n[to the task](task-1.md#deep) [out](../../index.md) ![dot](dot.png)\n",
    )
    (made.root / "docs/labs/lab12/dot.png").write_bytes(PIXEL)
    made.page(
        "labs/lab12/task-1.md",
        '# Task one\n\n## Deep\n\n{{ evidence("hostile.txt") }}\n\n'
        '=== "First"\n\n    one\n\n=== "Second"\n\n    two\n\n[back](index.md)\n',
    )
    beside = (made.root / "beside.txt").as_uri()
    made.page("labs/lab12/task-2.md", "# Task two\n\n" + LOADS.format(there=asked[0], file=beside))
    made.page("labs/lab12/task-10.md", "# Task ten\n\nthe end\n")
    return made


@pytest.fixture(scope="module")
def html(little: Little) -> str:
    """Return the lab as one page."""
    return one_page(little.root, "lab12").html


@pytest.fixture
def opened(browser: Browser, html: str, tmp_path: Path) -> Iterator[Watched]:
    """Open the page in a folder where nothing else is."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    watched = Watched(context.new_page(), tmp_path / "report.html")
    (tmp_path / "report.html").write_text(html, encoding="utf-8", newline="")
    watched.page.goto((tmp_path / "report.html").as_uri())
    yield watched
    context.close()


def test_all_pages_are_one_in_order(opened: Watched) -> None:
    """The index comes first, then the tasks by their numbers. Links between them lead to the parts."""
    assert opened.page.locator("section h1").all_inner_texts() == [
        "Lab <12>",
        "Task one",
        "Task two",
        "Task ten",
    ]
    contents = opened.page.locator("nav a").evaluate_all("all => all.map(e => [e.innerText, e.hash])")
    assert [text for text, _hash in contents] == ["Lab <12>", "Task one", "Task two", "Task ten"]
    for hash_ in [hash_ for _text, hash_ in contents] + ["#part-2-deep"]:
        assert opened.page.locator(hash_).count() == 1, hash_
    link = opened.page.get_by_role("link", name="to the task")
    assert link.get_attribute("href") == "#part-2-deep"
    assert opened.page.get_by_text("out", exact=True).get_attribute("href") is None
    ids = opened.page.locator("[id]").evaluate_all("all => all.map(e => e.id)")
    assert len(ids) == len(set(ids))


def test_evidence_is_byte_for_byte_the_same(opened: Watched, little: Little) -> None:
    """Whatever is in it, also where the page is folded."""
    found = blocks(opened.page)
    assert "".join(text for _path, _lines, text in found) == "\n".join(HOSTILE_LINES) + "\n"
    for path, lines, text in found:
        assert text == slice_of(little.root / "evidence", path, lines)


def test_tabs_come_one_after_the_other(opened: Watched) -> None:
    """Each below its title, without a button."""
    found = opened.page.locator(".ev-tab, .ev-tab + div").all_inner_texts()
    assert [text.strip() for text in found] == ["First", "one", "Second", "two"]
    assert opened.page.locator("input, label").count() == 0


def test_the_page_loads_and_runs_nothing(opened: Watched, asked: tuple[str, list[str]]) -> None:
    """A picture of the site is in the page. Nothing else that a page asks for is fetched, tried or shown."""
    source = opened.page.locator("img[alt=dot]").get_attribute("src") or ""
    assert source.startswith("data:image/png;base64,")
    opened.page.wait_for_timeout(500)
    assert opened.quiet, (opened.dialogs, opened.requests, opened.errors)
    assert opened.page.locator("img[src]").count() == 1
    dropped = (
        "iframe, object, embed, link, script, video, audio, form, input, base, image, use, section style"
    )
    assert opened.page.locator(dropped).count() == 0
    assert (
        opened.page.locator("[onclick], [onfocus], [srcset], [background], a[href^='javascript']").count()
        == 0
    )
    assert opened.page.locator("meta[http-equiv]").count() == 1
    assert BESIDE_SITE not in opened.page.content()
    assert asked[1] == []


def test_the_policy_alone_keeps_a_page_from_loading(
    browser: Browser, asked: tuple[str, list[str]], tmp_path: Path
) -> None:
    """If an element came through, the policy in the page's head would stop it."""
    (tmp_path / "beside.txt").write_text(BESIDE_SITE)
    body = re.sub(r"<meta[^>]*>|<base[^>]*>|<link rel=.preconnect[^>]*>", "", LOADS).format(
        there=asked[0], file=(tmp_path / "beside.txt").as_uri()
    )
    page = tmp_path / "page.html"
    page.write_text(f'<!doctype html><meta http-equiv="Content-Security-Policy" content="{POLICY}">{body}')
    context = browser.new_context()
    watched = Watched(context.new_page(), page)
    watched.page.goto(page.as_uri())
    watched.page.wait_for_timeout(500)
    assert asked[1] == []
    assert watched.page.locator("img").first.evaluate("e => e.naturalWidth") == 0
    assert all(BESIDE_SITE not in frame.content() for frame in watched.page.frames)
    context.close()


def test_a_pdf_has_the_pages_and_fetches_nothing(html: str, asked: tuple[str, list[str]]) -> None:
    """Every part begins on a sheet of its own, after the contents."""
    pdf = pdf_of(html)
    assert pdf.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 5
    assert asked[1] == []


def test_the_engine_has_no_network(asked: tuple[str, list[str]]) -> None:
    """Also where the page has no policy, as ours has: no host has an address."""
    page = LOADS.format(there=asked[0], file="file:///nowhere")
    with contextlib.suppress(EngineError):  # the page may leave before it is printed
        pdf_of(page)
    assert pdf_of(page.replace("http-equiv", "name")).startswith(b"%PDF")
    assert pdf_of(f'<img src="{asked[0].replace("127.0.0.1", "localhost")}/x.png">').startswith(b"%PDF")
    assert asked[1] == []


def test_without_an_engine_one_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The search goes through PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match="install it"):
        engine()


def test_an_engine_that_writes_nothing_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Such as a program that only has the name."""
    (tmp_path / "chromium").write_text("#!/bin/sh\nexit 0\n")
    (tmp_path / "chromium").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match="wrote no PDF"):
        pdf_of("<p>x</p>")


def test_a_lab_without_pages_is_an_error(little: Little) -> None:
    """It names what to write."""
    with pytest.raises(FaultError, match=r"docs/labs/lab13/index\.md"):
        one_page(little.root, "lab13")
