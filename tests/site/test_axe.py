"""axe-core finds nothing on any page, in both colour schemes, with everything folded and opened."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from tests.cli.conftest import Shell
from tests.project import REPO, Little, clean_environment, installed_environment
from tests.site.axe import findings, findings_of, load_axe, served, show_in, watched_by_axe

pytestmark = pytest.mark.slow

DOCS = REPO / "docs"
SOURCES = sorted(DOCS.rglob("*.md"), key=lambda path: ("labs" not in path.parts, path))
PAGES = ["404.html", "index.html", *(str(path.relative_to(DOCS).with_suffix(".html")) for path in SOURCES)]
"""The pages of this repository, those of labs first."""

DESKTOP: ViewportSize = {"width": 1280, "height": 2400}


@pytest.fixture(scope="module")
def axe_page(browser: Browser) -> Iterator[Page]:
    """Open one page for all tests, as high as the navigation: a target half out of sight is too small."""
    with watched_by_axe(browser, viewport=DESKTOP) as page:
        yield page


@pytest.fixture(scope="module")
def own(own_site: Path) -> Iterator[str]:
    """Serve the site of this repository."""
    with served(own_site) as address:
        yield address


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("path", dict.fromkeys(PAGES))
def test_every_page_of_this_repository(axe_page: Page, own: str, path: str) -> None:
    """All default rules, with none left out, and targets of 24 px."""
    assert findings_of(axe_page, f"{own}{path}") == []


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the site of `lab init` with a new lab whose evidence was not captured."""
    folder = tmp_path_factory.mktemp("student")
    root = folder / "labs"
    assert Shell(folder).lab("init", str(root), "--title", "Labs of a student").returncode == 0
    assert Shell(root).lab("new", "mine", "--title", "A lab").returncode == 0
    env = {**clean_environment(), **installed_environment(folder / "installed")}
    build = [sys.executable, "-m", "mkdocs", "build", "--quiet"]
    subprocess.run(
        build, cwd=root, env=env, capture_output=True, check=False
    )  # it fails: the page shows a gap
    with served(root / "site") as address:
        yield address


@pytest.mark.parametrize("path", ["labs/mine/task-1.html", "labs/mine/index.html", "index.html", "404.html"])
def test_pages_of_a_new_repository(axe_page: Page, student: str, path: str) -> None:
    """Pages of `lab init` and `lab new`, with their boxes for what was not captured."""
    assert findings_of(axe_page, f"{student}{path}") == []


LISTS = """# Lists

- [ ] not done
- [x] done, see [the front page](index.md)

| | a |
|---|:-:|
| x | y |

```python
# a comment
def function(argument: str = "text") -> int:
    return 1
```

??? note "Folded"

    Words with a [link](index.md) and a footnote.[^1]

[^1]: The note.
"""


def test_what_an_author_can_write(axe_page: Page, little: Little) -> None:
    """Task lists, tables without a corner, code with comments, footnotes, and a phone's width."""
    little.page("lists.md", LISTS)
    assert little.build().returncode == 0
    with served(little.site) as address:
        assert findings_of(axe_page, f"{address}lists.html") == []
        axe_page.set_viewport_size({"width": 390, "height": 844})
        assert findings_of(axe_page, f"{address}lists.html") == []
        axe_page.set_viewport_size(DESKTOP)


def test_axe_would_find_it(axe_page: Page, own: str) -> None:
    """Without a mend, and with a small target or pale text in one scheme, there are findings."""
    axe_page.goto(f"{own}index.html")
    load_axe(axe_page)
    axe_page.evaluate("() => document.querySelector('.md-search').removeAttribute('aria-label')")
    pale = (
        '<button style="width: 9px; height: 9px; padding: 0">i</button><button style="width: 9px">i</button>'
    )
    axe_page.evaluate(f"() => document.querySelector('article').insertAdjacentHTML('beforeend', `{pale}`)")
    axe_page.add_style_tag(content='[data-md-color-scheme="slate"] article p { color: #444 }')
    found = {tuple(one.split(": ")[:2]) for one in findings(axe_page)}
    for expected in (("default", "aria-dialog-name"), ("slate", "target-size"), ("slate", "color-contrast")):
        assert expected in found
    assert ("default", "color-contrast") not in found
    show_in(axe_page, "default")
