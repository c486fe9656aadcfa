"""Runs the `run:` steps of a workflow, in order, in fresh clones of a remote on this disk."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.conftest import Shell

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
GH = """#!/bin/sh
# A stub of gh: logs its arguments, and ends as the test says.
printf '%s\\n' "$*" >>"$GH_NOTED"
case "$2" in create) exit "$GH_CREATE" ;; esac
"""
WORD = '''
@collector(task=1, writes=["word.txt"])
def word(run: Run) -> None:
    """A word that a test may change, and the time, which is volatile."""
    with run.file("word.txt") as out:
        out.run(["cat", run.setting("word", str)])
        out.run(["date", "+%s.%N"], volatile="(?s).+")
'''


def load(name: str) -> dict[str, Any]:
    """Return a workflow."""
    found: dict[str, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / name).read_text())
    return found


@dataclass
class Remote:
    """A bare repository on this disk, the values of GitHub's expressions, and the log of gh."""

    path: Path
    noted: Path
    bin: Path
    values: dict[str, str] = field(default_factory=dict)
    opened: bool = False

    def git(self, *words: str) -> str:
        """Run git in the remote and return its output."""
        return subprocess.run(
            ["git", "-C", self.path, *words], check=True, capture_output=True, text=True
        ).stdout

    def clone(self, name: str) -> Path:
        """Return a fresh clone of main with an environment."""
        folder = self.path.parent / name
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run(["git", "clone", "-q", "-b", "main", self.path, folder], check=True)
        venv = folder / ".venv" / "bin"
        venv.mkdir(parents=True)
        for script in ("python", "mkdocs"):
            (venv / script).symlink_to(Path(sys.executable).parent / script)
        locks = ["pyproject.toml", "requirements/publish.txt", "requirements/collect.txt"]
        sums = subprocess.run(["sha256sum", *locks], cwd=folder, check=True, capture_output=True, text=True)
        (venv.parent / "installed").write_text(sums.stdout.rstrip("\n"))
        (venv / "lab").write_text(f'#!/bin/sh\nexec {sys.executable} {folder}/labreport "$@"\n')
        (venv / "lab").chmod(0o755)
        return folder

    def run(self, workflow: str, name: str = "run") -> list[subprocess.CompletedProcess[str]]:
        """Run the `run:` steps of each job in order, each job in a clone of its own.

        A job gets the files that earlier jobs uploaded. A failed step ends its job, but not the workflow.
        """
        ended: list[subprocess.CompletedProcess[str]] = []
        artifacts: list[Path] = []
        jobs: dict[str, dict[str, Any]] = load(workflow)["jobs"]
        for job, about in jobs.items():
            clone = self.clone(f"{name}-{job}")
            for path in artifacts:
                shutil.copy(path, clone)
            done = self._steps(about, clone)
            ended += done
            if all(one.returncode == 0 for one in done):
                artifacts = sorted(clone.glob("evidence-set*.tar"))
        return ended

    def _steps(self, about: dict[str, Any], clone: Path) -> list[subprocess.CompletedProcess[str]]:
        done: list[subprocess.CompletedProcess[str]] = []
        steps: list[dict[str, Any]] = about["steps"]
        given = {**os.environ, "PATH": f"{self.bin}:{os.environ['PATH']}", "GH_NOTED": str(self.noted),
                 "GH_CREATE": "1" if self.opened else "0"}  # fmt: skip
        for step in [one for one in steps if "run" in one]:
            env = {**(about.get("env") or {}), **(step.get("env") or {})}
            values = {key: self.value(str(text)) for key, text in env.items()}
            argv = ["bash", "-e", "-o", "pipefail", "-c", str(step["run"])]
            done.append(
                subprocess.run(
                    argv, cwd=clone, env={**given, **values}, capture_output=True, text=True, check=False
                )
            )
            if done[-1].returncode:
                break
        return done

    def value(self, text: str) -> str:
        """Replace GitHub's expressions in a value; fail for an unknown one."""
        return re.sub(r"\$\{\{ *(.*?) *\}\}", lambda found: self.values[found[1]], text)


@pytest.fixture
def remote(clone: Path, tmp_path: Path) -> Remote:
    """Return a remote with one lab, captured and committed. The lab captures a word from a file."""
    for lab in [*(clone / "collectors").glob("lab*"), *(clone / "docs" / "labs").glob("lab*")]:
        shutil.rmtree(lab)
    shutil.rmtree(clone / "evidence")
    shell = Shell(clone)
    assert shell.lab("new", "mine").returncode == 0
    shell.collector("mine", WORD, "words")
    (tmp_path / "word").write_text("one\n")
    config = clone / "collectors" / "mine" / "lab.yml"
    settings = yaml.safe_load(config.read_text())
    settings["settings"] = {**settings.get("settings", {}), "word": str(tmp_path / "word")}
    config.write_text(yaml.safe_dump(settings))
    (clone / "docs/labs/mine/facts.yml").write_text("word: {file: word.txt, read: count, lines: '1'}\n")
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-C", str(clone)]
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-qm", "a lab"], check=True)
    assert shell.lab("collect").returncode == 0
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-qm", "its evidence"], check=True)
    bare = tmp_path / "remote.git"
    subprocess.run(["git", "clone", "-q", "--bare", clone, bare], check=True)
    subprocess.run(["git", "-C", bare, "branch", "-M", "main"], check=True)
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "gh").write_text(GH)
    (tools / "gh").chmod(0o755)
    return Remote(bare, tmp_path / "gh-noted", tools)
