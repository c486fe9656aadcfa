"""`Show a screenshot`: the collector and the page of the guide, in a project that `lab init` makes."""

import re
import shutil
from pathlib import Path

import pytest

from labreport.contract.images import clean_image
from tests.labs.lesson import FENCE, Reader, reader
from tests.project import REPO

GUIDE = REPO / "docs" / "manual" / "how-to" / "images.md"
BLOCKS = FENCE.findall(GUIDE.read_text().replace("{% raw %}\n", "").replace("{% endraw %}\n", ""))
PNG = "evidence/web/shots/front.png"


def block(language: str) -> tuple[str, str]:
    """Return the path and the text of the first block in a language."""
    return next((path, text) for found, path, text in BLOCKS if found == language)


def made(someone: Reader) -> Path:
    """Return a project whose lab has the collector and the page of the guide."""
    project = someone.sh("lab init labs\ncd labs\nlab new web\n", someone.folder)
    path, text = block("python")
    (project / path).write_text(text)
    with (project / "docs/labs/web/task-1.md").open("a") as page:
        page.write(f"\n## The front page\n\n{block('markdown')[1]}")
    return project


@pytest.mark.slow
def test_the_guide_shows_a_screenshot(tmp_path: Path) -> None:
    """It is captured, verified, checked, shown with its size, and exported in every form."""
    if shutil.which("chromium") is None:
        pytest.skip("not here: chromium")
    someone = reader(tmp_path)
    project = made(someone)
    for command in ("lab collect", "lab verify", "lab check", "mkdocs build -q"):
        someone.sh(command, project)
    data = (project / PNG).read_bytes()
    image = clean_image("front.png", data)
    assert (image.width, image.height) == (1280, 800)
    assert (project / "site" / PNG).read_bytes() == data
    page = (project / "site/labs/web/task-1.html").read_text()
    tag = re.search(r"<img [^>]*evidence/web/shots/front\.png[^>]*>", page)
    assert tag is not None
    assert 'alt="A list of files, one a line" width="1280" height="800"' in tag[0]
    assert "--screenshot=shots/front.png" in page
    for name in ("report.md", "report.html", "report.pdf"):
        someone.sh(f"lab export web --full --to {name}", project)
    assert (project / "report-files/web/shots/front.png").read_bytes() == data
    assert "](report-files/web/shots/front.png)" in (project / "report.md").read_text()
    assert "data:image/png;base64," in (project / "report.html").read_text()
    assert (project / "report.pdf").read_bytes().count(b"/Subtype /Image") == 1
    someone.sh("lab check report.md --evidence evidence/web", project)


def test_the_guide_names_the_limits_that_hold() -> None:
    """Its table of messages has the numbers of the code."""
    from labreport.contract.fields import MAX_BYTES  # noqa: PLC0415
    from labreport.contract.images import MAX_PIXELS, MAX_SIDE  # noqa: PLC0415

    text = GUIDE.read_text()
    assert f"at most {MAX_SIDE} on a side and {MAX_PIXELS} in all" in text
    assert f"bytes, at most {MAX_BYTES}" in text
