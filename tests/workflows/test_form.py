"""The files of the workflows: no logic, pinned actions, least permissions, no finding of a linter."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.workflows.conftest import WORKFLOWS


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_calls_the_project_s_own_commands(path: Path) -> None:
    """Each `run:` is one command without shell logic and without an expression of GitHub's."""
    jobs = yaml.safe_load(path.read_text())["jobs"]
    lines = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert lines
    for line in lines:
        assert "${{" not in line
        assert re.fullmatch(r"(scripts/|\.venv/bin/|\.ci/|apt-get )[^\n;|]*", line.strip()), line


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_and_nothing_is_permitted_by_default(path: Path) -> None:
    """Each action has a commit and its version. Only jobs have permissions."""
    text = path.read_text()
    for used in re.findall(r"uses: (.*)", text):
        assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40} # v[0-9]+\.[0-9]+\.[0-9]+", used), used
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {}
    assert workflow["concurrency"]["group"]
    assert all("timeout-minutes" in job for job in workflow["jobs"].values())


def test_zizmor_finds_nothing() -> None:
    """Zizmor is in the lock."""
    zizmor = Path(sys.executable).with_name("zizmor")
    argv: list[str | Path] = [zizmor, "--offline", "--quiet", *WORKFLOWS]
    found = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout


def test_actionlint_finds_nothing() -> None:
    """Actionlint is a Go program, which the lock cannot contain."""
    actionlint = shutil.which("actionlint")
    if actionlint is None:
        pytest.skip("actionlint is not here: go install github.com/rhysd/actionlint/cmd/actionlint@latest")
    found = subprocess.run([actionlint, *WORKFLOWS], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout
