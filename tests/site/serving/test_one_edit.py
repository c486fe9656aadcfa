"""After an edit of a kind that is rare, `mkdocs serve` shows what one that is started then shows."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.project import CapturedFile, Little
from tests.site.serving.served import Served, fresh, other_files

TITLE = """A sentence{: title="{{ fact('runc') }}" }"""
LATER = datetime(2026, 9, 9, 9, 9, 9, tzinfo=UTC)


def capture_again(little: Little) -> None:
    """Capture a file again at another time."""
    little.capture(CapturedFile("a/plain.txt", b"new bytes\ntwo\nthree\n"), start=LATER)


def forget_host(little: Little) -> None:
    """Remove what is known of the hosts."""
    for path in (little.root / "evidence/lab12/records").glob("host-*.json"):
        path.unlink()


def move_folder(little: Little) -> None:
    """Give a folder of evidence another name."""
    (little.root / "evidence/lab12/a").rename(little.root / "evidence/lab12/b")


def link_folder(little: Little) -> None:
    """Put a link where the folder was."""
    (little.root / "evidence/lab12/a").symlink_to("b")


def link_records(little: Little) -> None:
    """Put a link in the place of the folder of the records."""
    records = little.root / "evidence/lab12/records"
    records.rename(records.with_name("b"))
    records.symlink_to("b")


def page_of_another_lab(little: Little) -> None:
    """Write a page of a lab that has no evidence."""
    little.page("labs/lab14/index.md", '# Lab 14\n\n{{ evidence("a/plain.txt") }}\n')


def link_lab(little: Little) -> None:
    """Put a link where a page expects the evidence of a lab that has none."""
    (little.root / "evidence/lab14").symlink_to("lab12")


def publish_yaml(little: Little) -> None:
    """Let mkdocs.yml publish two files of a lab that are left out by default."""
    path = little.root / "mkdocs.yml"
    path.write_text(f"{path.read_text()}\nexclude_docs: |\n  !rubric.yml\n  !references.yml\n")


def save_and_add_yaml(little: Little) -> None:
    """Save one of them, and add the other."""
    path = little.root / "docs/labs/lab12/rubric.yml"
    path.write_text(f"{path.read_text()}# More.\n")
    little.page("labs/lab12/references.yml", "# None yet.\n")


def save_yaml(little: Little) -> None:
    """Save the one that was added."""
    little.page("labs/lab12/references.yml", "# Still none.\n")


def heading_with_values(little: Little) -> None:
    """Write what is a problem: a value, and a block, in headings."""
    headings = "# It took {{ fact('runc') }}", "## From {{ evidence('a/plain.txt') }} on", TITLE
    little.page("labs/lab12/task-2.md", "\n\n".join(headings))


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(
    "edits",
    [
        [capture_again],
        [forget_host],
        [move_folder, link_folder],
        [link_records],
        [page_of_another_lab, link_lab],
        [heading_with_values],
        [publish_yaml, save_and_add_yaml, save_yaml],
    ],
    ids=lambda edits: "-".join(edit.__name__ for edit in edits),
)
def test_an_edit_leaves_what_a_new_start_shows(
    little: Little, served: Served, tmp_path: Path, edits: list[Callable[[Little], None]]
) -> None:
    """Each file of the site is the same, byte for byte, after each of the edits is built."""
    for edit in edits:
        edit(little)
        served.after()
    files, _log = fresh(little.root, tmp_path / "fresh")
    assert not other_files(files, served.files())
