"""`lab pack` and `lab adopt`: a set goes to another host and comes back intact, or not at all."""

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Shell


@pytest.fixture
def two(one_lab: Shell) -> Shell:
    """Return a project with a lab of two collectors."""
    one_lab.collector(
        "mine",
        '@collector(task=1, writes=["a.txt"])\ndef a(run: Run) -> None:\n    """A."""\n'
        '    with run.file("a.txt") as out:\n        out.run(["echo", "a"])\n',
    )
    return one_lab


def there(shell: Shell, folder: Path, *names: str) -> Path:
    """Unpack the tar of `lab pack` as another host does, collect there, and return a tar of its evidence."""
    tar = folder.with_suffix(".tar")
    packed = shell.lab("pack", str(tar), "--as", "other")
    assert packed.returncode == 0, packed.stderr
    folder.mkdir(exist_ok=True)
    subprocess.run(["tar", "-x", "-f", tar, "-C", folder], check=True)
    collected = Shell(folder).lab("collect", "--as", "other", *names)
    assert collected.returncode == 0, collected.stderr
    back = folder.with_suffix(".back.tar")
    subprocess.run(["tar", "-c", "-f", back, "-C", folder / "evidence/hosts/other", "."], check=True)
    return back


def test_a_set_comes_back(two: Shell, tmp_path: Path) -> None:
    """All of a set is adopted, once. The set that is packed is captured there, and is not captured again."""
    back = there(two, tmp_path / "there")
    assert two.json("adopt", str(back), "--as", "other") == {"mine": ["a", "release"]}
    assert two.lab("adopt", str(back), "--as", "other").stdout == "evidence/hosts/other/mine: nothing new\n"
    assert two.lab("verify").stdout.startswith("intact: 2 files")
    record = two.root / "evidence/hosts/other/mine/records/a.json"
    before = record.read_bytes()
    again = there(two, tmp_path / "rebuilt")
    assert (tmp_path / "rebuilt/evidence/hosts/other/mine/records/a.json").read_bytes() == before
    assert two.json("adopt", str(again), "--as", "other") == {"mine": []}


def test_a_set_becomes_the_report_s_own(two: Shell, tmp_path: Path) -> None:
    """Without a name, the adopted set is the report's own."""
    back = there(two, tmp_path / "there")
    assert two.lab("adopt", str(back)).stdout == "evidence/mine: a, release\n"
    assert (two.root / "evidence/mine/a.txt").read_bytes() == b"a\n"
    assert not (two.root / "evidence/hosts").exists()


def test_the_other_host_needs_no_git_and_names_the_commit(two: Shell, tmp_path: Path) -> None:
    """The other host has only the tar, and its records name the commit that was packed."""
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-C", str(two.root)]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "x"]):
        subprocess.run([*git, *words], check=True)
    there(two, tmp_path / "there")
    assert not (tmp_path / "there/.git").exists()
    head = subprocess.run(
        [*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()
    record = json.loads((tmp_path / "there/evidence/hosts/other/mine/records/a.json").read_text())
    assert record["project"] == {"commit": head, "dirty": False}


def test_only_tracked_files_are_packed(two: Shell, tmp_path: Path) -> None:
    """A file that git does not track, and any hidden file, stays here. The first kind is named."""
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-C", str(two.root)]
    folder = two.root / "collectors/mine"
    (folder / ".env").write_text("KEY=tracked")
    (folder / "link.py").symlink_to("/etc/hostname")
    for words in (["init", "-q"], ["add", "-f", "-A"], ["commit", "-qm", "x"]):
        subprocess.run([*git, *words], check=True)
    for name in (".env.local", "notes.txt", "new.py"):
        (folder / name).write_text("KEY=untracked")
    packed = two.lab("pack", str(tmp_path / "x.tar"), "--as", "other")
    assert packed.returncode == 0, packed.stderr
    names = {name for name in members(tmp_path / "x.tar") if name.startswith("collectors/mine/")}
    assert "collectors/mine/lab.yml" in names
    assert (
        not {f"collectors/mine/{name}" for name in (".env", ".env.local", "link.py", "notes.txt", "new.py")}
        & names
    )
    for name in ("notes.txt", "new.py"):
        line = f"collectors/mine/{name}: left out, because git does not track it: git add it"
        assert line in packed.stderr.splitlines()


def members(tar: Path) -> list[str]:
    """Return the names of a tar's members."""
    with tarfile.open(tar) as opened:
        return opened.getnames()


def test_a_clone_packs_its_tool_once(shell: Shell, tmp_path: Path) -> None:
    """In a clone, the tool is a folder of the project, and is packed once."""
    clone = Shell(tmp_path / "clone")
    shutil.copytree(shell.root, clone.root)
    shutil.copytree(
        ROOT / "labreport", clone.root / "labreport", ignore=shutil.ignore_patterns("__pycache__")
    )
    argv = [sys.executable, "labreport", "pack", str(tmp_path / "x.tar"), "--as", "other"]
    subprocess.run(argv, cwd=clone.root, check=True)
    names = members(tmp_path / "x.tar")
    assert len(names) == len(set(names))
    tool = {path.relative_to(ROOT).as_posix() for path in (ROOT / "labreport").rglob("*") if path.is_file()}
    assert {name for name in names if name.startswith("labreport/")} == {
        name for name in tool if "__pycache__" not in name
    }
    assert {"mkdocs.yml", ".commit.json"} < set(names)


@pytest.mark.slow
def test_an_installed_tool_is_packed_from_where_it_is(two: Shell, tmp_path: Path) -> None:
    """A tool in site-packages is packed for a project of content only, and runs without installation."""
    site = tmp_path / "site-packages"
    shutil.copytree(ROOT / "labreport", site / "labreport")
    assert {path.name for path in two.root.iterdir()} <= {"mkdocs.yml", "collectors", "docs", "evidence"}
    tar, there, back = tmp_path / "x.tar", tmp_path / "there", tmp_path / "back.tar"
    installed = [sys.executable, "-c", "from labreport.cli.main import main; main()"]
    environment = {**os.environ, "PYTHONPATH": str(site)}
    subprocess.run([*installed, "pack", str(tar), "--as", "other"], cwd=two.root, env=environment, check=True)
    shutil.rmtree(site)
    there.mkdir()
    subprocess.run(["tar", "-x", "-f", tar, "-C", there], check=True)
    assert {path.name for path in there.iterdir()} == {
        "mkdocs.yml",
        "collectors",
        "labreport",
        ".commit.json",
    }
    assert not any("__pycache__" in name for name in members(tar))
    collect = [sys.executable, "labreport", "collect", "--as", "other"]
    subprocess.run(collect, cwd=there, check=True)
    subprocess.run(["tar", "-c", "-f", back, "-C", there / "evidence/hosts/other", "."], check=True)
    assert two.json("adopt", str(back), "--as", "other") == {"mine": ["a", "release"]}


def changed(back: Path, to: Path, name: str, data: bytes) -> Path:
    """Write a copy of the tar `back` with one member changed or added."""
    with tarfile.open(back) as old, tarfile.open(to, "w") as new:
        for member in old.getmembers():
            if member.isreg() and member.name != name:
                new.addfile(member, old.extractfile(member))
        given = tarfile.TarInfo(name)
        given.size = len(data)
        new.addfile(given, io.BytesIO(data))
    return to


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("./mine/a.txt", "a.txt: sha256 is"),
        ("../outside.txt", "not a plain path below a set"),
        ("./elsewhere/a.txt", "holds 'elsewhere', 'mine'"),
        ("./mine/records/a.json", "not whole JSON"),
    ],
)
def test_what_is_not_as_recorded_is_refused_whole(two: Shell, tmp_path: Path, name: str, said: str) -> None:
    """A changed byte, a path out of the folder, an unknown lab and a truncated record: nothing is adopted."""
    bad = changed(there(two, tmp_path / "there"), tmp_path / "bad.tar", name, b"x\n")
    ended = two.lab("adopt", str(bad), "--as", "other")
    assert ended.returncode in {1, 4}
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
    assert [
        path for path in (two.root / "evidence").rglob("*") if path.is_file() and path.name != ".lock"
    ] == []
    assert not (tmp_path / "outside.txt").exists()


def test_wrong_use_is_said(two: Shell, tmp_path: Path) -> None:
    """A file that is not a tar, an empty tar and an invalid host name are errors."""
    (tmp_path / "text.tar").write_text("no tar\n")
    ended = two.lab("adopt", str(tmp_path / "text.tar"), "--as", "other")
    assert (ended.returncode, "the archive is not a set" in ended.stderr) == (4, True)
    tarfile.open(tmp_path / "empty.tar", "w").close()
    ended = two.lab("adopt", str(tmp_path / "empty.tar"), "--as", "other")
    assert (ended.returncode, "holds nothing" in ended.stderr) == (4, True)
    for words in (("adopt", str(tmp_path / "empty.tar")), ("pack", str(tmp_path / "x.tar"))):
        assert two.lab(*words, "--as", "../x").returncode == 2
    assert two.lab("pack", str(tmp_path / "x.tar")).returncode == 2
    assert not (tmp_path / "x.tar").exists()
