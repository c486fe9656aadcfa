"""A box that is made once for all tests that boot it, and `lab` as a user calls it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from labreport.box import image
from labreport.box.layout import VARIABLE, Box, Machine
from labreport.capture.cleanup import leaks

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class BoxLab:
    """Runs `lab` in a folder, with a box."""

    folder: Path
    box: Box

    @property
    def machine(self) -> Machine:
        """The machine of `lab box start`."""
        return self.box.machine()

    def start(self, *words: str, **env: str) -> subprocess.Popen[str]:
        """Start `lab`."""
        argv = [sys.executable, str(self.folder / "labreport"), *words]
        environment = {**os.environ, VARIABLE: str(self.box.folder), **env}
        return subprocess.Popen(
            argv, cwd=self.folder, env=environment, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *words: str, status: int = 0, **env: str) -> str:
        """Run `lab`, check its exit status, and return its output."""
        process = self.start(*words, **env)
        out, errors = process.communicate()
        assert process.returncode == status, f"{words}: {process.returncode}: {out}{errors}"
        assert "Traceback" not in errors
        return out

    def end(self, process: subprocess.Popen[str], number: signal.Signals) -> int:
        """Send a signal and return the exit status."""
        process.send_signal(number)
        process.communicate()
        return process.returncode

    def processes(self) -> set[int]:
        """Return the PIDs of the started machine."""
        return set(leaks.processes(self.machine.mark))


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BoxLab]:
    """Make a box, and remove it at the end. Nothing of it may be left then."""
    if packages := image.missing_packages():
        pytest.skip(f"the box: not installed: {', '.join(packages)}")
    lab = BoxLab(ROOT, Box(tmp_path_factory.mktemp("lab") / "box"))
    lab.run("box", "create")
    yield lab
    lab.run("box", "remove")
    assert not lab.box.folder.exists()
    assert not lab.processes()
