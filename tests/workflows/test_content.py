"""The evidence workflow of `lab init`, run against a remote on disk with a stand-in for gh."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.conftest import Shell
from tests.project import REPO, installed_environment

pytestmark = pytest.mark.timeout(300)
BRANCH = "evidence/refresh"
INSTALLS = re.compile(r"-m venv|pip install")
STANDS_IN = {
    "gh": """printf '%s\\n' "$*" >>"$GH_NOTED"; [ "$2" != create ] || [ ! -e "$GH_NOTED.open" ]""",
    "sudo": 'exec "$@"',
    "lab": f'exec {sys.executable} {REPO}/labreport "$@"',
}
WORD = '''
@collector(task=1, writes=["word.txt"])
def word(run: Run) -> None:
    """A word that somebody may change."""
    with run.file("word.txt") as out:
        out.run(["cat", run.setting("word", str)])
'''


@dataclass(frozen=True)
class ContentRepository:
    """A folder with a repository of content, its remote, and the commands of a runner."""

    folder: Path

    def git(self, *words: str) -> str:
        """Run git in the remote, and return its output."""
        argv = ["git", "-C", str(self.folder / "remote.git"), *words]
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout

    def run(self) -> list[str]:
        """Run each job in a new clone, in order, and return the calls of gh."""
        (self.folder / "noted").write_text("")
        text = (self.folder / "course/.github/workflows/evidence.yml").read_text()
        for name, job in yaml.safe_load(text)["jobs"].items():
            clone = self.folder / name
            shutil.rmtree(clone, ignore_errors=True)
            subprocess.run(["git", "clone", "-q", self.folder / "remote.git", clone], check=True)
            (clone / ".venv").mkdir()
            (clone / ".venv/bin").symlink_to(self.folder / "bin")
            if name == "propose":
                shutil.copy(self.folder / "collect/evidence-set.tar", clone)
            self._steps(clone, [step for step in job["steps"] if "run" in step])
        return (self.folder / "noted").read_text().splitlines()

    def _steps(self, clone: Path, steps: list[dict[str, Any]]) -> None:
        """Run the steps of a job whose `if:` holds, except those that install the tool."""
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        installed = installed_environment(self.folder / "installed")
        env = {**installed, "PATH": path, "GH_NOTED": str(self.folder / "noted")}
        failed: set[str] = set()
        for step in steps:
            condition = re.fullmatch(r"steps\.(\w+)\.outcome == 'failure'", step.get("if", ""))
            if INSTALLS.search(step["run"]) or (condition and condition[1] not in failed):
                continue
            argv = ["bash", "-e", "-o", "pipefail", "-c", step["run"]]
            ended = subprocess.run(argv, cwd=clone, env=env, capture_output=True, text=True, check=False)
            assert ended.returncode == 0 or step.get("continue-on-error"), f"{step['run']}\n{ended.stderr}"
            if ended.returncode:
                failed.add(step.get("id", ""))


@pytest.fixture
def content(tmp_path: Path) -> ContentRepository:
    """Return a repository of content with one lab, captured, committed and pushed."""
    (tmp_path / "bin").mkdir()
    for name, script in STANDS_IN.items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    (tmp_path / "word").write_text("one\n")
    assert Shell(tmp_path).lab("init", "course").returncode == 0
    shell = Shell(tmp_path / "course")
    assert shell.lab("new", "mine").returncode == 0
    shell.collector("mine", WORD, "words")
    config = shell.root / "collectors/mine/lab.yml"
    config.write_text(f"{config.read_text()}  word: {tmp_path / 'word'}\n")
    assert shell.lab("collect").returncode == 0
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-C", str(shell.root)]
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "A lab"]):
        subprocess.run([*git, *words], check=True)
    subprocess.run(["git", "clone", "-q", "--bare", shell.root, tmp_path / "remote.git"], check=True)
    return ContentRepository(tmp_path)


@pytest.mark.slow
def test_it_proposes_what_changed_and_nothing_else(content: ContentRepository) -> None:
    """Without a change nothing is pushed. A change is a branch and a request, whose text is updated later."""
    assert content.run() == []
    assert BRANCH not in content.git("branch")
    (content.folder / "word").write_text("two\n")
    asked = content.run()
    assert [line.split()[:2] for line in asked] == [["auth", "setup-git"], ["pr", "create"]]
    changed = content.git("diff", "--name-only", "main", BRANCH).splitlines()
    assert "evidence/mine/word.txt" in changed
    assert all(path.startswith("evidence/mine/") for path in changed)
    assert "-one\n+two\n" in (content.folder / "propose/body.md").read_text()
    (content.folder / "noted.open").touch()
    assert [line.split()[1] for line in content.run()] == ["setup-git", "create", "edit"]
