"""Captions, references and links to lines, as a site has them and as Chromium shows them."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.project import CapturedFile, Little, make
from tests.report.series.planted import planted

LINES = "".join(f"line {number} <b>\n" for number in range(1, 41))
PAGE = """# Page

The shim: {{ ref("starts") }}, {{ ref("hosts") }}, [lines](#deep-long-L18-L20),
[other](task-1.md#deep-long-L2), [source](https://example.org/).

{{ chart("s.csv", kind="strip", name="starts", caption="Starts <script>alert('caption')</script>") }}

=== "First"

    Nothing.

=== "Second"

    {{ evidence("deep/long.txt") }}

{{ host(caption="Hosts", name="hosts") }}

{{ coverage(caption="Coverage") }}

{{ difference("deep/long.txt", "deep/other.txt", caption="Both") }}

{{ comparison("s.csv", caption="In numbers") }}
"""
TASK = '# Task\n\n{{ evidence("deep/long.txt", lines="2:3") }}\n'
HIGHLIGHT = "() => [...(CSS.highlights.get('ev-lines') ?? [])].map(range => range.toString())"


@pytest.fixture(scope="module")
def little(tmp_path_factory: pytest.TempPathFactory) -> Little:
    """Build a site whose pages have all of it."""
    made = make(tmp_path_factory.mktemp("captions") / "project")
    made.capture(CapturedFile("s.csv", planted("same").encode()))
    made.capture(CapturedFile("deep/long.txt", LINES.encode()))
    made.capture(CapturedFile("deep/other.txt", b"other\n"))
    made.page("labs/lab12/glossary.yml", "shim: A process.\nline: Never in evidence.\n")
    made.page("labs/lab12/index.md", PAGE)
    made.page("labs/lab12/task-1.md", TASK)
    built = made.build()
    assert built.returncode == 0, built.stderr
    return made


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Return a page of a browser that fails the test at an alert."""
    context = browser.new_context(viewport={"width": 1000, "height": 700})
    opened = context.new_page()
    opened.on("dialog", lambda dialog: pytest.fail(dialog.message))
    yield opened
    context.close()


def address(little: Little, anchor: str) -> str:
    """Return the address of an anchor of the page."""
    return f"{(little.site / 'labs/lab12/index.html').as_uri()}#{anchor}"


@pytest.mark.slow
def test_captions_have_numbers_and_permalinks(little: Little, page: Page) -> None:
    """Figures and tables are counted apart. Each caption links to itself, and each reference to a caption."""
    page.goto(address(little, ""))
    captions = page.locator("figcaption").all_text_contents()
    assert [re.match(r"\w+ \d+", caption)[0] for caption in captions] == [  # type: ignore[index] # each has one
        "Figure 1", "Table 1", "Table 2", "Table 3", "Table 4",
    ]  # fmt: skip
    assert "<script>alert('caption')</script>" in captions[0]
    links = page.locator("figcaption .headerlink").evaluate_all("all => all.map(one => one.hash)")
    assert links == ["#figure-starts", "#table-hosts", "#table-2", "#table-3", "#table-4"]
    assert all(page.locator(link).count() == 1 for link in links)
    assert page.locator('a[href="#figure-starts"]').first.inner_text() == "Figure\u00a01"
    assert page.locator('a[href="#table-hosts"]').first.inner_text() == "Table\u00a01"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("anchor", "lines"),
    [("deep-long-L18-L20", (18, 20)), ("deep-long-L14-L16", (14, 16)), ("deep-long-L40", (40, 40)),
     ("deep-long-L1", (1, 1))],
)  # fmt: skip
def test_an_address_of_lines_shows_them(
    little: Little, page: Page, anchor: str, lines: tuple[int, int]
) -> None:
    """They are in a tab and folded: both open, and exactly these lines are highlighted and in sight."""
    page.goto(address(little, anchor))
    page.wait_for_function("() => CSS.highlights.has('ev-lines')")
    expected = "".join(LINES.splitlines(keepends=True)[lines[0] - 1 : lines[1]])
    assert "".join(page.evaluate(HIGHLIGHT)) == expected
    top = page.evaluate("() => [...CSS.highlights.get('ev-lines')][0].getBoundingClientRect().top")
    assert 0 < top < 700
    shown = page.locator("#deep-long code[data-lines]").evaluate_all("all => all.map(one => one.textContent)")
    assert "".join(shown) == LINES


@pytest.mark.slow
@pytest.mark.parametrize(
    "anchor", ["deep-long-L41", "deep-long-L0", "nothing-L1", "page-L1", "deep-long", "-L1"]
)
def test_an_address_of_no_lines_highlights_nothing(little: Little, page: Page, anchor: str) -> None:
    """It is no error either."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address(little, anchor))
    page.wait_for_load_state("load")
    assert page.evaluate(HIGHLIGHT) == []
    assert errors == []


@pytest.mark.slow
def test_selected_lines_offer_a_link(little: Little, page: Page) -> None:
    """A click on it highlights the lines and changes the address."""
    page.goto(address(little, "deep-long-L2"))
    page.wait_for_function("() => CSS.highlights.has('ev-lines')")
    page.evaluate(
        "() => { const parts = [...document.querySelectorAll('#deep-long code[data-lines]')];"
        " const of = (word) => parts.map((part) => part.firstChild).find((text) => text.data.includes(word));"
        " const [four, six] = [of('line 4'), of('line 6')];"
        " const [begin, end] = [four.data.indexOf('line 4'), six.data.indexOf('line 6') + 2];"
        " getSelection().setBaseAndExtent(four, begin, six, end); }"
    )
    link = page.locator("#deep-long .ev-to-lines")
    assert link.inner_text() == "lines 4–6"  # noqa: RUF001 # a range
    link.click()
    page.wait_for_function("() => location.hash === '#deep-long-L4-L6'")
    assert page.evaluate(HIGHLIGHT) == ["".join(LINES.splitlines(keepends=True)[3:6])]


@pytest.mark.slow
def test_without_scripts_the_address_of_a_block_works(browser: Browser, little: Little) -> None:
    """So does that of a figure."""
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1000, "height": 300})
    page = context.new_page()
    page.goto((little.site / "labs/lab12/task-1.html").as_uri() + "#deep-long")
    assert page.locator(".ev:target").count() == 1
    page.goto(address(little, "table-4"))
    assert page.locator("figure:target").count() == 1
    context.close()


@pytest.mark.slow
def test_a_block_links_to_its_raw_file(little: Little, page: Page) -> None:
    """The link is in sight, and the file is the evidence."""
    page.goto((little.site / "labs/lab12/task-1.html").as_uri())
    link = page.locator("#deep-long .ev-links a", has_text="raw")
    assert link.is_visible()
    target = Path(little.site / "labs/lab12" / str(link.get_attribute("href"))).resolve()
    assert target.read_text() == LINES
    assert page.locator(".ev-links a", has_text="git").count() == 0


@pytest.mark.slow
def test_a_term_is_explained_and_evidence_is_not_touched(little: Little, page: Page) -> None:
    """Links to other sites give them no handle."""
    page.goto(address(little, ""))
    terms = page.locator("abbr").evaluate_all("all => all.map(one => [one.textContent, one.title])")
    assert ["shim", "A process."] in terms
    assert page.locator("[data-evidence] abbr, .ev abbr, figure abbr").count() == 0
    assert page.locator('a[href="https://example.org/"]').get_attribute("rel") == "noopener"


@pytest.mark.slow
@pytest.mark.parametrize(
    "anchor", ["#deep-long-L41", "#deep-long-L5-L4", "#figure-2", "task-1.md#deep-long-L4"]
)
def test_a_link_to_lines_that_are_not_shown_is_a_problem(tmp_path: Path, anchor: str) -> None:
    """A build fails, and lab check names page and line."""
    little = make(tmp_path / "project")
    little.capture(CapturedFile("deep/long.txt", LINES.encode()))
    little.page("labs/lab12/task-1.md", TASK)
    page = f'# Page\n\n{{{{ evidence("deep/long.txt") }}}}\n\n[right](#deep-long-L40) [wrong]({anchor})\n'
    little.page("labs/lab12/index.md", page)
    built = little.build()
    assert built.returncode == 1
    assert anchor in built.stderr
    assert "deep-long-L40" not in built.stderr
    found = [one for one in little.check(date(2026, 1, 1), links=True).findings if one.kind == "link"]
    assert [(one.file, one.line) for one in found] == [("docs/labs/lab12/index.md", 5)]
