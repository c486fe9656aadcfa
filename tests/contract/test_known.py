"""What is known of a set is not read again until it is forgotten."""

from pathlib import Path

import pytest

from labreport.contract.folder import opened
from labreport.contract.known import Known
from labreport.contract.reader import RecordError
from labreport.contract.verify import Integrity, difference, verify_set
from tests.contract.images.made import saved, with_metadata
from tests.project import CapturedFile, Little


@pytest.fixture
def little(tmp_path: Path) -> Little:
    """Make a set with one file."""
    made = Little(tmp_path)
    made.capture(CapturedFile("a/b.txt", b"one\ntwo\n"))
    return made


def test_a_file_is_compared_again_when_it_is_forgotten(little: Little) -> None:
    """The comparison with a record is kept, and so is the record."""
    path, known = little.root / "evidence/lab12", Known()
    file = known.record(path, "a-b.txt").files[0]
    with opened(path) as lab:
        assert known.found(lab, file, difference) == ""
        (path / "a/b.txt").write_bytes(b"other\n")
        assert known.found(lab, file, difference) == ""
        assert verify_set(path, "lab12", known).findings == ()
        known.forget({"a/b.txt"})
        assert "sha256 is" in known.found(lab, file, difference)
    assert [finding.path for finding in verify_set(path, "lab12", known).findings] == ["lab12/a/b.txt"]


def test_an_image_is_looked_at_again_when_it_is_forgotten(little: Little) -> None:
    """What cannot be shown is found once, and the pixels are not unpacked at each build."""
    little.capture(CapturedFile("shots/a.png", with_metadata("PNG")))
    folder, known = little.root / "evidence/lab12", Known()
    for content in (with_metadata("PNG"), saved("PNG")):
        (folder / "shots/a.png").write_bytes(content)
        found = verify_set(folder, "lab12", known).findings
        assert [finding.verdict for finding in found] == [Integrity.UNFIT]
    known.forget({"shots/a.png"})
    assert [finding.verdict for finding in verify_set(folder, "lab12", known).findings] == [Integrity.ALTERED]


def test_a_record_that_cannot_be_read_is_an_error_each_time(little: Little) -> None:
    """Until it is forgotten, also after it was mended."""
    folder, known = little.root / "evidence/lab12", Known()
    path = folder / "records/a-b.txt.json"
    good = path.read_bytes()
    path.write_bytes(good[:50])
    for content in (good[:50], good):
        path.write_bytes(content)
        with pytest.raises(RecordError):
            known.record(folder, "a-b.txt")
    known.forget({"records/a-b.txt.json"})
    assert known.record(folder, "a-b.txt").lab == "lab12"
