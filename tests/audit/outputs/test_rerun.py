"""A rerun into the same folder: the same bytes, from a cache that is not trusted; other files stay."""

import json
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest

from labreport.audit.outputs.folder import INDEX, OutputFolder, OutputFolderError
from labreport.cli.audited import Output
from labreport.contract.errors import ExitStatus, LabError
from tests.audit.outputs.made import ALTERED, EVIDENCE, Made, hostile, plain

QUOTED = b"invented output"
"""A text that a report with findings quotes."""
MARK = "this word is in the cache only"


def run(made: Made, to: Path) -> ExitStatus:
    """Audit a class into a folder."""
    output = Output((to,))
    return output.finish(output.audited(made.pairs(), Counter(), ""))


def content(folder: Path) -> dict[str, bytes]:
    """Return all files of a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """Return a class of three reports."""
    return plain(tmp_path / "class")


@pytest.fixture
def to(tmp_path: Path) -> Path:
    """Return where the output goes."""
    return tmp_path / "out"


def forge(to: Path) -> None:
    """Put a word into every entry of the cache, with the right hash: it shows whether an entry is used."""
    for entry in (to / "cache").iterdir():
        data = entry.read_bytes().partition(b"\n")[2].replace(QUOTED, MARK.encode())
        entry.write_bytes(_hashed(data))


@pytest.mark.parametrize("kind", [plain, hostile])
def test_two_runs_write_the_same_bytes(tmp_path: Path, kind: object) -> None:
    """In the same folder, from the cache, and in another one."""
    made = kind(tmp_path / "class")  # type: ignore[operator] # one of two functions
    for name in ("first", "second"):
        run(made, tmp_path / name)
    first = content(tmp_path / "first")
    assert len(first) > 15
    assert first == content(tmp_path / "second")
    assert run(made, tmp_path / "first") is ExitStatus.FINDINGS
    assert first == content(tmp_path / "first")


def test_only_what_changed_is_audited_again(made: Made, to: Path) -> None:
    """A report whose text or evidence changed is audited; the others are as the cache has them."""
    run(made, to)
    forge(to)
    made.add("bob", ALTERED + "\nOne more line.\n")
    run(made, to)
    found = {report["name"]: MARK in json.dumps(report) for report in _reports(to)}
    assert found == {"ada": False, "bob": False, "cem": True}
    made.add("cem", ALTERED, {**EVIDENCE, "kata/new.txt": "new\n"})
    run(made, to)
    assert not any(MARK in json.dumps(report) for report in _reports(to))


def _reports(to: Path) -> list[dict[str, object]]:
    reports: list[dict[str, object]] = json.loads((to / INDEX).read_bytes())["reports"]
    return reports


@pytest.mark.parametrize(
    "damage",
    [
        lambda _data: b"",
        lambda data: data[:-2],
        lambda data: data.replace(QUOTED, b"another output"),
        lambda _data: _hashed(b"{}"),
        lambda _data: _hashed(b"\xff" * 100),
        lambda data: _hashed(data.partition(b"\n")[2].replace(b'"block-', b'"other-')),
        lambda data: _hashed(data.partition(b"\n")[2].replace(b'"name":"', b'"name":"not ')),
    ],
    ids=["empty", "cut", "changed", "no report", "no text", "unknown rule", "another report"],
)
def test_a_damaged_cache_changes_nothing(made: Made, to: Path, damage: object) -> None:
    """Its reports are audited again, and the entry is written anew."""
    run(made, to)
    before = content(to)
    for entry in (to / "cache").iterdir():
        entry.write_bytes(damage(entry.read_bytes()))  # type: ignore[operator] # one of the functions above
    run(made, to)
    assert content(to) == before


def _hashed(data: bytes) -> bytes:
    return sha256(data).hexdigest().encode() + b"\n" + data


def test_what_the_cache_says_is_text(made: Made, to: Path) -> None:
    """A forged entry with the right hash cannot bring markup into a page."""
    run(made, to)
    for entry in (to / "cache").iterdir():
        data = entry.read_bytes().partition(b"\n")[2].replace(QUOTED, b"<script>alert(1)</script>")
        entry.write_bytes(_hashed(data))
    run(made, to)
    pages = b"".join(path.read_bytes() for path in (to / "reports").iterdir())
    assert b"&lt;script&gt;" in pages
    assert b"<script" not in pages


def test_a_report_that_left_the_class_leaves_no_page(made: Made, to: Path) -> None:
    """What somebody else put there stays."""
    run(made, to)
    (to / "reports/notes.txt").write_text("mine")
    for path in sorted((made.root / "cem").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (made.root / "cem").rmdir()
    run(made, to)
    assert sorted(path.name for path in (to / "reports").iterdir()) == ["ada.html", "bob.html", "notes.txt"]
    assert len(list((to / "cache").iterdir())) == 2


def test_a_folder_with_other_files_is_refused(made: Made, tmp_path: Path) -> None:
    """Such as that of the reports themselves; nothing is written."""
    before = content(made.root)
    with pytest.raises(OutputFolderError, match="has files that are not of an audit"):
        run(made, made.root)
    assert content(made.root) == before
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputFolderError, match="is a file"):
        OutputFolder(tmp_path / "file")


def test_no_link_in_the_folder_is_followed(made: Made, to: Path, tmp_path: Path) -> None:
    """A link in place of a file is replaced; one in place of a folder is an error."""
    run(made, to)
    other = tmp_path / "other"
    other.mkdir()
    (other / "kept.html").write_text("kept")
    (to / "index.html").unlink()
    (to / "index.html").symlink_to(other / "kept.html")
    run(made, to)
    assert not (to / "index.html").is_symlink()
    for path in (to / "reports").iterdir():
        path.unlink()
    (to / "reports").rmdir()
    (to / "reports").symlink_to(other)
    with pytest.raises(LabError, match="symbolic link"):
        run(made, to)
    assert content(other) == {"kept.html": b"kept"}
