"""A page at which mkdocs fails does not end `mkdocs serve`, nor hide the other pages."""

from pathlib import Path

import pytest

from tests.project import make
from tests.site.serving.served import Served

DEEP = f"# Task 1\n\n{'- ' * 1000}deep\n"
SNIPPETS = """markdown_extensions:
  - pymdownx.snippets:
      base_path: [!relative $docs_dir/parts]
      check_paths: true
extra:
"""
HOOK = """from pathlib import Path


def on_page_markdown(markdown, page, **_rest):
    if page.file.src_uri == "labs/lab12/task-1.md" and Path(__file__).with_name("fail").exists():
        raise KeyError("the hook's own")
    return markdown
"""


@pytest.mark.slow
def test_other_pages_are_shown_beside_a_broken_one(tmp_path: Path) -> None:
    """The page shows what is wrong, twice in other words; mended, it is shown again."""
    little = make(tmp_path / "project")
    little.page("labs/lab12/task-1.md", "# Task 1\n\nWords.\n")
    served = Served(little.root, tmp_path / "served")
    try:
        for more in ("", "\nMore.\n"):
            little.page("labs/lab12/task-1.md", DEEP + more)
            assert "task-1.md:1: something is nested too deeply" in served.after()
            files = served.files()
            assert b"Line 1: something is nested too deeply" in files["labs/lab12/task-1.html"]
            assert b"A page without evidence." in files["index.html"]
        little.page("labs/lab12/task-1.md", "# Task 1\n\nMended.\n")
        assert "nested" not in served.after()
        assert b"<p>Mended.</p>" in served.files()["labs/lab12/task-1.html"]
    finally:
        served.end()


@pytest.mark.slow
def test_a_page_whose_reason_is_elsewhere_is_tried_again(tmp_path: Path) -> None:
    """A snippet is missing, while another page is saved too; then it is there."""
    little = make(tmp_path / "project")
    page = little.page("labs/lab12/task-1.md", "# Task 1\n\nWords.\n")
    settings = little.root / "mkdocs.yml"
    settings.write_text(settings.read_text().replace("extra:\n", SNIPPETS, 1))
    served = Served(little.root, tmp_path / "served")
    try:
        page.write_text('# Task 1\n\n--8<-- "part.md"\n')
        for words in ("One.", "Two."):
            little.page("index.md", f"# Start\n\n{words}\n")
            assert "failed" not in served.after()
            files = served.files()
            assert b"part.md" in files["labs/lab12/task-1.html"]
            assert f"<p>{words}</p>".encode() in files["index.html"]
        little.page("parts/part.md", "The part.\n")
        served.after()
        assert b"<p>The part.</p>" in served.files()["labs/lab12/task-1.html"]
    finally:
        served.end()


@pytest.mark.slow
def test_a_page_that_nothing_can_stand_in_for_ends_the_build(tmp_path: Path) -> None:
    """A hook of the project fails at the page, whatever it says: it is not tried again and again."""
    little = make(tmp_path / "project")
    page = little.page("labs/lab12/task-1.md", "# Task 1\n\nWords.\n")
    (little.root / "failing.py").write_text(HOOK)
    settings = little.root / "mkdocs.yml"
    settings.write_text(settings.read_text().replace("hooks:\n", "hooks:\n  - failing.py\n"))
    served = Served(little.root, tmp_path / "served")
    try:
        page.write_text("# Task 1\n\nfail\n")
        (little.root / "fail").touch()
        assert "failed: docs/labs/lab12/task-1.md: " in served.after()
        (little.root / "fail").unlink()
        page.write_text("# Task 1\n\nMended.\n")
        assert "failed" not in served.after()
    finally:
        served.end()
