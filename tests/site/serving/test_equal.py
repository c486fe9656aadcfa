"""After any series of edits, `mkdocs serve` shows what one that is started then shows, byte for byte."""

import random
from pathlib import Path

import pytest

from tests.project import CapturedFile, Little
from tests.site.serving.edits import EDITS
from tests.site.serving.served import Served, fresh, other_files


@pytest.mark.parametrize(
    ("seed", "count"), [(1, 12), *(pytest.param(n, 60, marks=pytest.mark.slow) for n in range(2, 6))]
)
def test_edits_leave_what_a_new_start_shows(
    little: Little, served: Served, tmp_path: Path, seed: int, count: int
) -> None:
    """Edits drawn at random, compared now and then and at the end: files, and what is said of problems."""
    draw = random.Random(seed)  # noqa: S311 # no secret
    done: list[str] = []
    for number in range(count):
        for edit in draw.sample(EDITS, draw.choice([1, 1, 1, 2])):
            done.append(f"{edit.__name__}")
            edit(little, draw)
        log = served.after()
        if number % 12 == 11 or number == count - 1:
            files, said = fresh(little.root, tmp_path / f"fresh-{number}")
            assert not other_files(files, served.files()), done
            assert sorted(warnings(log)) == sorted(warnings(said)), done


def warnings(log: str) -> list[str]:
    """Return the lines about problems: those that name a file and a remedy, and mkdocs' about links."""
    return [line for line in log.splitlines() if line.startswith(("labs/", "evidence/", "docs/", "Doc file"))]


@pytest.mark.slow
def test_only_pages_that_show_a_change_are_made(little: Little, served: Served) -> None:
    """A page, evidence, facts.yml, rubric.yml and a record: each makes its own pages, and no others."""
    little.page("labs/lab12/task-1.md", little_text(little, "labs/lab12/task-1.md") + "\nMore words.\n")
    assert made(served) == ["labs/lab12/task-1.md"]
    (little.root / "evidence/lab12/a/plain.txt").write_bytes(b"altered\nlines\n")
    assert made(served) == ["labs/lab12/index.md", "labs/lab12/task-1.md"]  # the index has its hash
    facts = little.root / "docs/labs/lab12/facts.yml"
    facts.write_text(facts.read_text().replace("quantity runc", "quantity kata"))
    assert "labs/lab12/task-2.md" in made(served)
    facts.write_text(facts.read_text() + "\n# a comment\n")
    assert made(served) == []
    little.capture(CapturedFile("a/other.txt", b"never shown\n"))
    assert made(served) == ["index.md", "hosts.md", "labs/lab12/index.md"]  # they count files


@pytest.mark.slow
def test_the_backup_of_an_editor_is_never_shown(little: Little, served: Served) -> None:
    """Nor when it is saved again after a complete build has seen it."""
    backup = little.page("labs/lab12/task-1.md~", "old")
    little.page("labs/lab12/task-9.md", "# Task 9\n")
    assert "Documentation built" in served.after()
    backup.write_text("older")
    assert made(served) == []
    assert "labs/lab12/task-1.md~" not in served.files()


def little_text(little: Little, path: str) -> str:
    """Return the text of a page."""
    return (little.root / "docs" / path).read_text()


def made(served: Served) -> list[str]:
    """Return the pages that are different after a change; fail if all were made."""
    line = served.after().splitlines()[-1]
    assert line.startswith("Made anew"), line
    pages = line.partition("seconds: ")[2]
    return [] if pages == "nothing" else pages.split(", ")
