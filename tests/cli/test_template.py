"""A lab in a fork takes a newer version of the tool: the commands of the guide, run with git."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from tests.project import REPO

pytestmark = pytest.mark.slow

GUIDE = (REPO / "docs" / "manual" / "how-to" / "fork.md").read_text()
WHO = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
LAB = ("collectors/lab99", "docs/labs/lab99", "evidence/lab99")


def blocks(heading: str) -> list[str]:
    """Return the shell blocks under a heading of the guide."""
    section = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", GUIDE, re.MULTILINE | re.DOTALL)
    assert section, heading
    return re.findall(r"^```sh\n(.*?)^```", section[1], re.MULTILINE | re.DOTALL)


def sh(folder: Path, script: str) -> str:
    """Run a block of the guide in a repository, and assert that it succeeds."""
    env = {
        "PATH": f"{Path(shutil.which('git') or '').parent}:/usr/bin:/bin",
        **WHO,
        "HOME": str(folder.parent),
    }
    ended = subprocess.run(
        ["sh", "-e", "-c", script], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, f"{script}\n{ended.stdout}{ended.stderr}"
    return ended.stdout


def repository(folder: Path) -> Path:
    """Configure a name for commits in `folder`, and return it."""
    sh(
        folder,
        "git config user.name Somebody; git config user.email somebody@example.org; git branch -M main",
    )
    return folder


@pytest.fixture
def tool(clone: Path) -> Path:
    """Return the repository of the tool."""
    return repository(clone)


def newer(tool: Path) -> None:
    """Commit a newer version of the tool, with changes everywhere and new evidence of lab 12."""
    for path in (
        "README.md",
        "CHANGELOG.md",
        "docs/index.md",
        "docs/manual/first-steps/first-report.md",
        "docs/labs/lab12/index.md",
    ):
        text = (tool / path).read_text()
        (tool / path).write_text(f"{text}\nA newer version.\n")
    for path in (
        "labreport/contract/records.py",
        "collectors/lab12/isolation.py",
        "scripts/check",
        "mkdocs.yml",
        ".gitignore",
    ):
        text = (tool / path).read_text()
        (tool / path).write_text(f"{text}\n# A newer version.\n")
    (tool / "evidence/lab12/kata/kernel.txt").write_text("7.0.0\n")
    (tool / "evidence/lab12/kata/new.txt").write_text("new\n")
    (tool / "docs/manual/how-to/newer.md").write_text("# Newer\n")
    sh(tool, "git add -A; git commit -qm 'A newer version'")


def own_lab(mine: Path) -> dict[str, bytes]:
    """Create a lab as the guide says, capture it, and return its files."""
    shell = Shell(mine)
    made, added = re.split(r"(?=git add)", blocks("Begin")[0])
    assert made.startswith("lab new lab99 ")
    assert shell.lab("new", "lab99", "--title", "Lab 99 — Mine").returncode == 0
    sh(mine, added)
    assert shell.lab("collect", "lab99").returncode == 0
    sh(mine, "git add -A; git commit -qm 'Lab 99 is captured'")
    return lab_files(mine)


def lab_files(mine: Path) -> dict[str, bytes]:
    """Return the files of the lab in the fork."""
    found = [path for folder in LAB for path in (mine / folder).rglob("*")]
    return {
        path.relative_to(mine).as_posix(): path.read_bytes()
        for path in found
        if path.is_file() and "__pycache__" not in path.parts
    }


def remote(tool: Path) -> str:
    """Return the first step of the guide, with the address of `tool`."""
    return blocks("Name the source of the tool")[0].replace("https://example.org/labreport.git", str(tool))


def assert_merged(mine: Path, tool: Path, lab: dict[str, bytes]) -> None:
    """Assert that the tool is the newer one, the lab is unchanged and fresh, and no conflict is left."""
    assert sh(mine, "git status --porcelain") == ""
    assert lab_files(mine) == lab
    assert (mine / "docs/manual/how-to/newer.md").is_file()
    assert (mine / "README.md").read_bytes() == (tool / "README.md").read_bytes()
    assert Shell(mine).lab("status", "lab99").returncode == 0
    assert "lab99" not in Shell(mine).lab("verify").stdout


def test_a_clone_takes_a_newer_version(tool: Path, tmp_path: Path) -> None:
    """The merge has no conflict, and lab 12 is that of the newer version."""
    sh(tmp_path, f"git clone -q {tool} mine")
    mine = repository(tmp_path / "mine")
    lab = own_lab(mine)
    newer(tool)
    sh(mine, remote(tool) + blocks("Take a newer version")[0])
    assert_merged(mine, tool, lab)
    assert (mine / "evidence/lab12/kata/new.txt").is_file()


def test_a_repository_from_the_template_button_does_too(tool: Path, tmp_path: Path) -> None:
    """Its first commit is its own, so its history is joined once with that of the tool."""
    mine = tmp_path / "mine"
    mine.mkdir()
    sh(mine, f"git -C {tool} archive HEAD | tar -x; git init -q")
    repository(mine)
    sh(mine, "git add -A; git commit -qm 'Initial commit'")
    lab = own_lab(mine)
    newer(tool)
    sh(mine, remote(tool) + blocks("Name the source of the tool")[1])
    assert not (mine / "docs/manual/how-to/newer.md").exists()
    sh(mine, blocks("Take a newer version")[0])
    assert_merged(mine, tool, lab)
    newest = (tool / "README.md").read_text() + "\nThe newest.\n"
    (tool / "README.md").write_text(newest)
    sh(tool, "git commit -qam 'The newest version'")
    sh(mine, blocks("Take a newer version")[0])
    assert_merged(mine, tool, lab)


def test_a_template_of_something_else_is_refused(tool: Path, tmp_path: Path) -> None:
    """If no commit of the tool has the files of the first commit, joining says so and changes nothing."""
    mine = tmp_path / "mine"
    mine.mkdir()
    sh(mine, "git init -q; echo x >x")
    repository(mine)
    sh(mine, "git add -A; git commit -qm 'Something else'")
    sh(mine, remote(tool))
    ended = subprocess.run(
        ["sh", "-e", "-c", blocks("Name the source of the tool")[1]],
        cwd=mine, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "no commit of the tool has these files" in ended.stderr
    assert sh(mine, "git rev-list --count HEAD") == "1\n"


@pytest.mark.parametrize("gone", [False, True])
def test_lab_12_of_ones_own_stays(tool: Path, tmp_path: Path, *, gone: bool) -> None:
    """A lab 12 that the fork edited or removed is the fork's own after the merge."""
    sh(tmp_path, f"git clone -q {tool} mine")
    mine = repository(tmp_path / "mine")
    if gone:
        sh(mine, "git rm -rq collectors/lab12 docs/labs/lab12 evidence/lab12")
    else:
        (mine / "evidence/lab12/kata/kernel.txt").write_text("mine\n")
        (mine / "docs/labs/lab12/index.md").write_text("# Mine\n")
    sh(mine, "git commit -qam 'Mine'")
    newer(tool)
    sh(mine, remote(tool) + blocks("If Lab 12 is your lab")[0])
    assert sh(mine, "git status --porcelain") == ""
    assert sh(mine, "git diff --stat HEAD^1 HEAD -- collectors/lab12 docs/labs/lab12 evidence/lab12") == ""
    assert bool(sh(mine, "git ls-files evidence/lab12")) is not gone
    assert (mine / "README.md").read_bytes() == (tool / "README.md").read_bytes()
