"""The raw files of a site in Chromium, from three servers: nothing runs, and nothing is shown as markup."""

import hashlib
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import unquote
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Error

from labreport.report.source.evidence import Evidence
from labreport.site.raw import RawFiles
from tests.project import CapturedFile, Little, make
from tests.site.conftest import Watched

MARKUP = b"<!DOCTYPE html><html><body><b data-mark>x</b><script>alert('ran')</script></body></html>\n"
XML = b'<?xml version="1.0"?>\n'
SCRIPT = b"<script>alert('ran')</script>"
SVG = XML + b'<svg xmlns="http://www.w3.org/2000/svg" data-mark="x">' + SCRIPT + b"</svg>"
XHTML = b'<html xmlns="http://www.w3.org/1999/xhtml"><b data-mark="x"/>' + SCRIPT + b"</html>"
XSL = XML + b'<?xml-stylesheet type="text/xsl" href="x.xsl"?>\n' + XHTML
PNG, JPEG, WEBP = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"RIFF\xff\0\0\0WEBPVP8 "
CONTENTS = {
    "markup": MARKUP,
    "svg": SVG,
    "xsl": XSL,
    "bom": b"\xef\xbb\xbf" + MARKUP,
    "utf16": MARKUP.decode().encode("utf-16"),
    "utf7": MARKUP.replace(b"<", b"+ADw-"),
    "png": PNG + MARKUP,
    "jpeg": JPEG + MARKUP,
    "webp": WEBP + MARKUP,
    "json": b'{"a": "<script>alert(1)</script><b data-mark>"}\n',
    "mhtml": b"MIME-Version: 1.0\nContent-Type: text/html\n\n" + MARKUP,
    "pdf": b"%PDF-1.7\n" + MARKUP,
}
ENDINGS = """
txt csv json png jpg jpeg webp html htm xhtml xht shtml svg svgz xml xsl xslt rdf mathml mml atom rss js mjs
css pdf php phtml cgi swf wasm mht mhtml eml ics vtt md log gif bmp ico avif webmanifest appcache crx hta url
gz html.csv csv.html php.json svg.png html.png png.html svg.webp html.jpg html.txt txt.html html.gz htaccess
"""
NAMES = (
    "none",
    "dot.",
    "dot.txt.",
    "blank.txt ",
    "blank .txt",
    "UPPER.TXT",
    "Upper.Html",
    "UPPER.PNG",
    "UPPER.JSON",
    "a%2ehtml",
    "a%00.txt",
    "a%2f..%2fb.csv",
    "a#b.txt",
    "a?b=.html",
    "a?b.html#.txt",
    "a;type=html.txt",
    "a'b\"c<d>&.txt",
    "index.html",
    "index.htm",
    "index.txt/index.html",
    "index.html.d/index.php",
    "é.txt",
    "x.html.en",
    "x.html.var",
)


def files() -> list[tuple[str, bytes]]:
    """Return every name with content of every kind, one folder a kind."""
    names = [*(f"x.{ending}" for ending in ENDINGS.split()), *NAMES]
    return [(f"{kind}/{name}", data) for kind, data in CONTENTS.items() for name in names]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish all these files."""
    root = tmp_path_factory.mktemp("published")
    for path, data in files():
        target = root / "evidence" / "lab12" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    RawFiles(root / "site").write(Evidence(root / "evidence"))
    return root / "site"


def test_sums_name_the_published_files(site: Path) -> None:
    """Every file is there once, byte for byte, and `sha256sum -c` finds it."""
    subprocess.run(
        ["sha256sum", "-c", "--strict", "--quiet", "SHA256SUMS"], cwd=site / "evidence", check=True
    )
    named = [line[:64] for line in (site / "evidence" / "SHA256SUMS").read_text().splitlines()]
    assert sorted(named) == sorted(hashlib.sha256(data).hexdigest() for _path, data in files())


@contextmanager
def started(argv: list[str], port: int) -> Iterator[str]:
    """Start a server, wait until it listens, and end it."""
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(200):
                with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


@contextmanager
def served(server: str, site: Path, scratch: Path) -> Iterator[str]:
    """Serve a site; yield its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    if server == "file":
        yield site.as_uri()
    elif server == "http.server":
        argv = ["-m", "http.server", "--bind", "127.0.0.1", "--directory", str(site), str(port)]
        with started([sys.executable, *argv], port) as address:
            yield address
    else:
        nginx, types = shutil.which("nginx"), Path("/etc/nginx/mime.types")
        if not nginx or not types.is_file():
            pytest.skip("nginx is not here")
        (scratch / "nginx.conf").write_text(
            f"daemon off; user root; pid {scratch}/pid; error_log stderr; events {{}}\n"
            f"http {{ include {types}; default_type application/octet-stream; access_log off;\n"
            f"server {{ listen 127.0.0.1:{port}; root {site}; }} }}\n"
        )
        with started([nginx, "-e", "stderr", "-c", str(scratch / "nginx.conf")], port) as address:
            yield address


SERVERS = ("file", "http.server", "nginx")
HARMLESS = {"text/plain", "text/csv", "application/json", "image/png", "image/jpeg", "image/webp"}


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("server", SERVERS)
def test_nothing_runs_and_nothing_is_markup(
    browser: Browser, site: Path, tmp_path: Path, server: str
) -> None:
    """Each name with markup in it is shown as text, or downloaded."""
    look_at(browser, site, tmp_path, server, files_of(site, "markup"))


@pytest.mark.slow
@pytest.mark.parametrize("server", SERVERS)
def test_no_content_is_taken_for_another(browser: Browser, site: Path, tmp_path: Path, server: str) -> None:
    """Likewise with each kind of content; sniffing finds no other kind in it.

    Each server has a third of the files, because a browser takes 10 minutes for all files of all servers.
    """
    paths = files_of(site, "*")
    random.Random(25).shuffle(paths)  # in order, a server would have the same names of each kind  # noqa: S311
    look_at(browser, site, tmp_path, server, paths[SERVERS.index(server) :: len(SERVERS)])


def files_of(site: Path, kinds: str) -> list[Path]:
    """Return the published files of these kinds of content."""
    return sorted(path for path in site.glob(f"evidence/lab12/{kinds}/**/*") if path.is_file())


def look_at(browser: Browser, site: Path, scratch: Path, server: str, paths: list[Path]) -> None:
    """Open files in a browser."""
    seen: dict[str, str] = {}
    context = browser.new_context()
    watched = Watched(context.new_page(), site)
    with served(server, site, scratch) as address:
        for path in paths:
            relative = path.as_uri().removeprefix(site.as_uri())
            try:
                watched.page.goto(f"{address}{relative}")
            except Error as error:
                is_download = "Download" in error.message or "ERR_ABORTED" in error.message
                seen[relative] = "downloaded" if is_download else error.message
                continue
            seen[relative] = watched.page.evaluate("document.contentType")
            assert watched.page.locator("[data-mark], script").count() == 0, (server, relative)
    context.close()
    assert watched.dialogs == []
    assert {path: kind for path, kind in seen.items() if kind not in {*HARMLESS, "downloaded"}} == {}
    assert "text/plain" in seen.values()


@pytest.mark.slow
@pytest.mark.parametrize("server", ["http.server", "nginx"])
def test_types(site: Path, tmp_path: Path, server: str) -> None:
    """A server calls each file by a harmless type, or by none that a browser would show."""
    with served(server, site, tmp_path) as address:
        for path in site.rglob("*"):
            if path.is_file():
                with urlopen(f"{address}{path.as_uri().removeprefix(site.as_uri())}") as answer:  # noqa: S310 # ours
                    kind = answer.headers.get_content_type()
                assert kind in {*HARMLESS, "application/octet-stream"}, (path.name, kind)


@pytest.mark.slow
def test_links_follow_the_published_name(tmp_path: Path) -> None:
    """A page's links to a file, to its record, and to the file of a fact lead to what was published."""
    little: Little = make(tmp_path / "project")
    paths = ("a.html", "a.html.txt", "b", "c.txt", "d%23#?.csv", "UP.TXT", "e.json", "f ", "g'<b>.txt")
    for number, path in enumerate(paths):
        little.capture(CapturedFile(path, b"took 3 s\n", collector=f"c{number}.html"))
    little.page("labs/lab12/facts.yml", 'took: {file: a.html, read: "seconds took"}\n')
    blocks = "\n\n".join(f"{{{{ evidence({path!r}) }}}}" for path in paths)
    took = "It took {{ fact('took') }}."
    little.page("labs/lab12/task-1.md", f"# T\n\n{blocks}\n\n{took}\n\n{{{{ index() }}}}\n")
    built = little.build()
    assert built.returncode == 0, built.stderr
    page = (little.site / "labs/lab12/task-1.html").read_text()
    links = {unquote(part.partition('"')[0]) for part in page.split('href="../../evidence/')[1:]}
    published = {path.relative_to(little.site / "evidence").as_posix() for path in
                 (little.site / "evidence").rglob("*") if path.is_file()}  # fmt: skip
    assert links <= published
    assert {"lab12/a.html.txt", "lab12/a.html.txt.txt", "lab12/b.txt", "lab12/c.txt", "lab12/f .txt"} <= links
    assert {"lab12/UP.TXT.txt", "lab12/e.json.txt", "lab12/records/c0.html.json"} <= links
    assert len(links) == 2 * len(paths)
