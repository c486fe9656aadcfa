"""`lab export` to a crate and to a bundle, and back."""

import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Shell
from tests.project import CapturedFile, Little, make


@pytest.fixture
def little(tmp_path: Path) -> Little:
    """Make a project with one task."""
    made = make(tmp_path / "project")
    made.capture(CapturedFile("a b.txt", b"one\r\n\xef\xbb\xbftwo", collector="first"))
    made.capture(CapturedFile("wide.txt", "x\n".encode("utf-16"), ()))
    made.page("labs/lab12/index.md", "# Lab\n")
    made.page("labs/lab12/task-1.md", '# Task 1\n\n{{ evidence("a b.txt") }}\n')
    return made


def files_of(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder by their paths."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.mark.slow
def test_a_crate_is_adopted_byte_for_byte(little: Little, tmp_path: Path) -> None:
    """In another project, by either way: as the report's set or as that of a host. Twice the same crate."""
    shell = Shell(little.root)
    for name in ("one.zip", "two.zip"):
        ended = shell.lab("export", "lab12", "--to", str(tmp_path / name))
        assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    there = make(tmp_path / "there")
    for more, place in (((), "lab12"), (("--as", "big"), "hosts/big/lab12")):
        adopted = Shell(there.root).lab("adopt", str(tmp_path / "one.zip"), *more)
        assert adopted.returncode == 0, adopted.stderr
        assert files_of(there.root / "evidence" / place) == files_of(little.root / "evidence/lab12")
    again = Shell(there.root).lab("adopt", str(tmp_path / "one.zip"))
    assert again.stdout == "evidence/lab12: nothing new\n"


@pytest.mark.slow
def test_the_committed_evidence_is_adopted_byte_for_byte(tmp_path: Path) -> None:
    """Records that older versions wrote are not written anew."""
    there = make(tmp_path / "there")
    for lab in sorted(path.parent.name for path in (ROOT / "evidence").glob("*/records")):
        shutil.make_archive(str(tmp_path / lab), "zip", ROOT, f"evidence/{lab}")
        crate = tmp_path / f"{lab}.zip"
        with zipfile.ZipFile(crate) as archive:
            assert archive.namelist()
        adopted = Shell(there.root).lab("adopt", str(crate))
        assert adopted.returncode == 0, adopted.stderr
        assert files_of(there.root / "evidence" / lab) == files_of(ROOT / "evidence" / lab)


def test_a_set_without_records_is_not_adopted(little: Little, tmp_path: Path) -> None:
    """The error says so, and names `lab import`; no command that would measure it here."""
    (tmp_path / "labs/lab12").mkdir(parents=True)
    (tmp_path / "labs/lab12/x.txt").write_text("x\n")
    for arranged, name in (("labs", "one.tar"), (".", "two.tar")):
        with tarfile.open(tmp_path / name, "w") as tar:
            tar.add(tmp_path / "labs", arcname=arranged)
        ended = Shell(little.root).lab("adopt", str(tmp_path / name))
        assert ended.returncode != 0
        assert "without records" in ended.stderr or "has no records" in ended.stderr
        assert "`lab import REPORT --evidence FOLDER --lab " in ended.stderr
        assert "lab record" not in ended.stderr


@pytest.mark.slow
def test_stock_tools_check_a_bundle(little: Little, tmp_path: Path) -> None:
    """`sha256sum -c` passes without Python, in a folder and in what tar unpacked, and finds a change."""
    shell = Shell(little.root)
    for name in ("bundle", "x-bundle.tar"):
        ended = shell.lab("export", "lab12", "--to", str(tmp_path / name))
        assert ended.returncode == 0, ended.stderr
    (tmp_path / "untarred").mkdir()
    subprocess.run(["tar", "-xf", tmp_path / "x-bundle.tar", "-C", tmp_path / "untarred"], check=True)
    folder = tmp_path / "bundle"
    assert files_of(folder) == files_of(tmp_path / "untarred")
    assert (folder / "evidence/lab12/a b.txt").read_bytes() == b"one\r\n\xef\xbb\xbftwo"
    assert (folder / "site/labs/lab12/task-1.html").is_file()
    check = ["sha256sum", "-c", "--quiet", "--strict", "SHA256SUMS"]
    without_python = {"PATH": "/usr/bin:/bin"}
    assert subprocess.run(check, cwd=folder, env=without_python, check=False).returncode == 0
    listed = (folder / "SHA256SUMS").read_text().count("\n")
    assert listed == len(files_of(folder)) - 1
    (folder / "evidence/lab12/a b.txt").write_bytes(b"altered")
    changed = subprocess.run(check, cwd=folder, env=without_python, check=False, stdout=subprocess.PIPE)
    assert changed.stdout.decode() == "evidence/lab12/a b.txt: FAILED\n"


@pytest.mark.parametrize("name", ["crate.tar", "folder"])
def test_a_name_that_says_neither(little: Little, tmp_path: Path, name: str) -> None:
    """A tar that is no bundle is wrong use; a folder that is there is not written into."""
    if name == "folder":
        name = "a-bundle"
        (tmp_path / name).mkdir()
    ended = Shell(little.root).lab("export", "lab12", "--to", str(tmp_path / name))
    assert ended.returncode == 2, ended.stderr
    assert not (tmp_path / "crate.tar").exists()
