"""One browser for all tests, and one site with hostile evidence."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from playwright.sync_api import Browser, Dialog, Page, sync_playwright

from tests.project import REPO, CapturedFile, Little, clean_environment, make, row, stand_in

NO_NETWORK = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

HOSTILE_LINES = [
    "```",
    "````text",
    "~~~",
    "--8<-- 'docs/index.md'",
    ';--8<-- "x"',
    '{{ evidence("isolation/dmesg.txt") }} {{ 7 * 7 }}',
    "{% raw %}{% endfor %}{# note",
    "<script>alert('from evidence')</script>",
    '<img src="x" onerror="alert(1)">',
    "</code></pre></div>",
    '<div id="slot-0-1"></div>',
    "<!-- a comment",
    "&amp; &#10; &lt; &#x85; &nbsp",
    "::: warning",
    '!!! danger "x"',
    "??? note",
    '=== "tab"',
    "$$ x^2 $$ \\(a\\)",
    "---",
    "title: front matter",
    "---",
    "# heading {#id .class onclick=alert(1)}",
    "[link](javascript:alert(1)) ![picture](https://example.invalid/x.png)",
    "*[HTML]: abbreviation HTML",
    "[^1]: a footnote",
    "| a | b |",
    "==mark== ++ctrl+c++ ~~gone~~ :smile: (c) -->",
    "\ufeffa byte order mark",
    "a lone\rreturn, a pair\r",
    "\ttab\t\tand trailing blanks   ",
    "   ",
    "",
    "C1: \x80\x85\x9b\x9f, C0: \x01\x0b\x0c\x1b[31mred\x1b[0m\x7f",
    "four bytes: \U0001f9ea \U00010348, separators: \u2028 \u2029",
    "right to left: \u202eabc\u202c \u2067mirror\u2069 \u05e9\u05dc\u05d5\u05dd",
    "needleword then <b onmouseover=alert(1)>bold</b>",
    "not characters: \ufffe \uffff \ufffd",
]
HOSTILE = (
    "\n\n" + "\n".join(HOSTILE_LINES) + "\n" + "x" * 3_000_000 + "\nthe last line has no line feed"
).encode()

EVERY_EXTENSION = [
    "pymdownx.arithmatex",
    "pymdownx.betterem",
    "pymdownx.caret",
    "pymdownx.critic",
    "pymdownx.emoji",
    "pymdownx.keys",
    "pymdownx.magiclink",
    "pymdownx.mark",
    "pymdownx.smartsymbols",
    "pymdownx.snippets",
    "pymdownx.tilde",
]

HOSTILE_PAGE = """---
title: Hostile
---

# Hostile

- in a list

    {{ evidence("hostile.txt", lines="1:39") }}

- tight: {{ evidence("hostile.txt", lines="3:12") }}

=== "A tab"

    {{ evidence("hostile.txt") }}

=== "Another"

    | a | b |
    |---|---|
    | x | {{ evidence("hostile.txt", lines="28:35") }} |

!!! note "An admonition"

    {{ evidence("hostile.txt", lines="2:38") }}

{{ evidence("hostile.txt", start="^needleword", end="bold") }}

{{ evidence("invalid.txt") }}

{{ evidence("nul.bin") }}

{{ evidence("empty.txt") }}

{{ command("hostile.txt") }}
"""


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Little:
    """Build a site with hostile evidence, provenance, states and names, and with every Markdown extension."""
    little = make(tmp_path_factory.mktemp("hostile") / "project")
    config = (little.root / "mkdocs.yml").read_text()
    extensions = "".join(f"  - {name}\n" for name in EVERY_EXTENSION)
    (little.root / "mkdocs.yml").write_text(f"{config}\nmarkdown_extensions:\n{extensions}")
    bad = "</code><script>alert('from a record')</script>"
    little.capture(
        CapturedFile("hostile.txt", HOSTILE, (("sh", "-c", bad),)), title=bad, images={"base": stand_in()}
    )
    little.capture(CapturedFile("invalid.txt", b"caf\xe9\n"))
    little.capture(CapturedFile("nul.bin", b"\x7fELF\0" * 30))
    little.capture(CapturedFile("empty.txt", b""))
    for name in ("page.html", "page.html.txt", "picture.svg", "code.js", "paper.PDF", "plain.txt"):
        little.capture(CapturedFile(f"raw/{name}", f"<script>alert('{name}')</script>\n".encode()))
    little.capture(CapturedFile("here.txt", b"here\n"), lab="hosts/here/lab12")
    little.capture(CapturedFile("there.txt", b"there\n"), lab="hosts/there/lab12")
    (little.root / "evidence" / "lab12" / "failed").mkdir()
    (little.root / "evidence" / "lab12" / "failed" / "secret.txt").write_text("no\n")
    little.state(
        row("hostile.txt", "hostile.txt", state="captured"), row("kata", "kata/x.txt", reason=bad, remedy=bad)
    )
    little.page("labs/lab12/hostile.md", HOSTILE_PAGE)
    little.page(
        "labs/lab12/tables.md",
        "---\nexpected_gaps: [kata/x.txt]\n---\n# Tables\n\n"
        '{{ evidence("kata/x.txt") }}\n\n{{ commands() }}\n\n{{ state() }}\n\n{{ host() }}\n\n'
        "{{ hosts() }}\n\n{{ index() }}\n",
    )
    little.page("about.md", '# About\n\n{{ evidence("lab12/raw/plain.txt") }}\n\n{{ index() }}\n')
    built = little.build()
    assert built.returncode == 0, built.stderr
    return little


@pytest.fixture(scope="session")
def own_site(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """Build the site of this repository, once for all workers, even if the build reports problems."""
    if not (REPO / "docs" / "index.md").is_file() or not any((REPO / "evidence").glob("*/records/*.json")):
        pytest.skip("the repo has no pages or no evidence yet")
    base = tmp_path_factory.getbasetemp()
    # A test may run pytest in a clone, which inherits the variables of pytest-xdist, but no worker's object.
    site = (base.parent if hasattr(request.config, "workerinput") else base) / "own-site"
    with FileLock(site.with_suffix(".lock")):
        if not site.is_dir():
            subprocess.run(
                [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(site)],
                cwd=REPO,
                env=clean_environment(),
                capture_output=True,
                check=False,
            )
    return site


@pytest.fixture
def little(tmp_path: Path) -> Little:
    """Make an empty little project."""
    return make(tmp_path / "project")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start Debian's Chromium without the features that use a network."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=NO_NETWORK)
        yield chromium
        chromium.close()


class Watched:
    """A page in a browser, with its dialogs, its errors, and its requests outside of the site's folder."""

    def __init__(self, page: Page, site: Path) -> None:
        self.page = page
        self.dialogs: list[str] = []
        self.requests: list[str] = []
        self.errors: list[str] = []
        page.on("dialog", self._dialog)
        page.on("request", lambda request: self._request(request.url, site))
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _dialog(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def _request(self, url: str, site: Path) -> None:
        if not url.startswith((site.as_uri(), "data:", "blob:", "about:")):
            self.requests.append(url)

    @property
    def quiet(self) -> bool:
        """Whether there was no dialog, request or error."""
        return not (self.dialogs or self.requests or self.errors)


@pytest.fixture
def watched(browser: Browser, hostile: Little) -> Iterator[Watched]:
    """Open a watched page for the hostile site in its folder."""
    context = browser.new_context()
    yield Watched(context.new_page(), hostile.site)
    context.close()
