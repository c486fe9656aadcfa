"""Where nobody knows what a page rests on, each change makes all pages, and serve says why."""

from pathlib import Path

import pytest

from tests.project import make
from tests.site.serving.served import Served

EXTENSION = "markdown_extensions:\n  - pymdownx.snippets\n"
TEMPLATES = "  custom_dir: own\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "more", "why"),
    [
        ("extra:\n", EXTENSION, "the Markdown extension pymdownx.snippets may read any file"),
        ("  language: en\n", TEMPLATES, "the theme's templates are the project's own"),
    ],
)
def test_all_pages_are_made_where_pages_may_rest_on_anything(
    tmp_path: Path, before: str, more: str, why: str
) -> None:
    """A Markdown extension that reads files, and templates of the project; `more` goes `before` a line."""
    little = make(tmp_path / "project")
    (little.root / "own").mkdir()
    path = little.root / "mkdocs.yml"
    path.write_text(path.read_text().replace(before, more + before, 1))
    served = Served(little.root, tmp_path / "served")
    try:
        assert f"each change makes all pages anew: {why}" in served.first
        little.page("index.md", "# Start\n\nOther words.\n")
        assert "Documentation built" in served.after()
    finally:
        served.end()
