"""The site of this repository: each block equals its lines."""

import html
import re
from pathlib import Path

import pytest
import yaml

from tests.project import REPO
from tests.site.walk import slice_of

pytestmark = pytest.mark.slow

BLOCK = re.compile(
    r'<code data-evidence="([^"]*)" data-lines="([0-9]+:[0-9]+)"(?: [^>]*)?>(.*?)</code>', re.DOTALL
)
REQUIREMENT = re.compile(r'<tr><td>[0-9]{4}, [^<]*</td><td>(?:<a href="([^"#]*)#?([^"]*)">)?')


def test_every_block_of_the_built_site_equals_its_slice(own_site: Path) -> None:
    """Blocks are exact after a bare `mkdocs build`."""
    found = [
        (path, lines, html.unescape(text))
        for page in own_site.rglob("*.html")
        for path, lines, text in BLOCK.findall(page.read_text())
    ]
    assert found
    for path, lines, text in found:
        assert text == slice_of(REPO / "evidence", html.unescape(path), lines), (path, lines)


def test_each_requirement_of_a_sheet_is_two_clicks_away(own_site: Path) -> None:
    """From the front page to the lab, and from there to the section that answers the requirement."""
    front = (own_site / "index.html").read_text()
    for rubric in (REPO / "docs" / "labs").glob("*/rubric.yml"):
        lab = f"labs/{rubric.parent.name}"
        assert f'href="{lab}/index.html"' in front
        rows = REQUIREMENT.findall((own_site / lab / "index.html").read_text())
        assert len(rows) == sum(map(len, yaml.safe_load(rubric.read_text()).values()))
        for page, anchor in rows:
            answer = (own_site / lab / page).read_text()
            assert not anchor or f'id="{anchor}"' in answer, (page, anchor)
