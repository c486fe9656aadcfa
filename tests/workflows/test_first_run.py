"""The scripts that a newcomer meets first: what is interrupted is mended, and one mistake stops nothing."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project import REPO, clean_environment, make

COLLECTOR = '''"""The kernel."""

from labreport.capture import Run, collector


@collector(writes=["kernel.txt"])
def kernel(run: Run) -> None:
    """The release of the kernel."""
    with run.file("kernel.txt") as out:
        out.run(["uname", "-r"])
'''


def ran(folder: Path, *argv: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a folder."""
    here = {**clean_environment(), "NO_MKDOCS_2_WARNING": "1", **env}
    return subprocess.run(
        argv, cwd=folder, env=here, capture_output=True, text=True, check=False, timeout=300
    )


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """Return a checkout whose lock is empty, so that nothing has to be downloaded."""
    for name in ("scripts/environment", "scripts/python", "pyproject.toml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(REPO / name, tmp_path / name)
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements/none.txt").write_text("# nothing\n")
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("state", ["absent", "without pip", "without its Python", "of another Python"])
def test_an_environment_that_is_not_whole_is_mended(empty: Path, state: str) -> None:
    """An interrupted first run leaves one without pip; an upgrade of the system takes its Python away."""
    python = empty / ".venv/bin/python"
    if state == "without pip":
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", ".venv"], cwd=empty, check=True)
    elif state != "absent":
        assert ran(empty, "scripts/environment", "none", PYTHON=sys.executable).returncode == 0
    if state == "without its Python":
        for name in ("python", "python3", f"python3.{sys.version_info[1]}"):
            (python.parent / name).unlink(missing_ok=True)
            (python.parent / name).symlink_to("/nowhere/python3")
    if state == "of another Python":
        settings = empty / ".venv/pyvenv.cfg"
        other = re.sub("(?m)^executable = .*", "executable = /nowhere/python3.9", settings.read_text())
        settings.write_text(other)
        shutil.move(python.parents[1] / "lib", empty / "lib of another")
    for said in ("environment: .venv from requirements/none.txt\n", ""):
        ended = ran(empty, "scripts/environment", "none", PYTHON=sys.executable)
        assert (ended.returncode, ended.stdout) == (0, said), ended.stderr
        assert subprocess.run([python, "-c", "import pip"], check=False).returncode == 0


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """Return a checkout with two labs, of which one has a mistake. Its environment is that of the tests."""
    root = make(tmp_path / "project").root
    (root / "collectors").unlink()  # a link to ours
    shutil.rmtree(root / "evidence", ignore_errors=True)
    for lab, settings in {"mine": "title: Mine\neditions: {}\n", "other": "titel: Other\nimages:\n"}.items():
        (root / "collectors" / lab).mkdir(parents=True)
        (root / "collectors" / lab / "lab.yml").write_text(settings)
    (root / "collectors/mine/kernel.py").write_text(COLLECTOR)
    shutil.rmtree(root / "docs")
    (root / "docs").mkdir()
    (root / "docs/index.md").write_text("# Mine\n")
    (root / "scripts").mkdir()
    for name in ("report", "python"):
        shutil.copy(REPO / "scripts" / name, root / "scripts" / name)
    environment = root / "scripts/environment"
    environment.write_text("#!/bin/sh\n")
    environment.chmod(0o755)
    (root / ".venv").symlink_to(Path(sys.executable).parents[1])
    return root


@pytest.mark.slow
@pytest.mark.parametrize("box", [False, True])
def test_one_mistake_stops_nothing_else(report: Path, box: bool) -> None:  # noqa: FBT001 # a case
    """A lab with a mistake, or a box that cannot be made: the other lab is captured, and the site built."""
    if box:
        (report / "collectors/other/lab.yml").write_text("title: Other\neditions: {}\nimages:\n  {}\n")
    words = ["--no-install", *(["--box"] if box else [])]
    ended = ran(report, "scripts/report", *words, LAB_BOX="/dev/null/box", PYTHON=sys.executable)
    assert (report / "evidence/hosts/here/mine/kernel.txt").read_text() == f"{os.uname().release}\n"
    assert f"site: {report}/site/index.html" in ended.stdout, ended.stdout + ended.stderr
    assert "not everything was captured" in ended.stderr
    assert ended.returncode == 2
    assert ("/dev/null/box" if box else "collectors/other/lab.yml: title") in ended.stderr
