"""Errors have fields: what is wrong, the remedy, and the place."""

from collections.abc import Callable
from pathlib import Path

import pytest

from labreport.contract.errors import ExitStatus, LabError
from labreport.contract.folder import EvidenceError
from labreport.contract.reader import RecordError, parse, read_evidence, read_host, read_record
from labreport.contract.records import Host, Record
from tests.capture.throwaway import Throwaway


def fields(error: LabError) -> tuple[str, str, str]:
    """Return path, what and remedy of an error."""
    return error.path, error.what, error.remedy


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (LabError("bad", "fix it", path="a.md", line=3), "a.md:3: bad: fix it"),
        (LabError("bad", "fix it", path="a.md"), "a.md: bad: fix it"),
        (LabError("bad: worse", path="a.md"), "a.md: bad: worse"),
        (LabError("bad", "fix it", line=3), "bad: fix it"),
        (LabError("bad"), "bad"),
    ],
)
def test_the_text_is_made_of_the_fields(error: LabError, text: str) -> None:
    """Empty fields are left out, and a colon in a field does not matter."""
    assert str(error) == text


def test_the_exit_status_is_the_class_s() -> None:
    """An error of the base class is a finding."""
    assert LabError("bad").exit_status is ExitStatus.FINDINGS


@pytest.mark.parametrize(
    ("make", "path", "expected"),
    [
        (lambda _folder: None, "x", ("x", "no such file", "capture it, or restore it from git")),
        (lambda folder: (folder / "x").mkdir(), "x",
         ("x", "a directory, not a file", "put the file itself there")),
        (lambda folder: (folder / "x").symlink_to("y"), "x",
         ("x", "a symbolic link, not a file", "put the file itself there")),
        (lambda folder: (folder / "s").symlink_to("."), "s/x",
         ("s/x", "s/ is a symbolic link", "put the folder itself there")),
        (lambda _folder: None, "../x",
         ("", "'../x' has a hidden part or leaves the evidence folder", "name a file below lab/")),
    ],
)  # fmt: skip
def test_evidence_that_cannot_be_read(
    tmp_path: Path, make: Callable[[Path], object], path: str, expected: tuple[str, str, str]
) -> None:
    """Path, what and remedy are separate, and no path of this machine is in them."""
    (tmp_path / "lab").mkdir()
    make(tmp_path / "lab")
    with pytest.raises(EvidenceError) as raised:
        read_evidence(tmp_path / "lab", path)
    assert fields(raised.value) == expected


def test_a_record_that_cannot_be_read(project: Throwaway) -> None:
    """The path is that of the record's file, whether it is missing, truncated or renamed."""
    project.collect()
    records = project.folder / "records"
    (records / "other.json").write_bytes((records / "one.json").read_bytes())
    for name, what, remedy in (
        ("gone", "no such file", "capture it, or restore it from git"),
        ("other", "is the record of 'one'", "rename it to one.json"),
    ):
        with pytest.raises(RecordError) as raised:
            read_record(project.folder, name)
        assert fields(raised.value) == (f"{project.name}/records/{name}.json", what, remedy)
    with pytest.raises(RecordError) as raised:
        read_host(project.folder, "0" * 12)
    assert fields(raised.value)[:2] == (f"{project.name}/records/host-{'0' * 12}.json", "no such file")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (b"{", "not whole JSON (truncated?)"),
        (b'{"schema": 2}', "schema 2, this version reads up to 1"),
        (b'{"schema": 1, "kernel": 3}', "kernel: Input should be a valid string (and 7 more)"),
    ],
)
def test_json_that_is_not_the_model(text: bytes, what: str) -> None:
    """A message of pydantic, with its colon, is one field."""
    with pytest.raises(RecordError) as raised:
        parse(Host, text, "host.json")
    assert fields(raised.value)[:2] == ("host.json", what)
    with pytest.raises(RecordError):
        parse(Record, text, "record.json")
