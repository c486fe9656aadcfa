"""Every file of a stranger's folder becomes evidence under a possible name, or is named as left out."""

import os
from pathlib import Path

import pytest

from labreport.contract.fields import MAX_BYTES
from labreport.report.imports import DecisionKind, ImportFault
from labreport.report.imports.evidence import read_evidence_of


def test_real_oddities_survive(tmp_path: Path) -> None:
    """Bytes stay as they are. A name that a set cannot have is written with %XX, and told."""
    folder = tmp_path / "labs"
    files = {
        "a b.txt": b"blank",
        "x\u200e.txt": b"mark",
        "wide.txt": "x".encode("utf-16"),
        "records/r.json": b"{}",
        "sub/crlf.txt": b"\xef\xbb\xbfa\r\nb\rc\n",
        "picture.png": b"\x89PNG\0\0",
    }
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    (folder / "x%E2%80%8E.txt").write_bytes(b"the other")
    with open(os.fsencode(folder) + b"/\xff.txt", "wb") as file:  # noqa: PTH123 # a name of bytes
        file.write(b"latin")
    found = read_evidence_of(folder, tmp_path / "r.md")
    assert found.files == {
        "a b.txt": b"blank", "x%E2%80%8E.txt": b"the other", "x%E2%80%8E-2.txt": b"mark", "%FF.txt": b"latin",
        "wide.txt": files["wide.txt"], "records_/r.json": b"{}", "sub/crlf.txt": files["sub/crlf.txt"],
        "picture.png": files["picture.png"],
    }  # fmt: skip
    told = {(one.kind, one.path) for one in found.decisions}
    assert told == {
        (DecisionKind.RENAMED, "x%E2%80%8E-2.txt"), (DecisionKind.RENAMED, "%FF.txt"),
        (DecisionKind.RENAMED, "records"),
        (DecisionKind.NOT_TEXT, "wide.txt"), (DecisionKind.NOT_TEXT, "picture.png"),
    }  # fmt: skip
    assert found.names["x%E2%80%8E-2.txt"] == "x%E2%80%8E.txt"


def test_what_is_no_file_is_left_out(tmp_path: Path) -> None:
    """Links are not followed, FIFOs not opened; the report itself, hidden and large files are no evidence."""
    (tmp_path / "secret").write_text("secret")
    folder = tmp_path / "labs"
    (folder / ".git").mkdir(parents=True)
    (folder / ".git/config").write_text("x")
    (folder / "a.txt").write_text("a")
    (folder / "report.md").write_text("# R")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "up").symlink_to(tmp_path)
    os.mkfifo(folder / "fifo")
    with (folder / "large").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    found = read_evidence_of(folder, folder / "report.md")
    assert found.files == {"a.txt": b"a"}
    assert {(one.path, one.kind) for one in found.decisions} == {
        (name, DecisionKind.LEFT_OUT) for name in (".git", "link", "up", "fifo", "large")
    }


def test_two_hundred_files(tmp_path: Path) -> None:
    """A large folder is read whole."""
    for number in range(200):
        path = tmp_path / f"labs/{number % 7}/{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(number))
    assert len(read_evidence_of(tmp_path / "labs", tmp_path / "r.md").files) == 200


def test_a_folder_without_files(tmp_path: Path) -> None:
    """It is an error with its path."""
    (tmp_path / "labs/empty").mkdir(parents=True)
    with pytest.raises(ImportFault, match="has no file that can be imported"):
        read_evidence_of(tmp_path / "labs", tmp_path / "r.md")
