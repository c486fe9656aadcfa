"""A collect that is killed: the next one finds and removes everything that it left."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from labreport.capture.cleanup import leaks, runs
from tests.containers.host_state import host_state, new_things

ROOT = Path(__file__).parents[3]
COLLECT = """
import sys
from pathlib import Path
from labreport.containers import ctr
from labreport.containers.container import container, wait_http
from labreport.capture.redact import Redactor, identity
from labreport.capture.run import Run
from labreport.capture.session import session
from labreport.contract.lab_config import Lab

images = {"web": {"reference": "x:1", "digest": "sha256:" + "0" * 64, "archive_env": "TEST_WEB_ARCHIVE"}}
staging, port = Path(sys.argv[1]), int(sys.argv[2])
step = lambda text: print(text, flush=True)
with session(step) as own:
    print(own.name, flush=True)
    lab = Lab(title="x", editions={}, images=images)
    run = Run(own, lab, "lab.yml", staging, Redactor(identity(Path.cwd())))
    with container(run, ctr.RUNC, "web", publish={port: 3000}) as box:
        wait_http(run, box)
        step("ready")
        run.command(box.exec("sleep", "60"))
"""


@pytest.fixture
def staging(tmp_path: Path) -> Path:
    """Return the staging folder of the collect."""
    (tmp_path / "staging" / "files").mkdir(parents=True)
    return tmp_path / "staging" / "files"


@pytest.fixture
def lines(
    staging: Path, web: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> Iterator[subprocess.Popen[str]]:
    """Start the collect in a new process."""
    monkeypatch.setenv("TEST_WEB_ARCHIVE", str(web))
    argv = [sys.executable, "-c", COLLECT, str(staging), str(port)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=env) as process:
        yield process
        process.kill()


def kill_after(process: subprocess.Popen[str], steps: int, pause: float) -> str:
    """Kill the collect `pause` seconds after `steps` steps; return the name of its run."""
    assert process.stdout
    name = process.stdout.readline().strip()
    for _step in range(steps):
        assert process.stdout.readline()
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(pause)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return name


@pytest.fixture
def before(host: None) -> dict[str, set[str]]:  # noqa: ARG001 - skips first
    """Return the state of the host before the collect."""
    runs.clear_dead_runs()
    return host_state()


SEED = random.Random(12)  # noqa: S311 - moments, not secrets


@pytest.mark.slow_after(2)
@pytest.mark.parametrize(
    ("steps", "pause"), [(steps, round(SEED.uniform(0.01, 0.1), 3)) for steps in (1, 2, 3, 6, 7, 8, 9, 10)]
)
def test_killed(before: dict[str, set[str]], lines: subprocess.Popen[str], steps: int, pause: float) -> None:
    """Wherever it was killed, the next collect clears the run, and the host is as it was before."""
    name = kill_after(lines, steps, pause)
    assert name in runs.clear_dead_runs()
    assert leaks.find(name) == set()
    assert new_things(before, name) == {}
