"""The site of this repository: each block equals its lines."""

import html
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project import REPO, clean_environment
from tests.site.walk import slice_of

BLOCK = re.compile(r'<code data-evidence="([^"]*)" data-lines="([0-9]+:[0-9]+)">(.*?)</code>', re.DOTALL)


def test_every_block_of_the_built_site_equals_its_slice(tmp_path: Path) -> None:
    """Blocks are exact after a bare `mkdocs build`, even if the build reports problems."""
    if not (REPO / "docs" / "index.md").is_file() or not any((REPO / "evidence").glob("*/records/*.json")):
        pytest.skip("the repo has no pages or no evidence yet")
    site = tmp_path / "site"
    subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(site)],
        cwd=REPO,
        env=clean_environment(),
        capture_output=True,
        check=False,
    )
    found = [
        (path, lines, html.unescape(text))
        for page in site.rglob("*.html")
        for path, lines, text in BLOCK.findall(page.read_text())
    ]
    assert found
    for path, lines, text in found:
        assert text == slice_of(REPO / "evidence", html.unescape(path), lines), (path, lines)
