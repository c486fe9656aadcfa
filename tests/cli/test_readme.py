"""The three blocks of the README, each run in a fresh clone."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

NOBODY = 65534


def block(clone: Path, heading: str) -> str:
    """Return the shell block under a heading of the README."""
    text = (clone / "README.md").read_text()
    found = re.search(rf"^## {heading}\n.*?^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert found, heading
    return found[1]


def as_written(clone: Path, script: str, *prefix: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a block in the clone, without the environment of the tests."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if key not in {"VIRTUAL_ENV", "PYTHONPATH", "LAB_HERE", "CI"}
    }
    return subprocess.run(
        [*prefix, "sh", "-e", "-c", script],
        cwd=clone,
        env={**kept, "COLUMNS": "200", **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=800,
    )


@dataclass(frozen=True)
class Nobody:
    """A clone that belongs to the user nobody, and the prefix of a command that runs as nobody."""

    clone: Path
    prefix: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)


@pytest.fixture
def nobody(clone: Path) -> Iterator[Nobody]:
    """Return a clone for an unprivileged user. It is outside of pytest's folder, which only root can read."""
    if os.geteuid() != 0:
        yield Nobody(clone)
        return
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv (package util-linux) is not here")
    with tempfile.TemporaryDirectory(prefix="lab-nobody-", dir="/var/tmp") as folder:
        home = Path(folder)
        moved = Path(shutil.copytree(clone, home / "clone", symlinks=True))
        for path in (home, *home.rglob("*")):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        argv = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
        yield Nobody(moved, argv, {"HOME": str(home), "PATH": "/usr/local/bin:/usr/bin:/bin"})


SCREEN = 40
"""The lines that the result of scripts/report may have. A summary of one lab has 25."""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_scripts_report_measures_here_and_builds_a_site(clone: Path) -> None:
    """The first run says on one screen what it captured, and builds the site. The second captures nothing."""
    script = block(clone, "A report from this machine")
    first = as_written(clone, script)
    assert f"site: {clone}/site/index.html" in first.stdout, first.stdout + first.stderr
    result = first.stdout.partition("== capturing\n")[2]
    for lab in ("lab11", "lab12"):
        assert re.search(rf"^{lab}: [1-9]\d* of \d+ captured$", result, re.MULTILINE), first.stdout
    assert result.count("\n") <= SCREEN, result
    site = (clone / "site/hosts.html").read_text()
    assert "hosts/here" in site
    record = clone / "evidence/hosts/here/lab12/records/host_side.json"
    captured = record.read_bytes()
    second = as_written(clone, script)
    assert second.returncode == first.returncode
    assert record.read_bytes() == captured
    assert "installing: " not in second.stdout


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_scripts_report_does_what_it_can_without_root(nobody: Nobody) -> None:
    """An unprivileged user captures what needs no containers, and reads how to get the rest."""
    clone = nobody.clone
    ended = as_written(clone, block(clone, "A report from this machine"), *nobody.prefix, **nobody.env)
    assert f"site: {clone}/site/index.html" in ended.stdout, ended.stdout + ended.stderr
    assert "not root" in ended.stdout
    assert "sudo scripts/report" in ended.stdout
    assert (clone / "evidence/hosts/here/lab12/analysis/host.txt").exists()
    if shutil.which("nginx", path="/usr/sbin:/usr/bin"):
        assert (clone / "evidence/hosts/here/lab11/results/headers.txt").exists()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_scripts_test_runs_the_tests(clone: Path) -> None:
    """The block runs unchanged. An environment variable narrows it to one test file."""
    ended = as_written(clone, block(clone, "The tests"), PYTEST_ADDOPTS="tests/capture/test_labs.py")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert re.search(r"\d+ passed", ended.stdout)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_publishing_needs_nothing_of_the_collecting_side(nobody: Nobody) -> None:
    """An unprivileged user builds the site with the publishing lock alone. `sh` is not installed."""
    clone = nobody.clone
    ended = as_written(clone, block(clone, "Publish only"), *nobody.prefix, **nobody.env)
    assert (clone / "site/index.html").exists(), ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr
    listed = as_written(clone, ".venv/bin/pip list --format=freeze", *nobody.prefix, **nobody.env).stdout
    assert "mkdocs==" in listed
    assert not re.search(r"^(sh|rich|filelock|tomlkit)==", listed, re.MULTILINE)
