"""Verify reports a set as intact, interrupted or altered, and names the file and the remedy."""

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from labreport.contract.verify import Integrity, sets
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
    assert finding.remedy == "restore it from git, or run `lab collect probe`"


def replace_by_link(path: Path) -> None:
    """Replace a file by a link to the same content."""
    path.rename(path.with_suffix(".real"))
    path.symlink_to(path.with_suffix(".real").name)


def replace_by_fifo(path: Path) -> None:
    """Replace a file by a FIFO."""
    path.unlink()
    os.mkfifo(path)


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
    staged = captured.folder / ".staging/probe"
    (staged / "files").mkdir(parents=True)
    (staged / "record.json").write_text('{"schema": 1')
    report = captured.verify()
    assert report.verdict == "interrupted"
    assert report.findings[0].remedy == "the next `lab collect` finishes or drops it"


def test_an_interruption_hides_no_alteration(captured: Throwaway) -> None:
    """A changed file is altered even if a staging folder exists."""
    (captured.folder / ".staging/probe").mkdir(parents=True)
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
        "remedy": "restore it from git, or run `lab collect probe`",
    }
