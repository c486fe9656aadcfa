"""After an edit of a kind that is rare, `mkdocs serve` shows what one that is started then shows."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.project import CapturedFile, Little
from tests.site.serving.served import Served, fresh, other_files

LATER = datetime(2026, 9, 9, 9, 9, 9, tzinfo=UTC)


def capture_again(little: Little) -> None:
    """Capture a file again at another time."""
    little.capture(CapturedFile("a/plain.txt", b"new bytes\ntwo\nthree\n"), start=LATER)


def forget_host(little: Little) -> None:
    """Remove what is known of the hosts."""
    for path in (little.root / "evidence/lab12/records").glob("host-*.json"):
        path.unlink()


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(
    "edits", [[capture_again], [forget_host]], ids=lambda edits: "-".join(edit.__name__ for edit in edits)
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
