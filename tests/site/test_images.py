"""Images of the evidence on a page: verified, described and in their place, in Chromium and exported."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from labreport.contract.images.embedded import orientation_alone
from labreport.site.one_page import one_page
from tests.contract.images.made import saved, with_metadata
from tests.project import CapturedFile, Little, make
from tests.site.axe import findings_of, served, watched_by_axe

ALT = '"><script>alert(1)</script> a red <b>box</b>'
WIDE = saved("PNG", "RGB")
PAGE = f"""# Page

{{{{ ref("wide") }}}} is wide.

{{{{ image("shots/wide.png", alt={ALT!r}, caption="A <i>wide</i> one", name="wide") }}}}

- In a list:

    {{{{ image("shots/tall.webp", alt="A tall one") }}}}

{{{{ image("shots/turned.jpg", alt="A turned one") }}}}

[A link](#shots-tall-webp)
"""
BAD = """# Bad

{{ image("shots/wide.png") }}

{{ image("bad/named.jpg", alt="It names somebody") }}

{{ evidence("bad/named.jpg") }}
"""


@pytest.fixture(scope="module")
def little(tmp_path_factory: pytest.TempPathFactory) -> Little:
    """Build a site with three images."""
    made = make(tmp_path_factory.mktemp("images") / "project")
    made.capture(CapturedFile("shots/wide.png", WIDE, (("chromium", "--screenshot=shots/wide.png"),)))
    made.capture(CapturedFile("shots/tall.webp", saved("WEBP")))
    turned = saved("JPEG", exif=b"Exif\0\0" + orientation_alone(6))
    made.capture(CapturedFile("shots/turned.jpg", turned))
    made.page("labs/lab12/index.md", PAGE)
    built = made.build()
    assert built.returncode == 0, built.stderr
    return made


@pytest.mark.slow
def test_an_image_has_its_size_its_words_and_its_file(little: Little) -> None:
    """Width and height are those that are shown, the words are text, and the link leads to the file."""
    page = (little.site / "labs/lab12/index.html").read_text()
    tags = re.findall(
        r'<a class="ev-shot" href="([^"]*)"><img src="([^"]*)" alt="([^"]*)" width="(\d+)" height="(\d+)"',
        page,
    )
    assert [(one[0] == one[1], one[3], one[4]) for one in tags] == [
        (True, "60", "40"),
        (True, "60", "40"),
        (True, "40", "60"),
    ]
    assert "<script>alert(1)" not in page
    assert tags[0][2] == "&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt; a red &lt;b&gt;box&lt;/b&gt;"
    assert (little.site / "labs/lab12" / tags[0][0]).resolve().read_bytes() == WIDE
    assert "PNG, 60 x 40 pixels" in page
    assert "<dt>Made by</dt><dd><code>chromium --screenshot=shots/wide.png</code>" in page


@pytest.mark.slow
def test_chromium_shows_it_in_its_place(little: Little, browser: Browser) -> None:
    """On a phone nothing is wider than the screen; every image is decoded, and turned as EXIF says."""
    context = browser.new_context(viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.goto((little.site / "labs/lab12/index.html").as_uri())
    shown = page.locator(".ev-image img").evaluate_all(
        "all => all.map(one => [one.complete, one.naturalWidth, one.naturalHeight, one.width, one.height])"
    )
    assert shown == [[True, 60, 40, 60, 40], [True, 60, 40, 60, 40], [True, 40, 60, 40, 60]]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    names = page.locator(".ev-shot").evaluate_all("all => all.map(one => one.textContent.trim())")
    assert names == ["(opens the file)"] * 3
    page.locator(".ev-shot").first.click()
    assert page.url.endswith("evidence/lab12/shots/wide.png")
    context.close()


@pytest.mark.slow
def test_axe_finds_nothing(little: Little, browser: Browser) -> None:
    """Words, captions and links of images, in both colour schemes and on a phone."""
    with served(little.site) as address, watched_by_axe(browser) as page:
        assert findings_of(page, f"{address}labs/lab12/index.html") == []
        page.set_viewport_size({"width": 390, "height": 844})
        assert findings_of(page, f"{address}labs/lab12/index.html") == []


@pytest.mark.slow
def test_one_page_holds_the_images(little: Little) -> None:
    """The exported page loads nothing: its images are in it, with their size and words."""
    html = one_page(little.root, "lab12").html
    assert re.findall(r"data:(image/\w+);base64", html) == ["image/png", "image/webp", "image/jpeg"]
    assert 'width="40" height="60"' in html


@pytest.mark.slow
def test_an_image_with_metadata_ends_the_build(tmp_path: Path) -> None:
    """It is named, never linked as an image, and published as text; without words it is a problem, too."""
    made = make(tmp_path / "project")
    made.capture(CapturedFile("shots/wide.png", WIDE))
    made.capture(CapturedFile("bad/named.jpg", with_metadata("JPEG")))
    made.page("labs/lab12/index.md", BAD)
    built = made.build()
    assert built.returncode == 1
    for words in ("not to be shown: has metadata", "shots/wide.png has no alternative text"):
        assert words in built.stderr
    assert not (made.site / "evidence/lab12/bad/named.jpg").exists()
    assert (made.site / "evidence/lab12/bad/named.jpg.txt").exists()
    assert "<img src" not in (made.site / "labs/lab12/index.html").read_text().split("</header>")[-1]
