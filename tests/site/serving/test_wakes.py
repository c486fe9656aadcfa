"""What wakes a real `mkdocs serve`: all that a site is made from, also what comes after the start."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.project import CapturedFile, Little, clean_environment, make

PATIENCE = 30.0
PAGE = "labs/lab12/task-1.html"
MAIN = '{{% extends "base.html" %}}{{% block announce %}}{}{{% endblock %}}'


class Running:
    """A `mkdocs serve` of a project, the folder of its site, and its log."""

    def __init__(self, little: Little, *args: str) -> None:
        folder = little.root.parent / "served"
        folder.mkdir()
        self._folder, self._log = folder, folder / "log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mkdocs", "serve", "-a", "127.0.0.1:0", *args],
                cwd=little.root,
                env={**clean_environment(), "TMPDIR": str(folder)},
                stdout=log,
                stderr=log,
            )
        self.logs("Serving on")

    def logs(self, text: str, times: int = 1) -> None:
        """Wait until the log has `text` so often."""
        self._wait(lambda: self._log.read_text().count(text) >= times, text)

    def shows(self, text: str, page: str = PAGE) -> None:
        """Wait until a page has `text`."""
        self._wait(
            lambda: any(text in path.read_text() for path in self._folder.glob(f"mkdocs_*/{page}")), text
        )

    def _wait(self, is_so: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + PATIENCE
        while not is_so():
            assert self.process.poll() is None, self._log.read_text()
            assert time.monotonic() < end, f"{what!r} did not come: {self._log.read_text()}"
            time.sleep(0.05)


@contextmanager
def running(little: Little, *args: str) -> Iterator[Running]:
    """Serve a project for the time of a `with`."""
    serving = Running(little, *args)
    try:
        yield serving
    finally:
        serving.process.terminate()
        serving.process.wait(timeout=10)


@pytest.fixture
def little(tmp_path: Path) -> Little:
    """Make a project with a page that shows a file of evidence."""
    made = make(tmp_path / "project")
    made.capture(CapturedFile("a/b.txt", b"first\n"))
    made.page("labs/lab12/task-1.md", '# Task 1\n\n{{ evidence("a/b.txt") }}\n')
    return made


def set_up(little: Little, line: str, more: str) -> None:
    """Put lines into mkdocs.yml before one that it has."""
    path = little.root / "mkdocs.yml"
    path.write_text(path.read_text().replace(line, more + line, 1))


@pytest.mark.slow
def test_evidence_that_comes_goes_and_comes_again(little: Little) -> None:
    """Its folder is made after the start, filled, taken away, and made again."""
    evidence, away = little.root / "evidence", little.root.parent / "away"
    evidence.rename(away)
    with running(little) as serving:
        for text in ("second", "third"):
            little.capture(CapturedFile("a/b.txt", f"{text}\n".encode()))
            serving.shows(text)
        evidence.rename(little.root / "other")
        serving.shows("nothing was captured yet")
        away.rename(evidence)
        serving.shows("first")
        little.capture(CapturedFile("a/b.txt", b"fourth\n"))
        serving.shows("fourth")


@pytest.mark.slow
def test_collectors_that_come(little: Little) -> None:
    """The code of a lab is written after the start, then changed."""
    (little.root / "collectors").unlink()
    with running(little) as serving:
        for count in (1, 2):
            (little.root / "collectors/lab12").mkdir(parents=True, exist_ok=True)
            (little.root / "collectors/lab12/lab.yml").write_text(f"# {count}\n")
            serving.logs("Documentation built", 1 + count)


@pytest.mark.slow
def test_clean_follows_evidence(little: Little) -> None:
    """With --clean, each change makes all pages, as mkdocs says."""
    with running(little, "--clean") as serving:
        for text in ("second", "third"):
            little.capture(CapturedFile("a/b.txt", f"{text}\n".encode()))
            serving.shows(text)


@pytest.mark.slow
def test_a_linked_folder_of_pages(little: Little) -> None:
    """What it leads to is watched; two links to one folder are two pages each."""
    shared = little.root / "shared"
    shared.mkdir()
    (shared / "page.md").write_text("# Page\n\nFirst.\n")
    for name in ("one", "two"):
        (little.root / "docs" / name).symlink_to("../shared")
    with running(little) as serving:
        (shared / "page.md").write_text("# Page\n\nSecond.\n")
        for name in ("one", "two"):
            serving.shows("<p>Second.</p>", f"{name}/page.html")


@pytest.mark.slow
def test_the_theme_with_watch_theme(little: Little) -> None:
    """A template of the project's own is another."""
    set_up(little, "  language: en\n", "  custom_dir: own\n")
    template = little.root / "own/main.html"
    template.parent.mkdir()
    template.write_text(MAIN.format("first words"))
    with running(little, "--watch-theme") as serving:
        template.write_text(MAIN.format("second words"))
        serving.shows("second words")


@pytest.mark.slow
def test_what_mkdocs_yml_watches(little: Little) -> None:
    """Nobody but the project knows what a file below `watch:` is for: each change makes all pages."""
    set_up(little, "extra:\n", "watch: [data]\n")
    (little.root / "data").mkdir()
    with running(little) as serving:
        (little.root / "data/table.csv").write_text("1")
        serving.logs("Documentation built", 2)


@pytest.mark.slow
def test_settings_that_are_inherited(little: Little) -> None:
    """mkdocs.yml inherits from a file, and that from another."""
    (little.root / "base.yml").write_text("INHERIT: more/last.yml\n")
    (little.root / "more").mkdir()
    last = little.root / "more/last.yml"
    last.write_text("copyright: First\n")
    set_up(little, "extra:\n", "INHERIT: base.yml\n")
    with running(little) as serving:
        serving.shows("First")
        last.write_text("copyright: Second\n")
        serving.shows("Second")


@pytest.mark.slow
def test_a_commit(little: Little) -> None:
    """Its link is on the page when git has it, without another change."""
    set_up(little, "extra:\n", "repo_url: https://example.org/one\n")

    def git(*words: str) -> None:
        who = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *who, *words], cwd=little.root, check=True, capture_output=True)

    git("init", "--quiet")
    git("commit", "--quiet", "--allow-empty", "-m", "Begin")
    with running(little) as serving:
        git("add", "evidence")
        git("commit", "--quiet", "-m", "Keep evidence")
        serving.shows("a/b.txt at commit")
