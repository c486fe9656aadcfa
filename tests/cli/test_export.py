"""`lab export` by the end of the file's name."""

from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from tests.contract.images.made import saved
from tests.project import CapturedFile, Little, make


@pytest.fixture
def little(tmp_path: Path) -> Little:
    """Make a project with one task."""
    made = make(tmp_path / "project")
    made.capture(CapturedFile("a.txt", b"one\n"))
    made.page("labs/lab12/index.md", "# Lab\n")
    made.page("labs/lab12/task-1.md", '# Task 1\n\n{{ evidence("a.txt") }}\n')
    return made


@pytest.mark.slow
def test_the_name_of_the_file_says_the_form(little: Little, tmp_path: Path) -> None:
    """`.html` is one page, `.pdf` is printed, anything else is Markdown."""
    starts = {"x.html": b"<!doctype html>", "x.PDF": b"%PDF", "x.md": b"## Lab 12"}
    for name, start in starts.items():
        ended = Shell(little.root).lab("export", "lab12", "--to", str(tmp_path / name))
        assert ended.returncode == 0, ended.stderr
        assert (tmp_path / name).read_bytes().startswith(start), name


@pytest.mark.slow
def test_problems_end_an_export_with_findings(little: Little, tmp_path: Path) -> None:
    """The file is written, and shows the problem in its place."""
    little.page("labs/lab12/task-2.md", '# Task 2\n\n{{ evidence("gone.txt") }}\n')
    ended = Shell(little.root).lab("export", "lab12", "--to", str(tmp_path / "x.html"))
    assert ended.returncode == 1
    assert "gone.txt" in ended.stderr
    assert "ev-problem" in (tmp_path / "x.html").read_text()


def test_a_missing_engine_is_one_line(little: Little, tmp_path: Path) -> None:
    """Before anything is built; exit status 4."""
    ended = Shell(little.root).lab("export", "lab12", "--to", str(tmp_path / "x.pdf"), PATH=str(tmp_path))
    assert ended.returncode == 4
    assert "apt-get install chromium" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert not (tmp_path / "x.pdf").exists()


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(
    "link", ["x-files", "x-files/lab12", "x-files/lab12/shots", "x-files/lab12/shots/a.png"]
)
def test_no_link_of_a_clone_is_followed(little: Little, tmp_path: Path, link: str) -> None:
    """Files beside a report are written where they belong, or not at all."""
    little.capture(CapturedFile("shots/a.png", saved("PNG")))
    little.page("labs/lab12/task-1.md", '# Task 1\n\n{{ image("shots/a.png", alt="A red box") }}\n')
    away = tmp_path / "away"
    away.mkdir()
    if link.endswith(".png"):
        (away / "a.png").write_text("mine")
    (little.root / link).parent.mkdir(parents=True, exist_ok=True)
    (little.root / link).symlink_to(away / "a.png" if link.endswith(".png") else away)
    ended = Shell(little.root).lab("export", "lab12", "--full", "--to", "x.md")
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert [path.read_text() for path in away.rglob("*")] == (["mine"] if link.endswith(".png") else [])
