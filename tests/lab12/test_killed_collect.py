"""A collect with containers is killed: evidence is not altered, and the next collect clears the run."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from labreport.capture.cleanup import runs
from labreport.containers.needs import CONTAINERS
from labreport.contract.lab_config import Lab
from tests.containers.host_state import host_state, new_things

ROOT = Path(__file__).parents[2]
LAB_FILE = """title: Three collectors
images:
  alpine:
    reference: docker.io/library/alpine:3.19
    digest: sha256:6baf43584bcb78f2e5847d1de515f23499913ac9f12bdf834811a3145eb11ca1
    archive_env: NO_SUCH_ARCHIVE
    made_from: busybox
editions: {}
"""
LAB = '''"""Three collectors: a container, a container with a network, the host."""

from labreport.containers.container import container
from labreport.containers.ctr import RUNC, in_runc
from labreport.capture import Run, collector


@collector(writes=["a/echo.txt", "a/uname.txt"])
def short(run: Run) -> None:
    """Two short containers."""
    for path, argv in (("a/echo.txt", ("echo", "test")), ("a/uname.txt", ("uname", "-r"))):
        with run.file(path) as out:
            out.run(in_runc(*argv))


@collector(writes=["b/address.txt"], keep=["ip", "mac"])
def staying(run: Run) -> None:
    """A container that stays, with a network of its own."""
    with container(run, RUNC, "alpine", "sleep", "30") as box, run.file("b/address.txt") as out:
        out.run(box.exec("ip", "addr"))


@collector(writes=["c/kernel.txt"])
def last(run: Run) -> None:
    """The host's kernel."""
    with run.file("c/kernel.txt") as out:
        out.run(["uname", "-a"])
'''


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project with the lab."""
    if reason := CONTAINERS.reason(Lab(title="x", editions={})):
        pytest.skip(f"containers: {reason}")
    folder = tmp_path / "collectors" / "three"
    folder.mkdir(parents=True)
    (tmp_path / "mkdocs.yml").write_text("site_name: test\n")
    (folder / "lab.yml").write_text(LAB_FILE)
    (folder / "steps.py").write_text(LAB)
    return tmp_path


def start(project: Path, *words: str) -> subprocess.Popen[str]:
    """Start `lab` in the project. No registry can be reached."""
    argv = [sys.executable, str(ROOT / "labreport"), *words]
    env = {**os.environ, "LAB_REGISTRY_MIRROR": "127.0.0.1:9"}
    return subprocess.Popen(
        argv, cwd=project, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def verdict(project: Path) -> str:
    """Return the verdict of `lab verify`."""
    said: str = json.loads(start(project, "verify", "--json").communicate()[0])["verdict"]
    return said


@pytest.mark.slow
def test_a_killed_collect_is_cleared_by_the_next(project: Path) -> None:
    """Killed at ten seeded moments, evidence is never altered. The next collect captures everything."""
    runs.clear_dead_runs()
    before = host_state()
    began = time.monotonic()
    assert start(project, "collect").wait(120) == 0
    whole = time.monotonic() - began
    chance = random.Random(9)  # noqa: S311 - seeded moments
    killed = 0
    for _moment in range(10):
        shutil.rmtree(project / "evidence")
        process = start(project, "collect")
        time.sleep(chance.uniform(0.1, 1.0) * whole)
        killed += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert verdict(project) in {"interrupted", "intact", "nothing to check"}  # the set is new
        again = start(project, "collect")
        _out, said = again.communicate(timeout=120)
        assert again.returncode == 0, said
        assert verdict(project) == "intact"
        assert len(list((project / "evidence/three").glob("[abc]/*.txt"))) == 4
        assert not new_things(before)
    assert killed >= 5, "too few of the kills came in time to test anything"
