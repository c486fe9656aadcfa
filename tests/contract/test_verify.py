"""Verify reports a set as intact, interrupted or altered, and names the file and the remedy."""

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from labreport.contract.sets import sets
from labreport.contract.verify import Integrity
from tests.capture.throwaway import Throwaway


@pytest.fixture
def captured(project: Throwaway) -> Throwaway:
    """Return a project with one captured collector and two files."""
    project.probe(
        """
        with run.file("x.txt") as out:
            out.run(["seq", "50"])
        with run.file("sub/y.txt") as out:
            out.line("y")
        """,
        'writes=["x.txt", "sub/y.txt"]',
    )
    assert project.verify().verdict == "intact"
    return project


@pytest.mark.slow_after(4)
@pytest.mark.parametrize("seed", range(20))
def test_any_byte_of_any_file(captured: Throwaway, seed: int) -> None:
    """A flipped bit, an added byte and a removed byte are found, and the file is named."""
    chance = random.Random(seed)  # noqa: S311 - a byte, no secret
    path = chance.choice(["x.txt", "sub/y.txt"])
    data = bytearray(captured.read(path))
    place = chance.randrange(len(data))
    match chance.randrange(3):
        case 0:
            data[place] ^= 1 << chance.randrange(8)
        case 1:
            data.insert(place, 0)
        case _:
            data.pop()
    (captured.folder / path).write_bytes(data)
    (finding,) = captured.verify().findings
    assert (finding.verdict, finding.path) == (Integrity.ALTERED, f"{captured.name}/{path}")
    assert finding.remedy == f"restore it from git, or capture it again: `lab collect {captured.name}/probe`"


def replace_by_link(path: Path) -> None:
    """Replace a file by a link to the same content."""
    path.rename(path.with_suffix(".real"))
    path.symlink_to(path.with_suffix(".real").name)


def replace_by_fifo(path: Path) -> None:
    """Replace a file by a FIFO."""
    path.unlink()
    os.mkfifo(path)


@pytest.mark.slow_after(4)
@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda folder: (folder / "x.txt").unlink(), "no such file"),
        (lambda folder: replace_by_link(folder / "x.txt"), "a symbolic link"),
        (lambda folder: replace_by_fifo(folder / "x.txt"), "a FIFO"),
        (lambda folder: ((folder / "x.txt").unlink(), (folder / "x.txt").mkdir()), "a directory"),
        (lambda folder: (folder / "new.txt").write_text("x"), "no record says where it came from"),
        (lambda folder: (folder / "sub/.hidden").write_text("x"), "no record says where it came from"),
        (lambda folder: (folder / "lost").symlink_to("sub"), "no record says where it came from"),
        (lambda folder: (folder / "records/probe.json").unlink(), "no record says where it came from"),
        (lambda folder: next(folder.glob("records/host-*")).unlink(), "no such file"),
        (lambda folder: (folder / "records/state.json").write_text("{"), "not whole JSON"),
        (lambda folder: (folder / "records/notes.txt").write_text("x"), "not a file of the tool"),
        (lambda folder: (folder / "records/.hidden.json").write_text("{}"), "not a file of the tool"),
        (
            lambda folder: (folder / "records/host-0123456789ab.json").write_text("{}"),
            "not a file of the tool",
        ),
        (
            lambda folder: (folder / "records/sub").mkdir() or (folder / "records/sub/x").write_text("x"),
            "not a file of the tool",
        ),
        (lambda folder: (folder / ".hidden").write_text("x"), "no record says where it came from"),
        (lambda folder: (folder / ".staging").symlink_to("/"), "no record says where it came from"),
        (lambda folder: (folder / "failed").symlink_to("/"), "no record says where it came from"),
        (lambda folder: (folder / ".lock").symlink_to("/etc/passwd"), "no record says where it came from"),
    ],
)
def test_what_is_not_as_the_records_say(
    captured: Throwaway, change: Callable[[Path], object], what: str
) -> None:
    """A file that is missing, replaced or without a record is altered, and the finding says how."""
    change(captured.folder)
    report = captured.verify()
    assert report.verdict == "altered"
    assert any(what in finding.what for finding in report.findings)
    assert str(captured.root) not in " ".join(map(str, report.findings))


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('"bytes": 2,', '"bytes": 3,', "has 2 bytes, its record says 3"),
        ('"lines": 50', '"lines": 51', "has 50 lines, its record says 51"),
        ('"lines": 50', '"lines": 0', "has 50 lines, its record says 0"),
    ],
)
def test_what_a_record_says_of_a_file_is_counted(captured: Throwaway, old: str, new: str, what: str) -> None:
    """Bytes and lines are counted, so that no record can claim others for a file with the right hash."""
    path = captured.folder / "records/probe.json"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    (finding,) = captured.verify().findings
    assert finding.what == f"{what} (record: probe)"


def test_a_span_past_the_end_of_a_binary_file(project: Throwaway) -> None:
    """The record of a binary file has no lines, and its spans still have to be in the file."""
    project.probe('with run.file("x.txt") as out: out.run(["printf", "a\\\\000b"])')
    path = project.folder / "records/probe.json"
    assert '"lines": 0' in path.read_text()
    path.write_text(path.read_text().replace('"end": 1,', '"end": 2,'))
    (finding,) = project.verify().findings
    assert finding.what == "has 1 lines, and its record has a span up to line 2 (record: probe)"


def test_a_record_in_another_place(captured: Throwaway) -> None:
    """A record under another collector's name, and a set under another lab's name, are altered."""
    records = captured.folder / "records"
    (records / "probe.json").rename(records / "other.json")
    assert "is the record of 'probe'" in [finding.what for finding in captured.verify().findings]
    (records / "other.json").rename(records / "probe.json")
    captured.folder.rename(captured.folder.with_name("another"))
    assert f"is of the lab '{captured.name}'" in [finding.what for finding in captured.verify().findings]


def test_two_records_that_claim_one_file(captured: Throwaway) -> None:
    """A file that two records claim is altered."""
    text = (captured.folder / "records/probe.json").read_text()
    (captured.folder / "records/other.json").write_text(text.replace('"name": "probe"', '"name": "other"'))
    assert [finding.what for finding in captured.verify().findings] == ["both other and probe claim it"] * 2


def test_what_is_left_out(captured: Throwaway) -> None:
    """Failed captures, the lock and other hidden files at the top are not evidence."""
    (captured.folder / "failed/probe").mkdir(parents=True)
    (captured.folder / "failed/probe/x.txt").write_text("x")
    (captured.folder / ".lock").write_text("")
    assert captured.verify().verdict == "intact"


def test_a_staging_folder_is_an_interruption(captured: Throwaway) -> None:
    """A capture that was killed before its intent was complete is interrupted."""
    staged = captured.folder / ".staging-x/probe"
    (staged / "files").mkdir(parents=True)
    (staged / "record.json").write_text('{"schema": 1')
    report = captured.verify()
    assert report.verdict == "interrupted"
    assert report.findings[0].remedy == "the next `lab collect` finishes or drops it"


def test_an_interruption_hides_no_alteration(captured: Throwaway) -> None:
    """A changed file is altered even if a staging folder exists."""
    (captured.folder / ".staging-x/probe").mkdir(parents=True)
    (captured.folder / "x.txt").write_text("evil")
    assert captured.verify().verdict == "altered"


def test_the_sets_below_the_root(captured: Throwaway) -> None:
    """The sets are the report's own and those of each host; `hosts/here` can be left out."""
    root = captured.root / "evidence"
    for host in ("here", "lab-pc-3"):
        shutil.copytree(captured.folder, root / "hosts" / host / captured.name)
    name = captured.name
    assert list(sets(root)) == [name, f"hosts/here/{name}", f"hosts/lab-pc-3/{name}"]
    assert list(sets(root, here=False)) == [name, f"hosts/lab-pc-3/{name}"]
    (root / "hosts/lab-pc-3" / name / "x.txt").write_text("evil")
    assert [one.path for one in captured.verify().findings] == [f"hosts/lab-pc-3/{name}/x.txt"]


def test_findings_as_json(captured: Throwaway) -> None:
    """A finding as JSON has the strings verdict, path, what and remedy."""
    (captured.folder / "x.txt").unlink()
    assert captured.verify().findings[0].as_json() == {
        "verdict": "altered",
        "path": f"{captured.name}/x.txt",
        "what": "no such file (record: probe)",
        "remedy": f"restore it from git, or capture it again: `lab collect {captured.name}/probe`",
    }
