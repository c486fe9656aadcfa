"""scripts/python: the Python that the environment is made with."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "python"
TOO_OLD = "python3.10"
PLACES = ("/usr/bin", "/usr/local/bin", *map(str, Path.home().glob(".pyenv/versions/3.10*/bin")))


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """Return a folder with bash and nothing else: the only one on PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("bash", "env"):
        (folder / name).symlink_to(shutil.which(name) or pytest.fail(name))
    return folder


@pytest.fixture
def too_old(programs: Path) -> Path:
    """Make the Python 3.10 of this machine the only python3."""
    found = shutil.which(TOO_OLD, path=os.pathsep.join(PLACES))
    if not found:
        pytest.skip(f"{TOO_OLD} is not on this machine")
    (programs / "python3").symlink_to(found)
    return programs


def run(folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the script with one folder on PATH."""
    given = {"PATH": str(folder), "HOME": str(folder), **env}
    return subprocess.run([SCRIPT], env=given, capture_output=True, text=True, check=False)


def test_it_is_python3_where_that_is_new_enough(programs: Path) -> None:
    """The path is printed, and nothing else."""
    (programs / "python3").symlink_to(sys.executable)
    assert run(programs).stdout == f"{programs}/python3\n"


def test_a_versioned_name_is_found(too_old: Path) -> None:
    """python3 is 3.10, and python3.12 is there, too."""
    (too_old / "python3.12").symlink_to(sys.executable)
    assert run(too_old).stdout == f"{too_old}/python3.12\n"


def test_uv_is_asked(too_old: Path) -> None:
    """A Python that only uv knows is used. What it answers is tried before."""
    uv = too_old / "uv"
    uv.write_text(f"#!/usr/bin/env bash\necho {sys.executable}\n")
    uv.chmod(0o755)
    assert run(too_old).stdout == f"{sys.executable}\n"
    uv.write_text(f"#!/usr/bin/env bash\necho {too_old}/python3\n")
    assert run(too_old).returncode == 4


def test_one_that_is_too_old_is_named(too_old: Path) -> None:
    """The message has the version that was found and a package of this distribution. The status is 4."""
    ended = run(too_old)
    assert (ended.returncode, ended.stdout) == (4, "")
    assert "python3 is Python 3.10." in ended.stderr
    assert "Python 3.11 or newer is needed" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_none_at_all_is_said(programs: Path) -> None:
    """No python3 is not an old one."""
    ended = run(programs)
    assert (ended.returncode, ended.stdout) == (4, "")
    assert "python3 is not here" in ended.stderr


@pytest.mark.slow
def test_a_python_that_is_named_is_the_only_one(programs: Path) -> None:
    """PYTHON that cannot be used is an error: no other is taken in its place."""
    (programs / "python3").symlink_to(sys.executable)
    ended = run(programs, PYTHON="python3.99")
    assert ended.returncode == 4
    assert "python3.99 is not here" in ended.stderr
