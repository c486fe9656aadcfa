"""Hostile blocks in every kind of place of a page, in Chromium: each is its lines, and nothing runs."""

import random
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.project import CapturedFile, Little, make
from tests.site.conftest import EVERY_EXTENSION, HOSTILE_LINES, Watched
from tests.site.walk import blocks, slice_of

pytestmark = pytest.mark.slow

PLACES = (
    "CALL",
    "- CALL\n- CALL",
    "- a\n\n    - CALL\n\n        CALL",
    "1. a\n\n    CALL",
    "> CALL",
    "> - a\n>\n>     CALL",
    '!!! note "x"\n\n    CALL',
    '??? warning "x"\n\n    CALL\n\n    !!! tip\n\n        CALL',
    '=== "A"\n\n    CALL\n\n=== "B"\n\n    CALL',
    "| a | b |\n|---|---|\n| CALL | CALL |",
    "Term\n:   CALL",
    "Text[^NUMBER].\n\n[^NUMBER]: CALL",
    "<div markdown>\n\nCALL\n\n</div>",
    '<section markdown="block" class="x">\n\n- CALL\n\n</section>',
    "<details markdown><summary>x</summary>\n\nCALL\n\n</details>",
    "## Heading\nCALL\n",
    "*before* CALL **after**",
    "{% if true %}CALL{% endif %}",
    "{% for n in [1, 2] %}\n\nCALL\n\n{% endfor %}",
    "- [x] CALL",
    "CALL\n{: .odd }",
    "*[x]: NUMBER\n\nx CALL x",
    "$$\nNUMBER\n$$\n\nCALL",
    '--8<-- "gone"\n\nCALL',
)
"""Where an author can put a block: CALL is the call, NUMBER one that is unique on the page."""
EXACT = 12
"""How often each place is on a page."""


def page_of(pick: random.Random) -> str:
    """Return a page with every place, each time with other lines."""
    total = len(HOSTILE_LINES)
    parts = []
    for number in range(len(PLACES) * EXACT):
        start = pick.randint(1, total)
        call = f"{{{{ evidence('hostile.txt', lines='{start}:{pick.randint(start, total)}') }}}}"
        parts.append(PLACES[number % len(PLACES)].replace("CALL", call).replace("NUMBER", str(number)))
    text = "\n\n".join(parts)
    return f"# Places\n\n{text}\n"


@pytest.mark.parametrize("pages", [1, pytest.param(8, marks=pytest.mark.slow)])
def test_every_block_is_its_lines_in_every_place(browser: Browser, tmp_path: Path, pages: int) -> None:
    """Its DOM text equals the lines of the file; no dialog, no request, no error of a script."""
    little: Little = make(tmp_path / "project")
    extensions = "".join(f"  - {name}\n" for name in EVERY_EXTENSION if "snippets" not in name)
    config = (little.root / "mkdocs.yml").read_text()
    (little.root / "mkdocs.yml").write_text(f"{config}\nmarkdown_extensions:\n{extensions}")
    little.capture(CapturedFile("hostile.txt", "\n".join(HOSTILE_LINES).encode()))
    pick, asked = random.Random(25), 0  # noqa: S311 # a draw that can be repeated
    for number in range(pages):
        text = page_of(pick)
        asked += text.count("{{ evidence(")
        little.page(f"labs/lab12/task-{number}.md", text)
    built = little.build("--quiet")
    assert built.returncode == 0, built.stderr[-2000:]
    context = browser.new_context()
    watched = Watched(context.new_page(), little.site)
    seen = 0
    for number in range(pages):
        watched.page.goto((little.site / f"labs/lab12/task-{number}.html").as_uri())
        for path, lines, text in blocks(watched.page):
            assert text == slice_of(little.root / "evidence", path, lines), (path, lines)
            seen += 1
    context.close()
    assert seen >= asked
    assert watched.quiet, (watched.dialogs, watched.requests, watched.errors)
    print(f"{seen} blocks of {asked} calls in {len(PLACES)} kinds of places")  # noqa: T201 # a figure, with -s
