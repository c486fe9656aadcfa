"""Notes about what a capture used."""

from labreport.contract.records import InstalledArchive
from labreport.report.tables.runs import archive_note


def test_an_archive_that_is_not_the_pinned_one() -> None:
    """The note names both hashes and where the file came from. The pinned one needs none."""
    pinned, other = "1" * 64, "2" * 64
    used = InstalledArchive(
        url="", pinned=pinned, sha256=pinned, is_pinned=True, source="the address in lab.yml"
    )
    assert archive_note(used) == ""
    used = InstalledArchive(
        url="", pinned=pinned, sha256=other, is_pinned=False, source="a local file (KATA_ARCHIVE)"
    )
    assert archive_note(used) == f"SHA-256 {other} (a local file (KATA_ARCHIVE)), {pinned} is pinned"
