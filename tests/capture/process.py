"""A collect in a process of its own, and what it left on this host."""

import os
import subprocess
import sys
import time
from pathlib import Path

from labreport.capture.cleanup import runs
from tests.capture.throwaway import Throwaway

ROOT = Path(__file__).parents[2]


def start(project: Throwaway, *kill: str) -> subprocess.Popen[bytes]:
    """Start a collect of the project in a process of its own (see driver.py)."""
    driver = [sys.executable, "-B", "-m", "tests.capture.driver", str(project.root), project.name, *kill]
    return subprocess.Popen(driver, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})


def wait_for(path: Path) -> str:
    """Wait up to 20 seconds until a file has content; return it."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if path.exists() and (text := path.read_text().strip()):
            return text
        time.sleep(0.01)
    raise TimeoutError(path.name)


def runs_of(process: subprocess.Popen[bytes]) -> set[str]:
    """Return the names of the runs whose lock a process holds."""
    held = set()
    for line in Path("/proc/locks").read_text().splitlines():
        words = line.split()
        if words[1] == "FLOCK" and int(words[4]) == process.pid:
            inode = int(words[5].rpartition(":")[2])
            held |= {
                path.parent.name for path in runs.runs_folder().glob("*/lock") if path.stat().st_ino == inode
            }
    return held
